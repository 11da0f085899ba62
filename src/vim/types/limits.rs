//! Limits on stored server data, far above regular values; truncated data is marked.
//!
//! | data | limit |
//! | --- | --- |
//! | body, compressed or not | 64 MiB (`response.rs`) |
//! | JSON values of a body | [`max_weight`] of [`OBJECT_WEIGHT`] and [`VALUE_WEIGHT`] |
//! | nesting of a body | 128 levels (`serde_json`) |
//! | text | [`MAX_TEXT_CHARS`] characters |
//! | items of a list inside a task, event or fault | [`MAX_ITEMS`] |
//! | fields of a data object, unknown fields of a task | [`MAX_FIELDS`] |
//! | tasks of an endpoint | `WatchOptions::max_tasks` (100,000) |

use std::fmt::Write;

use serde_json::{Map, Value, json};

/// Weight of an object in a body, in bytes of the shortest one that a server sends.
pub const OBJECT_WEIGHT: usize = 20;
/// Weight of any further value.
pub const VALUE_WEIGHT: usize = 5;
/// Weight of the values that any body may have.
const BASE_WEIGHT: usize = 1 << 20;
/// Weight of the values that the largest body may have. (A list of 100,000 references weighs 3.5 MB.)
pub const MAX_WEIGHT: usize = 8 << 20;

/// Characters of a text.
pub const MAX_TEXT_CHARS: usize = 16_384;
/// Items of a list.
pub const MAX_ITEMS: usize = 4_096;
/// Fields of a data object.
pub const MAX_FIELDS: usize = 256;

/// Excess over a limit that is kept, so that truncated data with its marker is not truncated again.
const TRUNCATION_SLACK: usize = 64;

/// Key of the marker for omitted fields.
const ELLIPSIS: &str = "…";

/// Returns the maximum weight of the JSON values of a body of this size. Its memory is a small multiple of the weight,
/// whereas short objects take about 70 times their bytes on the wire.
pub fn max_weight(bytes: usize) -> usize {
    MAX_WEIGHT.min(BASE_WEIGHT + bytes)
}

/// Truncates everything in a value that is too long and marks the places.
pub(crate) fn truncate_deep(mut value: Value) -> Value {
    bound(&mut value);
    value
}

fn bound(value: &mut Value) {
    match value {
        Value::String(text) => bound_text(text),
        Value::Array(items) => {
            if items.len() > MAX_ITEMS + 1 {
                let more = items.len() - MAX_ITEMS;
                items.truncate(MAX_ITEMS);
                items.push(json!(format!("… {more} more items")));
            }
            items.iter_mut().for_each(bound);
        }
        Value::Object(fields) => bound_fields(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn bound_text(text: &mut String) {
    if text.len() <= MAX_TEXT_CHARS + TRUNCATION_SLACK {
        return;
    }
    let more = text.chars().count().saturating_sub(MAX_TEXT_CHARS);
    if let Some((end, _)) = text
        .char_indices()
        .nth(MAX_TEXT_CHARS)
        .filter(|_| more > TRUNCATION_SLACK)
    {
        text.truncate(end);
        text.shrink_to_fit();
        let _ = write!(text, "… {more} more characters");
    }
}

fn bound_fields(fields: &mut Map<String, Value>) {
    if fields.len() > MAX_FIELDS + 1 || fields.keys().any(|name| name.len() > MAX_TEXT_CHARS) {
        let more = if fields.len() > MAX_FIELDS + 1 {
            fields.len() - MAX_FIELDS
        } else {
            0
        };
        // Keeps the type of the data object, wherever it is.
        let type_name = fields.shift_remove("_typeName");
        let type_name = type_name.map(|name| ("_typeName".to_owned(), name));
        let all = type_name.into_iter().chain(std::mem::take(fields));
        let kept = all.take(if more > 0 { MAX_FIELDS } else { usize::MAX });
        *fields = kept
            .map(|(mut name, value)| {
                bound_text(&mut name);
                (name, value)
            })
            .collect();
        if more > 0 {
            fields.insert(ELLIPSIS.to_owned(), json!(format!("{more} more fields")));
        }
    }
    fields.values_mut().for_each(bound);
}

/// Adds a field to a growing object; once the object is full, adds a marker instead.
pub(crate) fn insert(fields: &mut Map<String, Value>, name: &str, value: Value) {
    if fields.len() < MAX_FIELDS || fields.contains_key(name) {
        let mut name = name.to_owned();
        bound_text(&mut name);
        fields.insert(name, value);
    } else {
        fields.insert(
            ELLIPSIS.to_owned(),
            json!(format!(
                "more than {MAX_FIELDS} fields that are not known; the others were left out"
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_within_the_limits_are_unchanged() {
        let value = json!({"a": ["x".repeat(MAX_TEXT_CHARS), "é".repeat(MAX_TEXT_CHARS), 1, null, {"b": true}]});
        assert_eq!(truncate_deep(value.clone()), value);
    }

    #[test]
    fn long_values_are_truncated_with_a_note() {
        let long = truncate_deep(json!("é".repeat(MAX_TEXT_CHARS + 700)));
        assert!(long.as_str().unwrap().ends_with("é… 700 more characters"));
        let list = truncate_deep(json!(vec!["x".repeat(MAX_TEXT_CHARS + 100); MAX_ITEMS + 3]));
        assert_eq!(list.as_array().unwrap().len(), MAX_ITEMS + 1);
        assert_eq!(list[MAX_ITEMS], "… 3 more items");
        assert!(
            list[0]
                .as_str()
                .unwrap()
                .ends_with("x… 100 more characters")
        );
        let numbered = (0..MAX_FIELDS + 5).map(|number| {
            (
                number.to_string(),
                json!([["y".repeat(MAX_TEXT_CHARS + 200)]]),
            )
        });
        let mut fields: Map<String, Value> = numbered.collect();
        fields.insert("_typeName".to_owned(), json!("Huge"));
        let object = truncate_deep(Value::Object(fields));
        let count = object.as_object().unwrap().len();
        assert_eq!(
            (count, &object["_typeName"]),
            (MAX_FIELDS + 1, &json!("Huge"))
        );
        assert_eq!(object["…"], "6 more fields");
        assert!(
            object["0"][0][0]
                .as_str()
                .unwrap()
                .ends_with("200 more characters")
        );
        let name = truncate_deep(json!({"n".repeat(MAX_TEXT_CHARS * 2): 1}));
        let names = name.as_object().unwrap().keys();
        assert!(
            names
                .into_iter()
                .all(|name| name.len() < MAX_TEXT_CHARS + TRUNCATION_SLACK)
        );
        for cut in [long, list, object, name] {
            assert_eq!(
                truncate_deep(cut.clone()),
                cut,
                "what was cut stays as it is"
            );
        }
    }

    #[test]
    fn size_of_a_growing_object_is_limited() {
        let mut fields = Map::new();
        for number in 0..3 * MAX_FIELDS {
            insert(&mut fields, &number.to_string(), json!(number));
        }
        assert_eq!(fields.len(), MAX_FIELDS + 1);
        insert(&mut fields, "7", json!("changed"));
        assert_eq!(fields["7"], "changed");
        assert!(fields["…"].as_str().unwrap().contains("left out"));
    }
}
