//! Properties of clusters and resource pools.

use serde_json::{Value, json};

use super::EntityProperties;
use super::host::{CORES, MEMORY, MHZ};
use super::references;
use crate::world::inventory::{EntityId, EntityKind};

impl EntityProperties<'_> {
    fn hosts(self) -> u64 {
        let hosts = self.inventory().below(self.id, EntityKind::Host);
        u64::try_from(hosts.count()).unwrap_or(u64::MAX)
    }

    pub(super) fn cluster(self, name: &str) -> Option<Value> {
        Some(match name {
            "host" => references(self.inventory().below(self.id, EntityKind::Host)),
            "datastore" => self.nearby(EntityKind::Datastore),
            "network" => self.nearby(EntityKind::Network),
            "environmentBrowser" => self.browser("EnvironmentBrowser", "envbrowser-"),
            "resourcePool" => {
                let mut pools = self.inventory().below(self.id, EntityKind::ResourcePool);
                pools.next()?.1.reference.to_json()
            }
            "summary" | "summaryEx" => self.cluster_summary(),
            "configuration" => cluster_config("ClusterConfigInfo"),
            "configurationEx" => {
                let mut config = cluster_config("ClusterConfigInfoEx");
                config["vmSwapPlacement"] = json!("vmDirectory");
                config
            }
            _ => return None,
        })
    }

    fn cluster_summary(self) -> Value {
        let hosts = self.hosts();
        json!({
            "_typeName": "ClusterComputeResourceSummary",
            "totalCpu": hosts * CORES * MHZ,
            "totalMemory": hosts * MEMORY,
            "numCpuCores": hosts * CORES,
            "numCpuThreads": hosts * CORES * 2,
            "effectiveCpu": hosts * CORES * MHZ,
            // In MiB, unlike `totalMemory`.
            "effectiveMemory": hosts * (MEMORY >> 20),
            "numHosts": hosts,
            "numEffectiveHosts": hosts,
            "overallStatus": self.status(),
            "currentFailoverLevel": 1,
            "numVmotions": 0,
        })
    }

    pub(super) fn pool(self, name: &str) -> Option<Value> {
        Some(match name {
            "owner" => self.reference_to(self.owner()?),
            "vm" => {
                let owner = self.owner();
                self.machines(|machine| {
                    let host = machine.host.map(|host| self.inventory().entity(host));
                    host.is_some_and(|host| host.parent == owner)
                })
            }
            "resourcePool" | "childConfiguration" => json!([]),
            "config" => self.resource_config(),
            "runtime" => self.pool_runtime(),
            "summary" => json!({
                "_typeName": "ResourcePoolSummary",
                "name": &*self.entity().name,
                "config": self.resource_config(),
                "runtime": self.pool_runtime(),
            }),
            _ => return None,
        })
    }

    /// The cluster of a root resource pool.
    fn owner(self) -> Option<EntityId> {
        self.entity().parent
    }

    fn pool_runtime(self) -> Value {
        let hosts = self.owner().map_or(0, |owner| self.at(owner).hosts());
        let usage = |maximum: u64| {
            json!({
                "_typeName": "ResourcePoolResourceUsage",
                "reservationUsed": 0,
                "reservationUsedForVm": 0,
                "unreservedForPool": maximum,
                "unreservedForVm": maximum,
                "overallUsage": maximum / 3,
                "maxUsage": maximum,
            })
        };
        json!({
            "_typeName": "ResourcePoolRuntimeInfo",
            // In bytes; `cpu` is in MHz.
            "memory": usage(hosts * MEMORY),
            "cpu": usage(hosts * CORES * MHZ),
            "overallStatus": self.status(),
        })
    }

    pub(super) fn resource_config(self) -> Value {
        let allocation = json!({
            "_typeName": "ResourceAllocationInfo",
            "reservation": 0,
            "expandableReservation": true,
            "limit": -1,
            "shares": {"_typeName": "SharesInfo", "shares": 4000, "level": "normal"},
        });
        json!({
            "_typeName": "ResourceConfigSpec",
            "entity": self.entity().reference.to_json(),
            "cpuAllocation": allocation,
            "memoryAllocation": allocation,
        })
    }
}

fn cluster_config(type_name: &str) -> Value {
    json!({
        "_typeName": type_name,
        "dasConfig": {"_typeName": "ClusterDasConfigInfo", "enabled": true},
        "drsConfig": {
            "_typeName": "ClusterDrsConfigInfo",
            "enabled": true,
            "defaultVmBehavior": "fullyAutomated",
        },
    })
}
