//! The texts of a task as its row and its details show them, for sorting and finding.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    task::{Record, TaskStore},
    vim::types::{TaskInfo, TaskReason},
};

/// Who or what started a task.
pub(in crate::task) fn initiator(reason: &TaskReason) -> Cow<'_, str> {
    match reason {
        TaskReason::User { user_name } => (&**user_name).into(),
        TaskReason::System => "System".into(),
        TaskReason::Alarm(alarm) => format!("Alarm: {}", alarm.alarm_name).into(),
        TaskReason::Schedule(schedule) => format!("Schedule: {}", schedule.name).into(),
        TaskReason::Other(wire) => wire
            .get("_typeName")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .into(),
    }
}

/// What a task works on: the entity's name, else its moId.
pub(in crate::task) fn target(info: &TaskInfo) -> Option<&str> {
    let name = info.entity_name.as_deref().filter(|name| !name.is_empty());
    name.or_else(|| info.entity.as_ref().map(|entity| &*entity.value))
}

/// Shows `look` a task's texts one by one, those that cost the least first, until it has seen enough. Answers
/// whether it has.
pub(in crate::task) fn visit(
    board: &TaskStore,
    record: &Record,
    mut look: impl FnMut(&str) -> bool,
) -> bool {
    let Some(info) = &record.info else {
        return look(&record.id.mo_id)
            || look(record.status().word())
            || look(&board.operation(record));
    };
    info.entity_name.as_deref().is_some_and(&mut look)
        || look(&record.id.mo_id)
        || look(record.status().word())
        || info
            .entity
            .as_ref()
            .is_some_and(|entity| look(&entity.value))
        || look(&initiator(&info.reason))
        || info
            .description
            .as_ref()
            .is_some_and(|phase| look(phase.text()))
        || look(&board.operation(record))
        || info.error.as_ref().is_some_and(|error| look(&error.text()))
}
