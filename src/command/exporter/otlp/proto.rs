//! Attributes, times and the scope of the protocol.

use jiff::Timestamp;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, InstrumentationScope, KeyValue, any_value::Value,
};

use crate::text::{sanitize, truncate};

/// Maximum width of a text of a server.
const MAX_TEXT_WIDTH: usize = 2000;

/// Returns an attribute with a text.
pub(super) fn attribute(key: &str, value: String) -> KeyValue {
    typed_attribute(key, Value::StringValue(value))
}

/// Returns an attribute with a value of any type.
pub(super) fn typed_attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Returns a text of a server without control characters and of limited width.
pub(super) fn text(text: &str) -> String {
    truncate(&sanitize(text), MAX_TEXT_WIDTH, "…").into_owned()
}

/// Returns nanoseconds since 1970; zero for earlier times.
pub(super) fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or_default()
}

/// Returns the scope of all spans and metrics.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "vtask".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
