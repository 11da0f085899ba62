//! The estate: folders, a data centre, clusters, hosts, datastores and virtual machines, as far as a task monitor
//! or a curious third-party client looks at them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::time::WorldTime;
use crate::simulator::value::MoRef;

/// An object of the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntityId(pub u32);

/// What kind of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntityKind {
    /// A folder; what its children may be is told by `childType`.
    Folder(&'static str),
    /// A data centre.
    Datacenter,
    /// A cluster of hosts.
    Cluster,
    /// The root resource pool of a cluster.
    ResourcePool,
    /// A host.
    Host,
    /// A datastore.
    Datastore,
    /// A network.
    Network,
    /// A virtual machine.
    VirtualMachine,
}

impl EntityKind {
    /// The managed object's type.
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

/// An object of the inventory.
#[derive(Debug)]
pub(crate) struct Entity {
    /// The kind.
    pub kind: EntityKind,
    /// The reference.
    pub reference: MoRef,
    /// The name.
    pub name: Arc<str>,
    /// What contains it.
    pub parent: Option<EntityId>,
    /// What it contains.
    pub children: Vec<EntityId>,
    /// The host that a virtual machine runs on.
    pub host: Option<EntityId>,
    /// The datastore that a virtual machine's files are on.
    pub datastore: Option<EntityId>,
    /// The network that a virtual machine is connected to.
    pub network: Option<EntityId>,
    /// What a virtual machine asks at the moment, and since when.
    pub question: Option<(WorldTime, Value)>,
    /// The version of the newest change; 0: never changed.
    pub last_change: u64,
}

/// The inventory.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    entities: Vec<Entity>,
    by_name: HashMap<Arc<str>, EntityId>,
    by_reference: HashMap<MoRef, EntityId>,
}

impl Inventory {
    /// Adds an object below `parent`.
    pub(crate) fn add(
        &mut self,
        kind: EntityKind,
        name: &str,
        parent: Option<EntityId>,
    ) -> EntityId {
        let index = u32::try_from(self.entities.len()).unwrap_or(u32::MAX);
        let id = EntityId(index);
        let number = index + 1;
        let reference = MoRef::new(kind.type_name(), format!("{}{number}", kind.id_prefix()));
        let name: Arc<str> = name.into();
        if let Some(parent) = parent {
            self.entity_mut(parent).children.push(id);
        }
        // The first of a name keeps it: scenarios name what they mean, and check that names are unique.
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
            last_change: 0,
        });
        id
    }

    /// The object.
    pub(crate) fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    /// The object, to change it.
    pub(crate) fn entity_mut(&mut self, id: EntityId) -> &mut Entity {
        &mut self.entities[id.0 as usize]
    }

    /// The object of this name.
    pub(crate) fn named(&self, name: &str) -> Option<EntityId> {
        self.by_name.get(name).copied()
    }

    /// The object of this reference.
    pub(crate) fn find(&self, reference: &MoRef) -> Option<EntityId> {
        self.by_reference.get(reference).copied()
    }

    /// Every object, parents before children.
    pub(crate) fn all(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        (0u32..).map(EntityId).zip(&self.entities)
    }

    /// The root folder.
    pub(crate) fn root(&self) -> Option<&Entity> {
        self.entities.first()
    }

    /// Whether `entity` is `ancestor` or lies somewhere below it. Virtual machines also lie below their host and
    /// its cluster, as the history filters see it.
    pub(crate) fn is_within(&self, entity: EntityId, ancestor: EntityId) -> bool {
        if entity == ancestor {
            return true;
        }
        let entity = self.entity(entity);
        [entity.parent, entity.host]
            .into_iter()
            .flatten()
            .any(|above| self.is_within(above, ancestor))
    }

    /// The objects of a kind in the same data centre as `entity`; below it, if it lies above all data centres.
    pub(crate) fn nearby(
        &self,
        entity: EntityId,
        kind: EntityKind,
    ) -> impl Iterator<Item = (EntityId, &Entity)> {
        let centre = std::iter::successors(Some(entity), |id| self.entity(*id).parent)
            .find(|id| self.entity(*id).kind == EntityKind::Datacenter);
        self.below(centre.unwrap_or(entity), kind)
    }

    /// The objects of a kind somewhere below `ancestor`.
    pub(crate) fn below(
        &self,
        ancestor: EntityId,
        kind: EntityKind,
    ) -> impl Iterator<Item = (EntityId, &Entity)> {
        self.all().filter(move |(id, entity)| {
            entity.kind == kind && *id != ancestor && self.is_within(*id, ancestor)
        })
    }

    /// The child of this name.
    pub(crate) fn child(&self, parent: EntityId, name: &str) -> Option<EntityId> {
        let mut children = self.entity(parent).children.iter().copied();
        children.find(|child| &*self.entity(*child).name == name)
    }

    /// The root resource pool of the cluster of a host.
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
        let mut inventory = Inventory::default();
        let root = inventory.add(EntityKind::Folder("Datacenter"), "Datacenters", None);
        let centre = inventory.add(EntityKind::Datacenter, "dc", Some(root));
        let machine = inventory.add(EntityKind::VirtualMachine, "vm1", Some(centre));
        assert_eq!(inventory.named("vm1"), Some(machine));
        let reference = inventory.entity(machine).reference.clone();
        assert_eq!(reference.to_string(), "VirtualMachine:vm-3");
        assert_eq!(inventory.find(&reference), Some(machine));
        assert!(inventory.is_within(machine, root) && !inventory.is_within(centre, machine));
        assert_eq!(inventory.child(centre, "vm1"), Some(machine));
        let machines: Vec<EntityId> = inventory
            .nearby(centre, EntityKind::VirtualMachine)
            .map(|(id, _)| id)
            .collect();
        assert_eq!(machines, [machine]);
    }
}
