//! Formats of times of day and dates.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

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
