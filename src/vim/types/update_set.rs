//! `UpdateSet`: what changed, as a property collector tells it.
//!
//! Read from JSON directly: ten thousand changes a second pass through here.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{fault::Fault, task_info::FIELDS};

/// What changed since a version.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSet {
    /// Where to go on from.
    #[serde(default)]
    pub version: String,
    /// Whether there is more at once; the version then works once only.
    #[serde(default, deserialize_with = "or_default")]
    pub truncated: bool,
    /// What changed, by filter.
    #[serde(default, deserialize_with = "or_default")]
    pub filter_set: Vec<FilterUpdate>,
}

/// What changed for one filter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterUpdate {
    /// What changed, in order; the same object may occur several times.
    #[serde(default, deserialize_with = "or_default")]
    pub object_set: Vec<ObjectUpdate>,
    /// Objects that could not be read.
    #[serde(default, deserialize_with = "or_default")]
    pub missing_set: Vec<MissingObject>,
}

/// What changed of one object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectUpdate {
    /// Whether it came, changed or left.
    pub kind: UpdateKind,
    /// The object's moId; only tasks are asked for.
    #[serde(deserialize_with = "mo_id")]
    pub obj: Arc<str>,
    /// The changes, in order.
    #[serde(default, deserialize_with = "or_default")]
    pub change_set: Vec<PropertyChange>,
    /// Properties that could not be read.
    #[serde(default, deserialize_with = "or_default")]
    pub missing_set: Vec<MissingProperty>,
}

/// Whether an object came, changed or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UpdateKind {
    /// It came into the view: all properties that are set follow.
    Enter,
    /// It changed.
    Modify,
    /// It left the view, or vanished.
    Leave,
    /// Something that this program does not know.
    #[serde(other)]
    Other,
}

/// One changed property.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PropertyChange {
    /// What changed.
    #[serde(rename = "name")]
    pub path: Path,
    /// How; values that were removed have none.
    #[serde(default)]
    op: Op,
    /// Its new value; `null` where it is unset now.
    #[serde(default)]
    val: Value,
}

impl PropertyChange {
    /// The property's new value; `null` where it is unset now.
    pub fn into_parts(self) -> (Path, Value) {
        match self.op {
            Op::Assign => (self.path, self.val),
            Op::Remove => (self.path, Value::Null),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Op {
    #[serde(alias = "indirectRemove")]
    Remove,
    #[default]
    #[serde(other)]
    Assign,
}

/// The path of a property of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// `info` as a whole.
    Info,
    /// A field of `info` that this program knows.
    Field(&'static str),
    /// Anything else: something within a field, or a field of tomorrow.
    Other(Box<str>),
}

/// An object that could not be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MissingObject {
    /// The object's moId.
    #[serde(deserialize_with = "mo_id")]
    pub obj: Arc<str>,
    /// Why.
    #[serde(default, deserialize_with = "fault")]
    pub fault: Fault,
}

/// A property that could not be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MissingProperty {
    /// Its path.
    #[serde(default)]
    pub path: String,
    /// Why.
    #[serde(default, deserialize_with = "fault")]
    pub fault: Fault,
}

/// `null` is as good as absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
    Value::deserialize(deserializer).map(Fault::new)
}

/// The value of a reference, which may be boxed.
fn mo_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    #[derive(Deserialize)]
    struct Reference {
        value: Option<Arc<str>>,
        #[serde(rename = "_value")]
        boxed: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        value: Arc<str>,
    }
    let reference = Reference::deserialize(deserializer)?;
    let value = reference.value.or(reference.boxed.map(|inner| inner.value));
    value.ok_or_else(|| de::Error::missing_field("value"))
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Path;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a property path")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Path, E> {
                let field = path.strip_prefix("info.");
                let known = field.and_then(|field| FIELDS.iter().find(|known| **known == field));
                Ok(match known {
                    Some(known) => Path::Field(known),
                    None if path == "info" => Path::Info,
                    None => Path::Other(path.into()),
                })
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn update(wire: Value) -> ObjectUpdate {
        from_value(wire).unwrap()
    }

    #[test]
    fn a_set_without_anything_in_it_is_a_set() {
        for wire in [
            json!({"_typeName": "UpdateSet", "version": "7"}),
            json!({"version": "7", "truncated": null, "filterSet": null}),
            json!({"version": "7", "filterSet": [{"filter": {"type": "PropertyFilter", "value": "f"}}]}),
        ] {
            let set: UpdateSet = from_value(wire).unwrap();
            assert_eq!(set.version, "7");
            assert!(
                set.filter_set
                    .iter()
                    .all(|filter| filter.object_set.is_empty())
            );
        }
    }

    #[test]
    fn changes_are_read_by_leaf_by_whole_and_without_value() {
        let update = update(json!({
            "_typeName": "ObjectUpdate", "kind": "modify",
            "obj": {"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1"},
            "changeSet": [
                {"_typeName": "PropertyChange", "name": "info.progress", "op": "assign",
                 "val": {"_typeName": "int", "_value": 40}},
                {"name": "info.description", "op": "assign", "val": null},
                {"name": "info.error", "op": "remove", "val": 1},
                {"name": "info.result", "op": "indirectRemove"},
                {"name": "info", "op": "assign", "val": {}},
                {"name": "info.description.message", "op": "assign", "val": "x"}
            ]
        }));
        assert_eq!((update.kind, &*update.obj), (UpdateKind::Modify, "task-1"));
        let parts: Vec<_> = update
            .change_set
            .into_iter()
            .map(PropertyChange::into_parts)
            .collect();
        let expected = [
            (
                Path::Field("progress"),
                json!({"_typeName": "int", "_value": 40}),
            ),
            (Path::Field("description"), Value::Null),
            (Path::Field("error"), Value::Null),
            (Path::Field("result"), Value::Null),
            (Path::Info, json!({})),
            (Path::Other("info.description.message".into()), json!("x")),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn references_are_read_boxed_too_and_unknown_kinds_kept_apart() {
        let update = update(json!({
            "kind": "teleport",
            "obj": {"_typeName": "ManagedObjectReference", "_value": {"type": "Task", "value": "task-1"}}
        }));
        assert_eq!((update.kind, &*update.obj), (UpdateKind::Other, "task-1"));
        assert!(
            from_value::<ObjectUpdate>(json!({"kind": "enter", "obj": {"type": "Task"}})).is_err()
        );
    }

    #[test]
    fn what_is_missing_comes_with_its_fault() {
        let set: UpdateSet = from_value(json!({"version": "7", "filterSet": [{"missingSet": [{
            "obj": {"type": "Task", "value": "task-1"},
            "fault": {"_typeName": "LocalizedMethodFault", "fault": {"_typeName": "ManagedObjectNotFound"}}
        }]}]}))
        .unwrap();
        let missing = &set.filter_set[0].missing_set[0];
        assert_eq!(
            (&*missing.obj, missing.fault.type_name()),
            ("task-1", "ManagedObjectNotFound")
        );
    }
}
