//! What is looked up around a task: its events, its family, the past; over HTTP, from the embedded server.

use crate::support::{Bench, standing, watch_by};
use vtask::{
    simulator::Simulator,
    vim::types::TaskLocator,
    watch::{Command, FamilyState, FetchMode},
};

async fn begun() -> (Simulator, Bench) {
    let simulator = Simulator::start(standing("demo")).await.unwrap();
    let control = simulator.control();
    let mut bench = Bench::start(watch_by(FetchMode::Push, &simulator, &[]));
    bench.until_truth("the truth", &control).await;
    (simulator, bench)
}

/// A task with children.
fn parent(simulator: &Simulator) -> String {
    let truth = simulator.control().expected_tasks();
    let child = truth.iter().find(|info| info["parentTaskKey"].is_string());
    child.unwrap()["parentTaskKey"].as_str().unwrap().to_owned()
}

fn named(task: &str) -> TaskLocator {
    TaskLocator::named(task.into())
}

#[tokio::test]
async fn events_or_error_are_reported() {
    let (simulator, mut bench) = begun().await;
    let task = parent(&simulator);
    bench.send(Command::FollowEvents(vec![named(&task)]));
    bench
        .until("its events", |bench| !bench.events.is_empty())
        .await;
    let (of, events) = bench.events.remove(0);
    let events = events.unwrap();
    assert_eq!(*of, *task);
    assert!(events.iter().all(|event| event.created.is_some()));
    assert!(!events.is_empty());
    simulator
        .control()
        .change_behavior(|behavior| behavior.events_permission = false);
    bench.send(Command::FollowEvents(vec![named(&task)]));
    bench
        .until("the refusal", |bench| !bench.events.is_empty())
        .await;
    let reason = bench.events.remove(0).1.unwrap_err();
    assert!(
        reason.contains("NoPermission") || reason.contains("ermission"),
        "{reason}"
    );
    bench.stop().await;
}

#[tokio::test]
async fn events_of_several_tasks_are_followed() {
    let (simulator, mut bench) = begun().await;
    let control = simulator.control();
    let truth = control.expected_tasks();
    let running = truth.iter().filter(|info| info["state"] == "running");
    let tasks: Vec<&str> = running.filter_map(|info| info["key"].as_str()).collect();
    let tasks = &tasks[..3];
    let locators = tasks.iter().map(|task| named(task)).collect();
    bench.send(Command::FollowEvents(locators));
    let of = |bench: &Bench, task: &str| {
        let mut events = bench.events.iter();
        events.any(|(mo_id, events)| **mo_id == *task && events.is_ok())
    };
    bench
        .until("the events of all", |bench| {
            tasks.iter().all(|task| of(bench, task))
        })
        .await;
    // Answers for tasks that are no longer followed are dropped.
    bench.send(Command::FollowEvents(vec![named(tasks[1])]));
    bench.events.clear();
    bench
        .until("the events of one", |bench| of(bench, tasks[1]))
        .await;
    assert!(bench.events.iter().all(|(mo_id, _)| **mo_id == *tasks[1]));
    bench.stop().await;
}

#[tokio::test]
async fn ignored_filters_are_applied_locally() {
    let mut told = Vec::new();
    for detailed_filters in [true, false] {
        let (simulator, mut bench) = begun().await;
        let control = simulator.control();
        control.change_behavior(|behavior| behavior.detailed_filters = detailed_filters);
        let task = parent(&simulator);
        bench.send(Command::FollowEvents(vec![named(&task)]));
        bench.send(Command::FollowFamily(Some(named(&task))));
        let is_found = |bench: &Bench| {
            let last = bench.families.last();
            last.is_some_and(|(_, state)| matches!(state, FamilyState::Found { .. }))
                && !bench.events.is_empty()
        };
        bench.until("the family and the events", is_found).await;
        let events = bench.events.remove(0).1.unwrap();
        let texts: Vec<String> = events.iter().map(|event| event.text().to_owned()).collect();
        let records = bench.board.iter().map(|(_, record)| record);
        let mut tasks: Vec<_> = records.map(|record| record.id.mo_id.clone()).collect();
        tasks.sort();
        told.push((texts, tasks));
        bench.stop().await;
    }
    assert!(!told[0].0.is_empty());
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn family_from_history_keeps_newer_values() {
    let (simulator, mut bench) = begun().await;
    let control = simulator.control();
    let task = parent(&simulator);
    bench.send(Command::FollowFamily(Some(named(&task))));
    let is_found = |bench: &Bench| {
        let last = bench.families.last();
        last.is_some_and(|(_, state)| matches!(state, FamilyState::Found { .. }))
    };
    bench.until("the family", is_found).await;
    assert!(bench.shows_truth(&control));
    assert_eq!(control.open_objects().histories, 0);
    control.change_behavior(|behavior| behavior.history_permission = false);
    bench.send(Command::FollowFamily(Some(named(&task))));
    let has_failed = |bench: &Bench| {
        let last = bench.families.last();
        last.is_some_and(|(_, state)| matches!(state, FamilyState::Failed(_)))
    };
    bench.until("the refusal", has_failed).await;
    assert!(bench.shows_truth(&control));
    bench.stop().await;
}
