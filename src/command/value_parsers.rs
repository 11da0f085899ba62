//! Spans and moments as people write them on the command line.

use jiff::SignedDuration;

use crate::task::{ParseTimeError, TimeExpr};

/// A span such as `2h`, `1h30m`, `90s`, or a number of seconds.
///
/// # Errors
/// When it is none.
pub(super) fn duration(text: &str) -> Result<SignedDuration, String> {
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
pub(crate) fn positive_duration(text: &str) -> Result<SignedDuration, String> {
    let span = duration(text)?;
    if span > SignedDuration::ZERO {
        Ok(span)
    } else {
        Err("must be longer than nothing".to_owned())
    }
}

/// Reads a moment.
///
/// # Errors
/// When it is none.
pub(super) fn time(text: &str) -> Result<TimeExpr, String> {
    text.parse()
        .map_err(|error: ParseTimeError| error.to_string())
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
            assert_eq!(
                duration(text),
                Ok(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in ["", "soon", "2 fortnights", "h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["0", "0s", "-5s"] {
            assert!(positive_duration(text).is_err(), "{text}");
        }
    }
}
