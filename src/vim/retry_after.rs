//! The `Retry-After` header.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Maximum delay honoured from `Retry-After`.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Parses `Retry-After`: seconds, or a date by the clock of its sender.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that overflows counts as the maximum.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = |text| DateTimeParser::new().parse_timestamp(text).ok();
    let sent = text(DATE).and_then(date).unwrap_or(now);
    // A date in the past requests no delay.
    Some(Duration::try_from(date(value)?.duration_since(sent)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (value, sent, expected) in [
            ("30", None, Some(30)),
            (date, None, Some(37)),
            (date, Some("Sun, 06 Nov 1994 08:49:30 GMT"), Some(7)),
            (date, Some("Sun, 06 Nov 1994 09:49:30 GMT"), Some(0)),
            ("18446744073709551615", None, Some(u64::MAX)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            ("Thu, 31 Dec 9998 23:59:59 GMT", None, Some(252_586_653_059)),
            ("Mon, 01 Jan 0001 00:00:00 GMT", None, Some(0)),
            ("soon", None, None),
            ("", None, None),
            ("-5", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            if let Some(sent) = sent {
                headers.insert(DATE, HeaderValue::from_static(sent));
            }
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{value}");
        }
    }
}
