//! How much of what a server sends is kept. Nothing here is met by an honest server; whatever is cut says so in its place.
//!
//! | what | at most |
//! | --- | --- |
//! | a body, packed or unpacked | 64 MiB (`vim::transport`) |
//! | JSON values of a body | [`VALUES`] |
//! | nesting of a body | 128 levels (`serde_json`) |
//! | a text | [`TEXT`] characters |
//! | items of a list inside a task, an event, a fault | [`ITEMS`] |
//! | fields of a data object, unknown fields of a task | [`FIELDS`] |
//! | tasks of an endpoint | `WatchOptions::most_tasks` (100,000) |

use std::fmt::Write;

use serde_json::{Map, Value, json};

/// JSON values of a body: objects, lists, texts, numbers, `true`, `false` and `null`. A value takes far more memory than
/// the two bytes it may have on the wire. (A list of 100,000 references has 400,001.)
pub const VALUES: usize = 1_000_000;
/// Characters of a text.
pub const TEXT: usize = 16_384;
/// Items of a list.
pub const ITEMS: usize = 4_096;
/// Fields of a data object.
pub const FIELDS: usize = 256;

/// What is no longer than this beyond a limit stays, so that what was cut is not cut again for the word about it.
const SLACK: usize = 64;

/// What stands in the place of fields that were left out.
const LEFT_OUT: &str = "…";

/// A value with everything in it that is too long cut, and a word about it where it was.
pub(crate) fn bounded(mut value: Value) -> Value {
    bound(&mut value);
    value
}

fn bound(value: &mut Value) {
    match value {
        Value::String(text) => bound_text(text),
        Value::Array(items) => {
            if items.len() > ITEMS + 1 {
                let more = items.len() - ITEMS;
                items.truncate(ITEMS);
                items.push(json!(format!("… {more} more items")));
            }
            items.iter_mut().for_each(bound);
        }
        Value::Object(fields) => bound_fields(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn bound_text(text: &mut String) {
    if text.len() <= TEXT + SLACK {
        return;
    }
    let more = text.chars().count().saturating_sub(TEXT);
    if let Some((end, _)) = text.char_indices().nth(TEXT).filter(|_| more > SLACK) {
        text.truncate(end);
        text.shrink_to_fit();
        let _ = write!(text, "… {more} more characters");
    }
}

fn bound_fields(fields: &mut Map<String, Value>) {
    if fields.len() > FIELDS + 1 || fields.keys().any(|name| name.len() > TEXT) {
        let more = if fields.len() > FIELDS + 1 {
            fields.len() - FIELDS
        } else {
            0
        };
        // What a data object is says its type, wherever that stands.
        let type_name = fields.shift_remove("_typeName");
        let type_name = type_name.map(|name| ("_typeName".to_owned(), name));
        let all = type_name.into_iter().chain(std::mem::take(fields));
        let kept = all.take(if more > 0 { FIELDS } else { usize::MAX });
        *fields = kept
            .map(|(mut name, value)| {
                bound_text(&mut name);
                (name, value)
            })
            .collect();
        if more > 0 {
            fields.insert(LEFT_OUT.to_owned(), json!(format!("{more} more fields")));
        }
    }
    fields.values_mut().for_each(bound);
}

/// Takes a further field into an object that grows, unless that is full; then it says so.
pub(crate) fn insert(fields: &mut Map<String, Value>, name: &str, value: Value) {
    if fields.len() < FIELDS || fields.contains_key(name) {
        let mut name = name.to_owned();
        bound_text(&mut name);
        fields.insert(name, value);
    } else {
        fields.insert(
            LEFT_OUT.to_owned(),
            json!(format!(
                "more than {FIELDS} fields that are not known; the others were left out"
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_honest_server_sends_is_kept_as_it_is() {
        let value = json!({"a": ["x".repeat(TEXT), "é".repeat(TEXT), 1, null, {"b": true}]});
        assert_eq!(bounded(value.clone()), value);
    }

    #[test]
    fn whatever_is_too_long_is_cut_and_says_so() {
        let long = bounded(json!("é".repeat(TEXT + 700)));
        assert!(long.as_str().unwrap().ends_with("é… 700 more characters"));
        let list = bounded(json!(vec!["x".repeat(TEXT + 100); ITEMS + 3]));
        assert_eq!(list.as_array().unwrap().len(), ITEMS + 1);
        assert_eq!(list[ITEMS], "… 3 more items");
        assert!(
            list[0]
                .as_str()
                .unwrap()
                .ends_with("x… 100 more characters")
        );
        let numbered =
            (0..FIELDS + 5).map(|number| (number.to_string(), json!([["y".repeat(TEXT + 200)]])));
        let mut fields: Map<String, Value> = numbered.collect();
        fields.insert("_typeName".to_owned(), json!("Huge"));
        let object = bounded(Value::Object(fields));
        let count = object.as_object().unwrap().len();
        assert_eq!((count, &object["_typeName"]), (FIELDS + 1, &json!("Huge")));
        assert_eq!(object["…"], "6 more fields");
        assert!(
            object["0"][0][0]
                .as_str()
                .unwrap()
                .ends_with("200 more characters")
        );
        let name = bounded(json!({"n".repeat(TEXT * 2): 1}));
        let names = name.as_object().unwrap().keys();
        assert!(names.into_iter().all(|name| name.len() < TEXT + SLACK));
        for cut in [long, list, object, name] {
            assert_eq!(bounded(cut.clone()), cut, "what was cut stays as it is");
        }
    }

    #[test]
    fn an_object_that_grows_has_an_end() {
        let mut fields = Map::new();
        for number in 0..3 * FIELDS {
            insert(&mut fields, &number.to_string(), json!(number));
        }
        assert_eq!(fields.len(), FIELDS + 1);
        insert(&mut fields, "7", json!("changed"));
        assert_eq!(fields["7"], "changed");
        assert!(fields["…"].as_str().unwrap().contains("left out"));
    }
}
