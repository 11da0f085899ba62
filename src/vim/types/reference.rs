//! `ManagedObjectReference`: type and moId of an object.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock},
};

use serde_json::{Map, Value, json};

use super::any::{Malformed, items, object, readable};

/// Reference to a managed object.
///
/// References are equal if type and value are: servers add a `serverGuid` in some places only.
#[derive(Clone)]
pub struct ManagedObjectReference {
    /// Shared by most references: there are several per task.
    kind: Arc<Kind>,
    /// The moId, such as `task-4711`.
    pub value: Arc<str>,
}

/// The part of a reference that is the same for many objects.
struct Kind {
    /// Managed object type.
    name: Box<str>,
    /// Server instance, if sent.
    server_guid: Option<Box<str>>,
}

impl ManagedObjectReference {
    /// Creates a reference from type and moId.
    pub fn new(kind: &str, value: impl Into<Arc<str>>) -> Self {
        Self::from_parts(kind, value, None)
    }

    /// Returns the managed object type, such as `Task` or `VirtualMachine`.
    pub fn kind(&self) -> &str {
        &self.kind.name
    }

    /// Creates a reference to a task.
    pub fn task(mo_id: impl Into<Arc<str>>) -> Self {
        Self::new("Task", mo_id)
    }

    /// Reads a reference, bare or boxed as in the programming guide.
    ///
    /// # Errors
    /// Returns an error if it is no object, or `type` or `value` is missing.
    pub fn from_json(field: &str, json: Value) -> Result<Self, Malformed> {
        let missing = |name| Malformed::Missing {
            type_name: "ManagedObjectReference",
            field: name,
        };
        let (mut kind, mut value, mut guid) = (None, None, None);
        for (name, field) in object(field, json)? {
            match (&*name, field) {
                ("type", Value::String(text)) => kind = Some(text),
                ("value", Value::String(text)) => value = Some(text),
                ("serverGuid", Value::String(text)) => guid = Some(text),
                _ => {}
            }
        }
        let kind = kind.ok_or_else(|| missing("type"))?;
        let value = value.ok_or_else(|| missing("value"))?;
        Ok(Self::from_parts(&kind, value, guid))
    }

    pub(super) fn from_parts(
        kind: &str,
        value: impl Into<Arc<str>>,
        server_guid: Option<String>,
    ) -> Self {
        Self {
            kind: shared(kind, server_guid.filter(|guid| !guid.is_empty())),
            value: value.into(),
        }
    }

    /// Reads a list of references in any form. Items that are no references are left out.
    ///
    /// # Errors
    /// Returns an error if it is no list, or no item is a reference.
    pub fn all_from_json(list: Value) -> Result<Vec<Self>, Malformed> {
        let read = |item| Self::from_json("ManagedObjectReference", item);
        let list = items("ManagedObjectReference", list)?;
        readable(list.into_iter().map(read))
    }

    /// Reads a reference to a task; `type` may be missing.
    ///
    /// # Errors
    /// Returns an error if it is no object, or `value` is missing.
    pub(crate) fn task_from_json(field: &str, value: Value) -> Result<Self, Malformed> {
        let mut object = object(field, value)?;
        if object.get("type").is_none_or(|kind| !kind.is_string()) {
            object.insert("type".to_owned(), json!("Task"));
        }
        Self::from_json(field, Value::Object(object))
    }

    /// Returns the reference in wire format.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("_typeName".to_owned(), json!("ManagedObjectReference"));
        object.insert("type".to_owned(), json!(self.kind()));
        object.insert("value".to_owned(), json!(self.value));
        if let Some(guid) = &self.kind.server_guid {
            object.insert("serverGuid".to_owned(), json!(guid));
        }
        Value::Object(object)
    }
}

/// Interned kinds of the most common types, shared by tens of thousands of references.
static USUAL: LazyLock<[Arc<Kind>; 9]> = LazyLock::new(|| {
    [
        "Task",
        "VirtualMachine",
        "HostSystem",
        "ClusterComputeResource",
        "ComputeResource",
        "Datastore",
        "Folder",
        "ResourcePool",
        "Datacenter",
    ]
    .map(|name| Arc::new(Kind::new(name, None)))
});

impl Kind {
    fn new(name: &str, server_guid: Option<String>) -> Self {
        Self {
            name: name.into(),
            server_guid: server_guid.map(String::into_boxed_str),
        }
    }
}

fn shared(name: &str, server_guid: Option<String>) -> Arc<Kind> {
    let mut usual = USUAL.iter().filter(|_| server_guid.is_none());
    let usual = usual.find(|usual| *usual.name == *name).cloned();
    usual.unwrap_or_else(|| Arc::new(Kind::new(name, server_guid)))
}

impl PartialEq for ManagedObjectReference {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.value == other.value
    }
}

impl Eq for ManagedObjectReference {}

impl Hash for ManagedObjectReference {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind().hash(state);
        self.value.hash(state);
    }
}

impl fmt::Display for ManagedObjectReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.value)
    }
}

impl fmt::Debug for ManagedObjectReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_guid_is_ignored() {
        let plain = ManagedObjectReference::task("task-1");
        let with_guid = ManagedObjectReference::from_json(
            "task",
            json!({"type": "Task", "value": "task-1", "serverGuid": "abc", "_typeName": "ManagedObjectReference"}),
        )
        .unwrap();
        assert_eq!(plain, with_guid);
        assert_eq!(with_guid.to_json()["serverGuid"], "abc");
    }

    #[test]
    fn boxed_reference_is_parsed() {
        let boxed = json!({"_typeName": "ManagedObjectReference", "_value": {"type": "VirtualMachine", "value": "vm-42"}});
        let read = ManagedObjectReference::from_json("entity", boxed).unwrap();
        assert_eq!(read.to_string(), "VirtualMachine:vm-42");
    }

    #[test]
    fn reference_without_value_is_an_error() {
        let error = ManagedObjectReference::from_json("task", json!({"type": "Task"})).unwrap_err();
        assert!(error.to_string().contains("“value”"), "{error}");
    }
}
