//! The estate of a scenario, as an inventory.

use super::file::Estate;
use crate::simulator::world::inventory::{EntityKind, Inventory};

/// Builds the inventory: folders, one data centre, clusters with their hosts, datastores, virtual machines.
pub(super) fn build(estate: &Estate) -> Inventory {
    let mut inventory = Inventory::default();
    let root = inventory.add(EntityKind::Folder("Datacenter"), "Datacenters", None);
    let centre_name = estate.datacenter.as_deref().unwrap_or("dc-01");
    let centre = inventory.add(EntityKind::Datacenter, centre_name, Some(root));
    let machines = inventory.add(EntityKind::Folder("VirtualMachine"), "vm", Some(centre));
    let hosts = inventory.add(EntityKind::Folder("ComputeResource"), "host", Some(centre));
    let stores = inventory.add(EntityKind::Folder("Datastore"), "datastore", Some(centre));
    inventory.add(EntityKind::Folder("Network"), "network", Some(centre));
    for store in &estate.datastores {
        inventory.add(EntityKind::Datastore, store, Some(stores));
    }
    for cluster in &estate.clusters {
        let id = inventory.add(EntityKind::Cluster, &cluster.name, Some(hosts));
        inventory.add(EntityKind::ResourcePool, "Resources", Some(id));
        for host in &cluster.hosts {
            inventory.add(EntityKind::Host, host, Some(id));
        }
    }
    for folder in &estate.machine_folders {
        let id = inventory.add(
            EntityKind::Folder("VirtualMachine"),
            &folder.name,
            Some(machines),
        );
        let cluster = estate
            .clusters
            .iter()
            .find(|cluster| cluster.name == folder.cluster);
        let hosts = cluster.map_or(&[][..], |cluster| &cluster.hosts);
        for (index, machine) in folder.machines.iter().enumerate() {
            let host = hosts
                .get(index % hosts.len().max(1))
                .and_then(|host| inventory.named(host));
            let machine = inventory.add(EntityKind::VirtualMachine, machine, Some(id));
            inventory.entity_mut(machine).host = host;
        }
    }
    inventory
}
