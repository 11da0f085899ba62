//! What goes on the clipboard.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    app::{
        event::Effect,
        notices::Gravity,
        state::{Panes, State, Tab},
    },
    text::sanitize_lines,
    vim::types::{Fault, TaskInfo},
};

/// Copies what the open tab is about; where there is nothing of the kind, the task's id.
pub(super) fn copy(state: &mut State, now: Timestamp) -> Vec<Effect> {
    let Some(record) = state.selected_record() else {
        return Vec::new();
    };
    let tab = match state.panes {
        Panes::List => Tab::Overview,
        Panes::Both(_) | Panes::Details => state.details.tab,
    };
    let id = || ("the task's id", record.id.mo_id.to_string());
    let (what, text) = record
        .info
        .as_deref()
        .map_or_else(id, |info| content(info, tab).unwrap_or_else(id));
    let said = format!("Copied {what} ({} characters)", text.chars().count());
    state.notices.say(Gravity::Info, said, now);
    vec![Effect::Copy(text)]
}

fn content(info: &TaskInfo, tab: Tab) -> Option<(&'static str, String)> {
    match tab {
        Tab::Error => Some(("the error", fault_text(info.error.as_deref()?))),
        Tab::Result => Some(("the result", pretty(info.result.as_deref()?))),
        Tab::Json => Some(("the JSON", pretty(&info.to_json()))),
        Tab::Overview | Tab::Lineage => None,
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// The chain of faults as plain lines, each fault with its own fields.
fn fault_text(fault: &Fault) -> String {
    let mut lines = Vec::new();
    for (depth, fault) in fault.chain().enumerate() {
        let cause = if depth == 0 { "" } else { "caused by " };
        lines.push(format!("{cause}{}: {}", fault.type_name(), fault.text()));
        let fields = fault.own_fields();
        lines.extend(fields.map(|(name, value)| format!("  {name}: {value}")));
    }
    let safe: Vec<_> = lines.iter().flat_map(|line| sanitize_lines(line)).collect();
    safe.join("\n")
}
