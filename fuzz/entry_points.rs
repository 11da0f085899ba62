//! Bodies of the fuzz targets, shared with the tests so that they are compiled and run without a fuzzer.

use std::io::Cursor;

use vtask::{
    recording::{Reader, RecordedState, Redactor},
    text::sanitize,
    vim::types::{Fault, Path, TaskInfo, UpdateSet},
};

const TASK: &[u8] = include_bytes!("seeds/task_info/running.json");

/// Parses a `TaskInfo`, uses and serializes it. Parsing the result must give the same value.
pub fn task_info(body: &[u8]) {
    let Ok(value) = serde_json::from_slice(body) else {
        return;
    };
    let Ok(info) = TaskInfo::from_json(value) else {
        return;
    };
    let _ = (info.ended_cancelled(), info.parent_key(), info.root_key());
    if let Some(error) = &info.error {
        sanitize(&error.text());
    }
    let written = info.to_json();
    let again = TaskInfo::from_json(written.clone()).expect("what was written can be read");
    assert_eq!(again.to_json(), written);
}

/// Parses an `UpdateSet` and applies its changes to a task.
pub fn update_set(body: &[u8]) {
    let Ok(set) = serde_json::from_slice::<UpdateSet>(body) else {
        return;
    };
    let task = serde_json::from_slice(TASK).expect("the seed is JSON");
    let mut info = TaskInfo::from_json(task).expect("the seed is a task");
    let filters = set.filter_set.into_iter();
    for object in filters.flat_map(|filter| filter.object_set) {
        for change in object.change_set {
            match change.path {
                Path::Info => drop(TaskInfo::from_json(change.val)),
                Path::Field(field) => drop(info.assign(field, change.val)),
                Path::Other(field) => drop(info.assign(&field, change.val)),
            }
        }
    }
    let written = info.to_json();
    assert!(TaskInfo::from_json(written).is_ok());
}

/// Reads a record, redacts it and applies all its lines.
pub fn record(body: &[u8]) {
    let Ok(reader) = Reader::new(Cursor::new(body.to_vec()), "fuzz") else {
        return;
    };
    let mut redactor = Redactor::default();
    let (mut state, mut redacted) = (RecordedState::default(), RecordedState::default());
    let mut end = reader.header().started;
    for line in reader {
        end = end.max(line.t);
        let written = serde_json::to_string(&line).expect("a line can be written");
        serde_json::from_str::<vtask::recording::Line>(&written)
            .expect("what was written can be read");
        let mut copy = line.clone();
        copy.entry = redactor.entry(copy.entry);
        let _ = vtask::watch::recording_codec::decode(line.entry.clone());
        state.apply(line, written.len());
        redacted.apply(copy, written.len());
    }
    assert_eq!(state.lines(end).count(), redacted.lines(end).count());
}

/// Parses a fault and reads its chain, messages and fields.
pub fn fault(body: &[u8]) {
    let Ok(value) = serde_json::from_slice(body) else {
        return;
    };
    let fault = Fault::new(value);
    for fault in fault.chain() {
        let text = sanitize(&fault.text()).into_owned();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        let _ = (
            fault.type_name(),
            fault.is_request_canceled(),
            fault.messages(),
        );
        fault.fault_fields().for_each(drop);
    }
    let again = Fault::new(fault.as_json().clone());
    assert_eq!(again.text(), fault.text());
}
