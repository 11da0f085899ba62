//! Lookups about a task: events, family and history.

use crate::watch::support::Harness;
use vtask::{
    simulator::Simulator,
    vim::types::TaskLocator,
    watch::{Command, FamilyState, FetchMode},
};

/// Returns a task with children.
fn parent(simulator: &Simulator) -> String {
    let expected = simulator.control().expected_tasks();
    let child = expected
        .iter()
        .find(|info| info["parentTaskKey"].is_string());
    child.unwrap()["parentTaskKey"].as_str().unwrap().to_owned()
}

fn locator(task: &str) -> TaskLocator {
    TaskLocator::named(task.into())
}

#[tokio::test]
async fn events_or_error_are_reported() {
    let (simulator, _, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    let task = parent(&simulator);
    harness.send(Command::FollowEvents(vec![locator(&task)]));
    harness
        .until("its events", |harness| !harness.events.is_empty())
        .await;
    let (of, events) = harness.events.remove(0);
    let events = events.unwrap();
    assert_eq!(*of, *task);
    assert!(events.iter().all(|event| event.created.is_some()));
    assert!(!events.is_empty());
    simulator
        .control()
        .change_behavior(|behavior| behavior.events_permission = false);
    harness.send(Command::FollowEvents(vec![locator(&task)]));
    harness
        .until("the refusal", |harness| !harness.events.is_empty())
        .await;
    let reason = harness.events.remove(0).1.unwrap_err();
    assert!(
        reason.contains("NoPermission") || reason.contains("ermission"),
        "{reason}"
    );
    harness.stop().await;
}

#[tokio::test]
async fn events_of_several_tasks_are_followed() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    let expected = control.expected_tasks();
    let running = expected.iter().filter(|info| info["state"] == "running");
    let tasks: Vec<&str> = running.filter_map(|info| info["key"].as_str()).collect();
    let tasks = &tasks[..3];
    let locators = tasks.iter().map(|task| locator(task)).collect();
    harness.send(Command::FollowEvents(locators));
    let has_events = |harness: &Harness, task: &str| {
        let mut events = harness.events.iter();
        events.any(|(mo_id, events)| **mo_id == *task && events.is_ok())
    };
    harness
        .until("the events of all", |harness| {
            tasks.iter().all(|task| has_events(harness, task))
        })
        .await;
    // Answers for tasks that are no longer followed are dropped.
    harness.send(Command::FollowEvents(vec![locator(tasks[1])]));
    harness.events.clear();
    harness
        .until("the events of one", |harness| has_events(harness, tasks[1]))
        .await;
    assert!(harness.events.iter().all(|(mo_id, _)| **mo_id == *tasks[1]));
    harness.stop().await;
}

#[tokio::test]
async fn ignored_filters_are_applied_locally() {
    let mut reported = Vec::new();
    for detailed_filters in [true, false] {
        let (simulator, control, mut harness) =
            Harness::start_synced("demo", FetchMode::Push).await;
        control.change_behavior(|behavior| behavior.detailed_filters = detailed_filters);
        let task = parent(&simulator);
        harness.send(Command::FollowEvents(vec![locator(&task)]));
        harness.send(Command::FollowFamily(Some(locator(&task))));
        harness
            .until("the family and the events", |harness| {
                harness.has_found_family() && !harness.events.is_empty()
            })
            .await;
        let events = harness.events.remove(0).1.unwrap();
        let texts: Vec<String> = events.iter().map(|event| event.text().to_owned()).collect();
        let records = harness.store.iter().map(|(_, record)| record);
        let mut tasks: Vec<_> = records.map(|record| record.id.mo_id.clone()).collect();
        tasks.sort();
        reported.push((texts, tasks));
        harness.stop().await;
    }
    assert!(!reported[0].0.is_empty());
    assert_eq!(reported[0], reported[1]);
}

#[tokio::test]
async fn family_from_history_keeps_newer_values() {
    let (simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    let task = parent(&simulator);
    harness.send(Command::FollowFamily(Some(locator(&task))));
    harness.until("the family", Harness::has_found_family).await;
    assert!(harness.is_synced(&control));
    assert_eq!(control.open_objects().histories, 0);
    control.change_behavior(|behavior| behavior.history_permission = false);
    harness.send(Command::FollowFamily(Some(locator(&task))));
    let has_failed = |harness: &Harness| {
        let last = harness.families.last();
        last.is_some_and(|(_, state)| matches!(state, FamilyState::Failed(_)))
    };
    harness.until("the refusal", has_failed).await;
    assert!(harness.is_synced(&control));
    harness.stop().await;
}
