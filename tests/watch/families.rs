//! Family members that are not watched, found in the history and among the recent tasks.

use std::time::Duration;

use crate::watch::support::{Harness, manual_clock, watch};
use serde_json::Value;
use vtask::{
    simulator::{Control, Simulator},
    task::{Presence, Status},
    vim::types::TaskLocator,
    watch::{Command, FamilyState},
};

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// Starts the demo and advances its clock.
async fn start_demo_at(span: Duration) -> Simulator {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    simulator.control().advance(span);
    simulator
}

fn key(info: &Value) -> &str {
    info["key"].as_str().unwrap()
}

/// Returns the first task that satisfies a condition.
fn task(control: &Control, is_selected: impl Fn(&Value) -> bool) -> Value {
    control
        .expected_tasks()
        .into_iter()
        .find(|info| is_selected(info))
        .unwrap()
}

fn is_operation(operation: &str) -> impl Fn(&Value) -> bool {
    move |info| info["descriptionId"] == operation
}

async fn follow(harness: &mut Harness, task: &str) {
    let reported = harness.families.len();
    let known = harness
        .record(task)
        .and_then(|record| record.info.as_deref());
    let locator = known.map_or_else(|| TaskLocator::named(task.into()), TaskLocator::of);
    harness.send(Command::FollowFamily(Some(locator)));
    let has_ended = |harness: &Harness| {
        let states = &harness.families[reported..];
        states
            .iter()
            .any(|(_, state)| *state != FamilyState::Searching)
    };
    harness.until("the family", has_ended).await;
}

/// The root has the same entity as its child.
#[tokio::test]
async fn expired_root_is_found_in_history() {
    let simulator = start_demo_at(minutes(40)).await;
    let control = simulator.control();
    let child = task(&control, is_operation("vim.Task.copyDisk"));
    let (child, root) = (key(&child), child["rootTaskKey"].as_str().unwrap());
    let middle = task(&control, is_operation("vim.Task.copyDisks"));
    control.remove_task(root);
    let mut harness = Harness::start(watch(&simulator, &[child]));
    harness
        .until("the placeholder", |harness| {
            harness.status(root) == Some(Status::Placeholder)
        })
        .await;
    follow(&mut harness, child).await;
    assert!(harness.has_found_family(), "{:?}", harness.families);
    let record = harness.record(root).unwrap();
    assert_eq!(record.status(), Status::Success);
    assert_eq!(record.presence, Presence::HistoryOnly);
    assert!(record.completed_at().is_some());
    assert_eq!(harness.status(key(&middle)), Some(Status::Success));
    let root = harness
        .store
        .find_key(crate::watch::support::SERVER, root)
        .unwrap();
    assert_eq!(harness.store.family(root).total(), 7, "the whole family");
    assert_eq!(control.open_objects().histories, 0);
    harness.stop().await;
}

/// The root is on a host, its children are on virtual machines.
#[tokio::test]
async fn expired_root_of_other_entity_is_found_by_time() {
    let simulator = start_demo_at(minutes(14)).await;
    let control = simulator.control();
    let root = task(&control, |info| {
        is_operation("HostSystem.enterMaintenanceMode")(info) && info["entityName"] == "esx-05"
    });
    assert_eq!(root["state"], "success");
    let root = key(&root);
    let child = task(&control, |info| info["parentTaskKey"] == root);
    assert_ne!(child["entityName"], "esx-05");
    control.remove_task(root);
    let mut harness = Harness::start(watch(&simulator, &[key(&child)]));
    harness
        .until("the placeholder", |harness| {
            harness.status(root) == Some(Status::Placeholder)
        })
        .await;
    follow(&mut harness, key(&child)).await;
    assert!(harness.has_found_family(), "{:?}", harness.families);
    assert_eq!(harness.status(root), Some(Status::Success));
    harness.stop().await;
}

/// A root missing from the history is not searched again.
#[tokio::test]
async fn missing_root_stays_a_placeholder() {
    let simulator = start_demo_at(minutes(40)).await;
    let control = simulator.control();
    let child = task(&control, is_operation("vim.Task.copyDisk"));
    let (child, root) = (key(&child), child["rootTaskKey"].as_str().unwrap());
    control.remove_task(root);
    // The history lacks tasks that ended within this time.
    control.change_behavior(|behavior| behavior.history_lag = minutes(500));
    let mut harness = Harness::start(watch(&simulator, &[child]));
    harness
        .until("the placeholder", |harness| {
            harness.status(root) == Some(Status::Placeholder)
        })
        .await;
    follow(&mut harness, child).await;
    assert!(harness.has_found_family(), "{:?}", harness.families);
    assert_eq!(harness.status(root), Some(Status::Placeholder));
    assert_eq!(control.open_objects().histories, 0);
    harness.stop().await;
}

/// Without a history, family members of named tasks are found among the recent tasks.
#[tokio::test]
async fn lookup_without_history_uses_recent_tasks() {
    let simulator = start_demo_at(Duration::from_secs(5 * 60 + 40)).await;
    let control = simulator.control();
    control.change_behavior(|behavior| behavior.history = false);
    let root = task(&control, |info| {
        is_operation("HostSystem.enterMaintenanceMode")(info) && info["entityName"] == "esx-05"
    });
    let root = key(&root);
    let mut harness = Harness::start(watch(&simulator, &[root]));
    harness
        .until("the task", |harness| {
            harness.status(root) == Some(Status::Running)
        })
        .await;
    let handle = harness
        .store
        .find_key(crate::watch::support::SERVER, root)
        .unwrap();
    assert_eq!(harness.store.family(handle).total(), 1);
    follow(&mut harness, root).await;
    let (_, state) = harness.families.last().unwrap();
    let FamilyState::Failed(reason) = state else {
        panic!("{state:?}");
    };
    assert!(reason.contains("keeps no task history"), "{reason}");
    let has_children = |harness: &Harness| harness.store.family(handle).total() > 3;
    harness.until("its children", has_children).await;
    harness.stop().await;
}
