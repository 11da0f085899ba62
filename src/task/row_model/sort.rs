//! What the rows are sorted by: one column, and where that leaves rows equal, the next.

use std::{fmt, str::FromStr};

use crate::text::did_you_mean;

macro_rules! columns {
    ($($(#[doc = $doc:literal])+ $column:ident: $name:literal $(| $other:literal)*, $title:literal, $explanation:literal;)+) => {
        /// What rows can be sorted by.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub enum SortColumn {
            #[default]
            $($(#[doc = $doc])+ $column,)+
        }

        impl SortColumn {
            /// All of them, in the order in which a menu offers them.
            pub const ALL: &[Self] = &[$(Self::$column,)+];

            /// Its name on the command line and in the config file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }

            /// The column of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name $(| $other)* => Some(Self::$column),)+ _ => None }
            }

            /// What a menu calls it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$column => $title,)+ }
            }

            /// What a menu says of it.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$column => $explanation,)+ }
            }
        }
    };
}

columns! {
    /// What matters now: what runs, what waits, what failed, and then the rest; what runs longest and what ended
    /// last come first. In a tree, the most urgent member speaks for its family.
    Attention: "now" | "attention", "What matters now", "running, waiting, failed, then the rest";
    /// Running, queued, failed, cancelled, and then the rest.
    State: "state" | "status", "State", "the same without the times";
    /// The operation's label.
    Task: "task" | "name", "Task", "by the operation's name";
    /// The current phase.
    Phase: "phase", "Phase", "what it is at, by name";
    /// The name of the entity.
    Target: "target" | "entity", "Target", "by name";
    /// Percent done, own or derived.
    Progress: "progress" | "percent", "Progress", "percent done";
    /// How long it has run; what still runs stays apart from what is over, so that time passing changes no order.
    Elapsed: "elapsed", "Elapsed", "how long it has run";
    /// When it will be done, as was foreseen when it was last heard of; so that time passing changes no order.
    Left: "left" | "finish" | "eta", "Time left", "what is done soonest";
    /// Whether it can be cancelled.
    Cancel: "cancel", "Cancel", "asked, can be cancelled, cannot";
    /// Who or what started it.
    StartedBy: "started-by" | "user", "Started by", "by name";
    /// When it was queued.
    Queued: "queued", "Queued", "when it was made";
    /// When it began to run.
    Started: "started", "Started", "when it began to run";
    /// When it ended.
    Completed: "completed" | "ended", "Completed", "when it ended";
    /// How long it waited before it ran; what still waits stays apart from what has run.
    QueuedFor: "queued-for" | "waited", "Queued for", "how long it waited";
    /// Which vCenter.
    Endpoint: "endpoint" | "vcenter" | "server", "vCenter", "by name";
    /// The operation's identifier.
    Operation: "operation" | "op", "Operation id", "such as VirtualMachine.clone";
    /// The moId.
    Id: "id" | "moid", "Task id", "task-9 before task-10";
    /// The parent's key.
    Parent: "parent", "Parent", "the parent's key";
    /// The fault's text.
    Error: "error" | "fault", "Error", "why it failed, by text";
    /// The user's tag.
    Tag: "tag", "Tag", "the change tag";
    /// The client's token.
    Activation: "activation" | "activation-id", "Activation id", "what the client called it";
}

impl SortColumn {
    /// Whether people mostly want the greatest first.
    pub fn starts_descending(self) -> bool {
        matches!(
            self,
            Self::Progress
                | Self::Elapsed
                | Self::Queued
                | Self::Started
                | Self::Completed
                | Self::QueuedFor
        )
    }
}

/// One column of an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SortBy {
    /// By what.
    pub column: SortColumn,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl SortBy {
    /// A column the way round that people mostly want.
    fn natural(column: SortColumn) -> Self {
        Self {
            column,
            descending: column.starts_descending(),
        }
    }
}

/// The order of the rows: by a column, and among those that are equal by it, by the next. Rows that are equal by all of
/// them stay oldest first in both directions, and those that have no value come last in both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sort(Vec<SortBy>);

/// By what matters now.
impl Default for Sort {
    fn default() -> Self {
        Self(vec![SortBy::default()])
    }
}

impl Sort {
    /// More columns than this tell nobody anything.
    pub const MAX_SORT_KEYS: usize = 5;

    /// By one column.
    pub fn by(column: SortColumn, descending: bool) -> Self {
        Self(vec![SortBy { column, descending }])
    }

    /// The columns, the first of them first; never none.
    pub fn keys(&self) -> &[SortBy] {
        &self.0
    }

    /// The first column.
    pub fn first(&self) -> SortBy {
        self.0.first().copied().unwrap_or_default()
    }

    /// Whether there are several.
    pub fn is_several(&self) -> bool {
        self.0.len() > 1
    }

    /// Which place a column has, counted from one, and whether the greatest comes first there.
    pub fn place(&self, column: SortColumn) -> Option<(usize, bool)> {
        let mut keys = self.0.iter().zip(1..);
        let (key, place) = keys.find(|(key, _)| key.column == column)?;
        Some((place, key.descending))
    }

    /// By this column alone; where that is so already, the other way round.
    pub fn choose(&mut self, column: SortColumn) {
        match &mut self.0[..] {
            [only] if only.column == column => only.descending = !only.descending,
            _ => self.0 = vec![SortBy::natural(column)],
        }
    }

    /// A further column: it comes last, then turned round, then not at all.
    pub fn cycle(&mut self, column: SortColumn) {
        let found = self.0.iter_mut().find(|key| key.column == column);
        match found {
            Some(key) if key.descending == column.starts_descending() => {
                key.descending = !key.descending;
            }
            _ => self.toggle(column),
        }
    }

    /// Adds a column as the last one, or takes it away.
    pub fn toggle(&mut self, column: SortColumn) {
        if self.place(column).is_some() {
            self.0.retain(|key| key.column != column);
            if self.0.is_empty() {
                *self = Self::default();
            }
            return;
        }
        // What matters now leaves next to nothing equal: nobody wants something after it.
        if *self == Self::default() {
            self.0.clear();
        }
        if self.0.len() < Self::MAX_SORT_KEYS {
            self.0.push(SortBy::natural(column));
        }
    }

    /// Turns the whole order round.
    pub fn reverse(&mut self) {
        for key in &mut self.0 {
            key.descending = !key.descending;
        }
    }

    /// Turns one column round. Does nothing where rows are not sorted by it.
    pub fn turn(&mut self, column: SortColumn) {
        for key in self.0.iter_mut().filter(|key| key.column == column) {
            key.descending = !key.descending;
        }
    }

    /// The order of these names, `-` before those whose greatest comes first, and what is wrong with them; what is
    /// right counts. None where nothing is.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> (Option<Self>, Vec<String>) {
        let mut keys: Vec<SortBy> = Vec::new();
        let mut problems = Vec::new();
        for word in names {
            let word = word.trim();
            let (name, descending) = match word.strip_prefix('-') {
                Some(name) => (name, true),
                None => (word.strip_prefix('+').unwrap_or(word), false),
            };
            let Some(column) = SortColumn::named(&name.to_lowercase()) else {
                let known: Vec<&str> = SortColumn::ALL.iter().map(|c| c.name()).collect();
                let hint = did_you_mean(&name.to_lowercase(), &known);
                problems.push(format!("there is no column “{name}” to sort by{hint}"));
                continue;
            };
            if keys.iter().any(|key| key.column == column) {
                problems.push(format!("“{name}” is there twice."));
            } else if keys.len() == Self::MAX_SORT_KEYS {
                problems.push(format!(
                    "“{name}” is one too many; {} is the most.",
                    Self::MAX_SORT_KEYS
                ));
            } else {
                keys.push(SortBy { column, descending });
            }
        }
        ((!keys.is_empty()).then_some(Self(keys)), problems)
    }
}

/// As it is written on the command line.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let sign = if key.descending { "-" } else { "" };
            write!(f, "{comma}{sign}{}", key.column.name())?;
        }
        Ok(())
    }
}

/// An order that does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseSortError(String);

impl FromStr for Sort {
    type Err = ParseSortError;

    fn from_str(text: &str) -> Result<Self, ParseSortError> {
        match Self::read(text.split(',')) {
            (Some(sort), problems) if problems.is_empty() => Ok(sort),
            (_, problems) => Err(ParseSortError(problems.join(" "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_that_leads_back() {
        for (place, column) in SortColumn::ALL.iter().enumerate() {
            assert_eq!(SortColumn::named(column.name()), Some(*column));
            assert_eq!(*column as usize, place, "the menu points by place");
        }
    }

    #[test]
    fn orders_are_written_and_read() {
        for text in ["now", "state,-elapsed", "-progress,target,id"] {
            let sort: Sort = text.parse().unwrap();
            assert_eq!(sort.to_string(), text);
        }
        let sort: Sort = " State , -ETA ".parse().unwrap();
        assert_eq!(sort.to_string(), "state,-left");
        for (text, part) in [
            ("elapsd", "“elapsd” to sort by; did you mean “elapsed”?"),
            ("state,-zzz", "“zzz” to sort by."),
            ("", "“” to sort by"),
            ("id,-id", "twice"),
            ("id,task,target,phase,state,tag", "one too many"),
        ] {
            let error = text.parse::<Sort>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let (sort, problems) = Sort::read(["stat", "id"]);
        assert_eq!(sort.unwrap().to_string(), "id", "what is right counts");
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn columns_are_added_turned_and_taken_away() {
        let mut sort = Sort::default();
        sort.cycle(SortColumn::State);
        assert_eq!(sort.to_string(), "state", "in the place of what matters");
        sort.cycle(SortColumn::Elapsed);
        assert_eq!(sort.to_string(), "state,-elapsed");
        assert_eq!(sort.place(SortColumn::Elapsed), Some((2, true)));
        sort.cycle(SortColumn::Elapsed);
        assert_eq!(sort.to_string(), "state,elapsed");
        sort.reverse();
        assert_eq!(sort.to_string(), "-state,-elapsed");
        sort.turn(SortColumn::State);
        sort.turn(SortColumn::Id);
        assert_eq!(sort.to_string(), "state,-elapsed");
        sort.toggle(SortColumn::State);
        assert_eq!(sort.to_string(), "-elapsed");
        sort.choose(SortColumn::Elapsed);
        assert_eq!(sort.to_string(), "elapsed");
        sort.cycle(SortColumn::Elapsed);
        assert_eq!(sort, Sort::default(), "something it is always sorted by");
        for column in SortColumn::ALL {
            sort.toggle(*column);
        }
        assert_eq!(sort.keys().len(), Sort::MAX_SORT_KEYS);
    }
}
