//! Sizes of JSON values.

use serde_json::Value;

/// Estimates the size of a value in memory.
pub fn value_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 24,
        Value::Array(items) => items.iter().map(value_size).sum::<usize>() + 24,
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| name.len() + 24 + value_size(value));
            fields.sum::<usize>() + 24
        }
    }
}
