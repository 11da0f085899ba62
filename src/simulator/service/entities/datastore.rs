//! Properties of datastores and networks.

use serde_json::{Value, json};

use super::EntityProperties;
use crate::world::inventory::EntityKind;

/// Size of a datastore in bytes.
const CAPACITY: u64 = 17_592_186_044_416;

/// Free space of a datastore in bytes.
const FREE: u64 = 6_597_069_766_656;

/// Maximum file size of VMFS 6 in bytes.
const LARGEST_FILE: u64 = 70_368_744_177_664;

impl EntityProperties<'_> {
    pub(super) fn datastore(self, name: &str) -> Option<Value> {
        Some(match name {
            "vm" => self.machines(|machine| machine.datastore == Some(self.id)),
            "browser" => self.browser("HostDatastoreBrowser", "datastoreBrowser-"),
            "host" => {
                let hosts = self.inventory().nearby(self.id, EntityKind::Host);
                let mount = |host: Value| {
                    json!({
                        "_typeName": "DatastoreHostMount",
                        "key": host,
                        "mountInfo": {
                            "_typeName": "HostMountInfo",
                            "path": format!("/vmfs/volumes/{}", self.entity().reference.id),
                            "accessMode": "readWrite",
                            "mounted": true,
                            "accessible": true,
                        },
                    })
                };
                hosts
                    .map(|(_, host)| mount(host.reference.to_json()))
                    .collect()
            }
            "capability" => json!({
                "_typeName": "DatastoreCapability",
                "directoryHierarchySupported": true,
                "rawDiskMappingsSupported": true,
                "perFileThinProvisioningSupported": true,
                "storageIORMSupported": true,
                "nativeSnapshotSupported": false,
            }),
            "info" => json!({
                "_typeName": "VmfsDatastoreInfo",
                "name": &*self.entity().name,
                "url": self.url(),
                "freeSpace": FREE,
                "maxFileSize": LARGEST_FILE,
                "maxMemoryFileSize": LARGEST_FILE,
                "maxPhysicalRDMFileSize": LARGEST_FILE,
                "maxVirtualRDMFileSize": LARGEST_FILE,
                "timestamp": self.start(),
            }),
            "summary" => json!({
                "_typeName": "DatastoreSummary",
                "datastore": self.entity().reference.to_json(),
                "name": &*self.entity().name,
                "url": self.url(),
                "capacity": CAPACITY,
                "freeSpace": FREE,
                "accessible": true,
                "multipleHostAccess": true,
                "type": "VMFS",
                "maintenanceMode": "normal",
            }),
            _ => return None,
        })
    }

    fn url(self) -> String {
        format!("ds:///vmfs/volumes/{}/", self.entity().reference.id)
    }

    pub(super) fn network(self, name: &str) -> Option<Value> {
        Some(match name {
            "host" => self.nearby(EntityKind::Host),
            "vm" => self.machines(|machine| machine.network == Some(self.id)),
            "summary" => json!({
                "_typeName": "NetworkSummary",
                "network": self.entity().reference.to_json(),
                "name": &*self.entity().name,
                "accessible": true,
                "ipPoolName": "",
            }),
            _ => return None,
        })
    }
}
