//! Time expressions: a duration before now, a day, a date, a timestamp.

use std::str::FromStr;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{self, Weekday},
    tz::TimeZone,
};

use super::filter::read_span;

/// A parsed time expression. Days begin at midnight in the local time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeExpr {
    /// A duration before now.
    Before(SignedDuration),
    /// An absolute time.
    At(Timestamp),
    /// A local date and time.
    Local(civil::DateTime),
    /// The beginning of the day this number of days ago; 0 is today.
    DaysAgo(u8),
    /// The beginning of the most recent such day, including today.
    On(Weekday),
}

/// Error for text that is not a time expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseTimeError {
    /// A number without a unit.
    #[error("the unit is missing: write 24h, 30m or 7d")]
    NoUnit,
    /// Any other text.
    #[error(
        "expected a duration before now (24h, 7d), today, yesterday, a weekday (monday), a date (2026-01-31) or a \
         time (2026-01-31T12:00:00Z)"
    )]
    Unknown,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl TimeExpr {
    /// Returns the words and examples offered for completion.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let spans = ["1h", "24h", "7d", "30d", "today", "yesterday"];
        spans
            .into_iter()
            .chain(WEEKDAYS.into_iter().map(|(name, _)| name))
    }

    /// Resolves the expression relative to now in a time zone. Times beyond the supported range are
    /// clamped.
    pub fn resolve(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let midnight = |days: i8| {
            let today = zone.to_datetime(now).date();
            let day = today.saturating_sub(i64::from(days).days());
            local(day.into(), zone)
        };
        match self {
            Self::Before(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
            Self::At(moment) => moment,
            Self::Local(moment) => local(moment, zone),
            Self::DaysAgo(days) => midnight(i8::try_from(days).unwrap_or(i8::MAX)),
            Self::On(weekday) => midnight(zone.to_datetime(now).weekday().since(weekday)),
        }
    }
}

/// Converts a local date and time. A time skipped by a daylight-saving change becomes the one after
/// it.
fn local(moment: civil::DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_timestamp(moment).unwrap_or(Timestamp::MIN)
}

impl FromStr for TimeExpr {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let text = text.trim();
        let word = text.to_lowercase();
        match &*word {
            "today" => return Ok(Self::DaysAgo(0)),
            "yesterday" => return Ok(Self::DaysAgo(1)),
            "now" => return Ok(Self::Before(SignedDuration::ZERO)),
            _ => {}
        }
        // `mon` as well as `monday`.
        let weekday = WEEKDAYS
            .iter()
            .find(|(name, _)| word.len() >= 3 && name.starts_with(&word));
        if let Some((_, weekday)) = weekday {
            return Ok(Self::On(*weekday));
        }
        if text.parse::<u32>().is_ok() {
            return Err(ParseTimeError::NoUnit);
        }
        if let Some(span) = read_span(text).or_else(|| text.parse().ok()) {
            return Ok(Self::Before(span.abs()));
        }
        if let Ok(moment) = text.parse() {
            return Ok(Self::At(moment));
        }
        let moment = text.parse::<civil::DateTime>().ok();
        let moment = moment.or_else(|| text.parse::<civil::Date>().ok().map(Into::into));
        moment.map(Self::Local).ok_or(ParseTimeError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Resolves relative to a Wednesday.
    fn seen(text: &str, zone: &TimeZone) -> String {
        let now = "2026-11-25T09:30:00Z".parse().unwrap();
        let moment: TimeExpr = text.parse().unwrap();
        moment.resolve(now, zone).to_string()
    }

    #[test]
    fn time_expressions_are_resolved() {
        for (text, moment) in [
            ("24h", "2026-11-24T09:30:00Z"),
            ("1h 30m", "2026-11-25T08:00:00Z"),
            ("7d", "2026-11-18T09:30:00Z"),
            ("1w", "2026-11-18T09:30:00Z"),
            ("now", "2026-11-25T09:30:00Z"),
            ("today", "2026-11-25T00:00:00Z"),
            ("Yesterday", "2026-11-24T00:00:00Z"),
            ("wednesday", "2026-11-25T00:00:00Z"),
            ("tue", "2026-11-24T00:00:00Z"),
            ("Thursday", "2026-11-19T00:00:00Z"),
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T08:30", "2026-01-31T08:30:00Z"),
            ("2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00Z"),
        ] {
            assert_eq!(seen(text, &TimeZone::UTC), moment, "{text}");
        }
        for text in ["", "soon", "2 fortnights", "h", "to", "m", "2026-13-01"] {
            assert_eq!(
                text.parse::<TimeExpr>(),
                Err(ParseTimeError::Unknown),
                "{text}"
            );
        }
        assert_eq!("24".parse::<TimeExpr>(), Err(ParseTimeError::NoUnit));
    }

    #[test]
    fn days_begin_in_local_time_zone() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(seen("today", &tokyo), "2026-11-24T15:00:00Z");
        assert_eq!(seen("2026-11-01", &tokyo), "2026-10-31T15:00:00Z");
        let far = TimeExpr::Before(SignedDuration::MAX);
        assert_eq!(far.resolve(Timestamp::MIN, &TimeZone::UTC), Timestamp::MIN);
        assert!(TimeExpr::words().all(|word| word.parse::<TimeExpr>().is_ok()));
    }
}
