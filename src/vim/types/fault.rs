//! Faults returned by the server, bare or wrapped.

use std::{iter, sync::Arc};

use serde_json::{Map, Value};

use super::{
    any::{has_boxes, type_name, unboxed},
    limits::truncate_deep,
    message::LocalizableMessage,
};

/// Fields of every fault type; others are specific to the type.
const COMMON_FIELDS: [&str; 7] = [
    "_typeName",
    "faultstring",
    "faultMessage",
    "faultCause",
    "fault",
    "localizedMessage",
    "dynamicProperty",
];

/// A fault, kept exactly as sent.
///
/// The API declares bare faults inside data; some servers wrap them in a `LocalizedMethodFault` (`{fault,
/// localizedMessage}`). Both forms, boxed or not, are read alike. Two faults are equal if they differ only in boxes.
#[derive(Clone, Default)]
pub struct Fault {
    sent: Box<Value>,
    /// The fault without boxes, if it has any.
    unboxed: Option<Box<Value>>,
}

impl Fault {
    /// Creates a fault from any value, so that no failure reported by a server is lost.
    pub fn new(wire: Value) -> Self {
        let sent = truncate_deep(wire);
        let unboxed = has_boxes(&sent).then(|| Box::new(unboxed(sent.clone())));
        Self {
            sent: Box::new(sent),
            unboxed,
        }
    }

    /// Returns the fault without boxes, wrapped or not.
    fn value(&self) -> &Value {
        self.unboxed.as_deref().unwrap_or(&self.sent)
    }

    /// Returns the fault inside the wrapper, if there is one.
    fn bare(&self) -> &Value {
        match self.value().get("fault") {
            Some(inner @ Value::Object(_)) if self.is_wrapper() => inner,
            _ => self.value(),
        }
    }

    fn is_wrapper(&self) -> bool {
        match type_name(self.value()) {
            Some(name) => name == "LocalizedMethodFault",
            None => true,
        }
    }

    /// Returns the fault's type, such as `NoPermission`; `MethodFault` if the server named none.
    pub fn type_name(&self) -> &str {
        type_name(self.bare()).unwrap_or("MethodFault")
    }

    /// True for the fault of a cancelled task.
    pub fn is_request_canceled(&self) -> bool {
        self.type_name() == "RequestCanceled"
    }

    /// Returns a message for users: the localized message, else the fault string, else the fault messages, else the
    /// type name in words with the fault's own fields.
    pub fn text(&self) -> String {
        let bare = self.bare();
        let direct = [
            self.value().get("localizedMessage"),
            bare.get("localizedMessage"),
            bare.get("faultstring"),
            // An error of the vSphere Automation API.
            bare.pointer("/messages/0/default_message"),
        ];
        let mut texts = direct.into_iter().flatten().filter_map(Value::as_str);
        if let Some(text) = texts.find(|text| !text.trim().is_empty()) {
            return text.to_owned();
        }
        let messages: Vec<Arc<str>> = self
            .messages()
            .iter()
            .filter_map(|message| message.message.clone())
            .filter(|text| !text.trim().is_empty())
            .collect();
        if messages.is_empty() {
            self.in_words()
        } else {
            messages.join(" ")
        }
    }

    /// Returns the type name in words with its own simple fields: `No permission (privilegeId: Global.CancelTask)`.
    fn in_words(&self) -> String {
        let fields: Vec<String> = self
            .fault_fields()
            .filter_map(|(name, value)| match value {
                Value::String(text) => Some(format!("{name}: {text}")),
                Value::Number(number) => Some(format!("{name}: {number}")),
                Value::Bool(flag) => Some(format!("{name}: {flag}")),
                _ => None,
            })
            .collect();
        let words = words(self.type_name());
        if fields.is_empty() {
            words
        } else {
            format!("{words} ({})", fields.join(", "))
        }
    }

    /// Returns the `faultMessage`s.
    pub fn messages(&self) -> Vec<LocalizableMessage> {
        let list = self.bare().get("faultMessage").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|message| {
                LocalizableMessage::from_json("faultMessage", message.clone()).ok()
            })
            .collect()
    }

    /// Returns the fields specific to the fault's type (`privilegeId`, `file`, `requestedState`…), without boxes.
    pub fn fault_fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let fields = self.bare().as_object().into_iter().flat_map(Map::iter);
        fields
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, value)| !COMMON_FIELDS.contains(name) && !value.is_null())
    }

    /// Returns a field of the fault, without boxes.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.bare().get(name)
    }

    /// Returns the fault that caused this one.
    pub fn cause(&self) -> Option<Self> {
        [self.bare(), self.value()]
            .into_iter()
            .filter_map(|value| value.get("faultCause"))
            .find(|cause| cause.is_object())
            .map(|cause| Self {
                sent: Box::new(cause.clone()),
                unboxed: None,
            })
    }

    /// Iterates over this fault and its causes, outermost first. The JSON parser limits the depth.
    pub fn chain(&self) -> impl Iterator<Item = Self> {
        iter::successors(Some(self.clone()), Self::cause)
    }

    /// Returns the fault exactly as sent.
    pub fn as_json(&self) -> &Value {
        &self.sent
    }
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fault({}: {})", self.type_name(), self.text())
    }
}

/// Converts a type name to words: `InsufficientResourcesFault` to `Insufficient resources fault`.
fn words(type_name: &str) -> String {
    let mut words = String::with_capacity(type_name.len() + 8);
    let mut previous_lower = false;
    for character in type_name.chars() {
        if character.is_uppercase() && previous_lower {
            words.push(' ');
            words.extend(character.to_lowercase());
        } else {
            words.push(character);
        }
        previous_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_fault_forms_are_equal() {
        let bare = Fault::new(json!({
            "_typeName": "InvalidArgument",
            "faultstring": "A specified parameter was not correct: configSpec.guestId",
            "invalidProperty": "configSpec.guestId"
        }));
        let wrapped = Fault::new(json!({
            "_typeName": "LocalizedMethodFault",
            "fault": {"_typeName": "InvalidArgument", "invalidProperty": "configSpec.guestId"},
            "localizedMessage": "A specified parameter was not correct: configSpec.guestId"
        }));
        for fault in [bare, wrapped] {
            assert_eq!(fault.type_name(), "InvalidArgument");
            assert_eq!(
                fault.text(),
                "A specified parameter was not correct: configSpec.guestId"
            );
            let own: Vec<_> = fault.fault_fields().map(|(name, _)| name).collect();
            assert_eq!(own, ["invalidProperty"]);
        }
    }

    #[test]
    fn message_falls_back_to_the_next_field() {
        let messages = json!({"_typeName": "RequestCanceled", "faultMessage": [
            {"key": "a", "message": "The task was canceled by a user."}, {"key": "b"}]});
        assert_eq!(
            Fault::new(messages).text(),
            "The task was canceled by a user."
        );
        let bare = json!({"_typeName": "NoPermission", "privilegeId": "Global.CancelTask", "faultstring": ""});
        assert_eq!(
            Fault::new(bare).text(),
            "No permission (privilegeId: Global.CancelTask)"
        );
        assert_eq!(Fault::new(json!("broken")).text(), "Method fault");
    }

    #[test]
    fn causes_are_found_in_both_fault_forms() {
        let fault = Fault::new(json!({
            "_typeName": "LocalizedMethodFault", "localizedMessage": "outer",
            "fault": {"_typeName": "A", "faultCause": {
                "_typeName": "LocalizedMethodFault", "localizedMessage": "middle",
                "fault": {"_typeName": "B", "faultCause": {"_typeName": "C", "faultstring": "inner"}}
            }}
        }));
        let chain: Vec<_> = fault
            .chain()
            .map(|f| (f.type_name().to_owned(), f.text()))
            .collect();
        let expected = [("A", "outer"), ("B", "middle"), ("C", "inner")];
        assert_eq!(chain, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
