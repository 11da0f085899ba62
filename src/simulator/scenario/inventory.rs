//! Builds the inventory of a scenario.

use super::file::InventoryEntry;
use crate::simulator::world::inventory::{EntityId, EntityKind, Inventory};

/// Default network.
const NETWORK: &str = "VM Network";

/// Builds the inventory: folders, one datacenter, clusters with their hosts, datastores, networks and virtual
/// machines. Machines are distributed over the datastores and networks.
pub(super) fn build(estate: &InventoryEntry) -> Inventory {
    let mut inventory = Inventory::default();
    let root = inventory.add(EntityKind::Folder("Datacenter"), "Datacenters", None);
    let centre_name = estate.datacenter.as_deref().unwrap_or("dc-01");
    let centre = inventory.add(EntityKind::Datacenter, centre_name, Some(root));
    let machines = inventory.add(EntityKind::Folder("VirtualMachine"), "vm", Some(centre));
    let hosts = inventory.add(EntityKind::Folder("ComputeResource"), "host", Some(centre));
    let stores = inventory.add(EntityKind::Folder("Datastore"), "datastore", Some(centre));
    let networks = inventory.add(EntityKind::Folder("Network"), "network", Some(centre));
    let datastores: Vec<EntityId> = estate
        .datastores
        .iter()
        .map(|store| inventory.add(EntityKind::Datastore, store, Some(stores)))
        .collect();
    let mut all_machines = Vec::new();
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
            all_machines.push(machine);
        }
    }
    let named = estate.networks.iter().map(String::as_str);
    let unnamed = estate.networks.is_empty().then_some(NETWORK);
    let networks: Vec<EntityId> = named
        .chain(unnamed)
        .map(|network| inventory.add(EntityKind::Network, network, Some(networks)))
        .collect();
    let turn = |list: &[EntityId], index: usize| list.get(index % list.len().max(1)).copied();
    for (index, machine) in all_machines.into_iter().enumerate() {
        let machine = inventory.entity_mut(machine);
        machine.datastore = turn(&datastores, index);
        machine.network = turn(&networks, index);
    }
    inventory
}
