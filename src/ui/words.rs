//! How the panels name things: a target, who started it, a moment.

use jiff::{Timestamp, tz::TimeZone};

use super::theme::Role;
use crate::{
    task::{Record, Status},
    text::{duration, width},
    vim::types::{TaskInfo, TaskReason},
};

/// What an operation applies to: its name, else its reference.
pub(super) fn target(info: &TaskInfo) -> String {
    match (&info.entity_name, &info.entity) {
        (Some(name), _) if !name.is_empty() => name.clone(),
        (_, Some(entity)) => entity.value.to_string(),
        _ => String::new(),
    }
}

/// Who or what started a task.
pub(super) fn started_by(reason: &TaskReason) -> String {
    match reason {
        TaskReason::User { user_name } if user_name.is_empty() => "User".to_owned(),
        TaskReason::User { user_name } => user_name.clone(),
        TaskReason::System => "System".to_owned(),
        TaskReason::Alarm { alarm_name, .. } => format!("Alarm: {alarm_name}"),
        TaskReason::Schedule { name, .. } => format!("Schedule: {name}"),
        TaskReason::Other(value) => {
            let name = value.get("_typeName").and_then(serde_json::Value::as_str);
            name.unwrap_or("Unknown").to_owned()
        }
    }
}

/// An account without its domain, where there is no room for both: the name is what tells people apart.
pub(super) fn without_domain(account: &str, columns: usize) -> &str {
    match account.rsplit_once('\\') {
        Some((_, name)) if width(account) > columns => name,
        _ => account,
    }
}

/// The colour of a status.
pub(super) fn role(status: Status) -> Role {
    match status {
        Status::Running => Role::Running,
        Status::Queued => Role::Queued,
        Status::Failed => Role::Failed,
        Status::Cancelled => Role::Cancelled,
        Status::Success => Role::Success,
        Status::Lost | Status::Unknown => Role::Lost,
        Status::Ghost => Role::Dim,
    }
}

/// How long a task has run, or did; nothing for a ghost.
pub(super) fn elapsed(record: &Record, now: Timestamp) -> String {
    record.elapsed(now).map(duration).unwrap_or_default()
}

/// A moment as the wall clock shows it; with the date where that is another day than `now`'s.
pub(super) fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (
        at.to_zoned_datetime(zone.clone()),
        now.to_zoned_datetime(zone.clone()),
    );
    if at.date() == now.date() {
        at.strftime("%H:%M:%S").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}
