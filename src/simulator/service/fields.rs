//! Strict parser of request parameters: missing, mistyped and unknown fields are errors with the field's path.

use serde_json::{Map, Value};

use super::schema::is_a;
use crate::method_fault::MethodFault;
use crate::value::MoRef;

const MAX_PAGE_SIZE: usize = 1000;

/// Fields of a request body or of a data object, each of which is read once.
#[derive(Debug)]
pub(super) struct Fields {
    location: String,
    rest: Map<String, Value>,
    strict: bool,
}

impl Fields {
    /// Parses the parameters of a method: a JSON object, or an empty body. `strict` requires the type names of data
    /// objects.
    pub(super) fn of_body(body: &[u8], strict: bool) -> Result<Self, MethodFault> {
        let value = if body.trim_ascii().is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::from_slice(body).map_err(|error| {
                MethodFault::invalid_request(format!("The request's body is not JSON: {error}."))
            })?
        };
        match value {
            Value::Object(fields) => Ok(Self {
                location: String::new(),
                rest: fields,
                strict,
            }),
            other => Err(MethodFault::invalid_request(format!(
                "The request's body must be a JSON object, not {}.",
                kind(&other)
            ))),
        }
    }

    fn of_object(
        value: Value,
        location: String,
        type_name: &str,
        strict: bool,
    ) -> Result<Self, MethodFault> {
        let Value::Object(mut fields) = value else {
            return Err(MethodFault::invalid_request(format!(
                "{location} must be a {type_name}, not {}.",
                kind(&value)
            )));
        };
        match fields.remove("_typeName") {
            Some(Value::String(name)) if name == type_name => {}
            None if !strict => {}
            None => {
                return Err(MethodFault::invalid_request(format!(
                    "{location} lacks _typeName: it must be a {type_name}."
                )));
            }
            Some(name) => {
                return Err(MethodFault::invalid_request(format!(
                    "{location} has _typeName {name}: it must be a {type_name}."
                )));
            }
        }
        Ok(Self {
            location,
            rest: fields,
            strict,
        })
    }

    fn path(&self, name: &str) -> String {
        if self.location.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.location)
        }
    }

    /// Removes a field; `null` is equal to a missing field.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    /// Returns a field without removing it.
    pub(super) fn peek(&self, name: &str) -> Value {
        self.rest.get(name).cloned().unwrap_or_default()
    }

    fn missing(&self, name: &str) -> MethodFault {
        MethodFault::invalid_argument(&self.path(name), "It is required.")
    }

    fn of_type<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, MethodFault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        read(&value).map(Some).ok_or_else(|| {
            MethodFault::invalid_request(format!(
                "{} must be {expected}, not {}.",
                self.path(name),
                kind(&value)
            ))
        })
    }

    pub(super) fn optional_string(&mut self, name: &str) -> Result<Option<String>, MethodFault> {
        self.of_type(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn string(&mut self, name: &str) -> Result<String, MethodFault> {
        self.optional_string(name)?
            .ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_boolean(&mut self, name: &str) -> Result<Option<bool>, MethodFault> {
        self.of_type(name, "a boolean", Value::as_bool)
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<bool, MethodFault> {
        self.optional_boolean(name)?
            .ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_int(&mut self, name: &str) -> Result<Option<i32>, MethodFault> {
        self.of_type(name, "an int32", int32)
    }

    pub(super) fn int(&mut self, name: &str) -> Result<i32, MethodFault> {
        self.optional_int(name)?.ok_or_else(|| self.missing(name))
    }

    /// Reads an optional non-negative int32.
    pub(super) fn optional_count(&mut self, name: &str) -> Result<Option<usize>, MethodFault> {
        let Some(number) = self.optional_int(name)? else {
            return Ok(None);
        };
        let count = usize::try_from(number).map_err(|_| {
            MethodFault::invalid_argument(&self.path(name), "It must not be negative.")
        })?;
        Ok(Some(count))
    }

    /// Reads a limit, which must be above 0; a missing one is `usize::MAX`.
    pub(super) fn limit(&mut self, name: &str) -> Result<usize, MethodFault> {
        match self.optional_count(name)? {
            Some(0) => Err(MethodFault::invalid_argument(
                &self.path(name),
                "It must be above 0.",
            )),
            limit => Ok(limit.unwrap_or(usize::MAX)),
        }
    }

    pub(super) fn optional_time(
        &mut self,
        name: &str,
    ) -> Result<Option<jiff::Timestamp>, MethodFault> {
        self.of_type(name, "a dateTime (RFC 3339)", |value| {
            value.as_str().and_then(|text| text.parse().ok())
        })
    }

    /// Reads a list; empty if missing.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, MethodFault> {
        let list = self.of_type(name, "a list", |value| value.as_array().cloned())?;
        Ok(list.unwrap_or_default())
    }

    fn list_of<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, MethodFault> {
        let path = self.path(name);
        let items: Option<Vec<T>> = self.list(name)?.iter().map(read).collect();
        items.ok_or_else(|| {
            MethodFault::invalid_request(format!("{path} must be a list of {expected}."))
        })
    }

    pub(super) fn strings(&mut self, name: &str) -> Result<Vec<String>, MethodFault> {
        self.list_of(name, "strings", |item| item.as_str().map(str::to_owned))
    }

    pub(super) fn ints(&mut self, name: &str) -> Result<Vec<i32>, MethodFault> {
        self.list_of(name, "int32s", int32)
    }

    /// Reads a list, each item with its location.
    fn located(
        &mut self,
        name: &str,
    ) -> Result<impl Iterator<Item = (String, Value)> + use<>, MethodFault> {
        let path = self.path(name);
        let items = self.list(name)?.into_iter().enumerate();
        Ok(items.map(move |(index, item)| (format!("{path}[{index}]"), item)))
    }

    /// Reads references to objects of the type `kind`.
    pub(super) fn references(&mut self, name: &str, kind: &str) -> Result<Vec<MoRef>, MethodFault> {
        let strict = self.strict;
        self.located(name)?
            .map(|(location, item)| reference(item, location, kind, strict))
            .collect()
    }

    pub(super) fn optional_reference(
        &mut self,
        name: &str,
        kind: &str,
    ) -> Result<Option<MoRef>, MethodFault> {
        let (path, strict) = (self.path(name), self.strict);
        self.take(name)
            .map(|value| reference(value, path, kind, strict))
            .transpose()
    }

    pub(super) fn reference(&mut self, name: &str, kind: &str) -> Result<MoRef, MethodFault> {
        self.optional_reference(name, kind)?
            .ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_object(
        &mut self,
        name: &str,
        type_name: &str,
    ) -> Result<Option<Self>, MethodFault> {
        let (path, strict) = (self.path(name), self.strict);
        self.take(name)
            .map(|value| Self::of_object(value, path, type_name, strict))
            .transpose()
    }

    pub(super) fn object(&mut self, name: &str, type_name: &str) -> Result<Self, MethodFault> {
        self.optional_object(name, type_name)?
            .ok_or_else(|| self.missing(name))
    }

    pub(super) fn objects(
        &mut self,
        name: &str,
        type_name: &str,
    ) -> Result<Vec<Self>, MethodFault> {
        let strict = self.strict;
        self.located(name)?
            .map(|(location, item)| Self::of_object(item, location, type_name, strict))
            .collect()
    }

    /// Reads a list of data objects of any type in `type_names`. `_typeName` is required even if not strict.
    pub(super) fn polymorphic_objects(
        &mut self,
        name: &str,
        type_names: &[&'static str],
    ) -> Result<Vec<(&'static str, Self)>, MethodFault> {
        let strict = self.strict;
        let read = |(location, item): (String, Value)| {
            let known = type_names.iter().find(|known| item["_typeName"] == **known);
            let known = known.ok_or_else(|| {
                MethodFault::invalid_request(format!(
                    "{location} needs a _typeName out of {}.",
                    type_names.join(", ")
                ))
            })?;
            Ok((*known, Self::of_object(item, location, known, strict)?))
        };
        self.located(name)?.map(read).collect()
    }

    /// Reads `maxCount`, the size of a page.
    pub(super) fn page_size(&mut self) -> Result<usize, MethodFault> {
        match self.optional_count("maxCount")? {
            None => Err(self.missing("maxCount")),
            Some(count) if (1..=MAX_PAGE_SIZE).contains(&count) => Ok(count),
            Some(_) => Err(MethodFault::invalid_argument(
                "maxCount",
                "It must be from 1 to 1000.",
            )),
        }
    }

    /// Fails if there are unread fields.
    pub(super) fn done(mut self) -> Result<(), MethodFault> {
        if self.location.is_empty() {
            // The name of the parameters' type (`LoginRequestType`) is redundant but valid.
            self.rest.remove("_typeName");
        }
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => Err(MethodFault::invalid_request(format!(
                "Unknown field {}.",
                self.path(name)
            ))),
        }
    }
}

/// Returns an integer, which JSON may write as `2` or `2.0`.
fn int32(value: &Value) -> Option<i32> {
    // A whole number is formatted without a fraction.
    value.as_f64()?.to_string().parse().ok()
}

fn reference(
    value: Value,
    location: String,
    kind: &str,
    strict: bool,
) -> Result<MoRef, MethodFault> {
    let mut fields = Fields::of_object(value, location, "ManagedObjectReference", strict)?;
    let reference = MoRef::new(fields.string("type")?, fields.string("value")?);
    fields.optional_string("serverGuid")?;
    // Not all types of managed objects are known.
    if kind != "ManagedObject" && !is_a(&reference.kind, kind) {
        let text = format!("{} must refer to a {kind}.", fields.location);
        return Err(MethodFault::invalid_request(text));
    }
    fields.done()?;
    Ok(reference)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Fields {
        Fields::of_body(body.as_bytes(), true).unwrap()
    }

    #[test]
    fn no_body_and_an_empty_object_are_no_parameters() {
        assert!(read("").done().is_ok() && read("{}").done().is_ok() && read(" \n").done().is_ok());
    }

    #[test]
    fn non_object_is_rejected() {
        for body in ["[1]", "\"x\"", "{\"a\":", "<html>"] {
            assert_eq!(
                Fields::of_body(body.as_bytes(), true)
                    .unwrap_err()
                    .type_name(),
                "InvalidRequest",
                "{body}"
            );
        }
    }

    #[test]
    fn a_required_parameter_that_is_missing_or_null_is_named() {
        for body in ["{}", "{\"version\":null}"] {
            let fault = read(body).string("version").unwrap_err().into_json();
            assert_eq!(fault["_typeName"], "InvalidArgument");
            assert_eq!(fault["invalidProperty"], "version");
        }
    }

    #[test]
    fn data_objects_must_name_their_type_when_strict() {
        let bare = r#"{"obj":{"type":"Task","value":"task-1"}}"#;
        assert!(
            read(bare).reference("obj", "Task").unwrap_err().into_json()["faultstring"]
                .as_str()
                .unwrap()
                .contains("_typeName")
        );
        let mut lenient = Fields::of_body(bare.as_bytes(), false).unwrap();
        assert_eq!(
            lenient.reference("obj", "Task").unwrap(),
            MoRef::new("Task", "task-1")
        );
        let wrong = r#"{"obj":{"_typeName":"TaskInfo","type":"Task","value":"task-1"}}"#;
        assert!(
            Fields::of_body(wrong.as_bytes(), false)
                .unwrap()
                .reference("obj", "Task")
                .is_err()
        );
    }

    #[test]
    fn references_are_to_objects_of_the_declared_type() {
        let body =
            r#"{"a":{"_typeName":"ManagedObjectReference","type":"HostSystem","value":"h"}}"#;
        for kind in ["HostSystem", "ManagedEntity", "ManagedObject"] {
            assert!(read(body).reference("a", kind).is_ok(), "{kind}");
        }
        for kind in ["Task", "Alarm"] {
            let fault = read(body).reference("a", kind).unwrap_err();
            assert_eq!(fault.type_name(), "InvalidRequest", "{kind}");
        }
    }

    #[test]
    fn whole_numbers_are_integers_however_written() {
        let mut fields = read(r#"{"count":2.0,"chains":[3e1,4]}"#);
        assert_eq!(fields.int("count").unwrap(), 2);
        assert_eq!(fields.ints("chains").unwrap(), [30, 4]);
        for other in ["2.5", "1e10", "\"2\""] {
            let mut fields = read(&format!("{{\"count\":{other}}}"));
            assert!(fields.int("count").is_err(), "{other}");
        }
    }

    #[test]
    fn unknown_fields_are_reported_with_their_path() {
        let fault = read(r#"{"obj":{"_typeName":"ManagedObjectReference","type":"Task","value":"t","valeu":"x"}}"#)
            .reference("obj", "Task")
            .unwrap_err()
            .into_json();
        assert_eq!(fault["faultstring"], "Unknown field obj.valeu.");
        assert!(read(r#"{"verson":""}"#).done().is_err());
    }
}
