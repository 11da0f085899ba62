//! Properties of the inventory's objects, built on demand.

mod cluster;
mod datastore;
mod host;
mod machine;

use serde_json::{Value, json};

use super::context::ReadContext;
use crate::value::MoRef;
use crate::world::inventory::{Entity, EntityId, EntityKind, Inventory};
use crate::world::task::TaskId;
use crate::world::time::WorldTime;

/// ID of the administrator role, which every account has.
pub(super) const ADMINISTRATOR: i32 = -1;

pub(super) use machine::{address, instance_uuid, uuid};

/// An inventory object whose properties are read.
#[derive(Clone, Copy, Debug)]
struct EntityProperties<'a> {
    id: EntityId,
    context: ReadContext<'a>,
}

/// Returns the value of a property that the object's type has; `None` if it is unset.
pub(super) fn property(context: ReadContext<'_>, id: EntityId, name: &str) -> Option<Value> {
    let properties = EntityProperties { id, context };
    let own = match properties.entity().kind {
        EntityKind::Folder(child) => properties.folder(child, name),
        EntityKind::Datacenter => properties.datacenter(name),
        EntityKind::Cluster => properties.cluster(name),
        EntityKind::ResourcePool => properties.pool(name),
        EntityKind::Host => properties.host(name),
        EntityKind::Datastore => properties.datastore(name),
        EntityKind::Network => properties.network(name),
        EntityKind::VirtualMachine => properties.machine(name),
    };
    own.or_else(|| properties.shared(name))
}

/// Returns the owner of an environment browser (a machine or a cluster) or a datastore browser (a host or a
/// datastore).
pub(super) fn browser_owner(inventory: &Inventory, browser: &MoRef) -> Option<EntityId> {
    let (prefix, owners): (_, &[EntityKind]) = match &*browser.kind {
        "EnvironmentBrowser" => (
            "envbrowser-",
            &[EntityKind::VirtualMachine, EntityKind::Cluster],
        ),
        "HostDatastoreBrowser" => (
            "datastoreBrowser-",
            &[EntityKind::Host, EntityKind::Datastore],
        ),
        _ => return None,
    };
    let number: usize = browser.id.strip_prefix(prefix)?.parse().ok()?;
    let (id, owner) = inventory.all().nth(number.checked_sub(1)?)?;
    owners.contains(&owner.kind).then_some(id)
}

/// Returns a property of a browser.
pub(super) fn browser_property(
    inventory: &Inventory,
    owner: EntityId,
    name: &str,
) -> Option<Value> {
    (name == "datastore").then(|| match inventory.entity(owner).kind {
        EntityKind::Datastore => json!([inventory.entity(owner).reference.to_json()]),
        _ => references(inventory.nearby(owner, EntityKind::Datastore)),
    })
}

fn references<'a>(entities: impl Iterator<Item = (EntityId, &'a Entity)>) -> Value {
    entities
        .map(|(_, entity)| entity.reference.to_json())
        .collect()
}

impl<'a> EntityProperties<'a> {
    fn inventory(self) -> &'a Inventory {
        self.context.world.inventory()
    }

    fn entity(self) -> &'a Entity {
        self.inventory().entity(self.id)
    }

    fn at(self, id: EntityId) -> Self {
        Self { id, ..self }
    }

    /// Number of the object, from which its generated values are derived.
    fn number(self) -> u64 {
        u64::from(self.id.0) + 1
    }

    fn reference_to(self, id: EntityId) -> Value {
        self.inventory().entity(id).reference.to_json()
    }

    fn browser(self, kind: &str, prefix: &str) -> Value {
        MoRef::new(kind, format!("{prefix}{}", self.number())).to_json()
    }

    fn start(self) -> Value {
        self.context.writer.time(WorldTime::START)
    }

    /// Returns references to the virtual machines that match `is_here`.
    fn machines(self, is_here: impl Fn(&Entity) -> bool) -> Value {
        references(
            self.inventory()
                .nearby(self.id, EntityKind::VirtualMachine)
                .filter(|(_, machine)| is_here(machine)),
        )
    }

    fn nearby(self, kind: EntityKind) -> Value {
        references(self.inventory().nearby(self.id, kind))
    }

    /// Properties of all managed entities.
    fn shared(self, name: &str) -> Option<Value> {
        let entity = self.entity();
        Some(match name {
            "name" => json!(&*entity.name),
            "parent" => self.reference_to(entity.parent?),
            "overallStatus" => json!(self.status()),
            "configStatus" => json!("green"),
            "alarmActionsEnabled" => json!(true),
            "effectiveRole" => json!([ADMINISTRATOR]),
            "recentTask" => self.recent_tasks(),
            // No custom attributes, tags, alarms or permissions exist.
            "value"
            | "availableField"
            | "customValue"
            | "tag"
            | "configIssue"
            | "permission"
            | "declaredAlarmState"
            | "triggeredAlarmState"
            | "disabledMethod" => json!([]),
            _ => return None,
        })
    }

    /// Red for a host that does not respond, yellow for a virtual machine with a pending question.
    fn status(self) -> &'static str {
        if self.entity().is_lost {
            "red"
        } else if self.entity().question.is_some() {
            "yellow"
        } else {
            "green"
        }
    }

    fn recent_tasks(self) -> Value {
        let world = self.context.world;
        let reference = &self.entity().reference;
        let is_about = |id: &TaskId| {
            world
                .task(*id)
                .is_some_and(|task| task.record.entity.as_ref() == Some(reference))
        };
        let recent = world.recent().into_iter().filter(is_about);
        recent.map(|id| id.reference().to_json()).collect()
    }

    fn folder(self, child: &'static str, name: &str) -> Option<Value> {
        let children = self.entity().children.iter();
        Some(match name {
            "childEntity" => children.map(|child| self.reference_to(*child)).collect(),
            "childType" => match child {
                "VirtualMachine" => json!(["Folder", child, "VirtualApp"]),
                "Datastore" => json!(["Folder", child, "StoragePod"]),
                "Network" => json!(["Folder", child, "DistributedVirtualSwitch"]),
                _ => json!(["Folder", child]),
            },
            _ => return None,
        })
    }

    fn datacenter(self, name: &str) -> Option<Value> {
        let folder = |name: &str| Some(self.reference_to(self.inventory().child(self.id, name)?));
        match name {
            "vmFolder" => folder("vm"),
            "hostFolder" => folder("host"),
            "datastoreFolder" => folder("datastore"),
            "networkFolder" => folder("network"),
            "datastore" => Some(self.nearby(EntityKind::Datastore)),
            "network" => Some(self.nearby(EntityKind::Network)),
            "configuration" => Some(
                json!({"_typeName": "DatacenterConfigInfo", "defaultHardwareVersionKey": "vmx-20"}),
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;
    use crate::scenario::{LoadOptions, Scenario};
    use crate::server_behavior::ServerBehavior;
    use crate::service::schema::tests::check;
    use crate::service::task_info::TaskInfoWriter;
    use crate::world::World;
    use crate::world::time::Calendar;

    /// Checks every property of every object of the demo against its published type.
    #[test]
    fn properties_are_of_their_published_types() {
        let config = Scenario::load("demo")
            .unwrap()
            .world_config(&LoadOptions::default())
            .unwrap();
        let (behavior, calendar) = (
            ServerBehavior::default(),
            Calendar::new(jiff::Timestamp::UNIX_EPOCH),
        );
        let world = World::new(config, 1);
        let context = ReadContext {
            world: &world,
            writer: TaskInfoWriter {
                calendar: &calendar,
                behavior: &behavior,
            },
            instance_uuid: "",
        };
        let mut kinds = std::collections::BTreeMap::new();
        for (id, entity) in world.inventory().all() {
            let kind = entity.kind.type_name();
            for field in schema::properties(kind) {
                let path = format!("{}.{}", entity.reference, field.name);
                match property(context, id, field.name) {
                    Some(value) => check(field, &value, &path).unwrap(),
                    None => assert!(field.is_optional, "{path} is required"),
                }
            }
            *kinds.entry(kind).or_insert(0) += 1;
        }
        assert_eq!(kinds.len(), 8, "{kinds:?}");
    }
}
