//! Response bodies and the meaning of unsuccessful statuses.

use std::{
    hash::{DefaultHasher, Hasher},
    io::Read,
    time::Duration,
};

use flate2::read::GzDecoder;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    error::ErrorKind,
    lossy_json,
    types::{Fault, limits, type_name},
};

/// Largest body read, both compressed and decompressed.
pub(super) const MAX_BODY_BYTES: usize = 64 << 20;

/// A successful response.
pub(super) struct ApiResponse {
    pub(super) body: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl ApiResponse {
    /// Returns the body as JSON; `null` if it is empty.
    pub(super) fn json(&self) -> Result<Value, ErrorKind> {
        parse(&self.body).map(Option::unwrap_or_default)
    }

    /// Deserialises the body; `None` if it is empty or `null`.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, ErrorKind> {
        parse::<Option<T>>(&self.body).map(Option::flatten)
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.body)
    }
}

/// Digest for comparing responses; stable within one run of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    fn of(body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        Self(hasher.finish())
    }
}

pub(super) fn gunzip(raw: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let mut body = Vec::with_capacity(raw.len().saturating_mul(4).min(MAX_BODY_BYTES));
    let mut limited = GzDecoder::new(raw).take(MAX_BODY_BYTES as u64 + 1);
    limited
        .read_to_end(&mut body)
        .map_err(|error| ErrorKind::Damaged(format!("in its compression: {error}")))?;
    if body.len() > MAX_BODY_BYTES {
        return Err(ErrorKind::TooLarge(MAX_BODY_BYTES));
    }
    Ok(body)
}

/// Parses a body as JSON; `None` if it is empty.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, ErrorKind> {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return Ok(None);
    }
    if has_more_values(start, limits::VALUES) {
        return Err(ErrorKind::TooManyValues(limits::VALUES));
    }
    let read = serde_json::from_slice(body).or_else(|error| match lossy_json::repair(body) {
        Some(body) => serde_json::from_slice(&body),
        None => Err(error),
    });
    read.map(Some).map_err(|error| {
        if matches!(start[0], b'{' | b'[') {
            ErrorKind::Damaged(error.to_string())
        } else {
            ErrorKind::NotJson(excerpt(&String::from_utf8_lossy(start)))
        }
    })
}

/// Returns true if a JSON text holds more than `limit` values, without building them: outside strings, each comma and
/// each opening bracket counts as one. The count is exact, plus one for each empty list or object.
fn has_more_values(json: &[u8], limit: usize) -> bool {
    let mut values = 1;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            b',' | b'[' | b'{' => {
                values += 1;
                if values > limit {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Returns the fault in the body of an unsuccessful response, or an error for its status.
pub(super) fn error_from_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ErrorKind {
    match parse::<Value>(body) {
        Ok(Some(body)) if type_name(&body).is_some() => ErrorKind::Fault(Fault::new(body)),
        _ => ErrorKind::Status {
            status: status.as_u16(),
            retry_after: retry_after(headers, Timestamp::now()),
        },
    }
}

/// Parses `Retry-After`: seconds, or a date by the clock of its sender.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
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

/// Returns the start of an untrusted text on one line.
pub(super) fn excerpt(text: &str) -> String {
    const EXCERPT_CHARS: usize = 80;
    let line: String = crate::text::sanitize(text.trim())
        .chars()
        .take(EXCERPT_CHARS)
        .collect();
    if line.len() < text.trim().len() {
        format!("{line}…")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_asks_to_wait_by_seconds_or_by_its_own_clock() {
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

    #[test]
    fn values_are_counted_outside_texts() {
        for (json, values) in [
            ("7", 1),
            ("[1,2,3]", 4),
            (r#"{"a":[true,null],"b":{"c":""}}"#, 6),
            (r#"["a,[{\\", "\\\",,,", 1]"#, 4),
        ] {
            let exact: Value = serde_json::from_str(json).unwrap();
            assert!(!has_more_values(json.as_bytes(), values), "{exact}");
            assert!(
                has_more_values(json.as_bytes(), values - 1) || values == 1,
                "{exact}"
            );
        }
    }

    #[test]
    fn the_largest_honest_answers_stay_within_the_limit_on_values() {
        let reference =
            json!({"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1"});
        let recent = json!(vec![reference; 100_000]);
        let row = json!({"_typeName": "ElementDescription", "key": "VirtualMachine.clone",
            "label": "Clone virtual machine", "summary": "Clone virtual machine"});
        let description = json!({"_typeName": "TaskDescription", "methodInfo": vec![row; 1_600]});
        for honest in [recent, description] {
            let body = honest.to_string();
            assert!(!has_more_values(body.as_bytes(), limits::VALUES));
        }
    }

    #[test]
    fn bodies_are_json_nothing_or_trouble() {
        let parse = |body: &[u8]| parse::<Value>(body);
        assert_eq!(parse(b" ").unwrap(), None);
        assert_eq!(parse(b"{\"a\":1}").unwrap(), Some(json!({"a": 1})));
        assert!(matches!(parse(b"{\"a\":"), Err(ErrorKind::Damaged(_))));
        assert!(matches!(parse(b"<html>"), Err(ErrorKind::NotJson(_))));
        let numbers = format!("[{}1]", "1,".repeat(limits::VALUES));
        assert!(matches!(
            parse(numbers.as_bytes()),
            Err(ErrorKind::TooManyValues(limits::VALUES))
        ));
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(deep.as_bytes()), Err(ErrorKind::Damaged(_))));
    }
}
