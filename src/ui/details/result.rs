//! The Result tab: the result of the task with its type.

use ratatui::text::Line;
use serde_json::Value;

use super::json;
use crate::{
    ui::{Appearance, styled_line::StyledLine, theme::Role},
    vim::types::{type_name, unboxed},
};

pub(super) fn lines(appearance: &Appearance, value: &Value, columns: u16) -> Vec<Line<'static>> {
    let mut title = StyledLine::new(appearance, columns);
    let name = type_name(value).unwrap_or(match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "list",
        Value::Object(_) | Value::Null => "object",
    });
    title.push("Type  ", Role::Heading).push(name, Role::Strong);
    let mut lines = vec![title.line(), Line::default()];
    lines.extend(json::lines(appearance, &unboxed(value.clone()), columns));
    lines
}
