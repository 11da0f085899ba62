//! The `Any` of the API: values bare, boxed, or wrapped as an `ArrayOf…`, all read as one thing.

use serde_json::{Map, Value};

/// A value that is not what the API declares at this place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A field that the API reference marks as required is missing or unset.
    #[error("{type_name} without its required field “{field}”")]
    Missing {
        /// The data object's type, such as `TaskInfo`.
        type_name: &'static str,
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A field holds another kind of value than declared.
    #[error("field “{field}” should be {expected} but is {found}")]
    Unexpected {
        /// The field's name on the wire.
        field: String,
        /// What the API declares, in words.
        expected: &'static str,
        /// What was found, shortened.
        found: String,
    },
}

impl Malformed {
    /// A [`Malformed::Unexpected`] that quotes at most a few dozen characters of what was found.
    pub(crate) fn unexpected(field: &str, expected: &'static str, found: &Value) -> Self {
        const SHOWN: usize = 60;
        let mut text = found.to_string();
        if let Some((end, _)) = text.char_indices().nth(SHOWN) {
            text.truncate(end);
            text.push('…');
        }
        Self::Unexpected {
            field: field.to_owned(),
            expected,
            found: text,
        }
    }
}

/// The `_typeName` of a data object or box, wherever in the object it stands.
pub fn type_name(value: &Value) -> Option<&str> {
    value.get("_typeName")?.as_str()
}

/// Whether a value means "unset": `null` (a missing field and a 204 never get this far).
pub fn is_unset(value: &Value) -> bool {
    value.is_null()
}

/// Takes the box off: `{"_typeName":"int","_value":42}` becomes `42`; anything else stays as it is. A data object
/// keeps the type that its box names.
pub fn unboxed(value: Value) -> Value {
    let Value::Object(mut outer) = value else {
        return value;
    };
    match outer.swap_remove("_value") {
        None => Value::Object(outer),
        Some(Value::Object(mut inner)) => {
            if let Some(name) = outer.swap_remove("_typeName") {
                inner.entry("_typeName").or_insert(name);
            }
            Value::Object(inner)
        }
        Some(inner) => inner,
    }
}

/// The items of a list in any of its shapes: bare, boxed (`_value`), element-keyed
/// (`{"_typeName":"ArrayOfString","string":[…]}`), or unset (no items).
pub fn items(field: &str, value: Value) -> Result<Vec<Value>, Malformed> {
    match unboxed(value) {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items),
        Value::Object(object) => element_keyed(field, object),
        other => Err(Malformed::unexpected(field, "a list", &other)),
    }
}

fn element_keyed(field: &str, object: Map<String, Value>) -> Result<Vec<Value>, Malformed> {
    let is_array = object
        .get("_typeName")
        .and_then(Value::as_str)
        .is_some_and(|name| name.starts_with("ArrayOf"));
    if is_array {
        let list = object.into_iter().find_map(|(_, value)| match value {
            Value::Array(items) => Some(items),
            _ => None,
        });
        return Ok(list.unwrap_or_default());
    }
    Err(Malformed::unexpected(
        field,
        "a list",
        &Value::Object(object),
    ))
}

/// A string, bare or boxed.
pub(crate) fn string(field: &str, value: Value) -> Result<String, Malformed> {
    match unboxed(value) {
        Value::String(text) => Ok(text),
        other => Err(Malformed::unexpected(field, "a string", &other)),
    }
}

/// A boolean, bare or boxed.
pub(crate) fn boolean(field: &str, value: Value) -> Result<bool, Malformed> {
    match unboxed(value) {
        Value::Bool(flag) => Ok(flag),
        other => Err(Malformed::unexpected(field, "true or false", &other)),
    }
}

/// An int32, bare or boxed. Numbers beyond its range are brought to its ends rather than refused.
pub(crate) fn int(field: &str, value: Value) -> Result<i32, Malformed> {
    let value = unboxed(value);
    let whole = value.as_i64().or_else(|| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond i64 saturates, which is what is wanted"
        )]
        value.as_f64().map(|number| number as i64)
    });
    match whole {
        Some(number) => {
            let bounded = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            Ok(i32::try_from(bounded).unwrap_or_default())
        }
        None => Err(Malformed::unexpected(field, "a whole number", &value)),
    }
}

/// The fields of a data object; a box around it is taken off first.
pub(crate) fn object(field: &str, value: Value) -> Result<Map<String, Value>, Malformed> {
    match unboxed(value) {
        Value::Object(object) => Ok(object),
        other => Err(Malformed::unexpected(field, "an object", &other)),
    }
}

/// Takes a string field out of an object; absent, unset or of another kind counts as none.
pub(crate) fn take_string(object: &mut Map<String, Value>, field: &str) -> Option<String> {
    match object.shift_remove(field)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn primitives_are_read_bare_and_boxed() {
        assert_eq!(int("progress", json!(42)), Ok(42));
        assert_eq!(
            int("progress", json!({"_typeName": "int", "_value": 42})),
            Ok(42)
        );
        assert_eq!(
            boolean("cancelled", json!({"_value": true, "_typeName": "boolean"})),
            Ok(true)
        );
        assert_eq!(int("progress", json!(99_999_999_999_i64)), Ok(i32::MAX));
    }

    #[test]
    fn a_boxed_data_object_keeps_its_type() {
        let boxed = json!({"_typeName": "TaskReasonUser", "_value": {"userName": "ops"}});
        assert_eq!(type_name(&unboxed(boxed)), Some("TaskReasonUser"));
    }

    #[test]
    fn lists_are_read_in_every_shape() {
        let expected = vec![json!("a"), json!("b")];
        for shape in [
            json!(["a", "b"]),
            json!({"_typeName": "ArrayOfString", "_value": ["a", "b"]}),
            json!({"_typeName": "ArrayOfString", "string": ["a", "b"]}),
        ] {
            assert_eq!(items("list", shape).unwrap(), expected);
        }
        assert!(items("list", Value::Null).unwrap().is_empty());
        assert!(items("list", json!("a")).is_err());
    }

    #[test]
    fn what_was_found_is_quoted_short() {
        let long = "x".repeat(500);
        let Err(Malformed::Unexpected { found, .. }) = int("progress", json!(long)) else {
            panic!("a string is no number");
        };
        assert!(found.chars().count() < 70);
    }
}
