//! How outputs name things, for people.

use crate::vim::types::{TaskInfo, TaskReason};

/// What an operation applies to: its name, else its reference's value.
pub(crate) fn target(info: &TaskInfo) -> Option<&str> {
    let name = info.entity_name.as_deref().filter(|name| !name.is_empty());
    name.or(info.entity.as_ref().map(|entity| &*entity.value))
}

/// Who or what started a task.
pub(crate) fn started_by(reason: &TaskReason) -> Option<&str> {
    match reason {
        TaskReason::User { user_name } => Some(user_name),
        TaskReason::System => Some("System"),
        TaskReason::Alarm(alarm) => Some(&alarm.alarm_name),
        TaskReason::Schedule(schedule) => Some(&schedule.name),
        TaskReason::Other(_) => None,
    }
}

/// `1 task`, `2 tasks`.
pub(crate) fn tasks(count: usize) -> String {
    if count == 1 {
        "1 task".to_owned()
    } else {
        format!("{count} tasks")
    }
}
