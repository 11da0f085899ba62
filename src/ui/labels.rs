//! Display texts of tasks, targets, initiators and run times.

use jiff::Timestamp;
use ratatui::text::Line;

use super::{RenderContext, styled_line::StyledLine, theme::Role};
use crate::{
    task::{TaskRecord, display_name},
    text::{duration, width},
    vim::types::TaskReason,
};

/// Returns the name of the task's entity, else its moRef value.
pub(super) fn target(record: &TaskRecord) -> &str {
    let info = record.info.as_deref();
    info.and_then(display_name::target).unwrap_or_default()
}

/// Returns the initiator of a task.
pub(super) fn started_by(reason: &TaskReason) -> String {
    match reason {
        TaskReason::User { user_name } if user_name.is_empty() => "User".to_owned(),
        TaskReason::User { user_name } => user_name.to_string(),
        TaskReason::System => "System".to_owned(),
        TaskReason::Alarm(alarm) => format!("Alarm: {}", alarm.alarm_name),
        TaskReason::Schedule(schedule) => format!("Schedule: {}", schedule.name),
        TaskReason::Other(value) => {
            let name = value.get("_typeName").and_then(serde_json::Value::as_str);
            name.unwrap_or("Unknown").to_owned()
        }
    }
}

/// Returns an account name without its domain; the details show it in full.
pub(super) fn without_domain(account: &str) -> &str {
    account.rsplit_once('\\').map_or(account, |(_, name)| name)
}

/// Adds an operation and its target in at most `available` columns. If they do not fit, the target gets up to half.
pub(super) fn push_operation_and_target(
    line: &mut StyledLine,
    operation: &str,
    target: &str,
    available: usize,
) {
    let target_width = if target.is_empty() {
        0
    } else {
        width(target) + 2
    };
    let operation_width = available.saturating_sub(target_width.min(available / 2));
    let before = line.width();
    line.push_max(operation, operation_width, Role::Text);
    let left = available.saturating_sub(line.width() - before);
    if target_width > 0 && left > 4 {
        line.gap(2).push_max(target, left - 2, Role::Dim);
    }
}

/// Returns the line of a task after an indent: status, operation, target and ID, with the vCenter if there are several.
pub(super) fn task_line(
    ctx: &RenderContext,
    record: &TaskRecord,
    columns: u16,
    indent: usize,
) -> Line<'static> {
    let id = ctx.state.full_id(record.id.server, &record.id.mo_id);
    let mut id_part = StyledLine::new(ctx.appearance, columns / 2);
    id_part.gap(2).push(&id, Role::Dim);
    let mut line = StyledLine::new(ctx.appearance, columns);
    line.gap(indent).push_status(record.status());
    let available = line.remaining().saturating_sub(id_part.width());
    let operation = ctx.state.view().store.operation(record);
    push_operation_and_target(&mut line, &operation, target(record), available);
    line.join(id_part);
    line.line()
}

/// Returns the run time so far or in total; empty for a placeholder record.
pub(super) fn elapsed(record: &TaskRecord, now: Timestamp) -> String {
    match (record.elapsed(now), &record.info) {
        (Some(elapsed), _) => duration(elapsed),
        (None, Some(_)) => "?".to_owned(),
        (None, None) => String::new(),
    }
}
