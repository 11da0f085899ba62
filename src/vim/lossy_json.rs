//! Repairs JSON bodies with text that is not valid Unicode.
//!
//! A server that cuts UTF-16 text within a character sends half of a surrogate pair: `"\ud83d"`. A server that stores
//! bytes may send any encoding. Such places become U+FFFD, so that the rest of the response can be read.

use std::borrow::Cow;

/// Returns the body with all invalid places replaced; `None` if there are none.
pub(super) fn replace_invalid_unicode(body: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    let was_wrong = matches!(text, Cow::Owned(_));
    let bytes = text.as_bytes();
    let mut repaired = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(step) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += step;
        let Some(unit) = escaped(&bytes[at..]) else {
            // Skips an escaped character, which may be a backslash.
            at = (at + 2).min(bytes.len());
            continue;
        };
        let next = bytes.get(at + ESCAPE_LEN..).and_then(escaped);
        match (unit, next) {
            (0xd800..=0xdbff, Some(0xdc00..=0xdfff)) => at += 2 * ESCAPE_LEN,
            (0xd800..=0xdfff, _) => {
                repaired.extend_from_slice(&bytes[copied..at]);
                repaired.extend_from_slice(b"\\ufffd");
                at += ESCAPE_LEN;
                copied = at;
            }
            _ => at += ESCAPE_LEN,
        }
    }
    if copied == 0 && !was_wrong {
        return None;
    }
    repaired.extend_from_slice(&bytes[copied..]);
    Some(repaired)
}

/// Length of an escape such as `\u00e9`.
const ESCAPE_LEN: usize = 6;

/// Returns the code unit of the escape at the start of these bytes.
fn escaped(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.get(..ESCAPE_LEN)?.strip_prefix(b"\\u")?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn lone_surrogates_and_invalid_bytes_are_replaced() {
        for (body, text) in [
            (&br#"["\ud83d"]"#[..], "\u{fffd}"),
            (br#"["a\uDE00b"]"#, "a\u{fffd}b"),
            (br#"["\ud83d\ud83d\ude00"]"#, "\u{fffd}\u{1f600}"),
            (br#"["\ud83d\u0041"]"#, "\u{fffd}A"),
            (b"[\"\x9b2J\"]", "\u{fffd}2J"),
            (b"[\"\xff\\ud800\"]", "\u{fffd}\u{fffd}"),
            (br#"["\\\ud800"]"#, "\\\u{fffd}"),
        ] {
            let repaired = replace_invalid_unicode(body).unwrap();
            let read: Value = serde_json::from_slice(&repaired).unwrap();
            assert_eq!(read, json!([text]));
        }
    }

    #[test]
    fn valid_json_is_unchanged() {
        for body in [
            &br#"["\ud83d\ude00 \\ud800 \" \n"]"#[..],
            b"",
            b"\\",
            b"\\u",
            b"\\ud8",
            br#"["\u00e9"]"#,
        ] {
            assert_eq!(
                replace_invalid_unicode(body),
                None,
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }
}
