//! Tests of the published types, and the check of values against them.

use super::*;

/// Checks a value against its declaration. Errors start with `path`.
pub(crate) fn check(field: &FieldDef, value: &Value, path: &str) -> Result<(), String> {
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

fn check_object(declared: &str, value: &Value, path: &str) -> Result<(), String> {
    let Some(kind) = value["_typeName"].as_str() else {
        return Err(format!("{path}: no _typeName: {value}"));
    };
    // Streaming clients need the type before the fields.
    let first = value.as_object().and_then(|fields| fields.keys().next());
    if first.is_none_or(|name| name != "_typeName") {
        return Err(format!("{path}: _typeName is not first: {value}"));
    }
    if !is_open(declared) && !lineage(&DATA, kind).any(|(name, _)| name == declared) {
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
        ("PropertyFilter", "spec.colour"),
    ] {
        assert_eq!(kind(of, text), None, "{of} {text}");
    }
}

#[test]
fn types_have_their_published_names() {
    for (of, text, kind) in [
        ("ServiceInstance", "capability.supportedEVCMode", "EVCMode"),
        (
            "DistributedVirtualSwitch",
            "networkResourcePool",
            "DVSNetworkResourcePool",
        ),
        ("PropertyFilter", "spec.objectSet", "ObjectSpec"),
        ("EventManager", "latestEvent.createdTime", "dateTime"),
        ("Task", "info.error.faultMessage", "LocalizableMessage"),
        // Fields of subtypes.
        ("EventManager", "latestEvent.configSpec", ""),
        ("Task", "info.error.file", ""),
    ] {
        let found = path(of, text).map(|field| field.kind);
        assert_eq!(found, Some(kind), "{of} {text}");
    }
}
