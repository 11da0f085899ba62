//! Places the targets of recorded tasks in the inventory.

use vtask_recording::Location;

use super::World;
use super::changes::ChangedObject;
use super::inventory::{EntityId, EntityKind, ROOT};
use super::playback::Playback;
use crate::value::MoRef;

/// Maximum number of objects; the locations of further ones are ignored.
const MAX_ENTITIES: usize = 50_000;
/// Maximum depth of a folder.
const MAX_FOLDERS: usize = 24;

impl World {
    /// Adds an entity at its recorded location, or moves a virtual machine to another host.
    pub(super) fn add_location(&mut self, location: &Location, playback: &Playback) {
        let kind = EntityKind::of_type(&location.kind);
        let Some(kind) = kind.filter(|_| (1..MAX_ENTITIES).contains(&self.inventory.len())) else {
            return;
        };
        let reference = MoRef::new(&*location.kind, &*location.value);
        let hosts = self.folder(location, "host", "ComputeResource");
        let of_cluster = match &location.cluster {
            Some(cluster) if kind != EntityKind::Cluster => {
                self.child_or_new(EntityKind::Cluster, cluster, hosts)
            }
            _ => hosts,
        };
        let host = match &location.host {
            Some(host) if kind == EntityKind::VirtualMachine => {
                Some(self.child_or_new(EntityKind::Host, host, of_cluster))
            }
            _ => None,
        };
        let known = self.inventory.find(&reference);
        let known = known.filter(|known| self.inventory.entity(*known).is_recorded);
        let entity = known.unwrap_or_else(|| {
            let target = playback.targets.get(&reference).map(|name| &**name);
            let (name, parent) = match kind {
                EntityKind::Datacenter => (location.datacenter.as_deref(), ROOT),
                EntityKind::Cluster => (location.cluster.as_deref(), hosts),
                EntityKind::Host => (location.host.as_deref(), of_cluster),
                EntityKind::ResourcePool => (target, of_cluster),
                EntityKind::Datastore => {
                    let top = self.folder(location, "datastore", "Datastore");
                    (target, self.subfolder(location, "Datastore", top))
                }
                EntityKind::Network => {
                    let top = self.folder(location, "network", "Network");
                    (target, self.subfolder(location, "Network", top))
                }
                EntityKind::Folder(_) | EntityKind::VirtualMachine => {
                    let top = self.folder(location, "vm", "VirtualMachine");
                    (target, self.subfolder(location, "VirtualMachine", top))
                }
            };
            let entity = self.child_or_new(kind, name.unwrap_or(&location.value), parent);
            self.inventory.set_recorded(entity, reference);
            entity
        });
        let machine = self.inventory.entity_mut(entity);
        if known.is_none() || machine.host != host {
            machine.host = host;
            machine.last_change = self
                .changes
                .record(ChangedObject::Entity(entity), machine.last_change);
        }
    }

    /// Returns the top folder for a type of objects in the datacenter; the root folder if the datacenter is not known.
    fn folder(&mut self, location: &Location, name: &str, children: &'static str) -> EntityId {
        let Some(datacenter) = &location.datacenter else {
            return ROOT;
        };
        let datacenter = self.child_or_new(EntityKind::Datacenter, datacenter, ROOT);
        self.child_or_new(EntityKind::Folder(children), name, datacenter)
    }

    /// Returns the folder of an entity below a top folder.
    fn subfolder(
        &mut self,
        location: &Location,
        children: &'static str,
        top: EntityId,
    ) -> EntityId {
        let names = location.folder.as_deref().unwrap_or_default().split('/');
        let names = names.filter(|name| !name.is_empty()).take(MAX_FOLDERS);
        names.fold(top, |above, name| {
            self.child_or_new(EntityKind::Folder(children), name, above)
        })
    }

    /// Returns the child of that kind and name; adds one if there is none, and for each virtual machine.
    fn child_or_new(&mut self, kind: EntityKind, name: &str, parent: EntityId) -> EntityId {
        // The names of the API are encoded.
        let name = name
            .replace('%', "%25")
            .replace('/', "%2f")
            .replace('\\', "%5c");
        let known = match kind {
            // Machines are numerous and not the parents of others.
            EntityKind::VirtualMachine => None,
            _ => self.inventory.child(parent, &name),
        };
        let known = known.filter(|known| self.inventory.entity(*known).kind == kind);
        known.unwrap_or_else(|| match kind {
            EntityKind::Datacenter => self.inventory.add_datacenter(&name).0,
            _ => self.inventory.add(kind, &name, Some(parent)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io::Cursor;

    use jiff::Timestamp;
    use serde_json::json;
    use vtask_recording::{Player, Reader};

    use super::*;
    use crate::scenario::{LoadOptions, Scenario};
    use crate::world::time::Calendar;

    /// Returns a world that has played the locations of machines with IDs up to `vm-40`, each on a host of its own.
    fn played() -> World {
        let header = json!({"vtask_record": 1, "vtask": "0.1.0", "started": "2026-11-29T10:00:00Z",
            "vcenters": ["vc01"]});
        let locations = (1..=40).rev().map(|number| {
            let location = json!({"type": "VirtualMachine", "value": format!("vm-{number}"),
                "host": format!("esx-{number}"), "cluster": "prod", "datacenter": "dc-1", "folder": "web"});
            json!({"t": "2026-11-29T10:00:00Z", "vc": 0, "location": location})
        });
        let lines = std::iter::once(header).chain(locations);
        let text: String = lines
            .flat_map(|line| [line.to_string(), "\n".to_owned()])
            .collect();
        let player = Player::new(Reader::new(Cursor::new(text), "test").unwrap());
        let config = Scenario::load("empty").unwrap();
        let mut world = World::new(config.world_config(&LoadOptions::default()).unwrap(), 1);
        let start: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        world.play(Playback::new(player, 0, start, Calendar::new(start)));
        world
    }

    #[test]
    fn recorded_references_are_those_of_the_recorded_objects_only() {
        let world = played();
        let inventory = world.inventory();
        for number in 1..=40 {
            let machine = MoRef::new("VirtualMachine", format!("vm-{number}"));
            let machine = inventory.entity(inventory.find(&machine).unwrap());
            let host = inventory.entity(machine.host.unwrap());
            assert_eq!(*host.name, format!("esx-{number}"));
        }
        let mut references = HashSet::new();
        for (id, entity) in inventory.all() {
            assert!(references.insert(&entity.reference), "{}", entity.reference);
            assert_eq!(inventory.find(&entity.reference), Some(id));
        }
        let machines = inventory.below(ROOT, EntityKind::VirtualMachine);
        assert_eq!(machines.count(), 40);
    }

    #[test]
    fn a_recorded_datacenter_has_the_folders_that_every_datacenter_has() {
        let world = played();
        let inventory = world.inventory();
        assert_eq!(inventory.entity(ROOT).children.len(), 1);
        let datacenter = inventory.child(ROOT, "dc-1").unwrap();
        for folder in ["vm", "host", "datastore", "network"] {
            assert!(inventory.child(datacenter, folder).is_some(), "{folder}");
        }
    }
}
