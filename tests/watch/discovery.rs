//! New tasks show up as soon as the server pushes its list of recent tasks, and by re-reading where it never does.

use std::time::Duration;

use crate::support::{Bench, count, standing, watch_by};
use vtask::{
    simulator::{
        Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
    },
    watch::{FetchMode, Link},
};

const RECENT: &str = "TaskManager/recentTask";

#[tokio::test]
async fn pushed_members_need_no_list_request() {
    let simulator = Simulator::start(standing("demo")).await.unwrap();
    let control = simulator.control();
    control.change_behavior(|behavior| behavior.push_recent_tasks = true);
    let mut options = watch_by(FetchMode::Push, &simulator, &[]);
    options.discover_interval = Duration::from_secs(3600);
    let mut bench = Bench::start(options);
    let before = control.expected_tasks().len();
    for _ in 0..8 {
        bench.until_truth("the truth", &control).await;
        control.advance(Duration::from_secs(20));
    }
    bench.until_truth("the truth", &control).await;
    assert!(
        control.expected_tasks().len() > before,
        "there were new ones"
    );
    assert_eq!(count(&control, RECENT), 1);
    bench.stop().await;
}

/// Nothing is watched yet: the list is waited for all the same.
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
    let mut bench = Bench::start(options);
    bench
        .until_seen("the wait", |_| control.pending_waits() == 1)
        .await;
    control.advance(Duration::from_secs(20));
    bench
        .until("the task", |bench| bench.board.len() == 1)
        .await;
    bench.stop().await;
}

#[tokio::test]
async fn unwatchable_list_is_polled_while_tasks_are_pushed() {
    for fault in ["NoPermission", "InvalidProperty", "InvalidArgument"] {
        let simulator = Simulator::start(standing("demo")).await.unwrap();
        let control = simulator.control();
        let refused = FaultRule::new(
            "PropertyCollector/CreateFilter",
            FaultEffect::Fault(fault.to_owned()),
        );
        control.inject(&FaultPlan::default().with(refused.times(1)));
        let mut bench = Bench::start(watch_by(FetchMode::Push, &simulator, &[]));
        for _ in 0..3 {
            bench.until_truth("the truth", &control).await;
            control.advance(Duration::from_secs(20));
        }
        bench.until_truth("the truth", &control).await;
        assert_eq!(bench.links.last(), Some(&Link::Live), "{fault}");
        assert!(count(&control, RECENT) > 1);
        assert_eq!(count(&control, "Task/info"), 0);
        bench.stop().await;
    }
}
