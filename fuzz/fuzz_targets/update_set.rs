//! Any body as an `UpdateSet`, its changes applied to a task.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vtask::vim::types::{Path, TaskInfo, UpdateSet};

const TASK: &[u8] = include_bytes!("../seeds/task_info/running.json");

fuzz_target!(|body: &[u8]| {
    let Ok(set) = serde_json::from_slice::<UpdateSet>(body) else {
        return;
    };
    let task = serde_json::from_slice(TASK).expect("the seed is JSON");
    let mut info = TaskInfo::from_json(task).expect("the seed is a task");
    for object in set.filter_set.into_iter().flat_map(|filter| filter.object_set) {
        for change in object.change_set {
            match change.into_parts() {
                (Path::Info, value) => drop(TaskInfo::from_json(value)),
                (Path::Field(field), value) => drop(info.assign(field, value)),
                (Path::Other(field), value) => drop(info.assign(&field, value)),
            }
        }
    }
    let written = info.to_json();
    assert!(TaskInfo::from_json(written).is_ok());
});
