//! Text of a task as displayed in its row and details, for sorting and searching.

use std::borrow::Cow;

use serde_json::Value;
use vtask_vim::types::TaskReason;

use crate::{TaskRecord, TaskStore};

/// Returns the user, alarm or schedule that started a task.
pub(crate) fn initiator(reason: &TaskReason) -> Cow<'_, str> {
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

/// Calls `visitor` with each text of a task, cheapest first, until it returns true. Returns true if
/// it did.
pub(crate) fn visit(
    store: &TaskStore,
    record: &TaskRecord,
    mut visitor: impl FnMut(&str) -> bool,
) -> bool {
    let Some(info) = &record.info else {
        return visitor(&record.id.mo_id)
            || visitor(record.status().word())
            || visitor(&store.operation(record));
    };
    info.entity_name.as_deref().is_some_and(&mut visitor)
        || visitor(&record.id.mo_id)
        || visitor(record.status().word())
        || info
            .entity
            .as_ref()
            .is_some_and(|entity| visitor(&entity.value))
        || visitor(&initiator(&info.reason))
        || info
            .description
            .as_ref()
            .is_some_and(|phase| visitor(phase.text()))
        || visitor(&store.operation(record))
        || info
            .error
            .as_ref()
            .is_some_and(|error| visitor(&error.text()))
}
