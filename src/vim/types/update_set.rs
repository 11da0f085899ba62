//! `UpdateSet`: changes reported by a property collector.
//!
//! Deserialised directly from JSON for throughput: about ten thousand changes per second.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IgnoredAny},
};
use serde_json::Value;

use super::{
    any::{Malformed, boolean, items_as_sent, object_as_sent, readable, scalar_text},
    change_value::Primitive,
    fault::Fault,
    task_info::FIELDS,
};

/// Changes since a version.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSet {
    /// Version for the next wait.
    #[serde(default)]
    pub version: String,
    /// True if more changes follow at once; the version then can be used only once.
    #[serde(default, deserialize_with = "or_default")]
    pub truncated: bool,
    /// Changes by filter.
    #[serde(default, deserialize_with = "or_default")]
    pub filter_set: Vec<FilterUpdate>,
}

impl UpdateSet {
    /// Reads an update set in any form. Items that cannot be read are left out.
    ///
    /// # Errors
    /// Returns an error if it or a list in it is of another kind, or no item of a list can be read.
    pub fn from_json(set: Value) -> Result<Self, Malformed> {
        let mut set = object_as_sent("UpdateSet", set)?;
        let mut take = |name: &str| set.shift_remove(name).filter(|value| !value.is_null());
        let version = take("version").map(|version| scalar_text("version", version));
        let truncated = take("truncated").map(|truncated| boolean("truncated", truncated));
        let filters = items_as_sent("filterSet", take("filterSet").unwrap_or_default())?;
        let filters = filters.into_iter().map(FilterUpdate::from_json);
        Ok(Self {
            version: version.transpose()?.unwrap_or_default(),
            truncated: truncated.transpose()?.unwrap_or_default(),
            filter_set: readable(filters)?,
        })
    }
}

impl FilterUpdate {
    fn from_json(mut filter: Value) -> Result<Self, Malformed> {
        let updates = take_list(&mut filter, "objectSet")?.map(ObjectUpdate::from_json);
        Ok(Self {
            object_set: readable(updates)?,
            missing_set: readable(take_list(&mut filter, "missingSet")?.map(|item| parse(&item)))?,
        })
    }
}

impl ObjectUpdate {
    fn from_json(mut update: Value) -> Result<Self, Malformed> {
        let changes = readable(take_list(&mut update, "changeSet")?.map(|item| parse(&item)))?;
        let missing = readable(take_list(&mut update, "missingSet")?.map(|item| parse(&item)))?;
        Ok(Self {
            change_set: changes,
            missing_set: missing,
            ..parse(&update)?
        })
    }
}

/// Removes a list in any form from an object. Items that are `null` are left out.
fn take_list(
    object: &mut Value,
    name: &str,
) -> Result<impl Iterator<Item = Value> + use<>, Malformed> {
    let list = object.get_mut(name).map(Value::take).unwrap_or_default();
    let items = items_as_sent(name, list)?.into_iter();
    Ok(items.filter(|item| !item.is_null()))
}

fn parse<T: DeserializeOwned>(item: &Value) -> Result<T, Malformed> {
    T::deserialize(item).map_err(|_| Malformed::unexpected("filterSet", "a list of changes", item))
}

/// Changes for one filter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterUpdate {
    /// Changes in order; an object may occur several times.
    #[serde(default, deserialize_with = "or_default")]
    pub object_set: Vec<ObjectUpdate>,
    /// Objects that could not be read.
    #[serde(default, deserialize_with = "or_default")]
    pub missing_set: Vec<MissingObject>,
}

/// Changes of one object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectUpdate {
    /// Kind of the change.
    pub kind: UpdateKind,
    /// The object's moId; only tasks are watched.
    #[serde(deserialize_with = "mo_id")]
    pub obj: Arc<str>,
    /// Property changes in order.
    #[serde(default, deserialize_with = "or_default")]
    pub change_set: Vec<PropertyChange>,
    /// Properties that could not be read.
    #[serde(default, deserialize_with = "or_default")]
    pub missing_set: Vec<MissingProperty>,
}

/// Kind of an object's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UpdateKind {
    /// The object entered the view; all set properties follow.
    Enter,
    /// Properties changed.
    Modify,
    /// The object left the view or was deleted.
    Leave,
    /// An unknown kind.
    #[serde(other)]
    Other,
}

/// One changed property.
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyChange {
    /// Path of the property.
    pub path: Path,
    /// New value; `null` if unset. That of a primitive field may have lost its box.
    pub val: Value,
}

/// Fields of `info` that are objects or lists.
const COMPLEX_FIELDS: [&str; 8] = [
    "task",
    "description",
    "entity",
    "locked",
    "error",
    "result",
    "progressDetails",
    "reason",
];

impl<'de> Deserialize<'de> for PropertyChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = PropertyChange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a property change")
            }

            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<PropertyChange, A::Error> {
                let (mut path, mut op, mut val) = (None, Op::default(), Value::Null);
                while let Some(part) = map.next_key()? {
                    match part {
                        ChangePart::Name => path = Some(map.next_value()?),
                        ChangePart::Op => op = map.next_value()?,
                        ChangePart::Val => {
                            val = match path {
                                Some(Path::Field(name)) if !COMPLEX_FIELDS.contains(&name) => {
                                    map.next_value_seed(Primitive)?
                                }
                                _ => map.next_value()?,
                            };
                        }
                        ChangePart::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let path = path.ok_or_else(|| de::Error::missing_field("name"))?;
                if matches!(op, Op::Remove) {
                    val = Value::Null;
                }
                Ok(PropertyChange { path, val })
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ChangePart {
    Name,
    Op,
    Val,
    #[serde(other)]
    Other,
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

/// Path of a task property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// `info` as a whole.
    Info,
    /// A known field of `info`.
    Field(&'static str),
    /// Anything else: a path inside a field, or an unknown field.
    Other(Box<str>),
}

/// An object that could not be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MissingObject {
    /// The object's moId.
    #[serde(deserialize_with = "mo_id")]
    pub obj: Arc<str>,
    /// Cause.
    #[serde(default, deserialize_with = "fault")]
    pub fault: Fault,
}

/// A property that could not be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MissingProperty {
    /// Path of the property.
    #[serde(default)]
    pub path: String,
    /// Cause.
    #[serde(default, deserialize_with = "fault")]
    pub fault: Fault,
}

/// Deserialises `null` as the default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
    Value::deserialize(deserializer).map(Fault::new)
}

/// Deserialises the value of a reference, which may be boxed.
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
    fn empty_update_set_is_valid() {
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
    fn leaf_whole_and_unset_changes_are_parsed() {
        let update = update(json!({
            "_typeName": "ObjectUpdate", "kind": "modify",
            "obj": {"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1"},
            "changeSet": [
                {"_typeName": "PropertyChange", "name": "info.progress", "op": "assign",
                 "val": {"_typeName": "int", "_value": 40}},
                {"val": {"_typeName": "int", "_value": 40}, "name": "info.progress"},
                {"name": "info.result", "val": {"_typeName": "int", "_value": 40}},
                {"name": "info.description", "op": "assign", "val": null},
                {"name": "info.error", "op": "remove", "val": 1},
                {"name": "info.result", "op": "indirectRemove"},
                {"name": "info", "op": "assign", "val": {}},
                {"name": "info.description.message", "op": "assign", "val": "x"}
            ]
        }));
        assert_eq!((update.kind, &*update.obj), (UpdateKind::Modify, "task-1"));
        let changes = update.change_set.into_iter();
        let parts: Vec<_> = changes.map(|change| (change.path, change.val)).collect();
        let boxed = json!({"_typeName": "int", "_value": 40});
        let expected = [
            (Path::Field("progress"), json!(40)),
            (Path::Field("progress"), boxed.clone()),
            (Path::Field("result"), boxed),
            (Path::Field("description"), Value::Null),
            (Path::Field("error"), Value::Null),
            (Path::Field("result"), Value::Null),
            (Path::Info, json!({})),
            (Path::Other("info.description.message".into()), json!("x")),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn boxed_references_and_unknown_kinds_are_parsed() {
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
    fn other_forms_and_unreadable_items_are_accepted() {
        let change = json!({"name": "info.progress", "val": 4});
        let update = json!({"kind": "modify", "obj": {"type": "Task", "value": "task-1"}, "changeSet": [change]});
        let odd_update = json!({"kind": "modify", "obj": null});
        let mut with_odd_change = update.clone();
        with_odd_change["changeSet"] = json!([null, {"op": "assign", "val": 1}, change]);
        let list = |name: &str, items: Value| json!({"_typeName": format!("ArrayOf{name}"), "_value": items});
        let filters = json!([{"objectSet": [update]}]);
        let expected: UpdateSet =
            from_value(json!({"version": "7", "filterSet": filters})).unwrap();
        for set in [
            json!({"version": "7", "filterSet": filters}),
            json!({"version": 7, "filterSet": filters}),
            json!({"version": "7", "truncated": null, "filterSet": list("PropertyFilterUpdate", filters.clone())}),
            json!({"version": "7", "filterSet": [{"objectSet": list("ObjectUpdate", json!([update]))}]}),
            json!({"version": "7", "filterSet": [{"objectSet": [null, odd_update, update]}]}),
            json!({"version": "7", "filterSet": [{"objectSet": [with_odd_change], "missingSet": [null]}]}),
            json!({"_typeName": "UpdateSet", "_value": {"version": "7", "filterSet": filters}}),
        ] {
            let text = set.to_string();
            assert_eq!(UpdateSet::from_json(set), Ok(expected.clone()), "{text}");
        }
        let mut unreadable = update.clone();
        unreadable["changeSet"][0]["name"] = json!({"_typeName": "string", "_value": "info"});
        for filters in [
            json!("x"),
            json!([{"objectSet": "x"}]),
            json!([{"objectSet": [unreadable]}]),
        ] {
            let set = json!({"version": "7", "filterSet": filters});
            assert!(UpdateSet::from_json(set.clone()).is_err(), "{set}");
        }
    }

    #[test]
    fn missing_properties_have_their_fault() {
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
