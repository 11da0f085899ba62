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

/// Parses a number of seconds or a factor, from 0.05 to 86,400.
pub fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.05..=86_400.0).contains(&number) => Ok(number),
        Ok(_) => Err("must be between 0.05 and 86400".to_owned()),
        Err(error) => Err(error.to_string()),
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
        assert_eq!(parse_seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "NaN", "inf", "x", "86401"] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
    }
}
