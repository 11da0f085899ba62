//! Inventory of the simulated vCenter: folders, a datacenter, clusters, hosts, datastores, networks and virtual
//! machines.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::time::WorldTime;
use crate::value::MoRef;

/// The root folder, which is the first object.
pub(super) const ROOT: EntityId = EntityId(0);

/// Index of an object in the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntityId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntityKind {
    /// Folder with the allowed type of its children (`childType`).
    Folder(&'static str),
    Datacenter,
    Cluster,
    /// Root resource pool of a cluster.
    ResourcePool,
    Host,
    Datastore,
    Network,
    VirtualMachine,
}

impl EntityKind {
    /// Returns the kind of a managed object type.
    pub(crate) fn of_type(name: &str) -> Option<Self> {
        let kinds = [
            Self::Folder("VirtualMachine"),
            Self::Datacenter,
            Self::Cluster,
            Self::ResourcePool,
            Self::Host,
            Self::Datastore,
            Self::Network,
            Self::VirtualMachine,
        ];
        kinds.into_iter().find(|kind| kind.type_name() == name)
    }

    /// Returns the managed object type.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Folder(_) => "Folder",
            Self::Datacenter => "Datacenter",
            Self::Cluster => "ClusterComputeResource",
            Self::ResourcePool => "ResourcePool",
            Self::Host => "HostSystem",
            Self::Datastore => "Datastore",
            Self::Network => "Network",
            Self::VirtualMachine => "VirtualMachine",
        }
    }

    fn id_prefix(self) -> &'static str {
        match self {
            Self::Folder(_) => "group-d",
            Self::Datacenter => "datacenter-",
            Self::Cluster => "domain-c",
            Self::ResourcePool => "resgroup-",
            Self::Host => "host-",
            Self::Datastore => "datastore-",
            Self::Network => "network-",
            Self::VirtualMachine => "vm-",
        }
    }
}

/// Managed object of the inventory.
#[derive(Debug)]
pub(crate) struct Entity {
    pub kind: EntityKind,
    pub reference: MoRef,
    pub name: Arc<str>,
    pub parent: Option<EntityId>,
    pub children: Vec<EntityId>,
    /// Host of a virtual machine.
    pub host: Option<EntityId>,
    /// Datastore with the files of a virtual machine.
    pub datastore: Option<EntityId>,
    /// Network of a virtual machine.
    pub network: Option<EntityId>,
    /// Pending question of a virtual machine and the time at which it was posed.
    pub question: Option<(WorldTime, Value)>,
    /// True for a host that does not respond.
    pub is_lost: bool,
    /// True if the reference is that of a record.
    pub is_recorded: bool,
    /// Version of the newest change; 0: unchanged since the start.
    pub last_change: u64,
}

/// All objects, indexed by id, name and reference.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// Part of the references that it gives to objects.
    marker: &'static str,
    entities: Vec<Entity>,
    by_name: HashMap<Arc<str>, EntityId>,
    by_reference: HashMap<MoRef, EntityId>,
}

impl Inventory {
    /// Returns an inventory with a root folder.
    pub(crate) fn new() -> Self {
        Self::with_marker("")
    }

    /// Returns the inventory of a record, whose objects without a recorded reference have one that no vCenter uses.
    pub(super) fn of_record() -> Self {
        Self::with_marker("unrecorded-")
    }

    fn with_marker(marker: &'static str) -> Self {
        let mut inventory = Self {
            marker,
            entities: Vec::new(),
            by_name: HashMap::new(),
            by_reference: HashMap::new(),
        };
        inventory.add(EntityKind::Folder("Datacenter"), "Datacenters", None);
        inventory
    }

    /// Adds a datacenter and returns it with its folders of virtual machines, hosts, datastores and networks.
    pub(crate) fn add_datacenter(&mut self, name: &str) -> (EntityId, [EntityId; 4]) {
        let datacenter = self.add(EntityKind::Datacenter, name, Some(ROOT));
        let folders = [
            ("VirtualMachine", "vm"),
            ("ComputeResource", "host"),
            ("Datastore", "datastore"),
            ("Network", "network"),
        ];
        let folders = folders
            .map(|(children, name)| self.add(EntityKind::Folder(children), name, Some(datacenter)));
        (datacenter, folders)
    }

    /// Adds an object below `parent`.
    pub(crate) fn add(
        &mut self,
        kind: EntityKind,
        name: &str,
        parent: Option<EntityId>,
    ) -> EntityId {
        let number = self.entities.len() + 1;
        let value = format!("{}{}{number}", kind.id_prefix(), self.marker);
        let reference = MoRef::new(kind.type_name(), value);
        let index = u32::try_from(self.entities.len()).unwrap_or(u32::MAX);
        let id = EntityId(index);
        let name: Arc<str> = name.into();
        if let Some(parent) = parent {
            self.entity_mut(parent).children.push(id);
        }
        // The first object keeps a duplicate name; scenarios check that their names are unique.
        self.by_name.entry(name.clone()).or_insert(id);
        self.by_reference.insert(reference.clone(), id);
        self.entities.push(Entity {
            kind,
            reference,
            name,
            parent,
            children: Vec::new(),
            host: None,
            datastore: None,
            network: None,
            question: None,
            is_lost: false,
            is_recorded: false,
            last_change: 0,
        });
        id
    }

    /// Gives an object a reference of another server.
    pub(super) fn set_recorded(&mut self, id: EntityId, reference: MoRef) {
        let entity = self.entity_mut(id);
        let replaced = std::mem::replace(&mut entity.reference, reference.clone());
        if !std::mem::replace(&mut entity.is_recorded, true) {
            self.by_reference.remove(&replaced);
        }
        self.by_reference.insert(reference, id);
    }

    /// Returns the number of objects.
    pub(super) fn len(&self) -> usize {
        self.entities.len()
    }

    /// Returns the virtual machines of a host.
    pub(crate) fn machines_on(&self, host: EntityId) -> Vec<EntityId> {
        let entities = (0..).map(EntityId).zip(&self.entities);
        let machines = entities.filter(|(_, entity)| entity.host == Some(host));
        machines.map(|(id, _)| id).collect()
    }

    pub(crate) fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    pub(crate) fn entity_mut(&mut self, id: EntityId) -> &mut Entity {
        &mut self.entities[id.0 as usize]
    }

    /// Returns the object with this name.
    pub(crate) fn named(&self, name: &str) -> Option<EntityId> {
        self.by_name.get(name).copied()
    }

    /// Returns the object with this reference.
    pub(crate) fn find(&self, reference: &MoRef) -> Option<EntityId> {
        self.by_reference.get(reference).copied()
    }

    /// Returns all objects, parents before children.
    pub(crate) fn all(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        (0u32..).map(EntityId).zip(&self.entities)
    }

    /// Returns the root folder.
    pub(crate) fn root(&self) -> Option<&Entity> {
        self.entities.first()
    }

    /// Returns true if `entity` is `ancestor` or one of its descendants. Virtual machines also count as descendants
    /// of their host and its cluster, as in the history filters.
    pub(crate) fn is_within(&self, entity: EntityId, ancestor: EntityId) -> bool {
        if entity == ancestor {
            return true;
        }
        let entity = self.entity(entity);
        [entity.parent, entity.host]
            .into_iter()
            .flatten()
            .any(|container| self.is_within(container, ancestor))
    }

    /// Returns the objects of a kind in the datacenter of `entity`, or below `entity` if it is above all datacenters.
    pub(crate) fn nearby(
        &self,
        entity: EntityId,
        kind: EntityKind,
    ) -> impl Iterator<Item = (EntityId, &Entity)> {
        let datacenter = std::iter::successors(Some(entity), |id| self.entity(*id).parent)
            .find(|id| self.entity(*id).kind == EntityKind::Datacenter);
        self.below(datacenter.unwrap_or(entity), kind)
    }

    /// Returns the descendants of `ancestor` of a kind.
    pub(crate) fn below(
        &self,
        ancestor: EntityId,
        kind: EntityKind,
    ) -> impl Iterator<Item = (EntityId, &Entity)> {
        self.all().filter(move |(id, entity)| {
            entity.kind == kind && *id != ancestor && self.is_within(*id, ancestor)
        })
    }

    /// Returns the child with this name.
    pub(crate) fn child(&self, parent: EntityId, name: &str) -> Option<EntityId> {
        let mut children = self.entity(parent).children.iter().copied();
        children.find(|child| &*self.entity(*child).name == name)
    }

    /// Returns the host after that of a virtual machine in its cluster; `None` if there is no other.
    pub(crate) fn next_host(&self, machine: EntityId) -> Option<EntityId> {
        let host = self.entity(machine).host?;
        let siblings = self.entity(self.entity(host).parent?).children.iter();
        let hosts = siblings.filter(|id| self.entity(**id).kind == EntityKind::Host);
        let hosts: Vec<EntityId> = hosts.copied().collect();
        let host_index = hosts.iter().position(|other| *other == host)?;
        let next = hosts[(host_index + 1) % hosts.len()];
        (next != host).then_some(next)
    }

    /// Returns the root resource pool of a host's cluster.
    pub(crate) fn pool_of(&self, host: EntityId) -> Option<EntityId> {
        let cluster = self.entity(host).parent?;
        let mut children = self.entity(cluster).children.iter().copied();
        children.find(|child| self.entity(*child).kind == EntityKind::ResourcePool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_names_and_containment() {
        let mut inventory = Inventory::new();
        let datacenter = inventory.add(EntityKind::Datacenter, "dc", Some(ROOT));
        let machine = inventory.add(EntityKind::VirtualMachine, "vm1", Some(datacenter));
        assert_eq!(inventory.named("vm1"), Some(machine));
        let reference = inventory.entity(machine).reference.clone();
        assert_eq!(reference.to_string(), "VirtualMachine:vm-3");
        assert_eq!(inventory.find(&reference), Some(machine));
        assert!(inventory.is_within(machine, ROOT) && !inventory.is_within(datacenter, machine));
        assert_eq!(inventory.child(datacenter, "vm1"), Some(machine));
        let machines: Vec<EntityId> = inventory
            .nearby(datacenter, EntityKind::VirtualMachine)
            .map(|(id, _)| id)
            .collect();
        assert_eq!(machines, [machine]);
    }
}
