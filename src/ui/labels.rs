//! Display texts of targets, initiators and times.

use jiff::{Timestamp, tz::TimeZone};

use super::theme::Role;
use crate::{
    task::{Record, Status, TimeLeft},
    text::{duration, width},
    vim::types::{TaskInfo, TaskReason},
};

/// Returns the name of the task's entity, else its moRef value.
pub(super) fn target(info: &TaskInfo) -> String {
    match (&info.entity_name, &info.entity) {
        (Some(name), _) if !name.is_empty() => name.to_string(),
        (_, Some(entity)) => entity.value.to_string(),
        _ => String::new(),
    }
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

/// Drops the domain of an account name that does not fit.
pub(super) fn without_domain(account: &str, columns: usize) -> &str {
    match account.rsplit_once('\\') {
        Some((_, name)) if width(account) > columns => name,
        _ => account,
    }
}

pub(super) fn role(status: Status) -> Role {
    match status {
        Status::Running => Role::Running,
        Status::Queued => Role::Queued,
        Status::Failed => Role::Failed,
        Status::Cancelled => Role::Cancelled,
        Status::Success => Role::Success,
        Status::Lost | Status::Unknown => Role::Lost,
        Status::Placeholder => Role::Dim,
    }
}

/// Returns the run time so far or in total; empty for a placeholder record.
pub(super) fn elapsed(record: &Record, now: Timestamp) -> String {
    match (record.elapsed(now), &record.info) {
        (Some(elapsed), _) => duration(elapsed),
        (None, Some(_)) => "?".to_owned(),
        (None, None) => String::new(),
    }
}

/// Formats a time of day, with the date unless it is the date of `now`.
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

/// Formats a time in at most 11 columns: the time of day, or on another date the date without the year.
pub(super) fn short_moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let [at, now] = [at, now].map(|time| time.to_zoned_datetime(zone.clone()));
    let is_today = at.date() == now.date();
    let format = if is_today { "%H:%M:%S" } else { "%m-%d %H:%M" };
    at.strftime(format).to_string()
}

/// Formats the expected end in at most 12 columns: `~16:40`, `~04-19 03:10`.
pub(super) fn finish(left: TimeLeft, now: Timestamp, zone: &TimeZone) -> String {
    const SOON: std::time::Duration = std::time::Duration::from_secs(20 * 3600);
    let at = |span: std::time::Duration, format: &str| {
        let at = now.checked_add(span).unwrap_or(Timestamp::MAX);
        at.to_zoned_datetime(zone.clone())
            .strftime(format)
            .to_string()
    };
    match left {
        TimeLeft::Unknown => left.to_string(),
        TimeLeft::About(span) if span < SOON => at(span, "~%H:%M"),
        TimeLeft::About(span) => at(span, "~%m-%d %H:%M"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn expected_end_format_depends_on_certainty() {
        let now: Timestamp = "2026-04-18T16:20:30Z".parse().unwrap();
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        for (left, text) in [
            (TimeLeft::About(minutes(24)), "~16:44"),
            (TimeLeft::About(minutes(2000)), "~04-20 01:40"),
            (TimeLeft::Unknown, "–"),
        ] {
            let told = finish(left, now, &TimeZone::UTC);
            assert_eq!(told, text);
            assert!(width(&told) <= 12);
        }
        let short = |at: &str| short_moment(at.parse().unwrap(), now, &TimeZone::UTC);
        assert_eq!(short("2026-04-18T01:02:03Z"), "01:02:03");
        assert_eq!(short("2026-04-17T23:59:00Z"), "04-17 23:59");
    }
}
