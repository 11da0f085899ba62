//! The Error tab: the chain of faults, each with its own fields.

use ratatui::text::Line;
use serde_json::Value;

use super::json;
use crate::{
    text::width,
    ui::{
        Appearance,
        styled_line::{StyledLine, flow, paragraph},
        theme::Role,
    },
    vim::types::Fault,
};

/// Longer field names push their values to the right.
const MAX_NAME_WIDTH: usize = 24;

pub(super) fn lines(appearance: &Appearance, fault: &Fault, columns: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (depth, fault) in fault.chain().enumerate() {
        if depth > 0 {
            lines.push(Line::default());
        }
        let mut title = StyledLine::new(appearance, columns);
        if depth > 0 {
            title.push("caused by ", Role::Dim);
        }
        title.push(fault.type_name(), Role::Failed);
        lines.push(title.line());
        let text = format!("  {}", fault.text().replace('\n', "\n  "));
        lines.extend(paragraph(appearance, &text, columns, Role::Text));
        let names = fault.fault_fields().map(|(name, _)| width(name));
        let widest = names.max().unwrap_or_default().min(MAX_NAME_WIDTH);
        for (name, value) in fault.fault_fields() {
            let padding = " ".repeat(widest.saturating_sub(width(name)));
            let label = format!("  {name}{padding}  ");
            field(appearance, &mut lines, &label, value, columns);
        }
        for message in fault.messages() {
            let text = message.message.as_deref().unwrap_or_default().trim();
            let gap = if text.is_empty() { "" } else { "  " };
            let parts = [
                ("  ", Role::Dim),
                (text, Role::Text),
                (gap, Role::Dim),
                (&*message.key, Role::Faint),
            ];
            lines.extend(flow(appearance, &parts, columns, 4));
        }
    }
    lines
}

fn field(
    appearance: &Appearance,
    lines: &mut Vec<Line<'static>>,
    label: &str,
    value: &Value,
    columns: u16,
) {
    let simple = match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => {
            let part = |name| object.get(name).and_then(Value::as_str);
            match (part("type"), part("value")) {
                (Some(kind), Some(value)) => Some(format!("{kind}:{value}")),
                _ => None,
            }
        }
        Value::Array(_) => None,
        other => Some(other.to_string()),
    };
    if let Some(text) = simple {
        let parts = [(label, Role::Heading), (text.as_str(), Role::Text)];
        lines.extend(flow(appearance, &parts, columns, width(label)));
    } else {
        lines.extend(flow(appearance, &[(label, Role::Heading)], columns, 4));
        let inner = json::lines(appearance, value, columns.saturating_sub(4));
        lines.extend(inner.into_iter().map(|mut line| {
            line.spans.insert(0, "    ".into());
            line
        }));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app::Options;

    #[test]
    fn every_fault_message_is_shown() {
        let fault = Fault::new(json!({
            "_typeName": "A", "faultstring": "outer", "faultMessage": [{"key": "a.b", "message": "The disk is full."}],
            "faultCause": {"_typeName": "B", "faultstring": "inner", "faultMessage": [
                {"key": "c.d", "message": "inner"}, {"message": "Quota exceeded."}]}
        }));
        let appearance = Appearance::new(&Options::default());
        let lines = lines(&appearance, &fault, 60);
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let text: Vec<&str> = text.iter().map(|line| line.trim()).collect();
        let expected = [
            "A",
            "outer",
            "The disk is full.  a.b",
            "",
            "caused by B",
            "inner",
            "inner  c.d",
            "Quota exceeded.",
        ];
        assert_eq!(text, expected);
    }
}
