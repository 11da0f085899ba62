//! Properties of hosts.

use serde_json::{Value, json};

use super::EntityProperties;
use crate::world::inventory::EntityKind;

/// Processor cores of a host.
pub(super) const CORES: u64 = 32;

/// Clock rate of a core in MHz.
pub(super) const MHZ: u64 = 2400;

/// Memory of a host in bytes.
pub(super) const MEMORY: u64 = 512 << 30;

impl EntityProperties<'_> {
    pub(super) fn host(self, name: &str) -> Option<Value> {
        Some(match name {
            "vm" => self.machines(|machine| machine.host == Some(self.id)),
            "datastore" => self.nearby(EntityKind::Datastore),
            "network" => self.nearby(EntityKind::Network),
            "datastoreBrowser" => self.browser("HostDatastoreBrowser", "datastoreBrowser-"),
            "configManager" => json!({"_typeName": "HostConfigManager"}),
            "licensableResource" => json!({
                "_typeName": "HostLicensableResourceInfo",
                "resource": [{
                    "_typeName": "KeyAnyValue",
                    "key": "numCpuPackages",
                    "value": {"_typeName": "long", "_value": 2},
                }],
            }),
            "runtime" => self.host_runtime(),
            "summary" => self.host_summary(),
            _ => return None,
        })
    }

    fn host_runtime(self) -> Value {
        let is_lost = self.entity().is_lost;
        json!({
            "_typeName": "HostRuntimeInfo",
            "connectionState": if is_lost { "notResponding" } else { "connected" },
            "powerState": if is_lost { "unknown" } else { "poweredOn" },
            "standbyMode": "none",
            "inMaintenanceMode": false,
            "inQuarantineMode": false,
            "bootTime": self.start(),
        })
    }

    fn host_summary(self) -> Value {
        json!({
            "_typeName": "HostListSummary",
            "host": self.entity().reference.to_json(),
            "hardware": {
                "_typeName": "HostHardwareSummary",
                "vendor": "vtask",
                "model": "simulated host",
                "uuid": format!("3a04c1e7-62f5-4b19-8d70-{:012x}", self.id.0),
                "memorySize": MEMORY,
                "cpuModel": "simulated CPU @ 2.40GHz",
                "cpuMhz": MHZ,
                "numCpuPkgs": 2,
                "numCpuCores": CORES,
                "numCpuThreads": CORES * 2,
                "numNics": 4,
                "numHBAs": 2,
            },
            "runtime": self.host_runtime(),
            "config": {
                "_typeName": "HostConfigSummary",
                "name": &*self.entity().name,
                "port": 443,
                "vmotionEnabled": true,
                "faultToleranceEnabled": false,
            },
            "quickStats": {
                "_typeName": "HostListSummaryQuickStats",
                "overallCpuUsage": CORES * MHZ / 3,
                "overallMemoryUsage": (MEMORY >> 20) / 2,
            },
            "overallStatus": self.status(),
            "rebootRequired": false,
        })
    }
}
