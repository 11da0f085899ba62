//! Event types and texts of the operations.

use super::event::{ERROR, INFO};

/// Types and texts of an operation's events, with `{}` for the name of the entity. A type with dots is the
/// `eventTypeId` of an `EventEx`.
#[derive(Debug)]
pub(super) struct EventTemplate {
    operation: &'static str,
    pub(super) start: [&'static str; 2],
    pub(super) success: [&'static str; 2],
    pub(super) failure: [&'static str; 2],
}

/// Template of operations without their own.
const PLAIN_TEMPLATE: EventTemplate = EventTemplate {
    operation: "",
    start: ["EventEx", "{}: started"],
    success: ["EventEx", "{}: completed"],
    failure: ["EventEx", "{}: failed"],
};

/// Returns the template of an operation.
pub(super) fn template_of(operation: &str) -> &'static EventTemplate {
    let known = TEMPLATES
        .iter()
        .find(|template| template.operation == operation);
    known.unwrap_or(&PLAIN_TEMPLATE)
}

/// Returns the type, severity and text of all events; those of an `EventEx` vary.
pub(super) fn kinds() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of_template = |template: &'static EventTemplate| {
        [
            (template.start[0], INFO, template.start[1]),
            (template.success[0], INFO, template.success[1]),
            (template.failure[0], ERROR, template.failure[1]),
        ]
    };
    TEMPLATES.iter().flat_map(of_template)
}

const TEMPLATES: [EventTemplate; 10] = [
    EventTemplate {
        operation: "VirtualMachine.relocate",
        start: ["VmBeingRelocatedEvent", "Relocating {}"],
        success: ["VmRelocatedEvent", "{} was relocated"],
        failure: ["VmRelocateFailedEvent", "Failed to relocate {}"],
    },
    EventTemplate {
        operation: "VirtualMachine.migrate",
        start: ["VmBeingHotMigratedEvent", "Migrating {} off its host"],
        success: ["VmMigratedEvent", "Migration of {} completed"],
        failure: ["VmFailedMigrateEvent", "Cannot migrate {}"],
    },
    EventTemplate {
        operation: "Drm.ExecuteVMotionLRO",
        start: ["VmBeingHotMigratedEvent", "DRS is migrating {}"],
        success: ["DrsVmMigratedEvent", "DRS migrated {}"],
        failure: ["VmFailedMigrateEvent", "Cannot migrate {}"],
    },
    EventTemplate {
        operation: "VirtualMachine.clone",
        start: ["VmBeingClonedEvent", "{} is being cloned"],
        success: ["VmClonedEvent", "{} was cloned"],
        failure: ["VmCloneFailedEvent", "Failed to clone {}"],
    },
    EventTemplate {
        operation: "VirtualMachine.powerOn",
        start: ["VmStartingEvent", "{} is starting"],
        success: ["VmPoweredOnEvent", "{} is powered on"],
        failure: ["VmFailedToPowerOnEvent", "Cannot power on {}"],
    },
    EventTemplate {
        operation: "VirtualMachine.powerOff",
        start: ["VmStoppingEvent", "{} is stopping"],
        success: ["VmPoweredOffEvent", "{} is powered off"],
        failure: ["VmFailedToPowerOffEvent", "Cannot power off {}"],
    },
    EventTemplate {
        operation: "VirtualMachine.reconfigure",
        start: ["EventEx", "Reconfiguring {}"],
        success: ["VmReconfiguredEvent", "Reconfigured {}"],
        failure: [
            "com.vmware.vc.VmReconfigureFailedEvent",
            "Cannot reconfigure {}",
        ],
    },
    EventTemplate {
        operation: "VirtualMachine.destroy",
        start: ["EventEx", "Removing {}"],
        success: ["VmRemovedEvent", "Removed {}"],
        failure: ["EventEx", "Cannot remove {}"],
    },
    EventTemplate {
        operation: "HostSystem.enterMaintenanceMode",
        start: [
            "EnteringMaintenanceModeEvent",
            "Host {} has started to enter maintenance mode",
        ],
        success: [
            "EnteredMaintenanceModeEvent",
            "Host {} has entered maintenance mode",
        ],
        failure: [
            "CanceledHostOperationEvent",
            "The operation performed on host {} was canceled",
        ],
    },
    EventTemplate {
        operation: "Datacenter.ExecuteVmPowerOnLRO",
        start: ["VmStartingEvent", "{} is starting"],
        success: ["DrsVmPoweredOnEvent", "DRS powered on {}"],
        failure: ["VmFailedToPowerOnEvent", "Cannot power on {}"],
    },
];
