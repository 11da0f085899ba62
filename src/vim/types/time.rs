//! `dateTime`: RFC 3339 with a fraction of any length and an offset, `Z`, or (from some servers) neither.

use jiff::Timestamp;
use serde_json::Value;

use super::any::{Malformed, unboxed};

/// Reads a `dateTime`, bare or boxed.
///
/// # Errors
/// Returns an error if the value is no string or no time.
pub fn date_time(field: &str, value: Value) -> Result<Timestamp, Malformed> {
    let value = unboxed(value);
    value
        .as_str()
        .and_then(parse_date_time)
        .ok_or_else(|| Malformed::unexpected(field, "a time such as 2026-01-31T12:00:00Z", &value))
}

/// Parses the text of a `dateTime`. Digits beyond nanoseconds are dropped; a time without an offset is UTC.
pub fn parse_date_time(text: &str) -> Option<Timestamp> {
    const NANOSECOND_DIGITS: usize = 9;
    let text = text.trim();
    let (whole, fraction_and_zone) = match text.split_once('.') {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (text, None),
    };
    let Some(rest) = fraction_and_zone else {
        return text
            .parse()
            .ok()
            .or_else(|| format!("{text}Z").parse().ok());
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = rest.get(..digits.min(NANOSECOND_DIGITS))?;
    let zone = match rest.get(digits..)? {
        "" => "Z",
        zone => zone,
    };
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{whole}{dot}{fraction}{zone}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_time_formats_are_parsed() {
        let expected: Timestamp = "2026-11-23T10:22:09Z".parse().unwrap();
        for text in [
            "2026-11-23T10:22:09Z",
            "2026-11-23T10:22:09.0Z",
            "2026-11-23T12:22:09+02:00",
            "2026-11-23T10:22:09",
            "2026-11-23T10:22:09.000000000000000Z",
        ] {
            assert_eq!(parse_date_time(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn fractions_are_parsed_to_the_nanosecond() {
        let time = parse_date_time("2026-11-23T10:22:09.3694690679999Z").unwrap();
        assert_eq!(time.subsec_nanosecond(), 369_469_067);
    }

    #[test]
    fn invalid_times_are_rejected() {
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "..", "é.é"] {
            assert_eq!(parse_date_time(text), None, "{text}");
        }
    }
}
