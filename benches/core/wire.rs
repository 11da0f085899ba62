//! Server responses used by the benchmarks.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vtask::{
    task::TaskChange,
    vim::types::{Path, TaskInfo, UpdateSet},
};

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

pub(crate) fn ago(seconds: usize) -> String {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap());
    (now() - span).to_string()
}

pub(crate) fn mo_id(number: usize) -> String {
    format!("task-{}", 100_000 + number)
}

pub(crate) fn read_task(text: &str) -> TaskInfo {
    TaskInfo::from_json(serde_json::from_str(text).unwrap()).unwrap()
}

/// Operations with their labels.
pub(crate) const OPERATIONS: [(&str, &str); 5] = [
    ("VirtualMachine.relocate", "Relocate virtual machine"),
    ("VirtualMachine.clone", "Clone virtual machine"),
    ("Drm.ExecuteVMotionLRO", "Migrate virtual machine"),
    (
        "VirtualMachine.consolidateDisks",
        "Consolidate virtual machine disks",
    ),
    ("vm.copyDisks", "Copy disks"),
];

/// Returns a `TaskInfo`. Tasks form lineages of five (a root, two children, and two children of the first). Of ten
/// lineages, six are running, one is queued, two have succeeded and one has failed.
pub(crate) fn task(number: usize) -> Value {
    let (lineage, member) = (number / 5, number % 5);
    let (operation, _) = OPERATIONS[match member {
        0 => lineage % 3,
        1 | 2 => 3,
        _ => 4,
    }];
    let key = mo_id(number);
    let mut info = json!({
        "_typeName": "TaskInfo", "key": key,
        "task": {"_typeName": "ManagedObjectReference", "type": "Task", "value": key},
        "name": "RelocateVM_Task", "descriptionId": operation,
        "entity": {"_typeName": "ManagedObjectReference", "type": "VirtualMachine", "value": format!("vm-{lineage}")},
        "entityName": format!("db-prod-{lineage:05}"),
        "state": "running", "cancelled": false, "cancelable": member == 0,
        "progress": number * 37 % 100,
        "description": {"_typeName": "LocalizableMessage", "key": "com.vmware.vim.vpxd.phase.copy",
            "message": format!("Copying disk {} of 5", member + 1)},
        "reason": {"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\load"},
        "queueTime": ago(lineage % 5000 + 60), "startTime": ago(lineage % 5000 + 50),
        "eventChainId": number
    });
    if member > 0 {
        let parent = number - [0, 1, 2, 2, 3][member];
        info["parentTaskKey"] = json!(mo_id(parent));
        info["rootTaskKey"] = json!(mo_id(number - member));
    }
    match lineage % 10 {
        6 => {
            info["state"] = json!("queued");
            info["startTime"] = Value::Null;
            info["progress"] = Value::Null;
        }
        7 | 8 => {
            info["state"] = json!("success");
            info["completeTime"] = json!(ago(lineage % 40));
        }
        9 => {
            info["state"] = json!("error");
            info["completeTime"] = json!(ago(lineage % 40));
            info["error"] = json!({"_typeName": "NoDiskSpace", "datastore": "vsan-01",
                "localizedMessage": "There is not enough space on the datastore vsan-01."});
        }
        _ => {}
    }
    info
}

/// Returns an update set with a new percentage for each task.
pub(crate) fn update_set(numbers: Range<usize>, percent: usize) -> String {
    let objects: Vec<Value> = numbers
        .map(|number| {
            json!({
                "_typeName": "ObjectUpdate", "kind": "modify",
                "obj": {"_typeName": "ManagedObjectReference", "type": "Task", "value": mo_id(number)},
                "changeSet": [{
                    "_typeName": "PropertyChange", "name": "info.progress", "op": "assign",
                    "val": {"_typeName": "int", "_value": (percent + number) % 100}
                }]
            })
        })
        .collect();
    let filter = json!({"_typeName": "ManagedObjectReference", "type": "PropertyFilter",
        "value": "session[52b5c395]52d1a9f2"});
    let set = json!({
        "_typeName": "UpdateSet", "version": "42", "truncated": false,
        "filterSet": [{"_typeName": "PropertyFilterUpdate", "filter": filter, "objectSet": objects}]
    });
    set.to_string()
}

/// Converts an update set to task changes.
pub(crate) fn changes(text: &str) -> Vec<TaskChange> {
    let set: UpdateSet = serde_json::from_str(text).unwrap();
    let objects = set
        .filter_set
        .into_iter()
        .flat_map(|filter| filter.object_set);
    objects
        .map(|object| TaskChange::Fields {
            mo_id: object.obj,
            fields: object
                .change_set
                .into_iter()
                .filter_map(|change| match change.path {
                    Path::Field(field) => Some((field.into(), change.val)),
                    _ => None,
                })
                .collect(),
            at: now(),
        })
        .collect()
}
