//! Display names shared by all outputs.

use vtask_vim::types::{TaskInfo, TaskReason, type_name};

/// Returns the name of the entity that a task operates on, else its moId.
pub fn target(info: &TaskInfo) -> Option<&str> {
    let name = info.entity_name.as_deref().filter(|name| !name.is_empty());
    name.or(info.entity.as_ref().map(|entity| &*entity.value))
}

/// Returns the operation as the API names it, independent of the language.
pub fn operation_id(info: &TaskInfo) -> &str {
    let names = [Some(&*info.description_id), info.name.as_deref()];
    let mut names = names.into_iter().flatten().filter(|name| !name.is_empty());
    names.next().unwrap_or("unknown")
}

/// Returns the user, alarm or schedule that started a task; the type of an unknown reason.
pub fn started_by(reason: &TaskReason) -> Option<&str> {
    match reason {
        TaskReason::User { user_name } => Some(user_name),
        TaskReason::System => Some("System"),
        TaskReason::Alarm(alarm) => Some(&alarm.alarm_name),
        TaskReason::Schedule(schedule) => Some(&schedule.name),
        TaskReason::Other(reason) => type_name(reason),
    }
}

/// Formats a count of tasks: `1 task`, `2 tasks`.
pub fn tasks(count: usize) -> String {
    if count == 1 {
        "1 task".to_owned()
    } else {
        format!("{count} tasks")
    }
}
