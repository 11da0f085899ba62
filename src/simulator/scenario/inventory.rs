//! Builds the inventory of a scenario.

use super::file::InventoryEntry;
use crate::world::inventory::{EntityId, EntityKind, Inventory};

/// Default network.
const DEFAULT_NETWORK: &str = "VM Network";

/// Builds the inventory: folders, one datacenter, clusters with their hosts, datastores, networks and virtual
/// machines. Machines are distributed over the datastores and networks.
pub(super) fn build(entry: &InventoryEntry) -> Inventory {
    let mut inventory = Inventory::new();
    let datacenter = entry.datacenter.as_deref().unwrap_or("dc-01");
    let (_, [machines, hosts, stores, networks]) = inventory.add_datacenter(datacenter);
    let datastores: Vec<EntityId> = entry
        .datastores
        .iter()
        .map(|store| inventory.add(EntityKind::Datastore, store, Some(stores)))
        .collect();
    let mut all_machines = Vec::new();
    for cluster in &entry.clusters {
        let id = inventory.add(EntityKind::Cluster, &cluster.name, Some(hosts));
        inventory.add(EntityKind::ResourcePool, "Resources", Some(id));
        for host in &cluster.hosts {
            inventory.add(EntityKind::Host, host, Some(id));
        }
    }
    for folder in &entry.machine_folders {
        let id = inventory.add(
            EntityKind::Folder("VirtualMachine"),
            &folder.name,
            Some(machines),
        );
        let cluster = entry
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
    let named = entry.networks.iter().map(String::as_str);
    let unnamed = entry.networks.is_empty().then_some(DEFAULT_NETWORK);
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
