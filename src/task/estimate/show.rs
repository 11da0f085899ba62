//! The time left as it stands in a row.

use std::{fmt, time::Duration};

use jiff::SignedDuration;

use super::{Basis, Estimate};
use crate::task::typical::Typical;
use crate::text::duration;

/// What to show as the time left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLeft {
    /// `~24m`: the truth is hardly further away than the last figure shown.
    About(Duration),
    /// `20m–35m`.
    Between(Duration, Duration),
    /// `typ 15m`: the operation reports no progress; this is how long it takes as a rule, in all.
    Typical(Duration),
    /// `?`.
    Unknown,
}

/// Ends of an interval closer than this factor are shown as one figure.
const CLOSE: f64 = 1.5;

impl TimeLeft {
    /// What to show for an estimate, which may be missing.
    pub fn of(estimate: Option<Estimate>, typical: Option<&Typical>) -> Self {
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
                if high <= low.mul_f64(CLOSE) || rounded_low == rounded_high {
                    Self::About(rounded(best))
                } else {
                    Self::Between(rounded_low, rounded_high)
                }
            }
        }
    }
}

/// To a step that an eye can follow: 5 s below two minutes, a minute below an hour, five below ten, else an hour.
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

/// A rounded span without the seconds that rounding made zero.
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
                // The unit is said once where both have the same: `20–35m`.
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
