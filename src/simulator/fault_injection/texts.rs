//! Replaces free texts in responses: names, messages and labels that users have entered and a server passes on
//! unchecked.
//!
//! Each text is replaced by one from a list; equal texts get equal replacements. Values with a meaning in the API
//! stay unchanged: type names, references, keys, states, times and versions. Some data objects also get an unknown
//! field with a name from the list.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Replacement text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum ReplacementText {
    /// Plain text.
    Plain(String),
    /// Repeated text.
    Repeated {
        /// Text to repeat.
        text: String,
        /// Number of repetitions.
        times: u32,
    },
    /// JSON string content, for escapes that no text can represent, such as an unpaired surrogate.
    Escaped {
        /// Content between the quotes.
        json: String,
    },
    /// Arbitrary bytes between the quotes.
    Raw {
        /// Content between the quotes.
        bytes: Vec<u8>,
    },
}

impl ReplacementText {
    /// Returns the bytes to send between the quotes.
    fn written(&self) -> Vec<u8> {
        let quoted = |text: &str| {
            let quoted = Value::from(text).to_string();
            quoted.as_bytes()[1..quoted.len() - 1].to_vec()
        };
        match self {
            Self::Plain(text) => quoted(text),
            Self::Repeated { text, times } => quoted(&text.repeat(*times as usize)),
            Self::Escaped { json } => json.as_bytes().to_vec(),
            Self::Raw { bytes } => bytes.clone(),
        }
    }
}

/// Fields with a meaning in the protocol.
const PROTOCOL_FIELDS: [&str; 20] = [
    "_typeName",
    "api_release",
    "apiVersion",
    "instanceUuid",
    "kind",
    "key",
    "op",
    "parentTaskKey",
    "path",
    "privId",
    "privAvailability",
    "propertyPath",
    "rootTaskKey",
    "serverGuid",
    "sessionId",
    "state",
    "task",
    "token",
    "type",
    "value",
];

/// Delimiters of placeholders, which hold the index of the replacement during serialization.
const PLACEHOLDER_DELIMITERS: (char, char) = ('\u{f8fe}', '\u{f8ff}');

/// Replaces the texts of a response body. A body that is not JSON stays unchanged.
pub(super) fn replaced(body: &[u8], texts: &[ReplacementText]) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    if texts.is_empty() {
        return body.to_vec();
    }
    TextReplacer { count: texts.len() }.replace("", &mut answer);
    let plain = answer.to_string();
    let mut encoded: Vec<Option<Vec<u8>>> = vec![None; texts.len()];
    let mut written = Vec::with_capacity(plain.len() * 2);
    for (index, part) in plain.split(PLACEHOLDER_DELIMITERS.0).enumerate() {
        let marked = part
            .split_once(PLACEHOLDER_DELIMITERS.1)
            .filter(|_| index > 0);
        let marked = marked.and_then(|(number, rest)| Some((number.parse().ok()?, rest)));
        match marked.and_then(|(number, rest): (usize, _)| {
            Some((texts.get(number)?, encoded.get_mut(number)?, rest))
        }) {
            Some((text, encoded, rest)) => {
                written.extend_from_slice(encoded.get_or_insert_with(|| text.written()));
                written.extend_from_slice(rest.as_bytes());
            }
            None => written.extend_from_slice(part.as_bytes()),
        }
    }
    written
}

struct TextReplacer {
    count: usize,
}

impl TextReplacer {
    /// Returns the placeholder for a text; its index depends on the replaced text.
    fn mark(&self, field: &str, text: &str) -> String {
        let mut hasher = DefaultHasher::new();
        (field, text).hash(&mut hasher);
        let number = hasher.finish() % self.count as u64;
        format!(
            "{}{number}{}",
            PLACEHOLDER_DELIMITERS.0, PLACEHOLDER_DELIMITERS.1
        )
    }

    fn replace(&self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) if is_free(field, text) => *text = self.mark(field, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(field, item)),
            Value::Object(object) => self.replace_object(field, object),
            _ => {}
        }
    }

    fn replace_object(&self, field: &str, object: &mut Map<String, Value>) {
        if object.contains_key("type") && object.contains_key("value") {
            // Managed object reference.
            return;
        }
        let type_name = object
            .get("_typeName")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if let Some(content) = object.get_mut("_value") {
            // Boxed value; enumeration values and times stay unchanged.
            if type_name == "string" || !content.is_string() {
                self.replace(field, content);
            }
            return;
        }
        if object.contains_key("val") {
            // Property change: its value belongs to the field of that name.
            let name = object
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let name = name.rsplit('.').next().unwrap_or_default().to_owned();
            if let Some(value) = object.get_mut("val") {
                self.replace(&name, value);
            }
            return;
        }
        for (name, value) in object.iter_mut() {
            let is_message_key =
                name == "key" && matches!(&*type_name, "LocalizableMessage" | "KeyAnyValue");
            self.replace(if is_message_key { "messageKey" } else { name }, value);
        }
        let is_fault = object.contains_key("faultstring");
        if is_fault || type_name == "TaskInfo" || type_name.ends_with("FaultEvent") {
            let seed = object.values().map(Value::to_string).collect::<String>();
            object.insert(self.mark("name", &seed), json!(self.mark("value", &seed)));
        }
        if is_fault && field == "faultCause" {
            object.insert(
                "_typeName".to_owned(),
                json!(self.mark("_typeName", &type_name)),
            );
        }
        if object.get("kind").is_some_and(|kind| kind == "enter")
            && let Some(changes) = object.get_mut("changeSet").and_then(Value::as_array_mut)
        {
            let seed = changes.iter().map(Value::to_string).collect::<String>();
            let path = format!("info.{}", self.mark("path", &seed));
            changes.push(json!({"name": path, "op": "assign", "val": self.mark("val", &seed)}));
        }
    }
}

/// Returns true for a text that is not part of the protocol.
fn is_free(field: &str, text: &str) -> bool {
    let is_time = || text.parse::<jiff::Timestamp>().is_ok();
    // Every second operation keeps its key, so that its label can be looked up.
    let is_known_operation = || field == "descriptionId" && text.len().is_multiple_of(2);
    let is_version = || field == "version" && !text.contains('.');
    !PROTOCOL_FIELDS.contains(&field) && !is_version() && !is_known_operation() && !is_time()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_replaced_but_protocol_values_are_not() {
        let info = json!({
            "_typeName": "TaskInfo", "key": "task-1", "state": "running", "queueTime": "2026-01-01T00:00:00Z",
            "task": {"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1"}, "entityName": "web-1",
            "reason": {"_typeName": "TaskReasonUser", "userName": "ops"}, "progress": 4
        });
        let texts = [ReplacementText::Plain("\u{1b}[2J\"".to_owned())];
        let changed: Value =
            serde_json::from_slice(&replaced(info.to_string().as_bytes(), &texts)).unwrap();
        let mut expected = info.clone();
        expected["entityName"] = json!("\u{1b}[2J\"");
        expected["reason"]["userName"] = json!("\u{1b}[2J\"");
        expected["\u{1b}[2J\""] = json!("\u{1b}[2J\"");
        assert_eq!(changed, expected);
    }

    #[test]
    fn escapes_and_bytes_are_sent_unchanged() {
        let texts = [ReplacementText::Escaped {
            json: "\\ud800".to_owned(),
        }];
        assert_eq!(replaced(br#"{"a":"x"}"#, &texts), br#"{"a":"\ud800"}"#);
        let texts = [ReplacementText::Raw {
            bytes: vec![0x9b, b'2', b'J'],
        }];
        assert_eq!(
            replaced(br#"["x","y"]"#, &texts),
            b"[\"\x9b2J\",\"\x9b2J\"]"
        );
        let texts = [ReplacementText::Repeated {
            text: "ab".to_owned(),
            times: 3,
        }];
        assert_eq!(replaced(br#""x""#, &texts), br#""ababab""#);
        assert_eq!(replaced(b"<html>", &texts), b"<html>");
    }

    #[test]
    fn leaf_properties_are_treated_like_fields() {
        let update = json!({"kind": "modify", "changeSet": [
            {"name": "info.state", "val": {"_typeName": "TaskInfoState", "_value": "running"}},
            {"name": "info.entityName", "val": {"_typeName": "string", "_value": "web"}},
            {"name": "info.key", "val": "task-1"}
        ]});
        let changed = replaced(
            update.to_string().as_bytes(),
            &[ReplacementText::Plain("!".to_owned())],
        );
        let mut expected = update.clone();
        expected["changeSet"][1]["val"]["_value"] = json!("!");
        assert_eq!(serde_json::from_slice::<Value>(&changed).unwrap(), expected);
    }
}
