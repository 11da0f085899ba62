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

/// Result types that the published API defines.
const PUBLISHED: [&str; 4] = [
    "string",
    "ArrayOfString",
    "ManagedObjectReference",
    "ClusterPowerOnVmResult",
];

#[test]
fn the_demo_shows_every_special_case_within_ten_minutes() {
    let config = Scenario::load("demo")
        .unwrap()
        .world_config(&LoadOptions::default())
        .unwrap();
    let mut world = World::new(config, 1);
    let mut seen = BTreeSet::new();
    let mut before: HashMap<TaskId, Record> = HashMap::new();
    let is_published = |result: &Value| {
        let type_name = result["_typeName"].as_str();
        type_name.is_some_and(|name| PUBLISHED.contains(&name))
    };
    for second in 0..=600 {
        world.advance_to(WorldTime::from_micros(second * 1_000_000));
        for task in world.tasks() {
            // Typed clients reject a task whose result has an unknown type.
            assert!(task.record.result.as_ref().is_none_or(is_published));
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
