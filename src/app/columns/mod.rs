//! The columns of the list: which there are, which of them are shown, in which order and how wide.

mod defaults;
mod editor;
mod layout;

use std::{fmt, str::FromStr};

use defaults::default_columns;
pub use editor::{ColumnEditor, ColumnEntry};
pub use layout::ColumnArea;
use layout::lay_out;

use super::state::AppState;
use crate::{
    task::row_model::SortColumn,
    text::{did_you_mean, width},
};

macro_rules! columns {
    ($($(#[doc = $doc:literal])+ $column:ident: $name:literal $(| $other:literal)*, $title:literal, $about:literal, $sort:ident;)+) => {
        /// A column of the list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Column {
            $($(#[doc = $doc])+ $column,)+
        }

        impl Column {
            /// All of them, in the order in which the editor offers those that are hidden.
            pub const ALL: &[Self] = &[$(Self::$column,)+];

            /// Its name in the config file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }

            /// The column of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name $(| $other)* => Some(Self::$column),)+ _ => None }
            }

            /// What stands above it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$column => $title,)+ }
            }

            /// What it shows, for the editor.
            pub fn about(self) -> &'static str {
                match self { $(Self::$column => $about,)+ }
            }

            /// What a click on its title sorts by.
            pub fn sort(self) -> SortColumn {
                match self { $(Self::$column => SortColumn::$sort,)+ }
            }
        }
    };
}

columns! {
    /// Operation, phase or error, and marks.
    Task: "task" | "name", "TASK", "the operation with its phase or error", Task;
    /// The state in a word.
    State: "state" | "status", "STATE", "running, queued, failed …", State;
    /// The current phase.
    Phase: "phase", "PHASE", "what it is at", Phase;
    /// What it works on.
    Target: "target" | "entity", "TARGET", "what it works on", Target;
    /// The bar with its figure.
    Progress: "progress" | "percent", "PROGRESS", "the bar with its figure", Progress;
    /// How long it has run.
    Elapsed: "elapsed", "ELAPSED", "how long it has run", Elapsed;
    /// The time left.
    Left: "left", "LEFT", "how long it may take yet", Left;
    /// When it will be done.
    Finish: "finish" | "eta", "FINISH", "when it may be done, by the clock", Left;
    /// Whether it can be cancelled.
    Cancel: "cancel", "CANCEL", "whether it can be cancelled", Cancel;
    /// Who or what started it.
    StartedBy: "started-by" | "user", "STARTED BY", "who or what started it", StartedBy;
    /// When it was made.
    Queued: "queued", "QUEUED", "when it was made", Queued;
    /// When it began to run.
    Started: "started", "STARTED", "when it began to run", Started;
    /// When it ended.
    Completed: "completed" | "ended", "COMPLETED", "when it ended", Completed;
    /// How long it waited before it ran.
    QueuedFor: "queued-for" | "waited", "WAITED", "how long it waited before it ran", QueuedFor;
    /// Which vCenter.
    Endpoint: "endpoint" | "vcenter" | "server", "VCENTER", "which vCenter, where there are several", Endpoint;
    /// The operation's identifier.
    Operation: "operation" | "op", "OPERATION", "the operation's identifier", Operation;
    /// The moId.
    Id: "id" | "moid", "TASK ID", "the task's moId", Id;
    /// The parent's key.
    Parent: "parent", "PARENT", "the parent's key", Parent;
    /// The fault's text.
    Error: "error" | "fault", "ERROR", "why it failed", Error;
    /// The user's tag.
    Tag: "tag", "TAG", "the change tag", Tag;
    /// The client's token.
    Activation: "activation" | "activation-id", "ACTIVATION", "the activation id", Activation;
}

impl Column {
    /// Whether its text stands at its right edge.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Elapsed | Self::QueuedFor)
    }
}

/// A column that is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Which one.
    pub column: Column,
    /// How wide; none where that goes by the room there is.
    pub width: Option<u16>,
}

impl ColumnSpec {
    /// The bounds of a width that is chosen.
    pub const WIDTHS: std::ops::RangeInclusive<u16> = 3..=200;

    /// A column as wide as there is room.
    pub fn new(column: Column) -> Self {
        Self {
            column,
            width: None,
        }
    }
}

/// As the config file has it: `progress`, `progress:20`.
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
            return Err(ParseColumnsError(format!(
                "there is no column “{name}”{hint}"
            )));
        };
        let width = match width {
            None => None,
            Some(text) => {
                let number = text.parse().ok();
                let number = number.filter(|number| Self::WIDTHS.contains(number));
                let (least, most) = Self::WIDTHS.into_inner();
                Some(number.ok_or_else(|| {
                    ParseColumnsError(format!(
                        "“{text}” is no width of “{name}”: a number from {least} to {most}."
                    ))
                })?)
            }
        };
        Ok(Self { column, width })
    }
}

/// Columns that do not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseColumnsError(String);

/// Columns in their order; never none, and each at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSet(Vec<ColumnSpec>);

impl ColumnSet {
    /// The columns of these words, and what is wrong with them; what is right counts. None where nothing is.
    pub fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> (Option<Self>, Vec<String>) {
        let mut choices: Vec<ColumnSpec> = Vec::new();
        let mut problems = Vec::new();
        for word in words {
            match word.parse::<ColumnSpec>() {
                Ok(choice) if choices.iter().any(|c| c.column == choice.column) => {
                    problems.push(format!("“{}” is there twice.", choice.column.name()));
                }
                Ok(choice) => choices.push(choice),
                Err(error) => problems.push(error.0),
            }
        }
        ((!choices.is_empty()).then_some(Self(choices)), problems)
    }

    /// These columns, each as wide as there is room.
    pub(super) fn of(columns: impl IntoIterator<Item = Column>) -> Self {
        Self(columns.into_iter().map(ColumnSpec::new).collect())
    }

    /// The columns, from left to right.
    pub fn choices(&self) -> &[ColumnSpec] {
        &self.0
    }
}

/// As the config file has it.
impl fmt::Display for ColumnSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, choice) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{choice}")?;
        }
        Ok(())
    }
}

impl FromStr for ColumnSet {
    type Err = ParseColumnsError;

    fn from_str(text: &str) -> Result<Self, ParseColumnsError> {
        match Self::read(text.split(',')) {
            (Some(set), problems) if problems.is_empty() => Ok(set),
            (_, problems) => Err(ParseColumnsError(problems.join(" "))),
        }
    }
}

/// How wide the list is, as far as its columns are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WidthClass {
    /// Below 100 columns of the screen.
    Narrow,
    /// Below 160.
    Normal,
    /// From 160 on.
    Wide,
}

impl WidthClass {
    /// All of them, by the names that they have in the config file.
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

/// Which columns are shown: what was chosen on the screen, else what the config file says for a list of that breadth,
/// else what is sensible there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    configured: [Option<ColumnSet>; WidthClass::NAMED.len()],
    chosen: Option<ColumnSet>,
}

impl Columns {
    /// The same columns at every breadth.
    pub fn everywhere(set: ColumnSet) -> Self {
        Self {
            configured: [Some(set.clone()), Some(set.clone()), Some(set)],
            chosen: None,
        }
    }

    /// Sets what is shown at a breadth, unless something else is chosen on the screen.
    pub fn configure(&mut self, breadth: WidthClass, set: ColumnSet) {
        self.configured[breadth as usize] = Some(set);
    }

    /// Chooses on the screen; none for what there would be without a choice.
    pub(super) fn choose(&mut self, set: Option<ColumnSet>) {
        self.chosen = set;
    }

    /// The columns of a list of this width. `endpoints` is how wide the names of the vCenters are, where there are
    /// several.
    pub fn of(&self, width: u16, endpoints: Option<u16>) -> Vec<ColumnSpec> {
        let configured = self.configured[WidthClass::of(width) as usize].as_ref();
        match self.chosen.as_ref().or(configured) {
            Some(set) => set.0.clone(),
            None => default_columns(width, endpoints),
        }
    }
}

impl AppState {
    /// How wide the names of the vCenters are, where there are several.
    fn endpoint_width(&self) -> Option<u16> {
        /// The widest a name gets, and what its title needs.
        const WIDTHS: (u16, u16) = (7, 12);
        let widest = self.servers.iter().map(|server| width(&server.name)).max();
        let widest = u16::try_from(widest?).unwrap_or(u16::MAX);
        (self.servers.len() > 1).then_some(widest.clamp(WIDTHS.0, WIDTHS.1))
    }

    /// The columns of a list of this width, as they are chosen.
    pub(super) fn column_choices(&self, list: u16) -> Vec<ColumnSpec> {
        self.columns.of(list, self.endpoint_width())
    }

    /// Where the columns of a list of this width are.
    pub fn placed_columns(&self, list: u16) -> Vec<ColumnArea> {
        let endpoints = self.endpoint_width().unwrap_or_default();
        lay_out(list, &self.column_choices(list), endpoints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_that_leads_back() {
        for column in Column::ALL {
            assert_eq!(Column::named(column.name()), Some(*column));
            let sorts = SortColumn::named(column.name()).unwrap();
            assert_eq!(sorts, column.sort(), "one name for columns and orders");
        }
        let mut sorted: Vec<_> = Column::ALL.iter().map(|column| column.sort()).collect();
        sorted.dedup();
        assert_eq!(
            sorted.len() + 1,
            SortColumn::ALL.len(),
            "all but what matters now"
        );
    }

    #[test]
    fn columns_are_written_and_read() {
        let text = "task,progress:20,started-by";
        assert_eq!(text.parse::<ColumnSet>().unwrap().to_string(), text);
        for (text, part) in [
            ("targt", "“targt”; did you mean “target”?"),
            ("task,progress:wide", "“wide” is no width of “progress”"),
            ("progress:2", "from 3 to 200"),
            ("task,name", "“task” is there twice"),
            ("", "no column “”"),
        ] {
            let error = text.parse::<ColumnSet>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let (set, problems) = ColumnSet::read(["tsak", " ID : 12 "]);
        assert_eq!(set.unwrap().to_string(), "id:12");
        assert_eq!(problems.len(), 1);
        assert_eq!(ColumnSet::read(["x"]).0, None);
    }

    #[test]
    fn what_is_chosen_wins_over_the_config_and_that_over_what_is_sensible() {
        let set = |text: &str| text.parse::<ColumnSet>().unwrap();
        let shown = |columns: &Columns, width| {
            let choices = columns.of(width, None);
            ColumnSet(choices).to_string()
        };
        let mut columns = Columns::default();
        assert_eq!(shown(&columns, 80), "task,target,progress,elapsed,left");
        columns.configure(WidthClass::Wide, set("id,task"));
        assert_eq!(shown(&columns, 80), "task,target,progress,elapsed,left");
        assert_eq!(shown(&columns, 160), "id,task");
        columns.choose(Some(set("task")));
        assert_eq!(shown(&columns, 160), "task");
        columns.choose(None);
        assert_eq!(shown(&columns, 160), "id,task");
    }
}
