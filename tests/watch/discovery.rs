//! New tasks are found in the pushed list of recent tasks, or by reading the list if it is not pushed.

use std::time::Duration;

use crate::watch::support::{Harness, count, start_server, watch_by};
use vtask::{
    simulator::{
        Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
    },
    watch::{ConnectionState, FetchMode},
};

const RECENT: &str = "TaskManager/recentTask";

#[tokio::test]
async fn pushed_members_need_no_list_request() {
    let (simulator, control) = start_server("demo").await;
    control.change_behavior(|behavior| behavior.push_recent_tasks = true);
    let mut options = watch_by(FetchMode::Push, &simulator, &[]);
    options.discover_interval = Duration::from_secs(3600);
    let mut harness = Harness::start(options);
    let before = control.expected_tasks().len();
    for _ in 0..8 {
        harness.until_synced("the tasks", &control).await;
        control.advance(Duration::from_secs(20));
    }
    harness.until_synced("the tasks", &control).await;
    assert!(
        control.expected_tasks().len() > before,
        "there were new ones"
    );
    assert_eq!(count(&control, RECENT), 0);
    harness.stop().await;
}

/// The list is awaited although no task is watched yet.
#[tokio::test]
async fn first_task_on_idle_server_is_pushed() {
    let text = "about = \"later\"\n[[task]]\nat = \"10s\"\nwhat = { operation = \"VirtualMachine.clone\", takes = \"1h\" }\n";
    let scenario = vtask::simulator::scenario::Scenario::parse("later", text).unwrap();
    let options = vtask::simulator::Options::new(scenario).manual();
    let simulator = Simulator::start(options).await.unwrap();
    let control = simulator.control();
    control.change_behavior(|behavior| behavior.push_recent_tasks = true);
    let mut options = watch_by(FetchMode::Push, &simulator, &[]);
    options.discover_interval = Duration::from_secs(3600);
    let mut harness = Harness::start(options);
    harness
        .until_seen("the wait", |_| control.pending_waits() == 1)
        .await;
    control.advance(Duration::from_secs(20));
    harness
        .until("the task", |harness| harness.store.len() == 1)
        .await;
    harness.stop().await;
}

#[tokio::test]
async fn unwatchable_list_is_polled_while_tasks_are_pushed() {
    for fault in ["NoPermission", "InvalidProperty", "InvalidArgument"] {
        let (simulator, control) = start_server("demo").await;
        let refused = FaultRule::new(
            "PropertyCollector/CreateFilter",
            FaultEffect::Fault(fault.to_owned()),
        );
        control.inject(&FaultPlan::default().with(refused.times(1)));
        let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
        for _ in 0..3 {
            harness.until_synced("the tasks", &control).await;
            control.advance(Duration::from_secs(20));
        }
        harness.until_synced("the tasks", &control).await;
        assert_eq!(
            harness.connections.last(),
            Some(&ConnectionState::Live),
            "{fault}"
        );
        assert!(count(&control, RECENT) > 1);
        assert_eq!(count(&control, "Task/info"), 0);
        harness.stop().await;
    }
}
