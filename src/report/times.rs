//! Times of a report in its time zone.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

/// A time for people and for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Moment {
    /// RFC 3339, UTC.
    pub(super) iso: String,
    pub(super) text: String,
}

/// Formats times in a time zone.
pub(super) struct Times<'a> {
    pub(super) zone: &'a TimeZone,
    /// The day of all times, if it is the same; times are then without a date.
    day: Option<Date>,
}

impl<'a> Times<'a> {
    pub(super) fn new(zone: &'a TimeZone, first: Timestamp, last: Timestamp) -> Self {
        let date = |at: Timestamp| zone.to_datetime(at).date();
        let day = Some(date(first)).filter(|day| *day == date(last));
        Self { zone, day }
    }

    /// True if all times are on the same day.
    pub(super) fn is_one_day(&self) -> bool {
        self.day.is_some()
    }

    /// Returns a time, with the date if not all are on one day.
    pub(super) fn short(&self, at: Timestamp) -> Moment {
        let format = if self.day == Some(self.zone.to_datetime(at).date()) {
            "%H:%M:%S"
        } else {
            "%m-%d %H:%M:%S"
        };
        self.format(at, format)
    }

    /// Returns a time with its date.
    pub(super) fn full(&self, at: Timestamp) -> Moment {
        self.format(at, "%Y-%m-%d %H:%M:%S")
    }

    pub(super) fn format(&self, at: Timestamp, format: &str) -> Moment {
        Moment {
            iso: format!("{at:.0}"),
            text: self.zone.to_datetime(at).strftime(format).to_string(),
        }
    }

    /// Names the time zone: `Europe/Berlin (UTC+01:00)`.
    pub(super) fn zone_name(&self, at: Timestamp) -> String {
        let offset = at
            .to_zoned_datetime(self.zone.clone())
            .strftime("UTC%:z")
            .to_string();
        match self.zone.iana_name() {
            _ if offset == "UTC+00:00" => "UTC".to_owned(),
            Some(name) => format!("{name} ({offset})"),
            None => offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_date_unless_all_are_on_one_day() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (first, last) = (at("2026-03-04T21:30:00Z"), at("2026-03-04T22:10:00Z"));
        let one = Times::new(&zone, first, first);
        assert_eq!(one.short(first).text, "23:30:00");
        assert_eq!(one.short(last).text, "03-05 00:10:00");
        let two = Times::new(&zone, first, last);
        assert_eq!(two.short(first).text, "03-04 23:30:00");
        assert_eq!(two.full(first).iso, "2026-03-04T21:30:00Z");
        assert_eq!(two.zone_name(first), "UTC+02:00");
        assert_eq!(
            Times::new(&TimeZone::UTC, first, last).zone_name(first),
            "UTC"
        );
    }
}
