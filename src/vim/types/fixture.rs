//! Task fixtures for tests.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test with an invalid fixture fails"
)]

use jiff::Timestamp;
use serde_json::{Value, json};

use super::TaskInfo;

/// Returns a time in seconds after the start of the fixture's tasks.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// Returns a running relocation started at `at(0)`, with fields added or replaced.
pub fn info(mo_id: &str, more: &Value) -> Box<TaskInfo> {
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
