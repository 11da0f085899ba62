//! Response bodies and the meaning of unsuccessful statuses.

use std::{
    hash::{DefaultHasher, Hasher},
    io::Read,
    num::NonZero,
};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use reqwest::{StatusCode, header::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    error::ErrorKind,
    lossy_json,
    retry_after::retry_after,
    types::{
        Fault,
        limits::{self, OBJECT_WEIGHT, VALUE_WEIGHT},
        type_name,
    },
};

/// Largest body read, both compressed and decompressed.
pub(super) const MAX_BODY_BYTES: usize = 64 << 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

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

    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.body)
    }
}

/// Digest for comparing responses; stable within one run of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(NonZero<u64>);

impl Digest {
    fn of(body: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(body);
        Self(NonZero::new(hasher.finish()).unwrap_or(NonZero::<u64>::MAX))
    }
}

pub(super) fn gunzip(raw: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let mut body = Vec::with_capacity(raw.len().saturating_mul(4).min(MAX_BODY_BYTES));
    let mut limited = MultiGzDecoder::new(raw).take(MAX_BODY_BYTES as u64 + 1);
    limited
        .read_to_end(&mut body)
        .map_err(|error| ErrorKind::Damaged(format!("in its compression: {error}")))?;
    if body.len() > MAX_BODY_BYTES {
        return Err(ErrorKind::TooLarge(MAX_BODY_BYTES));
    }
    Ok(body)
}

/// Parses the body of a response; `None` if it is empty or `null`. The memory it takes is bounded, see
/// [`max_weight`](limits::max_weight).
///
/// # Errors
/// Returns an error if it is no JSON, of another type, or has too many values.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, ErrorKind> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return Ok(None);
    }
    if is_heavier(start, limits::max_weight(body.len())) {
        return Err(ErrorKind::TooManyValues);
    }
    let read = serde_json::from_slice(body).or_else(|error| {
        match lossy_json::replace_invalid_unicode(body) {
            Some(body) => serde_json::from_slice(&body),
            None => Err(error),
        }
    });
    read.map_err(|error| {
        if matches!(start[0], b'{' | b'[') {
            ErrorKind::Damaged(error.to_string())
        } else {
            ErrorKind::NotJson(excerpt(&String::from_utf8_lossy(start)))
        }
    })
}

/// Returns true if the values of a JSON text weigh more than `limit`, without building them.
fn is_heavier(json: &[u8], limit: usize) -> bool {
    // An object takes two bytes.
    json.len() * OBJECT_WEIGHT / 2 > limit
        && max_weight_of(json) > limit
        && weight_outside_strings(json).any(|weight| weight > limit)
}

fn weight_of(byte: u8) -> usize {
    match byte {
        b'{' => OBJECT_WEIGHT,
        b'[' | b',' => VALUE_WEIGHT,
        _ => 0,
    }
}

/// Returns the weight of a JSON text, in which brackets and commas in strings count as well.
fn max_weight_of(json: &[u8]) -> usize {
    // Up to 255 bytes are counted in single bytes, many at a time.
    let blocks = json.chunks(255).map(|block| {
        let count = |is_counted: fn(u8) -> bool| {
            let counted = block.iter().map(|byte| u8::from(is_counted(*byte)));
            usize::from(counted.sum::<u8>())
        };
        OBJECT_WEIGHT * count(|byte| byte == b'{')
            + VALUE_WEIGHT * count(|byte| byte == b'[' || byte == b',')
    });
    blocks.sum()
}

/// Returns the weight of a JSON text up to each byte outside its strings.
fn weight_outside_strings(json: &[u8]) -> impl Iterator<Item = usize> {
    let (mut weight, mut is_inside, mut is_escaped) = (0, false, false);
    json.iter().map(move |byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_inside,
            b'"' => is_inside = !is_inside,
            byte if !is_inside => weight += weight_of(*byte),
            _ => {}
        }
        weight
    })
}

/// Returns the fault in the body of an unsuccessful response, or an error for its status.
pub(super) fn error_from_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ErrorKind {
    match parse::<Value>(body) {
        Ok(Some(body)) if is_fault(status, &body) => ErrorKind::Fault(Fault::new(body)),
        _ => ErrorKind::Status {
            status: status.as_u16(),
            retry_after: retry_after(headers, Timestamp::now()),
        },
    }
}

/// True if the body of an unsuccessful response is a fault, of which only some types may be left out.
fn is_fault(status: StatusCode, body: &Value) -> bool {
    match status {
        _ if type_name(body).is_some() => true,
        StatusCode::INTERNAL_SERVER_ERROR => {
            let texts = ["faultstring", "faultMessage", "localizedMessage"];
            texts.iter().any(|text| body.get(text).is_some())
        }
        // An error of the vSphere Automation API.
        StatusCode::BAD_REQUEST => body.get("messages").is_some(),
        _ => false,
    }
}

/// Returns the start of an untrusted text on one line.
pub(super) fn excerpt(text: &str) -> String {
    const EXCERPT_CHARS: usize = 80;
    let line: String = vtask_text::sanitize(text.trim())
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
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use serde::de::IgnoredAny;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_weighed_outside_strings() {
        for (json, objects, others) in [
            ("7", 0, 0),
            ("[1,2,3]", 0, 3),
            (r#"{"a":[true,null],"b":{"c":""}}"#, 2, 3),
            (r#"["a,[{\\", "\\\",,,", 1]"#, 0, 3),
        ] {
            let exact: Value = serde_json::from_str(json).unwrap();
            let weight = OBJECT_WEIGHT * objects + VALUE_WEIGHT * others;
            let json = json.as_bytes();
            assert_eq!(weight_outside_strings(json).last(), Some(weight), "{exact}");
            assert!(max_weight_of(json) >= weight, "{exact}");
        }
    }

    #[test]
    fn body_is_json_empty_or_an_error() {
        let parse = |body: &[u8]| parse::<Value>(body);
        assert_eq!(parse(b" ").unwrap(), None);
        assert_eq!(parse(b"{\"a\":1}").unwrap(), Some(json!({"a": 1})));
        assert_eq!(parse("\u{feff}[]".as_bytes()).unwrap(), Some(json!([])));
        assert_eq!(parse("\u{feff}".as_bytes()).unwrap(), None);
        assert!(matches!(parse(b"{\"a\":"), Err(ErrorKind::Damaged(_))));
        assert!(matches!(parse(b"<html>"), Err(ErrorKind::NotJson(_))));
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(deep.as_bytes()), Err(ErrorKind::Damaged(_))));
    }

    #[test]
    fn text_of_errors_without_type_is_kept() {
        let kind = |status, body: &Value| {
            let status = StatusCode::from_u16(status).unwrap();
            error_from_status(status, &HeaderMap::new(), body.to_string().as_bytes())
        };
        let fault = json!({"faultstring": "It has been deleted", "obj": null});
        let vapi =
            json!({"error_type": "INVALID_ARGUMENT", "messages": [{"default_message": "bad"}]});
        let text = |status, body| kind(status, body).to_string();
        assert_eq!(text(500, &fault), "MethodFault: It has been deleted.");
        assert_eq!(text(400, &vapi), "MethodFault: bad.");
        // These have a meaning of their own.
        for status in [401, 403, 404, 429, 503] {
            for body in [&fault, &vapi] {
                let kind = kind(status, body);
                assert!(matches!(kind, ErrorKind::Status { .. }), "{status} {body}");
            }
        }
    }

    #[test]
    fn compressed_body_may_have_several_members() {
        let mut members = Vec::new();
        for part in ["[1,", "2]"] {
            let mut encoder = GzEncoder::new(&mut members, Compression::fast());
            encoder.write_all(part.as_bytes()).unwrap();
            encoder.finish().unwrap();
        }
        assert_eq!(gunzip(&members).unwrap(), b"[1,2]");
    }

    #[test]
    fn bodies_of_more_values_than_any_server_sends_are_refused() {
        let update = r#"{"kind":"modify","obj":{"type":"Task","value":"task-1"},"changeSet":[{"name":"info.progress","val":{"_typeName":"int","_value":4}}]}"#;
        let reference = r#"{"_typeName":"ManagedObjectReference","type":"Task","value":"task-1"}"#;
        for (item, count, is_refused) in [
            ("1", 200_000, false),
            ("1", 400_000, true),
            (r#"{"a":1}"#, 40_000, false),
            (r#"{"a":1}"#, 100_000, true),
            (
                r#""a list of texts, each with [many] signs, {}""#,
                200_000,
                false,
            ),
            (r#"{"_typeName":"int","_value":1}"#, 200_000, false),
            (r#"{"_typeName":"int","_value":1}"#, 400_000, true),
            (reference, 100_000, false),
            (update, 50_000, false),
        ] {
            let body = format!("[{}1]", format!("{item},").repeat(count));
            let parsed = parse::<IgnoredAny>(body.as_bytes());
            let refused = matches!(parsed, Err(ErrorKind::TooManyValues));
            assert_eq!(refused, is_refused, "{count} of {item}");
            assert!(refused || parsed.is_ok(), "{item}");
        }
    }
}
