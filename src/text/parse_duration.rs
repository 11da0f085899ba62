//! Parsers for durations on the command line and in the config file.

use jiff::SignedDuration;

/// Parses a duration greater than zero, such as `2h`, `1h30m`, `90s`, or a number of seconds.
pub fn parse_positive_duration(text: &str) -> Result<SignedDuration, String> {
    let duration = parse_duration(text)?;
    if duration > SignedDuration::ZERO {
        Ok(duration)
    } else {
        Err("must be greater than zero".to_owned())
    }
}

/// Parses a factor from 0.05 to 86,400.
pub fn parse_factor(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|error| error.to_string())?;
    in_range(number)
}

/// Parses a number of seconds, or a duration such as `500ms`, from 0.05 to 86,400 seconds.
pub fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) => in_range(seconds),
        Err(_) => in_range(parse_duration(text)?.as_secs_f64()),
    }
}

fn in_range(number: f64) -> Result<f64, String> {
    if (0.05..=86_400.0).contains(&number) {
        Ok(number)
    } else {
        Err("must be between 0.05 and 86400".to_owned())
    }
}

fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(SignedDuration::from_secs(i64::from(seconds)));
    }
    // The length of a day depends on the time zone for jiff; here it is 24 hours.
    if let Some(days) = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u16>().ok())
    {
        return Ok(SignedDuration::from_hours(24 * i64::from(days)));
    }
    text.parse()
        .map_err(|_| "expected a duration such as 90s, 10m, 2h or 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_or_are_seconds() {
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
                parse_positive_duration(text),
                Ok(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in ["", "soon", "2 fortnights", "h", "0", "0s", "-5s"] {
            assert!(parse_positive_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_in_range() {
        for (text, seconds) in [("0.5", 0.5), ("2s", 2.0), ("500ms", 0.5), ("1m", 60.0)] {
            assert_eq!(parse_seconds(text), Ok(seconds), "{text}");
        }
        for text in ["0", "-1", "NaN", "inf", "x", "86401", "1ms", "2d", ""] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
        assert_eq!(parse_factor("0.5"), Ok(0.5));
        assert!(parse_factor("2s").is_err());
    }
}
