//! Fields that are specific to an event's type.

use serde_json::{Map, Value, json};

use super::context::ReadContext;
use crate::method_fault;
use crate::value::MoRef;
use crate::world::inventory::{Entity, EntityId, EntityKind};
use crate::world::task::Record;
use crate::world::time::WorldTime;

/// Returns the required fields of an event type, besides those of `Event` and `VmEvent`.
fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "TaskEvent" => &["info"],
        "VmMessageEvent" => &["message"],
        "VmBeingHotMigratedEvent" | "VmBeingRelocatedEvent" => &["destHost"],
        // The event is about the machine on its new host, so that `host` is set to the destination, though optional.
        "VmMigratedEvent" | "DrsVmMigratedEvent" | "VmRelocatedEvent" => &["sourceHost", "host"],
        "VmFailedMigrateEvent" | "VmRelocateFailedEvent" => &["destHost", "reason"],
        "VmBeingClonedEvent" => &["destFolder", "destName", "destHost"],
        "VmClonedEvent" => &["sourceVm"],
        "VmCloneFailedEvent" => &["destFolder", "destName", "destHost", "reason"],
        "VmFailedToPowerOnEvent" | "VmFailedToPowerOffEvent" => &["reason"],
        "VmReconfiguredEvent" => &["configSpec"],
        _ => &[],
    }
}

/// Returns the field and the event argument for an entity.
pub(super) fn argument(entity: &Entity) -> Option<(&'static str, Value)> {
    let (field, type_name, inner) = match entity.kind {
        EntityKind::VirtualMachine => ("vm", "VmEventArgument", "vm"),
        EntityKind::Host => ("host", "HostEventArgument", "host"),
        EntityKind::Cluster => (
            "computeResource",
            "ComputeResourceEventArgument",
            "computeResource",
        ),
        EntityKind::Datastore => ("ds", "DatastoreEventArgument", "datastore"),
        EntityKind::Datacenter => ("datacenter", "DatacenterEventArgument", "datacenter"),
        EntityKind::Folder(_) => ("folder", "FolderEventArgument", "folder"),
        EntityKind::Network => ("net", "NetworkEventArgument", "network"),
        EntityKind::ResourcePool => return None,
    };
    let argument = json!({
        "_typeName": type_name,
        "name": &*entity.name,
        inner: entity.reference.to_json(),
    });
    Some((field, argument))
}

/// The task for which events are built.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventSource<'a> {
    pub(super) record: &'a Record,
    pub(super) context: ReadContext<'a>,
}

impl<'a> EventSource<'a> {
    /// The entity of the task.
    pub(super) fn entity_id(self) -> Option<EntityId> {
        let inventory = self.context.world.inventory();
        inventory.find(self.record.entity.as_ref()?)
    }

    fn entity(self, id: EntityId) -> &'a Entity {
        self.context.world.inventory().entity(id)
    }

    fn machine(self) -> Option<&'a Entity> {
        self.entity_id()
            .map(|id| self.entity(id))
            .filter(|entity| entity.kind == EntityKind::VirtualMachine)
    }

    /// Returns the pending question of the virtual machine and its time.
    pub(super) fn question(self) -> Option<(WorldTime, &'a str)> {
        let (time, question) = self.machine()?.question.as_ref()?;
        Some((*time, question["text"].as_str()?))
    }

    /// Returns the destination of a migration: the next host of the cluster, or the same host if there is only one.
    fn destination(self) -> Option<EntityId> {
        let host = self.machine()?.host?;
        let next = self.context.world.inventory().next_host(self.entity_id()?);
        Some(next.unwrap_or(host))
    }

    /// Returns the fields required by the event type; `None` if one of them is unknown, so that the event cannot
    /// exist.
    pub(super) fn details(self, kind: &str) -> Option<Map<String, Value>> {
        let mut details = Map::new();
        if kind.starts_with("Vm") || kind.starts_with("DrsVm") {
            self.machine()?;
            details.insert("template".to_owned(), json!(false));
        }
        for field in required(kind) {
            details.insert((*field).to_owned(), self.detail(field)?);
        }
        Some(details)
    }

    fn detail(self, field: &str) -> Option<Value> {
        let named = |id: EntityId| argument(self.entity(id)).map(|(_, argument)| argument);
        match field {
            "info" => Some(self.context.writer.info(self.record)),
            "message" => self.question().map(|(_, question)| json!(question)),
            "destHost" | "host" => named(self.destination()?),
            "sourceHost" => named(self.machine()?.host?),
            "sourceVm" => named(self.entity_id()?),
            "destFolder" => named(self.machine()?.parent?),
            "destName" => Some(json!(self.clone_name()?)),
            "reason" => self.error(),
            "configSpec" => Some(json!({"_typeName": "VirtualMachineConfigSpec"})),
            _ => None,
        }
    }

    /// Returns the name of the clone that is the task's result, or a generated name.
    fn clone_name(self) -> Option<String> {
        let result = self.record.result.as_ref();
        let clone = result.and_then(|result| {
            let (kind, id) = (result["type"].as_str()?, result["value"].as_str()?);
            let inventory = self.context.world.inventory();
            inventory.find(&MoRef::new(kind, id))
        });
        match clone {
            Some(clone) => Some(self.entity(clone).name.to_string()),
            None => self
                .machine()
                .map(|machine| format!("{}-clone", machine.name)),
        }
    }

    /// Returns the task's error in the form of faults inside data.
    pub(super) fn error(self) -> Option<Value> {
        let error = self.record.error.as_ref()?;
        Some(method_fault::embedded(
            error,
            self.context.writer.behavior.error_form,
        ))
    }
}
