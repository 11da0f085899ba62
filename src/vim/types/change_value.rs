//! Values of property changes that are primitives, read without their boxes.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, value::SeqAccessDeserializer},
};
use serde_json::{Map, Value};

/// Deserialises a value, a primitive without its box: `{"_typeName":"int","_value":42}` becomes `42`. Thousands of these
/// arrive per second, and an object takes several allocations.
pub(super) struct Primitive;

impl<'de> DeserializeSeed<'de> for Primitive {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Primitive {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut type_name = None;
        let mut content = None;
        let mut others = Map::new();
        while let Some(name) = fields.next_key_seed(Name)? {
            match &*name {
                "_typeName" => type_name = Some(fields.next_value_seed(Name)?),
                "_value" => content = Some(fields.next_value_seed(Primitive)?),
                _ => drop(others.insert(name.into_owned(), fields.next_value()?)),
            }
        }
        match content {
            Some(Value::Object(_) | Value::Array(_)) | None => {}
            Some(primitive) => return Ok(primitive),
        }
        let type_name = type_name.map(|name| ("_typeName".to_owned(), name.as_ref().into()));
        let content = content.map(|content| ("_value".to_owned(), content));
        Ok(type_name.into_iter().chain(content).chain(others).collect())
    }
}

/// Deserialises the name of a field or type, the usual ones without allocation.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'static, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl de::Visitor<'_> for Name {
    type Value = Cow<'static, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        const USUAL: [&str; 8] = [
            "_typeName",
            "_value",
            "int",
            "string",
            "boolean",
            "dateTime",
            "TaskInfoState",
            "long",
        ];
        let usual = USUAL.iter().find(|usual| **usual == name);
        Ok(usual.map_or_else(
            || Cow::Owned(name.to_owned()),
            |usual| Cow::Borrowed(*usual),
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::unboxed;

    #[test]
    fn only_boxes_of_primitives_are_removed() {
        let boxed = |kind: &str, value: Value| json!({"_typeName": kind, "_value": value});
        for (sent, read) in [
            (json!(7), json!(7)),
            (json!(null), json!(null)),
            (json!([1, {"a": null}]), json!([1, {"a": null}])),
            (boxed("int", json!(7)), json!(7)),
            (boxed("TaskInfoState", json!("error")), json!("error")),
            (boxed("x", boxed("int", json!(-7))), json!(-7)),
            (boxed("string", json!(null)), json!(null)),
            (json!({"_value": 0.5, "_typeName": "double"}), json!(0.5)),
            (
                boxed("ArrayOfInt", json!([1])),
                boxed("ArrayOfInt", json!([1])),
            ),
            (boxed("A", json!({"b": 1})), boxed("A", json!({"b": 1}))),
            (
                json!({"_typeName": "A", "b": {"c": 1}}),
                json!({"_typeName": "A", "b": {"c": 1}}),
            ),
            (json!({}), json!({})),
        ] {
            let text = sent.to_string();
            let mut deserializer = serde_json::Deserializer::from_str(&text);
            let value = Primitive.deserialize(&mut deserializer).unwrap();
            assert_eq!(value, read, "{text}");
            assert_eq!(unboxed(value), unboxed(sent), "{text}");
        }
    }
}
