//! The JSON tab: indented, lightly colored, long lines wrapped.

use ratatui::text::Line;
use serde_json::Value;

use crate::ui::{Appearance, styled_line::flow, theme::Role};

/// Limit on drawn lines; copying takes the whole JSON.
const MAX_JSON_LINES: usize = 5_000;

pub(super) fn lines(appearance: &Appearance, value: &Value, columns: u16) -> Vec<Line<'static>> {
    let mut writer = Writer {
        appearance,
        columns,
        lines: Vec::new(),
    };
    writer.value(0, None, value, "");
    writer.lines
}

struct Writer<'a> {
    appearance: &'a Appearance,
    columns: u16,
    lines: Vec<Line<'static>>,
}

impl Writer<'_> {
    /// Writes a value with its name and a trailing comma. The nesting depth is limited by the parser.
    fn value(&mut self, depth: usize, name: Option<&str>, value: &Value, comma: &str) {
        let quoted = name.map(|name| Value::from(name).to_string());
        let (open, close, role) = match value {
            Value::Object(object) if object.is_empty() => ("{}", "", Role::Dim),
            Value::Array(items) if items.is_empty() => ("[]", "", Role::Dim),
            Value::Object(_) => ("{", "}", Role::Dim),
            Value::Array(_) => ("[", "]", Role::Dim),
            Value::String(_) => ("", "", Role::String),
            Value::Number(_) | Value::Bool(_) | Value::Null => ("", "", Role::Number),
        };
        let text = match (open, value) {
            ("", value) => value.to_string(),
            (open, _) => open.to_owned(),
        };
        let end = if close.is_empty() { comma } else { "" };
        self.line(depth, quoted.as_deref(), (&text, role), end);
        if close.is_empty() {
            return;
        }
        match value {
            Value::Object(object) => {
                for (index, (name, value)) in object.iter().enumerate() {
                    let comma = if index + 1 < object.len() { "," } else { "" };
                    self.value(depth + 1, Some(name), value, comma);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    let comma = if index + 1 < items.len() { "," } else { "" };
                    self.value(depth + 1, None, value, comma);
                }
            }
            _ => {}
        }
        self.line(depth, None, (close, Role::Dim), comma);
    }

    fn line(&mut self, depth: usize, name: Option<&str>, value: (&str, Role), comma: &str) {
        if self.lines.len() >= MAX_JSON_LINES {
            return;
        }
        let indent = "  ".repeat(depth.min(usize::from(self.columns) / 4));
        let colon = if name.is_some() { ": " } else { "" };
        let parts = [
            (indent.as_str(), Role::Dim),
            (name.unwrap_or_default(), Role::Name),
            (colon, Role::Dim),
            value,
            (comma, Role::Dim),
        ];
        let hang = indent.len() + 4;
        self.lines
            .extend(flow(self.appearance, &parts, self.columns, hang));
    }
}
