//! Determines an entity's location from the objects above it. Pure.

use std::{collections::HashMap, iter, sync::Arc};

use percent_encoding::percent_decode_str;

use crate::types::{
    EntityLocation, Fault, Location, ManagedObjectReference, ObjectContent, unboxed,
};

/// The type of virtual machines.
pub(super) const MACHINE: &str = "VirtualMachine";
/// Maximum number of levels above an entity.
pub(super) const MAX_LEVELS: usize = 32;

/// An object of the inventory, as far as it could be read.
#[derive(Debug, Default, Clone)]
pub(super) struct Node {
    name: Option<Arc<str>>,
    pub(super) parent: Option<ManagedObjectReference>,
    /// The host of a virtual machine.
    host: Option<ManagedObjectReference>,
    /// The resource pool of a virtual machine.
    pub(super) pool: Option<ManagedObjectReference>,
    /// The reason why a property could not be read.
    pub(super) error: Option<Arc<str>>,
}

type Nodes = HashMap<ManagedObjectReference, Node>;

impl Node {
    pub(super) fn of(mut object: ObjectContent) -> (ManagedObjectReference, Self) {
        let mut reference = |names: &[&str]| {
            let found = names.iter().find_map(|name| object.values.remove(*name));
            ManagedObjectReference::from_json("parent", found?).ok()
        };
        let node = Self {
            parent: reference(&["parent", "parentFolder", "parentVApp"]),
            host: reference(&["runtime.host"]),
            pool: reference(&["resourcePool"]),
            name: object
                .values
                .remove("name")
                .and_then(|name| Some(decoded(unboxed(name).as_str()?))),
            error: object.fault.as_ref().map(reason),
        };
        (object.object, node)
    }

    /// Creates an object that the server left out of an answer.
    pub(super) fn missing() -> Self {
        Self {
            error: Some("it is not, or no longer, in the inventory".into()),
            ..Self::default()
        }
    }

    /// Returns the objects that it refers to.
    pub(super) fn references(&self) -> impl Iterator<Item = &ManagedObjectReference> {
        [&self.parent, &self.host, &self.pool].into_iter().flatten()
    }

    /// True if nothing of it could be read.
    fn is_unreadable(&self) -> bool {
        self.error.is_some() && self.name.is_none() && self.references().next().is_none()
    }
}

fn reason(fault: &Fault) -> Arc<str> {
    format!("{}: {}", fault.type_name(), fault.text()).into()
}

/// Names of the inventory contain `/`, `\` and `%` as `%2f`, `%5c` and `%25`.
fn decoded(name: &str) -> Arc<str> {
    percent_decode_str(name).decode_utf8_lossy().into()
}

/// True if a virtual machine lacks a folder, or a host that can be read.
pub(super) fn is_incomplete(machine: &Node, nodes: &Nodes) -> bool {
    let host = machine.host.as_ref().and_then(|host| nodes.get(host));
    machine.parent.is_none() || host.is_none_or(|host| host.name.is_none() || host.parent.is_none())
}

/// Returns the object and those above it, nearest first.
fn path<'a>(
    start: Option<&'a ManagedObjectReference>,
    nodes: &'a Nodes,
) -> impl Iterator<Item = (&'a str, &'a Node)> + Clone {
    let above = |object: &&'a ManagedObjectReference| nodes.get(*object)?.parent.as_ref();
    let objects = iter::successors(start, above).take(MAX_LEVELS);
    objects.filter_map(|object| Some((object.kind(), nodes.get(object)?)))
}

/// Determines the location of an entity that was read as `node`.
pub(super) fn resolve(
    entity: &ManagedObjectReference,
    node: Option<&Node>,
    nodes: &Nodes,
) -> EntityLocation {
    let missing = Node::missing();
    let node = node.unwrap_or(&missing);
    if node.is_unreadable() {
        return EntityLocation::Unreadable(node.error.clone().unwrap_or_default());
    }
    let is_machine = entity.kind() == MACHINE;
    let own = path(Some(entity).filter(|_| !is_machine), nodes);
    let above = path(node.parent.as_ref(), nodes);
    let compute = own
        .clone()
        .chain(path(node.host.as_ref(), nodes))
        .chain(path(node.pool.as_ref(), nodes));
    let name_of = |type_name: &str| {
        let mut found = compute.clone().chain(above.clone());
        let (_, node) = found.find(|(kind, node)| *kind == type_name && node.name.is_some())?;
        node.name.clone()
    };
    let is_datacenter = |(kind, _): &(&str, &Node)| *kind == "Datacenter";
    let mut folders: Vec<&str> = above
        .clone()
        .take_while(|step| !is_datacenter(step))
        .filter(|(kind, _)| matches!(*kind, "Folder" | "StoragePod"))
        .filter_map(|(_, node)| node.name.as_deref())
        .collect();
    // The topmost folder, such as `vm`, is not shown by the vSphere Client; nor is the root folder.
    folders.pop();
    folders.reverse();
    EntityLocation::Known(Location {
        host: name_of("HostSystem"),
        cluster: name_of("ClusterComputeResource"),
        datacenter: name_of("Datacenter"),
        folder: (!folders.is_empty()).then(|| folders.join("/").into()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(reference: &str, properties: &Value) -> (ManagedObjectReference, Node) {
        let object = parsed(reference);
        let values = properties.as_object().unwrap().iter().map(|(name, value)| {
            let value = match value.as_str() {
                Some(text) if name != "name" => parsed(text).to_json(),
                _ => value.clone(),
            };
            (name.clone(), value)
        });
        Node::of(ObjectContent {
            object,
            values: values.collect(),
            fault: None,
        })
    }

    fn parsed(text: &str) -> ManagedObjectReference {
        let (kind, value) = text.split_once(':').unwrap();
        ManagedObjectReference::new(kind, value)
    }

    fn nodes() -> Nodes {
        [
            ("Folder:root", json!({"name": "Datacenters"})),
            (
                "Folder:emea",
                json!({"name": "EMEA", "parent": "Folder:root"}),
            ),
            (
                "Datacenter:dc",
                json!({"name": "dc-01", "parent": "Folder:emea"}),
            ),
            (
                "Folder:vm",
                json!({"name": "vm", "parent": "Datacenter:dc"}),
            ),
            (
                "Folder:prod",
                json!({"name": "prod", "parent": "Folder:vm"}),
            ),
            (
                "Folder:web",
                json!({"name": "web%2fapp", "parent": "Folder:prod"}),
            ),
            (
                "Folder:host",
                json!({"name": "host", "parent": "Datacenter:dc"}),
            ),
            (
                "ClusterComputeResource:c",
                json!({"name": "prod-a", "parent": "Folder:host"}),
            ),
            (
                "ComputeResource:s",
                json!({"name": "esx-99", "parent": "Folder:host"}),
            ),
            (
                "HostSystem:h",
                json!({"name": "esx-07", "parent": "ClusterComputeResource:c"}),
            ),
            (
                "HostSystem:alone",
                json!({"name": "esx-99", "parent": "ComputeResource:s"}),
            ),
            ("HostSystem:hidden", json!({})),
            (
                "ResourcePool:r",
                json!({"name": "Resources", "parent": "ClusterComputeResource:c"}),
            ),
            (
                "ResourcePool:low",
                json!({"name": "low", "parent": "ResourcePool:r"}),
            ),
            (
                "VirtualApp:shop",
                json!({"name": "shop", "parentFolder": "Folder:prod"}),
            ),
            (
                "Folder:circle",
                json!({"name": "circle", "parent": "Folder:circle"}),
            ),
        ]
        .iter()
        .map(|(reference, properties)| object(reference, properties))
        .collect()
    }

    /// Host, cluster, datacenter and folder, `-` where there is none.
    fn located(reference: &str, properties: Option<&Value>) -> String {
        let nodes = nodes();
        let machine = properties.map(|properties| object(reference, properties).1);
        let entity = parsed(reference);
        let node = machine.as_ref().or_else(|| nodes.get(&entity));
        match resolve(&entity, node, &nodes) {
            EntityLocation::Known(location) => {
                let Location {
                    host,
                    cluster,
                    datacenter,
                    folder,
                } = &location;
                let all =
                    [host, cluster, datacenter, folder].map(|name| name.as_deref().unwrap_or("-"));
                all.join(" ")
            }
            EntityLocation::Unreadable(reason) => reason.to_string(),
        }
    }

    #[test]
    fn machines_run_on_hosts_and_are_in_folders() {
        for (properties, expected) in [
            (
                json!({"runtime.host": "HostSystem:h", "parent": "Folder:web"}),
                "esx-07 prod-a dc-01 prod/web/app",
            ),
            (
                json!({"runtime.host": "HostSystem:alone", "parent": "Folder:vm"}),
                "esx-99 - dc-01 -",
            ),
            (
                json!({"runtime.host": "HostSystem:h", "parentVApp": "VirtualApp:shop"}),
                "esx-07 prod-a dc-01 prod",
            ),
            (
                json!({"runtime.host": "HostSystem:hidden", "parent": "Folder:prod", "resourcePool": "ResourcePool:low"}),
                "- prod-a dc-01 prod",
            ),
            (json!({"parent": "Folder:prod"}), "- - dc-01 prod"),
            (json!({"parent": "Folder:circle"}), "- - - circle"),
        ] {
            let shown = located("VirtualMachine:vm-1", Some(&properties));
            assert!(shown.starts_with(expected), "{properties}: {shown}");
        }
    }

    #[test]
    fn other_entities_have_a_location_too() {
        for (reference, expected) in [
            ("HostSystem:h", "esx-07 prod-a dc-01 -"),
            ("ClusterComputeResource:c", "- prod-a dc-01 -"),
            ("Datacenter:dc", "- - dc-01 EMEA"),
            ("ResourcePool:low", "- prod-a dc-01 -"),
            ("Folder:web", "- - dc-01 prod"),
            ("Folder:root", "- - - -"),
        ] {
            assert_eq!(located(reference, None), expected, "{reference}");
        }
        assert!(located("Datastore:ds", None).contains("no longer, in the inventory"));
    }

    #[test]
    fn a_machine_without_folder_or_readable_host_needs_more() {
        let nodes = nodes();
        for (properties, expected) in [
            (
                json!({"runtime.host": "HostSystem:h", "parent": "Folder:web"}),
                false,
            ),
            (json!({"runtime.host": "HostSystem:h"}), true),
            (
                json!({"runtime.host": "HostSystem:hidden", "parent": "Folder:web"}),
                true,
            ),
        ] {
            let (_, node) = object("VirtualMachine:vm-1", &properties);
            assert_eq!(is_incomplete(&node, &nodes), expected, "{properties}");
        }
    }
}
