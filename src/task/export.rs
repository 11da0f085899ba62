//! Export of several tasks: CSV for spreadsheets, Markdown for tickets, JSON for programs; from the
//! objects of [`json_output`](super::json_output).

use std::fmt::Write;

use serde_json::{Map, Value};
use vtask_text::{json_line, sanitize};

/// Export formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated values, safe to open in a spreadsheet.
    Csv,
    /// A table for a ticket or a chat.
    Markdown,
    /// A JSON array of the objects that `--json` writes.
    Json,
}

/// An object of `--json`.
pub type Line = Map<String, Value>;

/// Columns of a CSV, by the fields of `--json`.
pub const CSV_COLUMNS: [&str; 23] = [
    "moId",
    "status",
    "operation",
    "target",
    "progress",
    "phase",
    "startedBy",
    "queuedAt",
    "startedAt",
    "completedAt",
    "durationSeconds",
    "cancelable",
    "cancelRequested",
    "error",
    "trouble",
    "endpoint",
    "rootKey",
    "parentKey",
    "operationId",
    "targetMoId",
    "error.type",
    "error.rootCause.type",
    "error.rootCause.message",
];
/// Titles and fields of a Markdown table.
pub const MARKDOWN_COLUMNS: [(&str, &str); 8] = [
    ("Task", "moId"),
    ("Operation", "operation"),
    ("Target", "target"),
    ("Status", "status"),
    ("Progress", "progress"),
    ("Seconds", "durationSeconds"),
    ("Started by", "startedBy"),
    ("Error", "error"),
];

impl ExportFormat {
    /// Returns the format by file extension.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Formats the tasks.
    pub fn write(self, lines: &[Line]) -> String {
        match self {
            Self::Csv => csv(lines, &CSV_COLUMNS, true),
            Self::Markdown => markdown(lines, &MARKDOWN_COLUMNS),
            Self::Json => json(lines),
        }
    }
}

enum Cell<'a> {
    /// Text from the server.
    Text(&'a str),
    /// A number or an empty cell.
    Figure(String),
}

/// Returns the value of a field, or at a path such as `error.rootCause.message`.
pub fn value_at<'a>(line: &'a Line, path: &str) -> Option<&'a Value> {
    if let Some(value) = line.get(path) {
        return Some(value);
    }
    let mut names = path.split('.');
    let first = line.get(names.next()?)?;
    names.try_fold(first, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    })
}

fn cell<'a>(line: &'a Line, path: &str) -> Cell<'a> {
    match value_at(line, path) {
        None | Some(Value::Null) => Cell::Figure(String::new()),
        Some(Value::String(text)) => Cell::Text(text),
        Some(Value::Object(error)) => {
            let message = error.get("message").and_then(Value::as_str);
            Cell::Text(message.unwrap_or_default())
        }
        Some(other) => Cell::Figure(other.to_string()),
    }
}

/// True if a spreadsheet may interpret a text as a formula. Tabs and line breaks may precede one;
/// full-width signs and leading white space count as well.
fn is_formula(text: &str) -> bool {
    const SIGNS: [char; 10] = ['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'];
    text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(SIGNS)
}

/// Formats as RFC 4180. A text that a spreadsheet would interpret as a formula is prefixed with an
/// apostrophe.
pub fn csv(lines: &[Line], columns: &[impl AsRef<str>], with_heading: bool) -> String {
    let mut sheet = String::new();
    if with_heading {
        let names: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        sheet = names.join(",") + "\n";
    }
    for line in lines {
        for (index, name) in columns.iter().enumerate() {
            if index > 0 {
                sheet.push(',');
            }
            let mut text = match cell(line, name.as_ref()) {
                Cell::Text(text) if is_formula(text) => format!("'{}", sanitize(text)),
                Cell::Text(text) => sanitize(text).into_owned(),
                Cell::Figure(figure) => figure,
            };
            if text.contains([',', '"', '\n', '\r', '\'', ' ']) {
                text = format!("\"{}\"", text.replace('"', "\"\""));
            }
            sheet.push_str(&text);
        }
        sheet.push('\n');
    }
    sheet
}

/// Formats objects as a Markdown table.
pub fn markdown(lines: &[Line], columns: &[(&str, &str)]) -> String {
    let titles: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    let rows = lines.iter().map(|line| {
        let cells = columns.iter().map(|(_, name)| {
            let mut text = match cell(line, name) {
                Cell::Text(text) => text.to_owned(),
                Cell::Figure(figure) => figure,
            };
            if *name == "progress" && !text.is_empty() {
                text.push('%');
            }
            text
        });
        cells.collect()
    });
    markdown_table(&titles, rows)
}

/// Formats rows of cells as a Markdown table.
pub fn markdown_table(titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut sheet = format!("| {} |\n", titles.join(" | "));
    let _ = writeln!(sheet, "|{}", " --- |".repeat(titles.len()));
    for row in rows {
        sheet.push('|');
        for cell in row {
            let _ = write!(sheet, " {} |", escaped(&cell));
        }
        sheet.push('\n');
    }
    sheet
}

/// Escapes Markdown syntax.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in sanitize(text).chars() {
        if r"\|`*_<>[]#~&!".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Formats as a JSON array with an object per line.
pub fn json(lines: &[Line]) -> String {
    let mut sheet = "[".to_owned();
    for (index, line) in lines.iter().enumerate() {
        sheet.push_str(if index == 0 { "\n" } else { ",\n" });
        sheet.push_str(&json_line(line));
    }
    sheet.push_str("\n]\n");
    sheet
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines() -> Vec<Line> {
        let hostile = json!({
            "moId": "task-1", "status": "failed", "operation": "=HYPERLINK(\"http://evil\",\"x\")",
            "target": "a,b \"c\"", "progress": 40, "phase": "two\nlines\u{1b}[31m", "startedBy": "@SUM(1)",
            "durationSeconds": -3, "error": {"type": "Full", "message": " +1|`x`"}, "endpoint": "vc01",
        });
        let Value::Object(hostile) = hostile else {
            panic!()
        };
        vec![hostile]
    }

    #[test]
    fn csv_escapes_formulas() {
        let text = ExportFormat::Csv.write(&lines());
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows.len(), 2, "{text}");
        assert!(rows[0].starts_with("moId,status,operation,"));
        assert!(rows[1].contains("\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\""));
        assert!(rows[1].contains("\"'@SUM(1)\"") && rows[1].contains("\"' +1|`x`\""));
        assert!(rows[1].contains("\"a,b \"\"c\"\"\"") && rows[1].contains(",-3,"));
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn csv_has_lineage_and_root_cause() {
        let line = json!({"moId": "task-2", "rootKey": "task-1", "parentKey": "task-1",
            "error": {"type": "A", "message": "outer", "rootCause": {"type": "B", "message": "inner"}}});
        let text = ExportFormat::Csv.write(&[line.as_object().unwrap().clone()]);
        let row = text.lines().nth(1).unwrap();
        assert!(row.ends_with(",task-1,task-1,,,A,B,inner"), "{row}");
        assert!(row.contains(",outer,"), "{row}");
    }

    #[test]
    fn every_formula_prefix_is_escaped() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u{a0}@", "＝"] {
            let line = json!({"target": format!("{begin}1+1")});
            let Value::Object(line) = line else { panic!() };
            let text = ExportFormat::Csv.write(&[line]);
            let cells = text.lines().nth(1).unwrap();
            assert!(
                cells.starts_with(",,,\"'") && cells.contains("1+1"),
                "{begin:?}: {cells}"
            );
        }
        for plain in ["a=b", "db-1", "'quoted'"] {
            assert!(!is_formula(plain), "{plain}");
        }
    }

    #[test]
    fn markdown_cells_are_escaped() {
        let text = ExportFormat::Markdown.write(&lines());
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows.len(), 3, "{text}");
        assert!(rows[2].contains(r"+1\|\`x\`") && rows[2].contains("| 40% |"));
        let bars = rows[2].replace(r"\|", "").matches('|').count();
        assert_eq!(bars, MARKDOWN_COLUMNS.len() + 1);
    }

    #[test]
    fn json_is_array_of_all_tasks() {
        let text = ExportFormat::Json.write(&lines());
        let back: Vec<Line> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, lines());
        let none: Vec<Value> = serde_json::from_str(&ExportFormat::Json.write(&[])).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn format_is_chosen_by_file_extension() {
        for (name, format) in [
            ("a.csv", Some(ExportFormat::Csv)),
            ("/tmp/x.y/a.MD", Some(ExportFormat::Markdown)),
            ("a.json", Some(ExportFormat::Json)),
            ("csv", None),
            ("a.txt", None),
        ] {
            assert_eq!(ExportFormat::of_file(name), format, "{name}");
        }
    }
}
