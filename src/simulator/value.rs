//! JSON values of the API: references, typed properties and their boxing.
//!
//! A property that is read by itself has its declared type. In a response of a property collector it has the type
//! `Any`, where primitives and lists are boxed with the name of their type.

use std::{fmt, sync::Arc};

use serde_json::{Value, json};

use super::server_behavior::{Boxing, ServerBehavior};

/// A reference to a managed object.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct MoRef {
    /// Type of the managed object, e.g. `VirtualMachine`.
    pub kind: Arc<str>,
    /// ID of the managed object, e.g. `vm-42`.
    pub id: Arc<str>,
}

impl MoRef {
    pub(super) fn new(kind: impl Into<Arc<str>>, id: impl Into<Arc<str>>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }

    /// Returns the reference as a data object.
    pub(super) fn to_json(&self) -> Value {
        json!({"_typeName": "ManagedObjectReference", "type": &*self.kind, "value": &*self.id})
    }
}

impl fmt::Debug for MoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for MoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// The value of a managed object's property, `null` if unset.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Property {
    /// Name of the declared type; of the element type if it is a list.
    pub(super) kind: &'static str,
    pub(super) value: Value,
}

impl Property {
    /// Returns the value where the declared type is `Any`.
    pub(super) fn into_any(self, boxing: Boxing) -> Value {
        let Self { kind, mut value } = self;
        if value.is_null() || boxing == Boxing::Bare {
            return value;
        }
        if boxing == Boxing::Nested {
            box_fields(&mut value);
        }
        match value {
            // A result of type `Any` is boxed already.
            Value::Object(mut content)
                if boxing == Boxing::DataObjectsToo && !content.contains_key("_value") =>
            {
                let type_name = content.remove("_typeName");
                json!({"_typeName": type_name, "_value": content})
            }
            Value::Object(_) => value,
            _ if kind == "any" => value,
            Value::Array(items) => {
                let content = match boxing {
                    Boxing::ElementKeyed => kind,
                    _ => "_value",
                };
                json!({"_typeName": array_type(kind), content: items})
            }
            _ => json!({"_typeName": kind, "_value": value}),
        }
    }
}

/// Boxes the primitive fields of data objects, at every depth.
fn box_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(box_fields),
        Value::Object(fields) => {
            let type_name = fields.get("_typeName").and_then(Value::as_str);
            // A result of type `Any` is boxed already.
            if type_name == Some("ManagedObjectReference") || fields.contains_key("_value") {
                return;
            }
            for (name, field) in fields.iter_mut() {
                let type_name = match field {
                    _ if name == "_typeName" => continue,
                    Value::String(_) => "string",
                    Value::Bool(_) => "boolean",
                    Value::Number(number) if number.is_f64() => "double",
                    Value::Number(number) if number.as_i64().is_some_and(is_int) => "int",
                    Value::Number(_) => "long",
                    other => {
                        box_fields(other);
                        continue;
                    }
                };
                *field = json!({"_typeName": type_name, "_value": field.take()});
            }
        }
        _ => {}
    }
}

fn is_int(number: i64) -> bool {
    i32::try_from(number).is_ok()
}

/// Returns `ArrayOfString` for `string`.
fn array_type(element: &str) -> String {
    let (first, rest) = element.split_at(1);
    format!("ArrayOf{}{rest}", first.to_ascii_uppercase())
}

/// Returns a `LocalizableMessage`.
pub(super) fn message(key: &str, text: &str) -> Value {
    json!({"_typeName": "LocalizableMessage", "key": key, "message": text})
}

/// Applies `serverGuid` and the omission of type names to a complete response.
pub(super) fn finish_response(answer: &mut Value, behavior: &ServerBehavior, server_guid: &str) {
    if behavior.server_guid_in_references {
        add_server_guid(answer, server_guid, &mut 0);
    }
    if behavior.omit_type_names {
        remove_type_names(answer);
    }
}

/// Adds `serverGuid` to all references, filled and empty in turn: live servers are inconsistent.
fn add_server_guid(value: &mut Value, server_guid: &str, seen: &mut usize) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| add_server_guid(item, server_guid, seen)),
        Value::Object(fields) => {
            if fields
                .get("_typeName")
                .is_some_and(|name| name == "ManagedObjectReference")
                && fields.contains_key("value")
            {
                let guid = if seen.is_multiple_of(2) {
                    server_guid
                } else {
                    ""
                };
                fields.insert("serverGuid".to_owned(), Value::from(guid));
                *seen += 1;
            } else {
                fields
                    .values_mut()
                    .for_each(|field| add_server_guid(field, server_guid, seen));
            }
        }
        _ => {}
    }
}

/// Types without subtypes in use, whose `_typeName` a server may omit.
const NEVER_POLYMORPHIC: [&str; 7] = [
    "UpdateSet",
    "PropertyFilterUpdate",
    "ObjectUpdate",
    "PropertyChange",
    "DynamicProperty",
    "ObjectContent",
    "MissingProperty",
];

fn remove_type_names(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(remove_type_names),
        Value::Object(fields) => {
            let is_redundant = fields
                .get("_typeName")
                .and_then(Value::as_str)
                .is_some_and(|name| NEVER_POLYMORPHIC.contains(&name));
            if is_redundant {
                fields.remove("_typeName");
            }
            for (name, field) in fields.iter_mut() {
                // `obj` and `filter` are declared as references, so that their type name is redundant.
                if name == "obj" || name == "filter" {
                    if let Some(reference) = field.as_object_mut() {
                        reference.remove("_typeName");
                    }
                } else {
                    remove_type_names(field);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(kind: &'static str, value: Value) -> Property {
        Property { kind, value }
    }

    #[test]
    fn an_any_boxes_primitives_and_lists_but_not_data_objects() {
        let boxed = |kind, value| property(kind, value).into_any(Boxing::Standard);
        assert_eq!(
            boxed("int", json!(42)),
            json!({"_typeName": "int", "_value": 42})
        );
        assert_eq!(
            boxed("string", json!(["a"])),
            json!({"_typeName": "ArrayOfString", "_value": ["a"]})
        );
        let reference = MoRef::new("VirtualMachine", "vm-1").to_json();
        assert_eq!(
            boxed("ManagedObjectReference", reference.clone()),
            reference
        );
        assert_eq!(boxed("int", Value::Null), Value::Null);
    }

    #[test]
    fn other_servers_box_differently() {
        let list = property("ManagedObjectReference", json!([]));
        assert_eq!(
            list.clone().into_any(Boxing::ElementKeyed),
            json!({"_typeName": "ArrayOfManagedObjectReference", "ManagedObjectReference": []})
        );
        assert_eq!(list.into_any(Boxing::Bare), json!([]));
        let reference = MoRef::new("Task", "task-1").to_json();
        assert_eq!(
            property("ManagedObjectReference", reference).into_any(Boxing::DataObjectsToo),
            json!({"_typeName": "ManagedObjectReference", "_value": {"type": "Task", "value": "task-1"}})
        );
    }

    #[test]
    fn some_servers_box_inside_data_objects_as_well() {
        let reference = MoRef::new("Task", "task-1").to_json();
        let result = json!({"_typeName": "long", "_value": 7});
        let info = json!({"_typeName": "TaskInfo", "task": reference, "progress": 4, "result": result,
            "locked": [reference], "reason": {"_typeName": "TaskReasonUser", "userName": "kim"}});
        let expected = json!({"_typeName": "TaskInfo", "task": reference,
            "progress": {"_typeName": "int", "_value": 4}, "result": result, "locked": [reference],
            "reason": {"_typeName": "TaskReasonUser", "userName": {"_typeName": "string", "_value": "kim"}}});
        let nested = property("TaskInfo", info).into_any(Boxing::Nested);
        assert_eq!(nested, expected);
        let reboxed = property("TaskInfo", nested).into_any(Boxing::Nested);
        assert_eq!(reboxed, expected);
    }
}
