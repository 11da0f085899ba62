//! `RetrieveResult`: properties of objects, read with one request.
//!
//! Its usual form is deserialised directly, as it carries whole tasks by the thousand; any other form is read from a
//! JSON value.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{
    any::{ARRAY_PREFIX, Malformed, items, items_as_sent, object_as_sent, readable, take_string},
    fault::Fault,
    reference::ManagedObjectReference,
};

/// A part of the result of a retrieval. It deserialises from its usual form only: nothing boxed and no unknown field.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(from = "BareResult")]
pub struct RetrieveResult {
    /// Objects that exist.
    pub objects: Vec<ObjectContent>,
    /// Continues the retrieval, if this is not all.
    pub token: Option<String>,
}

/// Properties of one object.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(from = "BareContent")]
pub struct ObjectContent {
    /// The object.
    pub object: ManagedObjectReference,
    /// Values by property path, as sent.
    pub values: HashMap<String, Value>,
    /// The fault of a property that could not be read.
    pub fault: Option<Fault>,
}

impl RetrieveResult {
    /// Reads a result in any form; `null` if there is none. Malformed objects are left out.
    ///
    /// # Errors
    /// Returns an error if it or its list of objects is of another kind, or no object can be read.
    pub fn from_json(result: Value) -> Result<Self, Malformed> {
        if result.is_null() {
            return Ok(Self::default());
        }
        let mut result = object_as_sent("RetrieveResult", result)?;
        let token = take_string(&mut result, "token").filter(|token| !token.is_empty());
        let objects = result.shift_remove("objects").unwrap_or_default();
        let objects = items_as_sent("ObjectContent", objects)?;
        let objects = objects.into_iter().map(ObjectContent::from_json);
        Ok(Self {
            objects: readable(objects)?,
            token,
        })
    }
}

impl ObjectContent {
    fn from_json(content: Value) -> Result<Self, Malformed> {
        let mut content = object_as_sent("ObjectContent", content)?;
        let mut take = |name: &str| content.shift_remove(name).unwrap_or_default();
        let object = ManagedObjectReference::from_json("obj", take("obj"))?;
        let mut values = HashMap::new();
        for property in items_as_sent("DynamicProperty", take("propSet"))? {
            let mut property = object_as_sent("DynamicProperty", property)?;
            if let Some(name) = take_string(&mut property, "name")
                && let Some(value) = property.shift_remove("val")
            {
                values.insert(name, value);
            }
        }
        let missing = items("MissingProperty", take("missingSet"))?.into_iter();
        Ok(Self {
            object,
            values,
            fault: first_fault(missing),
        })
    }
}

/// Returns the first fault of properties that could not be read.
fn first_fault(mut missing: impl Iterator<Item = Value>) -> Option<Fault> {
    missing
        .find_map(|mut missing| missing.get_mut("fault").map(Value::take))
        .map(Fault::new)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BareResult {
    #[serde(rename = "_typeName")]
    _type: Option<BareType>,
    token: Option<String>,
    objects: Option<Vec<ObjectContent>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BareContent {
    #[serde(rename = "_typeName")]
    _type: Option<BareType>,
    obj: BareReference,
    prop_set: Option<Vec<BareProperty>>,
    missing_set: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BareProperty {
    #[serde(rename = "_typeName")]
    _type: Option<BareType>,
    name: String,
    val: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BareReference {
    #[serde(rename = "_typeName")]
    _type: Option<BareType>,
    #[serde(rename = "type")]
    kind: String,
    value: String,
    server_guid: Option<String>,
}

/// The type of an object that is no list in a box.
struct BareType;

impl<'de> Deserialize<'de> for BareType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = BareType;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the type of a data object")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<BareType, E> {
                if name.starts_with(ARRAY_PREFIX) {
                    return Err(E::invalid_value(de::Unexpected::Str(name), &self));
                }
                Ok(BareType)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl From<BareResult> for RetrieveResult {
    fn from(result: BareResult) -> Self {
        Self {
            objects: result.objects.unwrap_or_default(),
            token: result.token.filter(|token| !token.is_empty()),
        }
    }
}

impl From<BareContent> for ObjectContent {
    fn from(content: BareContent) -> Self {
        let values = content.prop_set.unwrap_or_default().into_iter();
        let missing = content.missing_set.unwrap_or_default().into_iter();
        let reference = content.obj;
        Self {
            object: ManagedObjectReference::from_parts(
                &reference.kind,
                reference.value,
                reference.server_guid,
            ),
            values: values
                .map(|property| (property.name, property.val))
                .collect(),
            fault: first_fault(missing.map(super::any::unboxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn malformed_objects_are_left_out() {
        let good = json!({"obj": {"type": "Task", "value": "task-1"}});
        let odd = [
            json!(null),
            json!({"obj": null}),
            json!({"obj": {"value": "task-2"}}),
        ];
        for odd in &odd {
            let result = json!({"objects": [odd, good], "token": "7"});
            let result = RetrieveResult::from_json(result).unwrap();
            assert_eq!(
                (result.objects.len(), result.token.as_deref()),
                (1, Some("7"))
            );
        }
        assert!(RetrieveResult::from_json(json!({"objects": odd})).is_err());
    }

    #[test]
    fn usual_form_deserialises_to_the_same_as_any_form() {
        let content = json!({"_typeName": "ObjectContent",
            "obj": {"_typeName": "ManagedObjectReference", "type": "Task", "value": "task-1", "serverGuid": ""},
            "propSet": [{"_typeName": "DynamicProperty", "name": "info", "val": {"_typeName": "TaskInfo", "key": "task-1"}},
                {"name": "unset", "val": null}],
            "missingSet": [{"path": "tag"}, {"path": "x", "fault": {"_typeName": "string", "_value": {"_typeName": "NoPermission"}}}]});
        let list = |items: Value| json!({"_typeName": "ArrayOfObjectContent", "_value": items});
        for (result, is_usual) in [
            (
                json!({"_typeName": "RetrieveResult", "objects": [content], "token": "7"}),
                true,
            ),
            (
                json!({"objects": [{"obj": {"type": "Task", "value": "task-1"}, "propSet": null}], "token": ""}),
                true,
            ),
            (json!({}), true),
            (json!({"objects": list(json!([content]))}), false),
            (
                json!({"_typeName": "RetrieveResult", "_value": {"objects": [content]}}),
                false,
            ),
            (
                json!({"_typeName": "ArrayOfObjectContent", "objects": [content]}),
                false,
            ),
            (json!({"objects": [content], "more": true}), false),
            (
                json!({"objects": [{"obj": {"type": "Task", "value": "task-1"}, "propSet": [{"name": "info"}]}]}),
                false,
            ),
        ] {
            let text = result.to_string();
            let bare = serde_json::from_str::<RetrieveResult>(&text).ok();
            assert_eq!(bare.is_some(), is_usual, "{text}");
            let any = RetrieveResult::from_json(result);
            if let Some(bare) = bare {
                assert_eq!(any, Ok(bare), "{text}");
            }
        }
    }
}
