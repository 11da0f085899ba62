//! The API's `Any`: bare, boxed and `ArrayOf…` values, normalised to one form.

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};

/// A value that differs from its declaration in the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A required field is missing or unset.
    #[error("{type_name} without its required field “{field}”")]
    Missing {
        /// Type of the data object, such as `TaskInfo`.
        type_name: &'static str,
        /// Name of the field on the wire.
        field: &'static str,
    },
    /// A field has a value of another kind than declared.
    #[error("field “{field}” should be {expected} but is {found}")]
    Unexpected {
        /// Name of the field on the wire.
        field: String,
        /// Description of the declared kind.
        expected: &'static str,
        /// Excerpt of the value found.
        found: String,
    },
}

impl Malformed {
    /// Returns the name of the field on the wire.
    pub fn field(&self) -> &str {
        match self {
            Self::Missing { field, .. } => field,
            Self::Unexpected { field, .. } => field,
        }
    }

    /// Formats the error without the data object's type.
    pub(crate) fn short(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field, .. } => write!(f, "“{field}” is missing"),
            Self::Unexpected {
                field,
                expected,
                found,
            } => write!(f, "“{field}” should be {expected} but is {found}"),
        }
    }

    /// Creates a [`Malformed::Unexpected`] with a short excerpt of the value found.
    pub(crate) fn unexpected(field: &str, expected: &'static str, found: &Value) -> Self {
        const EXCERPT_CHARS: usize = 60;
        let mut text = found.to_string();
        if let Some((end, _)) = text.char_indices().nth(EXCERPT_CHARS) {
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

/// Returns the `_typeName` of a data object or box, in any position within the object.
pub fn type_name(value: &Value) -> Option<&str> {
    value.get("_typeName")?.as_str()
}

/// Returns true if a value means "unset": `null`, bare or boxed. (Missing fields and a 204 are handled earlier.)
pub(super) fn is_unset(value: &Value) -> bool {
    inside(value).is_null()
}

/// Removes all boxes at every depth: `{"_typeName":"int","_value":42}` becomes `42`, an `ArrayOf…` a list, and a
/// boxed data object keeps the type that its box names.
///
/// vCenter boxes values in places of type `Any`, and 8.0.3 has been seen to box the primitives inside a data object
/// there as well.
pub fn unboxed(value: Value) -> Value {
    let mut value = without_outer_boxes(value);
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(unbox),
        Value::Object(fields) => fields.values_mut().for_each(unbox),
        _ => {}
    }
    value
}

fn unbox(value: &mut Value) {
    *value = unboxed(std::mem::take(value));
}

/// Removes the boxes around a value, leaving its content as sent.
pub(super) fn without_outer_boxes(mut value: Value) -> Value {
    // Boxes may be nested.
    while let Value::Object(object) = &mut value
        && let Some(content) = take_content(object)
    {
        value = content;
    }
    value
}

/// Takes the content out of a box. Returns `None` and changes nothing if the object is no box.
fn take_content(object: &mut Map<String, Value>) -> Option<Value> {
    let boxed = get(object, "_value").is_some();
    match boxed.then(|| object.swap_remove("_value")).flatten() {
        Some(Value::Object(mut inner)) => {
            if let Some(name) = object.swap_remove("_typeName") {
                inner.entry("_typeName").or_insert(name);
            }
            Some(Value::Object(inner))
        }
        Some(content) => Some(content),
        None if is_array(object) => {
            let list = object.values_mut().find(|value| value.is_array());
            Some(list.map_or_else(|| Value::Array(Vec::new()), std::mem::take))
        }
        None => None,
    }
}

/// Start of the type names of lists in boxes.
pub(super) const ARRAY_PREFIX: &str = "ArrayOf";

/// Returns true for a list keyed by its element type: `{"_typeName":"ArrayOfString","string":[…]}`.
fn is_array(object: &Map<String, Value>) -> bool {
    let name = get(object, "_typeName").and_then(Value::as_str);
    name.is_some_and(|name| name.starts_with(ARRAY_PREFIX))
}

/// Returns a field. In small objects a search is faster than hashing the name.
fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    const SMALL: usize = 32;
    if object.len() > SMALL {
        return object.get(name);
    }
    let mut fields = object.iter();
    fields.find_map(|(field, value)| (field == name).then_some(value))
}

/// Returns true if a value contains a box at any depth.
pub(super) fn has_boxes(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_boxes),
        Value::Object(object) => {
            get(object, "_value").is_some() || is_array(object) || object.values().any(has_boxes)
        }
        _ => false,
    }
}

/// Returns the content of a box, or a bare value itself.
fn inside(mut value: &Value) -> &Value {
    while let Value::Object(object) = value
        && let Some(content) = get(object, "_value")
    {
        value = content;
    }
    value
}

/// Returns the text at a path of fields, each of which may be boxed; for values kept as sent.
pub fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    value_at(value, path)?.as_str()
}

/// Returns the text at a path of fields; numbers, which some servers send as names, are converted.
pub fn scalar_at<'a>(value: &'a Value, path: &[&str]) -> Option<Cow<'a, str>> {
    match value_at(value, path)? {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn value_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter()
        .try_fold(inside(value), |value, field| value.get(field).map(inside))
}

/// Returns the items of a list of any form: bare, boxed (`_value`), element-keyed
/// (`{"_typeName":"ArrayOfString","string":[…]}`), or unset (no items). The items are unboxed.
///
/// # Errors
/// Returns an error if the value is no list.
pub fn items(field: &str, value: Value) -> Result<Vec<Value>, Malformed> {
    items_as_sent(field, unboxed(value))
}

/// Returns the items of a list, each exactly as the server sent it.
///
/// # Errors
/// Returns an error if the value is no list.
pub fn items_as_sent(field: &str, value: Value) -> Result<Vec<Value>, Malformed> {
    match without_outer_boxes(value) {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items),
        other => Err(Malformed::unexpected(field, "a list", &other)),
    }
}

/// Returns the items that could be read.
///
/// # Errors
/// Returns the first error if no item could be read.
pub(super) fn readable<T>(
    items: impl Iterator<Item = Result<T, Malformed>>,
) -> Result<Vec<T>, Malformed> {
    let (mut read, mut first_error) = (Vec::new(), None);
    for item in items {
        match item {
            Ok(item) => read.push(item),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    match first_error {
        Some(error) if read.is_empty() => Err(error),
        _ => Ok(read),
    }
}

/// Reads a string, bare or boxed.
pub(crate) fn string(field: &str, value: Value) -> Result<String, Malformed> {
    match unboxed(value) {
        Value::String(text) => Ok(text),
        other => Err(Malformed::unexpected(field, "a string", &other)),
    }
}

/// Reads a string, bare or boxed. Numbers and booleans are converted to text.
pub(crate) fn scalar_text(field: &str, value: Value) -> Result<String, Malformed> {
    match unboxed(value) {
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => string(field, other),
    }
}

/// Reads a boolean, bare or boxed, or as text.
pub(crate) fn boolean(field: &str, value: Value) -> Result<bool, Malformed> {
    match unboxed(value) {
        Value::Bool(flag) => Ok(flag),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(Malformed::unexpected(field, "true or false", &other)),
    }
}

/// Reads an int32, bare or boxed, or as text. Numbers out of range saturate.
pub(crate) fn int(field: &str, value: Value) -> Result<i32, Malformed> {
    let value = unboxed(value);
    let whole = value.as_i64().or_else(|| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond i64 saturates, which is what is wanted"
        )]
        value.as_f64().map(|number| number as i64)
    });
    let whole = whole.or_else(|| value.as_str()?.trim().parse().ok());
    match whole {
        Some(number) => {
            let bounded = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            Ok(i32::try_from(bounded).unwrap_or_default())
        }
        None => Err(Malformed::unexpected(field, "a whole number", &value)),
    }
}

/// Reads the fields of a data object, unboxed.
pub(crate) fn object(field: &str, value: Value) -> Result<Map<String, Value>, Malformed> {
    object_as_sent(field, unboxed(value))
}

/// Reads the fields of a data object exactly as the server sent them; only a box around the object is removed.
pub(super) fn object_as_sent(field: &str, value: Value) -> Result<Map<String, Value>, Malformed> {
    match without_outer_boxes(value) {
        Value::Object(object) => Ok(object),
        other => Err(Malformed::unexpected(field, "an object", &other)),
    }
}

/// Removes a string field, bare or boxed, from an object; `None` if it is absent, unset or of another kind.
pub(crate) fn take_string(object: &mut Map<String, Value>, field: &str) -> Option<String> {
    match unboxed(object.shift_remove(field)?) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bare_and_boxed_primitives_are_parsed() {
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
    fn boxed_data_object_keeps_its_type() {
        let boxed = json!({"_typeName": "TaskReasonUser", "_value": {"userName": "ops"}});
        assert_eq!(type_name(&unboxed(boxed)), Some("TaskReasonUser"));
    }

    #[test]
    fn values_are_unboxed_at_every_depth() {
        let string = |text: &str| json!({"_typeName": "string", "_value": text});
        let sent = json!({"_typeName": "A", "_value": {
            "name": {"_typeName": "string", "_value": string("x")},
            "list": {"_typeName": "ArrayOfB", "B": [{"_typeName": "B", "of": [string("y"), 1]}]},
            "none": {"_typeName": "ArrayOfB"},
            "unset": {"_typeName": "int", "_value": null}
        }});
        assert!(has_boxes(&sent));
        let bare = unboxed(sent);
        let expected = json!({"_typeName": "A", "name": "x", "none": [], "unset": null,
            "list": [{"_typeName": "B", "of": ["y", 1]}]});
        assert_eq!(bare, expected);
        assert!(!has_boxes(&bare));
    }

    #[test]
    fn boxed_strings_are_found() {
        let sent = json!({"task": {"_typeName": "ManagedObjectReference",
            "_value": {"value": {"_typeName": "string", "_value": "task-1"}}}});
        assert_eq!(text_at(&sent, &["task", "value"]), Some("task-1"));
        assert_eq!(text_at(&sent, &["task", "type"]), None);
        assert_eq!(text_at(&sent, &["task"]), None);
    }

    #[test]
    fn lists_are_parsed_in_every_form() {
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
    fn unexpected_value_is_quoted_in_short() {
        let long = "x".repeat(500);
        let Err(Malformed::Unexpected { found, .. }) = int("progress", json!(long)) else {
            panic!("a string is no number");
        };
        assert!(found.chars().count() < 70);
    }
}
