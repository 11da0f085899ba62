//! Short text for the time left.

use std::{fmt, time::Duration};

use jiff::SignedDuration;
use vtask_text::duration;

/// The time left in the form in which a row shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLeft {
    /// `~24m`; `<1m` below a minute, where seconds would be guessed.
    About(Duration),
    /// `–`.
    Unknown,
}

impl TimeLeft {
    /// Rounds the best estimate, if there is one.
    pub fn of(best: Option<Duration>) -> Self {
        best.map_or(Self::Unknown, |best| Self::About(rounded(best)))
    }
}

impl fmt::Display for TimeLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::About(span) if *span < Duration::from_secs(60) => f.write_str("<1m"),
            Self::About(span) => write!(f, "~{}", short(*span)),
            Self::Unknown => f.write_str("–"),
        }
    }
}

/// Rounds to steps that do not flicker: 5 s below two minutes, 1 min below an hour, 5 min below ten
/// hours, else 1 h.
pub(crate) fn rounded(span: Duration) -> Duration {
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
pub(crate) fn short(span: Duration) -> String {
    let text = duration(SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX));
    match text.strip_suffix("00s").filter(|rest| rest.ends_with('m')) {
        Some(minutes) => minutes.to_owned(),
        None => text,
    }
}

/// Formats an interval, with a common unit written once: `20–35m`.
pub(crate) fn interval(low: Duration, high: Duration) -> String {
    let (low, high) = (short(rounded(low)), short(rounded(high)));
    if low == high {
        return high;
    }
    let unit = high.trim_start_matches(|c: char| c.is_ascii_digit());
    let low = match low.strip_suffix(unit) {
        Some(figure) if unit.len() == 1 && figure.bytes().all(|b| b.is_ascii_digit()) => figure,
        _ => &low,
    };
    format!("{low}–{high}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_one_rounded_value() {
        let seconds = Duration::from_secs;
        for (left, text) in [
            (1, "<1m"),
            (57, "<1m"),
            (58, "~1m"),
            (61, "~1m"),
            (100, "~1m40s"),
            (1445, "~24m"),
            (4000, "~1h05m"),
            (100_000, "~1d04h"),
        ] {
            assert_eq!(TimeLeft::of(Some(seconds(left))).to_string(), text);
        }
        assert_eq!(TimeLeft::of(None).to_string(), "–");
    }

    #[test]
    fn interval_has_common_unit_once() {
        let seconds = Duration::from_secs;
        for (low, high, text) in [
            (1200, 2100, "20–35m"),
            (30, 100, "30s–1m40s"),
            (3000, 9000, "50m–2h30m"),
            (0, 2, "0–2s"),
            (1200, 1205, "20m"),
        ] {
            assert_eq!(interval(seconds(low), seconds(high)), text);
        }
    }
}
