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
    /// True if it has subtypes that are not listed.
    is_open: bool,
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

const PRIMITIVES: [&str; 11] = [
    "boolean", "byte", "short", "int", "long", "float", "double", "string", "dateTime", "binary",
    "any",
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
        of_type.is_open |= words.next_if_eq(&"...").is_some();
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

/// True if a data object of this declared type may have fields that are not listed.
fn is_open(kind: &str) -> bool {
    DATA.get(kind).is_none_or(|found| found.is_open)
}

/// Resolves a property path (`summary.config.name`) of the type `kind`; `None` if it is invalid. Any path is valid
/// below a data object that may have fields that are not listed.
pub(super) fn path(kind: &str, path: &str) -> Option<FieldDef> {
    let mut steps = path.split('.');
    let mut field = *property(kind, steps.next()?)?;
    for step in steps {
        if step.is_empty() || field.is_list || !field.is_object {
            return None;
        }
        let mut below = lineage(&DATA, field.kind).flat_map(|(_, found)| &found.fields);
        field = match below.find(|below| below.name == step) {
            Some(listed) => *listed,
            None if is_open(field.kind) => FieldDef { kind: "", ..field },
            None => return None,
        };
    }
    Some(field)
}

impl FieldDef {
    /// Returns a property of this type.
    pub(super) fn property(self, value: Value) -> Property {
        let kind = match &value {
            _ if !self.kind.is_empty() => self.kind,
            Value::Bool(_) => "boolean",
            Value::Number(_) => "int",
            _ => "string",
        };
        Property { kind, value }
    }
}

#[cfg(test)]
pub(super) mod tests;
