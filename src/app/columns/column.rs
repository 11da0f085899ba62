//! A column of the task list, and ordered lists of columns as in the config file.

use std::{fmt, str::FromStr};

use crate::{
    task::row_model::SortColumn,
    text::{did_you_mean, named_enum},
};

named_enum! {
    /// A column of the task list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Column {
        Task: "task" | "name", "TASK", "operation with phase or error";
        State: "state" | "status", "STATE", "running, queued, failed …";
        Phase: "phase", "PHASE / ERROR", "current phase, or why it failed";
        Target: "target" | "entity", "TARGET", "object of the task";
        Progress: "progress" | "percent", "PROGRESS", "progress bar with percentage";
        Trend: "trend", "TREND", "recent pace as a sparkline";
        Elapsed: "elapsed", "ELAPSED", "run time";
        Left: "left", "LEFT", "estimated time left";
        Finish: "finish" | "eta", "EXPECTED END", "estimated completion time";
        Cancel: "cancel", "CANCELABLE", "yes, no, or being cancelled";
        StartedBy: "started-by" | "user", "STARTED BY", "user or system that started it";
        Queued: "queued", "QUEUED", "queue time";
        Started: "started", "STARTED", "start time";
        Completed: "completed" | "ended", "FINISHED", "completion time";
        QueuedFor: "queued-for" | "waited", "WAITED", "time spent queued";
        Server: "endpoint" | "vcenter" | "server", "VCENTER", "vCenter, if there are several";
        Operation: "operation" | "op", "OPERATION", "operation ID";
        Id: "id" | "moid", "TASK ID", "task ID (moId)";
        Parent: "parent", "PARENT", "key of the parent task";
        Error: "error" | "fault", "ERROR", "why it failed";
        Tag: "tag", "TAG", "change tag";
        Activation: "activation" | "activation-id", "ACTIVATION", "activation ID";
        Host: "host" | "esx", "HOST", "host that runs the target";
        Cluster: "cluster", "CLUSTER", "cluster of the target";
        Datacenter: "datacenter" | "dc", "DATACENTER", "datacenter of the target";
        Folder: "folder", "FOLDER", "folder of the target";
    }
}

impl Column {
    /// Returns the column to sort by when the header is clicked. Sort columns have the names of all columns.
    pub fn sort_key(self) -> SortColumn {
        SortColumn::named(self.name()).unwrap_or_default()
    }

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
                let (minimum, maximum) = Self::WIDTHS.into_inner();
                Some(number.ok_or_else(|| {
                    ParseColumnsError(format!(
                        "invalid width “{text}” of “{name}”; use {minimum} to {maximum}."
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
pub struct ColumnSet(pub(in crate::app) Vec<ColumnSpec>);

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
                    problems.push(format!("duplicate column “{}”.", spec.column.name()));
                }
                Ok(spec) => specs.push(spec),
                Err(error) => problems.push(error.0),
            }
        }
        ((!specs.is_empty()).then_some(Self(specs)), problems)
    }

    /// Creates a set of columns of automatic width.
    pub(in crate::app) fn of(columns: impl IntoIterator<Item = Column>) -> Self {
        Self(columns.into_iter().map(ColumnSpec::new).collect())
    }

    pub fn specs(&self) -> &[ColumnSpec] {
        &self.0
    }
}

impl fmt::Display for ColumnSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, spec) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
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
        assert_eq!(sorted.len() + 1, SortColumn::ALL.len(), "all but urgency");
    }

    #[test]
    fn column_sets_round_trip() {
        let text = "task,progress:20,started-by";
        assert_eq!(text.parse::<ColumnSet>().unwrap().to_string(), text);
        for (text, part) in [
            ("targt", "“targt”; did you mean “target”?"),
            ("task,progress:wide", "invalid width “wide” of “progress”"),
            ("progress:2", "use 3 to 200"),
            ("task,name", "duplicate column “task”"),
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
}
