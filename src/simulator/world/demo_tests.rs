//! Checks that the demo scenario contains every special case within ten minutes.

use std::collections::{BTreeSet, HashMap};

use super::task::TaskState;
use super::*;
use crate::scenario::{LoadOptions, Scenario};

const REASONS: [&str; 4] = [
    "TaskReasonUser",
    "TaskReasonSystem",
    "TaskReasonAlarm",
    "TaskReasonSchedule",
];

/// Returns the length of a fault chain.
fn depth(fault: &Value) -> usize {
    1 + fault.get("faultCause").map_or(0, depth)
}

/// Returns the special cases that a task shows; `before` is its previous record.
fn remarks(world: &World, record: &Record, before: Option<&Record>) -> Vec<&'static str> {
    let running = record.state == TaskState::Running;
    let name = record.entity_name.as_deref().unwrap_or_default();
    let result = record
        .result
        .as_ref()
        .and_then(|result| result["_typeName"].as_str());
    let parent = record.parent.and_then(|parent| world.task(parent));
    let fell = before.is_some_and(|before| before.progress > record.progress);
    let turned = before.is_some_and(|before| before.cancelable != record.cancelable);
    let facts = [
        (
            "three levels",
            parent.is_some_and(|parent| parent.record.parent.is_some()),
        ),
        (
            "a child that outlives its parent",
            running && parent.is_some_and(|parent| parent.record.state.is_final()),
        ),
        (
            "a fault chain of three",
            record.error.as_ref().map_or(0, depth) >= 3,
        ),
        ("an escape sequence", name.contains('\u{1b}')),
        ("wide characters", name.contains('財')),
        ("a long name", name.chars().count() > 80),
        ("no entity", record.entity.is_none()),
        ("progress that falls", running && fell),
        ("cancelable that turns", running && turned),
        ("changing phases", record.phase_log.len() >= 4),
        ("no figure", running && record.progress.is_none()),
        ("not cancelable", running && !record.cancelable),
        (
            "a cancellation that nothing comes of",
            running && record.cancelled && before.is_some_and(|before| before.cancelled),
        ),
        (
            "more than an hour",
            record
                .start_time
                .is_some_and(|start| start < WorldTime::from_micros(-3_600_000_000)),
        ),
        ("a boxed result", result == Some("string")),
        (
            "a reference as result",
            result == Some("ManagedObjectReference"),
        ),
        (
            "a list as result",
            result.is_some_and(|name| name.starts_with("ArrayOf")),
        ),
        ("a root that names itself", record.root == Some(record.id)),
        ("details", !record.progress_details.is_empty()),
        ("an internal task", record.name.is_none()),
    ];
    let reasons = REASONS
        .into_iter()
        .filter(|reason| record.reason["_typeName"] == *reason);
    facts
        .into_iter()
        .filter(|(_, holds)| *holds)
        .map(|(what, _)| what)
        .chain(reasons)
        .collect()
}

/// Types of results that the published API defines.
const RESULTS: [&str; 4] = [
    "string",
    "ArrayOfString",
    "ManagedObjectReference",
    "ClusterPowerOnVmResult",
];

/// Types of faults, and of data in results and faults, that the published API defines.
const FAULTS_AND_DATA: [&str; 18] = [
    "CannotAccessFile",
    "ClusterAttemptedVmInfo",
    "DeviceNotSupported",
    "DuplicateName",
    "ExtendedFault",
    "FileNotFound",
    "HostConfigFault",
    "HostNotReachable",
    "InsufficientMemoryResourcesFault",
    "InsufficientResourcesFault",
    "InvalidPowerState",
    "KeyValue",
    "MigrationFault",
    "NasConnectionLimitReached",
    "NoDiskSpace",
    "NoPermission",
    "SystemError",
    "VMotionInterfaceIssue",
];

#[test]
fn results_and_faults_of_the_demo_are_of_published_types() {
    let text = include_str!("../scenarios/demo.toml");
    let names = text.split("_typeName = \"").skip(1);
    for name in names.filter_map(|rest| rest.split('"').next()) {
        // Typed clients reject a task whose result or error has an unknown type.
        let is_published = RESULTS.contains(&name) || FAULTS_AND_DATA.contains(&name);
        assert!(is_published, "{name}");
    }
}

#[test]
fn the_demo_shows_every_special_case_within_ten_minutes() {
    let config = Scenario::load("demo")
        .unwrap()
        .world_config(&LoadOptions::default())
        .unwrap();
    let mut world = World::new(config, 1);
    let mut seen = BTreeSet::new();
    let mut before: HashMap<TaskId, Record> = HashMap::new();
    let has_valid_result = |record: &Record| {
        let is_void = ["VirtualMachine.migrate", "VirtualMachine.relocate"];
        let Some(result) = &record.result else {
            return true;
        };
        let type_name = result["_typeName"].as_str().unwrap_or_default();
        RESULTS.contains(&type_name) && !is_void.contains(&&*record.description_id)
    };
    for second in 0..=600 {
        world.advance_to(WorldTime::from_micros(second * 1_000_000));
        for task in world.tasks() {
            assert!(has_valid_result(&task.record), "{:?}", task.record);
            seen.extend(remarks(&world, &task.record, before.get(&task.record.id)));
            before.insert(task.record.id, task.record.clone());
        }
        if world
            .inventory()
            .all()
            .any(|(_, entity)| entity.question.is_some())
        {
            seen.insert("a question");
        }
    }
    assert_eq!(seen.len(), 25, "{seen:#?}");
}
