//! Playback of a record on the screen: its state and the commands of the user.

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::TimeZone};

use crate::{
    task::{TaskId, TimeExpr},
    text::parse_positive_duration,
};

/// State of a playback, for display.
#[derive(Debug, Clone, PartialEq)]
pub struct Playback {
    pub state: PlaybackState,
    /// Speed relative to the recorded one.
    pub speed: f64,
    /// True if the record is the running session.
    pub is_session: bool,
    /// First time of the record.
    pub start: Timestamp,
    /// Last time of the record, once it is known.
    pub end: Option<Timestamp>,
    /// The task to select after a jump.
    pub(super) selected: Option<TaskId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaybackState {
    Playing,
    Paused,
    /// On the way to the target of a jump.
    Seeking,
    /// At the last line.
    AtEnd,
}

/// A command of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaybackCommand {
    /// Pauses or resumes.
    TogglePause,
    Slower,
    Faster,
    /// Jumps; while servers are watched, looks back.
    Seek(SeekTarget),
    /// Stops where the jump has arrived.
    StopSeek,
    /// Returns from the session so far to the live screen.
    ReturnToNow,
}

/// Target of a jump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeekTarget {
    Time(Timestamp),
    /// A distance from the present position, or from the target of a jump in progress; negative to go back.
    By(SignedDuration),
    PreviousChange,
    NextChange,
    NextFailure,
    NextChangeOf(TaskId),
}

impl Playback {
    pub fn new(start: Timestamp, speed: f64) -> Self {
        Self {
            state: PlaybackState::Playing,
            speed,
            is_session: false,
            start,
            end: None,
            selected: None,
        }
    }

    /// Returns the part of the record before a time, in percent; `None` until its end is known.
    pub fn percent(&self, now: Timestamp) -> Option<i64> {
        let whole = self.end?.duration_since(self.start).as_millis();
        let part = now.duration_since(self.start).as_millis();
        let percent = (part * 100).checked_div(whole).unwrap_or(100);
        i64::try_from(percent.clamp(0, 100)).ok()
    }
}

/// Parses a time to jump to, as typed: a time of day, a date and time, or a duration with a sign. `now` is the present
/// position.
pub(super) fn parse_time(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    const EXPECTED: &str = "expected a time such as 02:30, 2026-01-31T02:30, +10m or -1h";
    let text = text.trim();
    if let Some(span) = text.strip_prefix(['+', '-']) {
        let span = parse_positive_duration(span)?;
        let span = if text.starts_with('-') { -span } else { span };
        return now.checked_add(span).map_err(|_| EXPECTED.to_owned());
    }
    if !text.contains('-')
        && let Ok(time) = text.parse::<civil::Time>()
    {
        let local = zone.to_datetime(now);
        let at = zone.to_timestamp(local.date().to_datetime(time));
        return at.map_err(|_| EXPECTED.to_owned());
    }
    match text.parse() {
        Ok(time @ (TimeExpr::At(_) | TimeExpr::Local(_))) => Ok(time.resolve(now, zone)),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// Returns the time of day in a record that may begin late in the evening: on the next day if it is before the start.
pub(super) fn within(playback: &Playback, time: Timestamp) -> Timestamp {
    let next_day = time.checked_add(24.hours()).unwrap_or(time);
    let end = playback.end.unwrap_or(Timestamp::MAX);
    if time < playback.start && next_day <= end {
        next_day
    } else {
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_parsed_as_typed() {
        let now = time("2026-11-29T22:10:00Z");
        let parse = |text| parse_time(text, now, &TimeZone::UTC);
        assert_eq!(parse("02:30"), Ok(time("2026-11-29T02:30:00Z")));
        assert_eq!(parse(" 23:05:10 "), Ok(time("2026-11-29T23:05:10Z")));
        assert_eq!(parse("2026-11-30T01:00"), Ok(time("2026-11-30T01:00:00Z")));
        assert_eq!(parse("+10m"), Ok(time("2026-11-29T22:20:00Z")));
        assert_eq!(parse("-1h"), Ok(time("2026-11-29T21:10:00Z")));
        for wrong in ["", "10m", "yesterday", "25:00", "+", "-x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_after_midnight_is_on_the_next_day() {
        let mut playback = Playback::new(time("2026-11-29T22:00:00Z"), 1.0);
        playback.end = Some(time("2026-11-30T04:00:00Z"));
        let within = |text| within(&playback, time(text));
        assert_eq!(within("2026-11-29T02:30:00Z"), time("2026-11-30T02:30:00Z"));
        assert_eq!(within("2026-11-29T22:30:00Z"), time("2026-11-29T22:30:00Z"));
        assert_eq!(within("2026-11-29T05:00:00Z"), time("2026-11-29T05:00:00Z"));
        assert_eq!(playback.percent(time("2026-11-30T01:00:00Z")), Some(50));
    }
}
