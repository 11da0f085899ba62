//! `Event`: common fields of the hundreds of event types; the rest is kept as sent.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    any::{int, string, type_name, unboxed},
    limits::truncate_deep,
    time::date_time,
};

/// An event of a task. Missing or malformed fields count as unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    /// Event number, ascending with time.
    pub key: Option<i32>,
    /// Event chain id.
    pub chain: Option<i32>,
    /// Time of the event, by the server's clock.
    pub created: Option<Timestamp>,
    /// User who caused it; empty for the server itself, or if unknown.
    pub user: String,
    /// Message of the server; empty if there is none.
    pub message: String,
    /// Type, such as `VmBeingRelocatedEvent`; `eventTypeId` of an `EventEx`. Empty if unknown.
    pub type_name: String,
    /// The event exactly as sent.
    pub raw: Value,
}

impl TaskEvent {
    /// Reads an event in any form.
    pub fn from_json(value: Value) -> Self {
        let raw = truncate_deep(value);
        let event = unboxed(raw.clone());
        let text = |field: &str| string(field, event[field].clone()).unwrap_or_default();
        let declared = type_name(&event).unwrap_or_default();
        let id = Some(text("eventTypeId")).filter(|id| !id.is_empty());
        Self {
            key: int("key", event["key"].clone()).ok(),
            chain: int("chainId", event["chainId"].clone()).ok(),
            created: date_time("createdTime", event["createdTime"].clone()).ok(),
            user: text("userName"),
            message: text("fullFormattedMessage"),
            type_name: id.unwrap_or_else(|| declared.to_owned()),
            raw,
        }
    }

    /// Returns the message, else the event type.
    pub fn text(&self) -> &str {
        let message = self.message.trim();
        if message.is_empty() {
            &self.type_name
        } else {
            message
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::types::fixture::at;
    use serde_json::json;

    use super::*;

    #[test]
    fn common_event_fields_are_parsed_and_others_kept() {
        let raw = json!({"_typeName": "VmBeingRelocatedEvent", "key": 7, "createdTime": at(3).to_string(),
            "userName": "LAB\\ops", "fullFormattedMessage": "Relocating db", "vm": {"name": "db"}});
        let event = TaskEvent::from_json(raw.clone());
        assert_eq!((event.key, event.created), (Some(7), Some(at(3))));
        assert_eq!(
            (event.user.as_str(), event.text()),
            ("LAB\\ops", "Relocating db")
        );
        assert_eq!(event.type_name, "VmBeingRelocatedEvent");
        assert_eq!(event.raw, raw);
    }

    #[test]
    fn invalid_event_fields_are_unknown() {
        for raw in [
            json!(null),
            json!([1]),
            json!("x"),
            json!({"key": "x", "createdTime": 5, "userName": {"a": 1}, "fullFormattedMessage": []}),
        ] {
            let event = TaskEvent::from_json(raw);
            assert_eq!((event.key, event.created, event.text()), (None, None, ""));
        }
        let bare = TaskEvent::from_json(json!({"_typeName": "EventEx", "eventTypeId": "a.b"}));
        assert_eq!(bare.text(), "a.b");
    }
}
