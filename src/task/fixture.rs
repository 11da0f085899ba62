//! Task fixtures for tests.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ChangeSet, EndpointId, Handle, TaskChange, TaskStore};
use crate::vim::types::TaskInfo;

/// The endpoint of the fixture's tasks.
pub(crate) const HERE: EndpointId = EndpointId(0);

/// Returns a time in seconds after the start of the fixture's tasks.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// Returns a running relocation started at `at(0)`, with fields added or replaced.
pub(crate) fn info(mo_id: &str, more: &Value) -> Box<TaskInfo> {
    let mut wire = json!({
        "key": mo_id, "task": {"type": "Task", "value": mo_id}, "descriptionId": "VirtualMachine.relocate",
        "state": "running", "cancelled": false, "cancelable": true,
        "reason": {"_typeName": "TaskReasonSystem"},
        "queueTime": at(0).to_string(), "startTime": at(0).to_string(), "eventChainId": 1
    });
    for (field, value) in more.as_object().unwrap() {
        wire[field] = value.clone();
    }
    Box::new(TaskInfo::from_json(wire).unwrap())
}

/// Returns the change that reports [`info`] at that second.
pub(crate) fn full(mo_id: &str, more: &Value, second: i64) -> TaskChange {
    TaskChange::Full {
        info: info(mo_id, more),
        at: at(second),
    }
}

/// Adds [`info`] to a store, reported at that second.
pub(crate) fn put(store: &mut TaskStore, mo_id: &str, more: &Value, second: i64) -> Handle {
    store
        .apply(HERE, full(mo_id, more, second), &mut ChangeSet::default())
        .unwrap();
    store.find_key(HERE, mo_id).unwrap()
}
