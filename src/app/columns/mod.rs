//! The columns of the task list: definitions, selection and layout.

mod column;
mod defaults;
mod layout;
mod width;

use defaults::default_columns;

pub use column::{Column, ColumnSet, ColumnSpec, ParseColumnsError};
pub use layout::ColumnArea;
pub(super) use layout::{arrange, fitting};
pub use width::WidthRange;

/// Width class of the list; the config file can set columns for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WidthClass {
    /// Below 100 cells.
    Narrow,
    /// 100 to 159 cells.
    Normal,
    /// 160 cells and more.
    Wide,
}

impl WidthClass {
    /// All width classes with their names in the config file.
    pub const NAMED: [(&str, Self); 3] = [
        ("narrow", Self::Narrow),
        ("normal", Self::Normal),
        ("wide", Self::Wide),
    ];

    fn of(width: u16) -> Self {
        match width {
            0..100 => Self::Narrow,
            100..160 => Self::Normal,
            160.. => Self::Wide,
        }
    }
}

/// The visible columns: the set chosen on the screen, else the configured set for the width class, else the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    configured: [Option<ColumnSet>; WidthClass::NAMED.len()],
    override_set: Option<ColumnSet>,
}

impl Columns {
    /// Uses the same columns for all width classes.
    pub fn for_all_widths(set: ColumnSet) -> Self {
        Self {
            configured: [Some(set.clone()), Some(set.clone()), Some(set)],
            override_set: None,
        }
    }

    /// Sets the configured columns for a width class.
    pub fn configure(&mut self, width_class: WidthClass, set: ColumnSet) {
        self.configured[width_class as usize] = Some(set);
    }

    /// Sets the columns chosen on the screen, or removes that choice.
    pub(super) fn set_override(&mut self, set: Option<ColumnSet>) {
        self.override_set = set;
    }

    /// True if a list of this width has the default columns.
    pub(super) fn is_default(&self, width: u16) -> bool {
        self.override_set.is_none() && self.configured[WidthClass::of(width) as usize].is_none()
    }

    /// Returns the columns for a list of this width. The default columns differ with several vCenters.
    pub fn of(&self, width: u16, has_several: bool) -> Vec<ColumnSpec> {
        let configured = self.configured[WidthClass::of(width) as usize].as_ref();
        match self.override_set.as_ref().or(configured) {
            Some(set) => set.specs().to_vec(),
            None => default_columns(width, has_several),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screen_choice_overrides_config_and_defaults() {
        let set = |text: &str| text.parse::<ColumnSet>().unwrap();
        let shown = |columns: &Columns, width| {
            let specs = columns.of(width, false);
            ColumnSet(specs).to_string()
        };
        let mut columns = Columns::default();
        assert_eq!(shown(&columns, 80), "task,target,progress,elapsed,left");
        columns.configure(WidthClass::Wide, set("id,task"));
        assert_eq!(shown(&columns, 80), "task,target,progress,elapsed,left");
        assert_eq!(shown(&columns, 160), "id,task");
        columns.set_override(Some(set("task")));
        assert_eq!(shown(&columns, 160), "task");
        columns.set_override(None);
        assert_eq!(shown(&columns, 160), "id,task");
    }
}
