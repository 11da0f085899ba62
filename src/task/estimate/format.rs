//! Short text for the time left.

use std::{fmt, time::Duration};

use jiff::SignedDuration;

use super::{Basis, Estimate};
use crate::task::typical::DurationStats;
use crate::text::{duration, width};

/// The time left in the form in which a row shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLeft {
    /// `~24m`: the interval is narrow enough for a single value.
    About(Duration),
    /// `20m–35m`.
    Between(Duration, Duration),
    /// `typ 15m`: the operation reports no progress; this is its typical total duration.
    Typical(Duration),
    /// `?`.
    Unknown,
}

/// Ratio of upper to lower end up to which an interval is shown as a single value.
const POINT_ESTIMATE_RATIO: f64 = 1.5;

impl TimeLeft {
    /// Selects the form for an estimate, if there is one.
    pub fn of(estimate: Option<Estimate>, typical: Option<&DurationStats>) -> Self {
        match estimate {
            None => Self::Unknown,
            Some(Estimate {
                basis: Basis::Typical,
                ..
            }) => typical.map_or(Self::Unknown, |typical| {
                Self::Typical(rounded(typical.median()))
            }),
            Some(Estimate {
                low, best, high, ..
            }) => {
                let (rounded_low, rounded_high) = (rounded(low), rounded(high));
                if high <= low.mul_f64(POINT_ESTIMATE_RATIO) || rounded_low == rounded_high {
                    Self::About(rounded(best))
                } else {
                    Self::Between(rounded_low, rounded_high)
                }
            }
        }
    }
}

impl TimeLeft {
    /// Formats for a maximum width in columns: in full, else without unambiguous units, else only
    /// the upper end.
    pub fn within(self, columns: usize) -> String {
        let text = self.to_string();
        if width(&text) <= columns {
            return text;
        }
        let short = |end: &str| match end.split_once('h') {
            Some((hours, "00m")) => format!("{hours}h"),
            Some((hours, minutes)) if !hours.contains('d') => {
                format!("{hours}h{}", minutes.trim_end_matches('m'))
            }
            _ => end.to_owned(),
        };
        let Some((low, high)) = text.split_once('–') else {
            return text;
        };
        let both = format!("{}–{}", short(low), short(high));
        if width(&both) <= columns {
            both
        } else {
            format!("<{high}")
        }
    }
}

/// Rounds to steps that do not flicker: 5 s below two minutes, 1 min below an hour, 5 min below ten
/// hours, else 1 h.
fn rounded(span: Duration) -> Duration {
    let seconds = span.as_secs();
    let step = match seconds {
        ..20 => 1,
        20..120 => 5,
        120..3600 => 60,
        3600..36_000 => 300,
        _ => 3600,
    };
    Duration::from_secs((seconds + step / 2) / step * step)
}

/// Formats a rounded duration without zero seconds.
fn short(span: Duration) -> String {
    let text = duration(SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX));
    match text.strip_suffix("00s").filter(|rest| rest.ends_with('m')) {
        Some(minutes) => minutes.to_owned(),
        None => text,
    }
}

impl fmt::Display for TimeLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::About(span) => write!(f, "~{}", short(*span)),
            Self::Between(low, high) => {
                let (low, high) = (short(*low), short(*high));
                // A common unit is written once: `20–35m`.
                let unit = high.trim_start_matches(|c: char| c.is_ascii_digit());
                let low = match low.strip_suffix(unit) {
                    Some(figure)
                        if unit.len() == 1 && figure.bytes().all(|b| b.is_ascii_digit()) =>
                    {
                        figure
                    }
                    _ => &low,
                };
                write!(f, "{low}–{high}")
            }
            Self::Typical(span) => write!(f, "typ {}", short(*span)),
            Self::Unknown => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_shortened_to_width() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let between = |low, high| TimeLeft::Between(minutes(low), minutes(high));
        for (left, text) in [
            (TimeLeft::About(minutes(24)), "~24m"),
            (TimeLeft::Typical(minutes(95)), "typ 1h35m"),
            (TimeLeft::Unknown, "?"),
            (between(20, 35), "20–35m"),
            (between(65, 100), "1h05–1h40"),
            (between(45, 70), "45m–1h10m"),
            (between(570, 720), "9h30–12h"),
            (between(27 * 60, 33 * 60), "<1d09h"),
        ] {
            assert_eq!(left.within(9), text);
        }
    }
}
