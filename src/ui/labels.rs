//! Display texts of targets, initiators and times.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{styled_line::StyledLine, theme::Role};
use crate::{
    task::Record,
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

/// Formats a time in at most 11 columns: the time of day of today or of the last twelve hours, else the date without
/// the year.
pub(super) fn short_moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let is_near = now.duration_since(at).abs() < SignedDuration::from_hours(12);
    let [at, now] = [at, now].map(|time| time.to_zoned_datetime(zone.clone()));
    let is_recent = is_near || at.date() == now.date();
    let format = if is_recent { "%H:%M:%S" } else { "%m-%d %H:%M" };
    at.strftime(format).to_string()
}

/// Formats the expected end: the time of day, or beyond the next 20 hours the date.
pub(super) fn expected_end(left: Duration, now: Timestamp, zone: &TimeZone) -> String {
    const SOON: Duration = Duration::from_secs(20 * 3600);
    let at = now.checked_add(left).unwrap_or(Timestamp::MAX);
    let format = if left < SOON { "%H:%M" } else { "%m-%d" };
    let at = at.to_zoned_datetime(zone.clone());
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_end_is_a_time_or_a_date() {
        let now: Timestamp = "2026-04-18T16:20:30Z".parse().unwrap();
        let end =
            |minutes: u64| expected_end(Duration::from_secs(minutes * 60), now, &TimeZone::UTC);
        assert_eq!(end(24), "16:44");
        assert_eq!(end(500), "00:40");
        assert_eq!(end(2000), "04-20");
        let short = |at: &str| short_moment(at.parse().unwrap(), now, &TimeZone::UTC);
        assert_eq!(short("2026-04-18T01:02:03Z"), "01:02:03");
        assert_eq!(short("2026-04-17T23:59:00Z"), "04-17 23:59");
        let before = |at: &str| {
            let night: Timestamp = "2026-04-18T01:00:00Z".parse().unwrap();
            short_moment(at.parse().unwrap(), night, &TimeZone::UTC)
        };
        assert_eq!(before("2026-04-17T23:59:00Z"), "23:59:00");
        assert_eq!(before("2026-04-17T12:59:00Z"), "04-17 12:59");
    }
}
