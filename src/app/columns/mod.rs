//! The columns of the task list: definitions, selection and layout.

mod defaults;
mod editor;
mod layout;

use std::{fmt, str::FromStr};

use defaults::default_columns;
pub use editor::{ColumnEditor, ColumnEntry};
pub use layout::ColumnArea;
use layout::layout_columns;

use super::state::AppState;
use crate::{
    task::row_model::SortColumn,
    text::{did_you_mean, width},
};

macro_rules! columns {
    ($($column:ident: $name:literal $(| $other:literal)*, $title:literal, $about:literal, $sort:ident;)+) => {
        /// A column of the task list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Column {
            $($column,)+
        }

        impl Column {
            /// All columns, in the order in which the editor lists hidden ones.
            pub const ALL: &[Self] = &[$(Self::$column,)+];

            /// Returns the name used in the config file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }

            /// Parses a name or alias.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name $(| $other)* => Some(Self::$column),)+ _ => None }
            }

            /// Returns the column header.
            pub fn title(self) -> &'static str {
                match self { $(Self::$column => $title,)+ }
            }

            /// Returns the description shown in the column editor.
            pub fn description(self) -> &'static str {
                match self { $(Self::$column => $about,)+ }
            }

            /// Returns the sort key used when the header is clicked.
            pub fn sort_key(self) -> SortColumn {
                match self { $(Self::$column => SortColumn::$sort,)+ }
            }
        }
    };
}

columns! {
    Task: "task" | "name", "TASK", "operation with phase or error", Task;
    State: "state" | "status", "STATE", "running, queued, failed …", State;
    Phase: "phase", "PHASE", "current phase", Phase;
    Target: "target" | "entity", "TARGET", "object of the task", Target;
    Progress: "progress" | "percent", "PROGRESS", "progress bar with percentage", Progress;
    Elapsed: "elapsed", "ELAPSED", "run time", Elapsed;
    Left: "left", "LEFT", "estimated time left", Left;
    Finish: "finish" | "eta", "FINISH", "estimated completion time", Left;
    Cancel: "cancel", "CANCEL", "cancelable or not", Cancel;
    StartedBy: "started-by" | "user", "STARTED BY", "user or system that started it", StartedBy;
    Queued: "queued", "QUEUED", "queue time", Queued;
    Started: "started", "STARTED", "start time", Started;
    Completed: "completed" | "ended", "COMPLETED", "completion time", Completed;
    QueuedFor: "queued-for" | "waited", "WAITED", "time spent queued", QueuedFor;
    Endpoint: "endpoint" | "vcenter" | "server", "VCENTER", "vCenter, if there are several", Endpoint;
    Operation: "operation" | "op", "OPERATION", "operation ID", Operation;
    Id: "id" | "moid", "TASK ID", "task ID (moId)", Id;
    Parent: "parent", "PARENT", "key of the parent task", Parent;
    Error: "error" | "fault", "ERROR", "why it failed", Error;
    Tag: "tag", "TAG", "change tag", Tag;
    Activation: "activation" | "activation-id", "ACTIVATION", "activation ID", Activation;
}

impl Column {
    /// True if the column is right-aligned.
    pub fn is_right_aligned(self) -> bool {
        matches!(self, Self::Elapsed | Self::QueuedFor)
    }
}

/// A column to show, with an optional fixed width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSpec {
    pub column: Column,
    /// Fixed width in cells; `None` for automatic.
    pub width: Option<u16>,
}

impl ColumnSpec {
    /// Allowed fixed widths.
    pub const WIDTHS: std::ops::RangeInclusive<u16> = 3..=200;

    /// Creates a column of automatic width.
    pub fn new(column: Column) -> Self {
        Self {
            column,
            width: None,
        }
    }
}

/// Formats as in the config file: `progress`, `progress:20`.
impl fmt::Display for ColumnSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.column.name())?;
        match self.width {
            Some(width) => write!(f, ":{width}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ColumnSpec {
    type Err = ParseColumnsError;

    fn from_str(text: &str) -> Result<Self, ParseColumnsError> {
        let (name, width) = match text.split_once(':') {
            Some((name, width)) => (name.trim(), Some(width.trim())),
            None => (text.trim(), None),
        };
        let Some(column) = Column::named(&name.to_lowercase()) else {
            let known: Vec<&str> = Column::ALL.iter().map(|c| c.name()).collect();
            let hint = did_you_mean(&name.to_lowercase(), &known);
            return Err(ParseColumnsError(format!("unknown column “{name}”{hint}")));
        };
        let width = match width {
            None => None,
            Some(text) => {
                let number = text.parse().ok();
                let number = number.filter(|number| Self::WIDTHS.contains(number));
                let (least, most) = Self::WIDTHS.into_inner();
                Some(number.ok_or_else(|| {
                    ParseColumnsError(format!(
                        "invalid width “{text}” of “{name}”; use {least} to {most}."
                    ))
                })?)
            }
        };
        Ok(Self { column, width })
    }
}

/// An invalid column list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseColumnsError(String);

/// An ordered list of columns; never empty, without duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSet(Vec<ColumnSpec>);

impl ColumnSet {
    /// Parses column specs leniently. Returns the valid columns, or `None` if there are none, and the errors.
    pub fn parse_lenient<'a>(
        words: impl IntoIterator<Item = &'a str>,
    ) -> (Option<Self>, Vec<String>) {
        let mut specs: Vec<ColumnSpec> = Vec::new();
        let mut problems = Vec::new();
        for word in words {
            match word.parse::<ColumnSpec>() {
                Ok(spec) if specs.iter().any(|c| c.column == spec.column) => {
                    problems.push(format!("“{}” is there twice.", spec.column.name()));
                }
                Ok(spec) => specs.push(spec),
                Err(error) => problems.push(error.0),
            }
        }
        ((!specs.is_empty()).then_some(Self(specs)), problems)
    }

    /// Creates a set of columns of automatic width.
    pub(super) fn of(columns: impl IntoIterator<Item = Column>) -> Self {
        Self(columns.into_iter().map(ColumnSpec::new).collect())
    }

    pub fn specs(&self) -> &[ColumnSpec] {
        &self.0
    }
}

impl fmt::Display for ColumnSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, spec) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{spec}")?;
        }
        Ok(())
    }
}

impl FromStr for ColumnSet {
    type Err = ParseColumnsError;

    fn from_str(text: &str) -> Result<Self, ParseColumnsError> {
        match Self::parse_lenient(text.split(',')) {
            (Some(set), problems) if problems.is_empty() => Ok(set),
            (_, problems) => Err(ParseColumnsError(problems.join(" "))),
        }
    }
}

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

    /// Returns the columns for a list of this width. `endpoints` is the width of the vCenter names, if there are
    /// several vCenters.
    pub fn of(&self, width: u16, endpoints: Option<u16>) -> Vec<ColumnSpec> {
        let configured = self.configured[WidthClass::of(width) as usize].as_ref();
        match self.override_set.as_ref().or(configured) {
            Some(set) => set.0.clone(),
            None => default_columns(width, endpoints),
        }
    }
}

impl AppState {
    /// Returns the width of the vCenter column, if there are several vCenters.
    fn endpoint_width(&self) -> Option<u16> {
        /// Minimum (the header's width) and maximum.
        const WIDTHS: (u16, u16) = (7, 12);
        let widest = self.servers.iter().map(|server| width(&server.name)).max();
        let widest = u16::try_from(widest?).unwrap_or(u16::MAX);
        (self.servers.len() > 1).then_some(widest.clamp(WIDTHS.0, WIDTHS.1))
    }

    /// Returns the columns for a list of this width.
    pub(super) fn column_specs(&self, list: u16) -> Vec<ColumnSpec> {
        self.columns.of(list, self.endpoint_width())
    }

    /// Returns the columns for a list of this width with their positions.
    pub fn column_areas(&self, list: u16) -> Vec<ColumnArea> {
        let endpoints = self.endpoint_width().unwrap_or_default();
        layout_columns(list, &self.column_specs(list), endpoints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_round_trip() {
        for column in Column::ALL {
            assert_eq!(Column::named(column.name()), Some(*column));
            let sorts = SortColumn::named(column.name()).unwrap();
            assert_eq!(sorts, column.sort_key(), "one name for columns and orders");
        }
        let mut sorted: Vec<_> = Column::ALL.iter().map(|column| column.sort_key()).collect();
        sorted.dedup();
        assert_eq!(
            sorted.len() + 1,
            SortColumn::ALL.len(),
            "all but what matters now"
        );
    }

    #[test]
    fn column_sets_round_trip() {
        let text = "task,progress:20,started-by";
        assert_eq!(text.parse::<ColumnSet>().unwrap().to_string(), text);
        for (text, part) in [
            ("targt", "“targt”; did you mean “target”?"),
            ("task,progress:wide", "invalid width “wide” of “progress”"),
            ("progress:2", "use 3 to 200"),
            ("task,name", "“task” is there twice"),
            ("", "unknown column “”"),
        ] {
            let error = text.parse::<ColumnSet>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let (set, problems) = ColumnSet::parse_lenient(["tsak", " ID : 12 "]);
        assert_eq!(set.unwrap().to_string(), "id:12");
        assert_eq!(problems.len(), 1);
        assert_eq!(ColumnSet::parse_lenient(["x"]).0, None);
    }

    #[test]
    fn screen_choice_overrides_config_and_defaults() {
        let set = |text: &str| text.parse::<ColumnSet>().unwrap();
        let shown = |columns: &Columns, width| {
            let specs = columns.of(width, None);
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
