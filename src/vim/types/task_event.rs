//! `Event`: one thing that the server noted down. There are hundreds of types; what they share is read, the rest kept.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    any::{int, string, type_name, unboxed},
    limits::truncate_deep,
    time::date_time,
};

/// Something that the server noted down about a task. Whatever of it is missing or odd is unknown; nothing is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    /// The server's number of it; later events have higher ones.
    pub key: Option<i32>,
    /// The number of the chain that it belongs to.
    pub chain: Option<i32>,
    /// When it happened, by the server's clock.
    pub created: Option<Timestamp>,
    /// Who caused it; empty where the server itself did, or does not say.
    pub user: String,
    /// What happened, in the server's words; empty where it gives none.
    pub message: String,
    /// The type, such as `VmBeingRelocatedEvent`; of an `EventEx` its `eventTypeId`. Empty where there is none.
    pub type_name: String,
    /// All of it, exactly as the server sent it.
    pub raw: Value,
}

impl TaskEvent {
    /// Reads an event in whatever form.
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

    /// What happened: in the server's words, else the event's type.
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
    use serde_json::json;

    use super::*;
    use crate::task::fixture::at;

    #[test]
    fn what_events_share_is_read_and_the_rest_is_kept() {
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
    fn whatever_is_odd_is_unknown() {
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
