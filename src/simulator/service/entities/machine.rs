//! Properties of virtual machines.

use serde_json::{Map, Value, json};

use super::EntityProperties;
use crate::world::inventory::EntityId;

const GIB: u64 = 1 << 30;

/// ID, full name and family of the guest operating systems.
const GUESTS: [[&str; 3]; 3] = [
    ["ubuntu64Guest", "Ubuntu Linux (64-bit)", "linuxGuest"],
    [
        "windows2019srvNext_64Guest",
        "Microsoft Windows Server 2022 (64-bit)",
        "windowsGuest",
    ],
    [
        "rhel9_64Guest",
        "Red Hat Enterprise Linux 9 (64-bit)",
        "linuxGuest",
    ],
];

/// Required fields of `VirtualMachineCapability` that are false.
const NOT_CAPABLE: [&str; 6] = [
    "consolePreferencesSupported",
    "vmNpivWwnSupported",
    "npivWwnOnNonRdmVmSupported",
    "vmNpivWwnDisableSupported",
    "vmNpivWwnUpdateSupported",
    "recordReplaySupported",
];

pub(in crate::service) fn uuid(machine: EntityId) -> String {
    format!("4207b2c4-51a0-4d3e-8f62-{:012x}", machine.0)
}

pub(in crate::service) fn instance_uuid(machine: EntityId) -> String {
    format!("5007e9d1-7c3b-4a58-9e04-{:012x}", machine.0)
}

pub(in crate::service) fn address(machine: EntityId) -> String {
    let [_, b, c, d] = machine.0.to_be_bytes();
    format!("10.{b}.{c}.{d}")
}

impl EntityProperties<'_> {
    pub(super) fn machine(self, name: &str) -> Option<Value> {
        let machine = self.entity();
        let list = |id: Option<EntityId>| -> Value {
            id.into_iter().map(|id| self.reference_to(id)).collect()
        };
        Some(match name {
            "capability" => capability(),
            "config" => self.machine_config(),
            "datastore" => list(machine.datastore),
            "network" => list(machine.network),
            "environmentBrowser" => self.browser("EnvironmentBrowser", "envbrowser-"),
            "guest" => self.guest(),
            "guestHeartbeatStatus" => json!("green"),
            "resourceConfig" => self.resource_config(),
            "resourcePool" => self.reference_to(self.inventory().pool_of(machine.host?)?),
            "runtime" => self.machine_runtime(),
            "summary" => self.machine_summary(),
            _ => return None,
        })
    }

    fn guest_system(self) -> [&'static str; 3] {
        GUESTS[usize::try_from(self.number() % 3).unwrap_or(0)]
    }

    fn processors(self) -> u64 {
        2 << (self.number() % 3)
    }

    /// Returns the memory in MiB.
    fn memory(self) -> u64 {
        self.processors() * 4096
    }

    fn vmx_path(self) -> String {
        let machine = self.entity();
        let store = machine
            .datastore
            .map(|id| &*self.inventory().entity(id).name);
        let name = &machine.name;
        format!("[{}] {name}/{name}.vmx", store.unwrap_or_default())
    }

    fn machine_config(self) -> Value {
        let [guest_id, guest_name, _] = self.guest_system();
        let path = self.vmx_path();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        json!({
            "_typeName": "VirtualMachineConfigInfo",
            "changeVersion": "1",
            "modified": self.start(),
            "name": &*self.entity().name,
            "guestFullName": guest_name,
            "version": "vmx-20",
            "uuid": uuid(self.id),
            "instanceUuid": instance_uuid(self.id),
            "template": false,
            "guestId": guest_id,
            "alternateGuestName": "",
            "annotation": "",
            "files": {
                "_typeName": "VirtualMachineFileInfo",
                "vmPathName": path,
                "snapshotDirectory": folder,
                "suspendDirectory": folder,
                "logDirectory": folder,
            },
            "tools": {"_typeName": "ToolsConfigInfo", "toolsVersion": 12389},
            "flags": {"_typeName": "VirtualMachineFlagInfo", "enableLogging": true},
            "defaultPowerOps": {"_typeName": "VirtualMachineDefaultPowerOpInfo"},
            "hardware": {
                "_typeName": "VirtualHardware",
                "numCPU": self.processors(),
                "numCoresPerSocket": 1,
                "memoryMB": self.memory(),
            },
            "changeTrackingEnabled": true,
            "firmware": "efi",
        })
    }

    fn guest(self) -> Value {
        let [guest_id, guest_name, family] = self.guest_system();
        let network = self
            .entity()
            .network
            .map(|id| &*self.inventory().entity(id).name);
        let [_, b, c, d] = self.id.0.to_be_bytes();
        json!({
            "_typeName": "GuestInfo",
            "toolsStatus": "toolsOk",
            "toolsVersionStatus2": "guestToolsCurrent",
            "toolsRunningStatus": "guestToolsRunning",
            "toolsVersion": "12389",
            "guestId": guest_id,
            "guestFamily": family,
            "guestFullName": guest_name,
            "hostName": &*self.entity().name,
            "ipAddress": address(self.id),
            "net": [{
                "_typeName": "GuestNicInfo",
                "network": network.unwrap_or_default(),
                "ipAddress": [address(self.id)],
                "macAddress": format!("00:50:56:{b:02x}:{c:02x}:{d:02x}"),
                "connected": true,
                "deviceConfigId": 4000,
            }],
            "guestState": "running",
            "guestOperationsReady": true,
        })
    }

    fn machine_runtime(self) -> Value {
        let machine = self.entity();
        let host = machine.host.map(|host| self.inventory().entity(host));
        let is_lost = host.is_some_and(|host| host.is_lost);
        let mut runtime = json!({
            "_typeName": "VirtualMachineRuntimeInfo",
            "connectionState": if is_lost { "disconnected" } else { "connected" },
            "powerState": "poweredOn",
            "faultToleranceState": "notConfigured",
            "recordReplayState": "inactive",
            "bootTime": self.start(),
            "maxCpuUsage": self.processors() * 2400,
            "maxMemoryUsage": self.memory(),
            "onlineStandby": false,
            "consolidationNeeded": false,
            "toolsInstallerMounted": false,
            "numMksConnections": 0,
        });
        if let Some(host) = machine.host {
            runtime["host"] = self.reference_to(host);
        }
        if let Some((_, question)) = &machine.question {
            runtime["question"] = question.clone();
        }
        runtime
    }

    fn machine_summary(self) -> Value {
        let [guest_id, guest_name, _] = self.guest_system();
        json!({
            "_typeName": "VirtualMachineSummary",
            "vm": self.entity().reference.to_json(),
            "runtime": self.machine_runtime(),
            "guest": {
                "_typeName": "VirtualMachineGuestSummary",
                "guestId": guest_id,
                "guestFullName": guest_name,
                "toolsStatus": "toolsOk",
                "toolsRunningStatus": "guestToolsRunning",
                "hostName": &*self.entity().name,
                "ipAddress": address(self.id),
            },
            "config": {
                "_typeName": "VirtualMachineConfigSummary",
                "name": &*self.entity().name,
                "template": false,
                "vmPathName": self.vmx_path(),
                "memorySizeMB": self.memory(),
                "numCpu": self.processors(),
                "numEthernetCards": 1,
                "numVirtualDisks": 1,
                "uuid": uuid(self.id),
                "instanceUuid": instance_uuid(self.id),
                "guestId": guest_id,
                "guestFullName": guest_name,
                "annotation": "",
                "hwVersion": "vmx-20",
            },
            "storage": {
                "_typeName": "VirtualMachineStorageSummary",
                "committed": 24 * GIB,
                "uncommitted": 16 * GIB,
                "unshared": 24 * GIB,
                "timestamp": self.start(),
            },
            "quickStats": {
                "_typeName": "VirtualMachineQuickStats",
                "overallCpuUsage": self.processors() * 300,
                "guestMemoryUsage": self.memory() / 4,
                "hostMemoryUsage": self.memory() / 2,
                "guestHeartbeatStatus": "green",
            },
            "overallStatus": self.status(),
        })
    }
}

/// Returns a `VirtualMachineCapability` whose required fields are true except for [`NOT_CAPABLE`].
fn capability() -> Value {
    let required = super::super::schema::required("VirtualMachineCapability");
    let type_name = ("_typeName".to_owned(), json!("VirtualMachineCapability"));
    let answers = required.map(|name| (name.to_owned(), json!(!NOT_CAPABLE.contains(&name))));
    std::iter::once(type_name)
        .chain(answers)
        .collect::<Map<String, Value>>()
        .into()
}
