//! Published types: the properties of managed objects and the fields of data objects.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::value::Property;

/// Managed object types of which the server has objects, and others that clients ask for.
static MANAGED: LazyLock<HashMap<&'static str, TypeDef>> =
    LazyLock::new(|| parse(include_str!("schema/managed.txt")));

/// Data object types that the server returns.
static DATA: LazyLock<HashMap<&'static str, TypeDef>> =
    LazyLock::new(|| parse(include_str!("schema/data.txt")));

#[derive(Debug, Default)]
struct TypeDef {
    parent: Option<&'static str>,
    fields: Vec<FieldDef>,
}

/// A property of a managed object or a field of a data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldDef {
    pub(super) name: &'static str,
    /// Name of the type in a box; of the element type if it is a list.
    pub(super) kind: &'static str,
    pub(super) is_list: bool,
    /// True if it may be unset.
    pub(super) is_optional: bool,
    /// True if the value is a data object.
    is_object: bool,
}

const PRIMITIVES: [&str; 10] = [
    "boolean", "byte", "short", "int", "long", "float", "double", "string", "dateTime", "any",
];

fn parse(text: &'static str) -> HashMap<&'static str, TypeDef> {
    let mut types: HashMap<&'static str, TypeDef> = HashMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace().peekable();
        if !line.starts_with(' ') {
            current = words.next().unwrap_or_default();
        }
        let of_type = types.entry(current).or_default();
        if words.next_if_eq(&"<").is_some() {
            of_type.parent = words.next();
        }
        of_type.fields.extend(words.filter_map(field_of));
    }
    types
}

fn field_of(word: &'static str) -> Option<FieldDef> {
    let (name, kind) = word.split_once(':')?;
    let (name, is_optional) = name
        .strip_suffix('?')
        .map_or((name, false), |name| (name, true));
    let (kind, is_list) = kind
        .strip_suffix("[]")
        .map_or((kind, false), |kind| (kind, true));
    let (kind, is_object) = match (kind, kind.strip_prefix('=')) {
        ("ref", _) => ("ManagedObjectReference", false),
        (_, Some(enumeration)) => (enumeration, false),
        _ => (kind, !PRIMITIVES.contains(&kind)),
    };
    Some(FieldDef {
        name,
        kind,
        is_list,
        is_optional,
        is_object,
    })
}

/// Returns the type and its supertypes.
fn lineage(
    types: &'static HashMap<&'static str, TypeDef>,
    kind: &str,
) -> impl Iterator<Item = (&'static str, &'static TypeDef)> + use<> {
    let find = |name: &str| {
        types
            .get_key_value(name)
            .map(|(name, found)| (*name, found))
    };
    std::iter::successors(find(kind), move |(_, found)| found.parent.and_then(find))
}

/// True if a managed object type of this name exists.
pub(super) fn is_managed(kind: &str) -> bool {
    MANAGED.contains_key(kind)
}

/// True if `base` is the managed object type `kind` or one of its supertypes.
pub(super) fn is_a(kind: &str, base: &str) -> bool {
    kind == base || lineage(&MANAGED, kind).any(|(name, _)| name == base)
}

/// Returns the properties of a managed object type, including inherited ones.
pub(super) fn properties(kind: &str) -> impl Iterator<Item = &'static FieldDef> + use<> {
    lineage(&MANAGED, kind).flat_map(|(_, found)| &found.fields)
}

pub(super) fn property(kind: &str, name: &str) -> Option<&'static FieldDef> {
    properties(kind).find(|field| field.name == name)
}

/// Returns the required fields of a data object type.
pub(super) fn required(kind: &str) -> impl Iterator<Item = &'static str> + use<> {
    lineage(&DATA, kind)
        .flat_map(|(_, found)| &found.fields)
        .filter(|field| !field.is_optional)
        .map(|field| field.name)
}

/// Resolves a property path (`summary.config.name`) of the type `kind`; `None` if it is invalid. Any path is valid
/// below a data object whose fields are not listed.
pub(super) fn path(kind: &str, path: &str) -> Option<FieldDef> {
    let mut steps = path.split('.');
    let mut field = *property(kind, steps.next()?)?;
    for step in steps {
        if step.is_empty() || field.is_list || !field.is_object {
            return None;
        }
        if DATA.contains_key(field.kind) {
            let mut below = lineage(&DATA, field.kind).flat_map(|(_, found)| &found.fields);
            field = *below.find(|below| below.name == step)?;
        } else {
            field = FieldDef { kind: "", ..field };
        }
    }
    Some(field)
}

impl FieldDef {
    /// Converts a JSON value of this type to a property.
    pub(super) fn to_property(self, value: Value) -> Property {
        let kind = match &value {
            _ if !self.kind.is_empty() => self.kind,
            Value::Bool(_) => "boolean",
            Value::Number(_) => "int",
            _ => "string",
        };
        match value {
            Value::Null => Property::Unset,
            Value::Array(items) => Property::List(kind, items),
            Value::Object(_) => Property::Object(value),
            primitive => Property::Primitive(kind, primitive),
        }
    }
}

/// Checks a value against its declaration. Errors start with `path`.
#[cfg(test)]
pub(super) fn check(field: &FieldDef, value: &Value, path: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{path}: {why}: {value}"));
    if field.is_list {
        let Some(items) = value.as_array() else {
            return wrong("no list");
        };
        let element = FieldDef {
            is_list: false,
            ..*field
        };
        return items
            .iter()
            .try_for_each(|item| check(&element, item, &format!("{path}[]")));
    }
    let whole = |minimum: i64, maximum: i64| {
        value
            .as_i64()
            .is_some_and(|number| (minimum..=maximum).contains(&number))
    };
    let fits = match field.kind {
        "boolean" => value.is_boolean(),
        "byte" => whole(i8::MIN.into(), i8::MAX.into()),
        "short" => whole(i16::MIN.into(), i16::MAX.into()),
        "int" => whole(i32::MIN.into(), i32::MAX.into()),
        "long" => value.is_i64(),
        "dateTime" => value
            .as_str()
            .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        "ManagedObjectReference" => value["_typeName"] == "ManagedObjectReference",
        "any" => true,
        _ if field.is_object => value.is_object(),
        _ => value.is_string(),
    };
    if !fits {
        return wrong(field.kind);
    }
    if field.is_object {
        check_object(field.kind, value, path)?;
    }
    Ok(())
}

#[cfg(test)]
fn check_object(declared: &str, value: &Value, path: &str) -> Result<(), String> {
    let Some(kind) = value["_typeName"].as_str() else {
        return Err(format!("{path}: no _typeName: {value}"));
    };
    // Streaming clients need the type before the fields.
    let first = value.as_object().and_then(|fields| fields.keys().next());
    if first.is_none_or(|name| name != "_typeName") {
        return Err(format!("{path}: _typeName is not first: {value}"));
    }
    if DATA.contains_key(declared) && !lineage(&DATA, kind).any(|(name, _)| name == declared) {
        return Err(format!("{path}: {kind} is no {declared}"));
    }
    if !DATA.contains_key(kind) {
        return Ok(());
    }
    let fields: Vec<&FieldDef> = lineage(&DATA, kind)
        .flat_map(|(_, found)| &found.fields)
        .collect();
    for field in &fields {
        let path = format!("{path}.{}", field.name);
        match value.get(field.name) {
            Some(value) => check(field, value, &path)?,
            None if field.is_optional => {}
            None => return Err(format!("{path} is required")),
        }
    }
    let mut names = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name);
    match names.find(|name| *name != "_typeName" && !fields.iter().any(|field| field.name == *name))
    {
        Some(unknown) => Err(format!("{path}.{unknown} is no field of {kind}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supertypes_are_inherited_from() {
        assert!(is_a("ClusterComputeResource", "ManagedEntity"));
        assert!(is_a("VirtualApp", "ResourcePool") && !is_a("ResourcePool", "VirtualApp"));
        assert!(property("VirtualMachine", "name").is_some());
        assert_eq!(property("ManagedEntity", "childEntity"), None);
    }

    #[test]
    fn paths_end_at_lists_references_and_primitives() {
        let kind = |of: &str, text: &str| path(of, text).map(|field| field.kind);
        assert_eq!(kind("VirtualMachine", "summary.config.numCpu"), Some("int"));
        assert_eq!(
            kind("TaskManager", "description.methodInfo"),
            Some("ElementDescription")
        );
        for (of, text) in [
            ("TaskManager", "description.methodInfo.key"),
            ("VirtualMachine", "runtime.host.name"),
            ("VirtualMachine", "runtime.powerState.x"),
            ("VirtualMachine", "summary.colour"),
            ("VirtualMachine", "summary..config"),
            ("VirtualMachine", ""),
        ] {
            assert_eq!(kind(of, text), None, "{of} {text}");
        }
    }
}
