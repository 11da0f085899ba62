//! JSON output with every character escaped that is not safe to print on a terminal.

use std::fmt::Write;

use serde::Serialize;

use super::sanitize::is_plain;

/// Serialises a value as JSON on one line. Parsing it gives the same value; printing it emits no control characters,
/// no bidirectional overrides and nothing invisible.
pub fn json_line(value: &impl Serialize) -> String {
    escaped(serde_json::to_string(value))
}

/// Serialises a value as indented JSON, escaped as in [`json_line`].
pub fn json_pretty(value: &impl Serialize) -> String {
    escaped(serde_json::to_string_pretty(value))
}

/// Escapes all characters that are not plain. Only strings contain any, because line breaks within a string are escaped.
fn escaped(json: serde_json::Result<String>) -> String {
    let Ok(json) = json else {
        // Cannot happen: map keys are strings.
        return "null".to_owned();
    };
    let is_safe = |c: char| c == '\n' || is_plain(c);
    if json.chars().all(is_safe) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 32);
    for character in json.chars() {
        if is_safe(character) {
            safe.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_is_lossless_and_safe_to_print() {
        let value = json!({
            "a\u{9b}b": ["\u{1b}[2J\u{7f}\u{202e}x\u{200b}", "e\u{301}", "データ 👩", "\"\\\n"],
            "tag": "\u{e0041}", "nested": {"n": 1.5, "none": null, "empty": []}
        });
        for text in [json_line(&value), json_pretty(&value)] {
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert!(text.chars().all(|c| c == '\n' || is_plain(c)), "{text}");
            assert!(text.contains("データ 👩"), "{text}");
        }
        assert!(json_line(&value).contains(r#""\udb40\udc41""#));
        let plain = json!({"a": [1, {"b": "c"}]});
        assert_eq!(json_line(&plain), plain.to_string());
        assert_eq!(
            json_pretty(&plain),
            serde_json::to_string_pretty(&plain).unwrap()
        );
    }
}
