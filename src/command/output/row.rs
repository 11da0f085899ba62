//! Rows of the output and their columns.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    task::{
        export::{self, Line},
        json_output,
    },
    text::{did_you_mean, json_line},
};

/// A row: the object of `--json`, and cells of the table.
#[derive(Debug, Clone)]
pub(in crate::command) struct OutputRow {
    /// ID with the profile, as the commands take it.
    pub(in crate::command) id: String,
    pub(in crate::command) json: Line,
    /// Cells by the names of [`RowKind::cells`].
    pub(in crate::command) cells: Vec<(&'static str, String)>,
    /// The error, for the line beneath the row.
    pub(in crate::command) note: Option<String>,
}

/// The columns of a kind of rows.
#[derive(Debug)]
pub(in crate::command) struct RowKind {
    /// Names of the cells, in the order of the wide table.
    pub(in crate::command) cells: &'static [&'static str],
    /// Fields of the objects.
    pub(in crate::command) fields: &'static [&'static str],
    table: &'static [&'static str],
    csv: &'static [&'static str],
    /// Titles and fields of a Markdown table.
    pub(super) markdown: &'static [(&'static str, &'static str)],
}

/// Rows of tasks, in the columns of `vtask list`.
pub(in crate::command) static TASKS: RowKind = TASK_KIND;

/// Rows of tasks, in the columns of `vtask get`.
pub(in crate::command) static TASK_DETAILS: RowKind = RowKind {
    table: &[
        "task",
        "state",
        "progress",
        "elapsed",
        "cancelable",
        "target",
        "started-by",
        "operation",
    ],
    ..TASK_KIND
};

const TASK_KIND: RowKind = RowKind {
    cells: &[
        "task",
        "state",
        "progress",
        "queued",
        "started",
        "completed",
        "elapsed",
        "cancelable",
        "target",
        "started-by",
        "parent",
        "root",
        "endpoint",
        "operation",
        "phase",
        "error",
    ],
    fields: &json_output::TASK_FIELDS,
    table: &[
        "task",
        "state",
        "progress",
        "queued",
        "elapsed",
        "target",
        "started-by",
        "operation",
    ],
    csv: &export::CSV_COLUMNS,
    markdown: &export::MARKDOWN_COLUMNS,
};

/// Rows of events.
pub(in crate::command) static EVENTS: RowKind = RowKind {
    cells: &["task", "time", "user", "type", "event"],
    fields: &[
        "version",
        "type",
        "at",
        "endpoint",
        "moId",
        "eventChainId",
        "key",
        "createdAt",
        "user",
        "message",
        "eventType",
        "event",
    ],
    table: &["time", "user", "event"],
    csv: &[
        "moId",
        "key",
        "createdAt",
        "user",
        "eventType",
        "message",
        "endpoint",
    ],
    markdown: &[
        ("Task", "moId"),
        ("Time", "createdAt"),
        ("User", "user"),
        ("Event", "message"),
    ],
};

/// Lower-case column names of the table and further names with the field of the object.
const FIELD_OF_CELL: [(&str, &str); 19] = [
    ("task", "moId"),
    ("id", "moId"),
    ("state", "status"),
    ("queued", "queuedAt"),
    ("started", "startedAt"),
    ("completed", "completedAt"),
    ("elapsed", "durationSeconds"),
    ("duration", "durationSeconds"),
    ("cancel", "cancelable"),
    ("started-by", "startedBy"),
    ("user", "startedBy"),
    ("error", "error.message"),
    ("error-type", "error.type"),
    ("root-cause", "error.rootCause.message"),
    ("parent", "parentKey"),
    ("root", "rootKey"),
    ("operation-id", "operationId"),
    ("time", "createdAt"),
    ("event", "message"),
];

impl RowKind {
    /// Checks the name of a column or field.
    pub(in crate::command) fn check(&self, name: &str) -> Result<(), String> {
        let name = name.trim_start_matches('-');
        let first = name.split('.').next().unwrap_or_default();
        let is_cell = self
            .cells
            .iter()
            .any(|cell| cell.eq_ignore_ascii_case(name));
        if is_cell || self.field(name).is_some() || self.fields.contains(&first) {
            return Ok(());
        }
        let known: Vec<&str> = self.cells.iter().chain(self.fields).copied().collect();
        Err(format!(
            "there is no column “{name}”{} Columns are {}; fields are {}.",
            did_you_mean(name, &known),
            self.cells.join(", "),
            self.fields.join(", ")
        ))
    }

    /// Returns the field for another name of a column.
    fn field(&self, name: &str) -> Option<&'static str> {
        if self.fields.contains(&name) {
            return None;
        }
        let mut names = FIELD_OF_CELL.iter();
        let found = names.find(|(cell, _)| cell.eq_ignore_ascii_case(name));
        found.map(|(_, field)| *field)
    }

    /// Returns the path of a column in the object.
    pub(in crate::command) fn path(&self, name: &str) -> String {
        self.field(name).unwrap_or(name).to_owned()
    }

    pub(super) fn table_columns(
        &self,
        chosen: &[String],
        wide: bool,
        is_terminal: bool,
    ) -> Vec<String> {
        if !chosen.is_empty() {
            return chosen.to_vec();
        }
        let columns = if wide { self.cells } else { self.table };
        let mut columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        // On a terminal, errors are beneath the rows.
        if !wide && !is_terminal && self.cells.contains(&"error") {
            columns.push("error".to_owned());
        }
        columns
    }

    pub(super) fn csv_columns(&self, chosen: &[String]) -> Vec<String> {
        if chosen.is_empty() {
            self.csv.iter().map(|&name| name.to_owned()).collect()
        } else {
            chosen.iter().map(|name| self.path(name)).collect()
        }
    }
}

impl OutputRow {
    /// Returns the text of a column in a table.
    pub(super) fn text(&self, name: &str) -> String {
        let cell = self
            .cells
            .iter()
            .find(|(cell, _)| cell.eq_ignore_ascii_case(name));
        match cell {
            Some((_, text)) => text.clone(),
            None => match value(name, &self.with_whole_seconds()) {
                Value::Null => String::new(),
                Value::String(text) => text,
                Value::Object(object) if object.contains_key("message") => {
                    object["message"].as_str().unwrap_or_default().to_owned()
                }
                other => json_line(&other),
            },
        }
    }

    /// Returns the object with times in whole seconds, as `fromdate` of jq reads them.
    pub(in crate::command) fn with_whole_seconds(&self) -> Line {
        with_whole_seconds(self.json.clone())
    }
}

/// Returns an object with times in whole seconds.
pub(in crate::command) fn with_whole_seconds(mut json: Line) -> Line {
    for (name, value) in &mut json {
        let is_time = name == "at" || name.ends_with("At");
        if let Some(time) = value
            .as_str()
            .filter(|_| is_time)
            .and_then(|text| text.parse::<Timestamp>().ok())
        {
            *value = format!("{time:.0}").into();
        }
    }
    json
}

/// Returns the value of a column in the object.
pub(super) fn value(name: &str, json: &Line) -> Value {
    let other = FIELD_OF_CELL
        .iter()
        .find(|(cell, _)| *cell == name && !json.contains_key(name));
    export::value_at(json, other.map_or(name, |(_, field)| field))
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row() -> OutputRow {
        let json = json!({"moId": "task-1", "queuedAt": "2026-11-25T09:30:00.25Z", "progress": 7,
            "error": {"type": "Full", "message": "full", "rootCause": {"message": "root"}}, "info": {"key": "task-1", "queueTime": "2026-11-25T09:30:00.25Z"}});
        OutputRow {
            id: "task-1".to_owned(),
            json: json.as_object().unwrap().clone(),
            cells: vec![("state", "running".to_owned())],
            note: None,
        }
    }

    #[test]
    fn columns_are_cells_or_fields() {
        let row = row();
        for (name, text) in [
            ("STATE", "running"),
            ("progress", "7"),
            ("error", "full"),
            ("error.rootCause.message", "root"),
            ("root-cause", "root"),
            ("queuedAt", "2026-11-25T09:30:00Z"),
            ("info.key", "task-1"),
            ("target", ""),
        ] {
            assert_eq!(row.text(name), text, "{name}");
        }
        assert_eq!(TASKS.check("info.entity.value"), Ok(()));
        let error = TASKS.check("stauts").unwrap_err();
        assert!(error.contains("did you mean “status”?"), "{error}");
    }

    #[test]
    fn times_have_whole_seconds_but_not_in_what_the_server_sent() {
        let json = row().with_whole_seconds();
        assert_eq!(json["queuedAt"], "2026-11-25T09:30:00Z");
        assert_eq!(json["info"]["queueTime"], "2026-11-25T09:30:00.25Z");
    }
}
