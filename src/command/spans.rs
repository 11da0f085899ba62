//! Spans and moments as people write them.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// A span such as `2h`, `1h30m`, `90s`, or a number of seconds.
///
/// # Errors
/// When it is none.
pub(super) fn any(text: &str) -> Result<SignedDuration, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(SignedDuration::from_secs(i64::from(seconds)));
    }
    // Days have 24 hours here, which is not a thing that a library will decide for others.
    if let Some(days) = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u16>().ok())
    {
        return Ok(SignedDuration::from_hours(24 * i64::from(days)));
    }
    text.parse()
        .map_err(|_| "give a span such as 90s, 10m, 2h or 1h30m".to_owned())
}

/// A span that is longer than nothing.
///
/// # Errors
/// When it is none, or not.
pub(crate) fn positive(text: &str) -> Result<SignedDuration, String> {
    let span = any(text)?;
    if span > SignedDuration::ZERO {
        Ok(span)
    } else {
        Err("must be longer than nothing".to_owned())
    }
}

/// A moment: a span before now, a time (RFC 3339), or a date and perhaps a time of day where this machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Before(SignedDuration),
    /// That moment.
    At(Timestamp),
}

impl Moment {
    /// The moment, seen from now.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Before(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
            Self::At(moment) => moment,
        }
    }
}

/// Reads a moment.
///
/// # Errors
/// When it is none.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    if let Ok(span) = any(text) {
        return Ok(Moment::Before(span.abs()));
    }
    if let Ok(moment) = text.parse() {
        return Ok(Moment::At(moment));
    }
    let local = text.parse::<civil::DateTime>().ok();
    let local = local.or_else(|| text.parse::<civil::Date>().ok().map(Into::into));
    local
        .and_then(|local| local.to_zoned_datetime(TimeZone::system()).ok())
        .map(|local| Moment::At(local.timestamp()))
        .ok_or_else(|| {
            "give a span before now (24h, 30m), a date (2026-01-31) or a time (2026-01-31T12:00:00Z)".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("10m", 600),
            ("2h", 7200),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("7d", 7 * 86_400),
        ] {
            assert_eq!(any(text), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
        for text in ["", "soon", "2 fortnights", "h"] {
            assert!(any(text).is_err(), "{text}");
        }
        for text in ["0", "0s", "-5s"] {
            assert!(positive(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_is_a_span_ago_a_time_or_a_date() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let read = |text| moment(text).map(|moment| moment.from(now).to_string());
        assert_eq!(read("24h").unwrap(), "2026-01-30T12:00:00Z");
        assert_eq!(
            read("2026-01-01T00:00:00+01:00").unwrap(),
            "2025-12-31T23:00:00Z"
        );
        assert!(read("2026-01-01").is_ok() && read("2026-01-01T08:30").is_ok());
        assert!(read("yesterday").is_err());
    }
}
