//! `LocalizableMessage`: a text with the key of its catalogue entry.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    any::{Malformed, items_as_sent, object_as_sent, take_string},
    intern::intern,
};

/// A message of the server, such as a task's phase or a line of a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalizableMessage {
    /// Key in the server's catalogue, independent of the locale.
    pub key: Arc<str>,
    /// Text in the session's locale, if the server rendered it.
    pub message: Option<Arc<str>>,
    /// Arguments (`KeyAnyValue` objects), as sent.
    pub arg: Vec<Value>,
}

impl LocalizableMessage {
    /// Reads a message; the key may be missing.
    ///
    /// # Errors
    /// Returns an error if it is no object.
    pub fn from_json(field: &str, value: Value) -> Result<Self, Malformed> {
        let mut object = object_as_sent(field, value)?;
        Ok(Self {
            key: intern(&take_string(&mut object, "key").unwrap_or_default()),
            message: take_string(&mut object, "message").map(|text| intern(&text)),
            arg: object
                .shift_remove("arg")
                .map(|arg| items_as_sent("arg", arg))
                .transpose()?
                .unwrap_or_default(),
        })
    }

    /// Returns the rendered text, else the key.
    pub fn text(&self) -> &str {
        match self.message.as_deref() {
            Some(text) if !text.trim().is_empty() => text,
            _ => &self.key,
        }
    }

    /// Returns the message in wire format.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("_typeName".to_owned(), json!("LocalizableMessage"));
        object.insert("key".to_owned(), json!(self.key));
        if !self.arg.is_empty() {
            object.insert("arg".to_owned(), json!(self.arg));
        }
        if let Some(message) = &self.message {
            object.insert("message".to_owned(), json!(message));
        }
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_falls_back_to_its_key() {
        let message =
            LocalizableMessage::from_json("description", json!({"key": "com.vmware.copy"}));
        assert_eq!(message.unwrap().text(), "com.vmware.copy");
        let blank = json!({"key": "com.vmware.copy", "message": " "});
        let message = LocalizableMessage::from_json("description", blank).unwrap();
        assert_eq!(message.text(), "com.vmware.copy");
    }

    #[test]
    fn message_round_trips() {
        let wire = json!({
            "_typeName": "LocalizableMessage", "key": "k",
            "arg": [{"_typeName": "KeyAnyValue", "key": "1", "value": {"_typeName": "string", "_value": "x"}}],
            "message": "Copying x"
        });
        let message = LocalizableMessage::from_json("description", wire.clone()).unwrap();
        assert_eq!(message.to_json(), wire);
    }
}
