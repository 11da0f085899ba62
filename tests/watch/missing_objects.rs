//! A task that the long poll reports as unreadable is read individually. If that fails too, it is stale, with reason and
//! time.

use std::time::Duration;

use crate::watch::support::{Harness, count, running_task, start_server, watch_by};
use vtask::{
    simulator::fault_injection::{FaultEffect, FaultPlan, FaultRule},
    task::Presence,
    watch::FetchMode,
};

const WAIT: &str = "PropertyCollector/WaitForUpdatesEx";

fn missing(object: Option<&str>, fault: &str, whole: bool) -> FaultRule {
    let effect = FaultEffect::Missing {
        object: object.map(str::to_owned),
        fault: fault.to_owned(),
        whole,
    };
    FaultRule::new(WAIT, effect)
}

#[tokio::test]
async fn task_in_missing_set_is_read_individually() {
    for (whole, fault) in [
        (false, "NoPermission"),
        (false, "SystemError"),
        (true, "NoPermission"),
    ] {
        for from_the_start in [false, true] {
            let (simulator, control) = start_server("demo").await;
            let task = running_task(&control);
            let plan = FaultPlan::default().with(missing(Some(&task), fault, whole));
            if from_the_start {
                control.inject(&plan);
            }
            let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
            harness.until_synced("the tasks", &control).await;
            control.inject(&plan);
            for _ in 0..6 {
                control.advance(Duration::from_secs(5));
                harness.until_synced("the new tasks", &control).await;
            }
            // A task read individually is polled from then on, whatever the long poll reports.
            let reads = count(&control, "Task/info");
            harness
                .until_seen("reads", |_| count(&control, "Task/info") > reads + 2)
                .await;
            harness.assert_never_lost("connection");
            // The long poll reports it again, so that polling ends.
            control.clear_faults();
            control.advance(Duration::from_secs(5));
            harness.until_synced("the tasks by push", &control).await;
            control.advance(Duration::from_secs(5));
            harness.until_synced("the tasks by push", &control).await;
            harness.stop().await;
        }
    }
}

#[tokio::test]
async fn unreadable_task_is_stale_with_reason() {
    let (simulator, control) = start_server("demo").await;
    let task = running_task(&control);
    let mut options = watch_by(FetchMode::Push, &simulator, &[]);
    options.intervals.unreadable = Duration::from_millis(200);
    let mut harness = Harness::start(options);
    harness.until_synced("the tasks", &control).await;
    let plan = FaultPlan::default()
        .with(missing(Some(&task), "NoPermission", false))
        .with(FaultRule::new("Task/info", FaultEffect::status(403)));
    control.inject(&plan);
    let is_reported = |harness: &Harness| {
        let presence = &harness.record(&task).unwrap().presence;
        matches!(presence, Presence::Unreadable(why) if why.contains("403"))
    };
    harness
        .until_seen("the reason", |harness| {
            control.advance(Duration::from_millis(500));
            is_reported(harness)
        })
        .await;
    let seen = harness.record(&task).unwrap().observed_at();
    assert!(seen.is_some(), "since when");
    let others = harness.store.iter();
    let unreadable =
        others.filter(|(_, record)| matches!(record.presence, Presence::Unreadable(_)));
    assert_eq!(unreadable.count(), 1, "only that task");
    control.advance(Duration::from_secs(5));
    harness
        .until_seen("another read", |_| count(&control, "Task/info") > 2)
        .await;
    assert_eq!(harness.record(&task).unwrap().observed_at(), seen);
    harness.assert_never_lost("connection");
    control.clear_faults();
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
}

#[tokio::test]
async fn session_expiry_in_missing_set_is_recognised() {
    for whole in [false, true] {
        let (simulator, control) = start_server("demo").await;
        let mut options = watch_by(FetchMode::Push, &simulator, &[]);
        // Every task is read individually, which takes time on a busy machine.
        options.interval = Duration::from_secs(1);
        let mut harness = Harness::start(options);
        harness.until_synced("the tasks", &control).await;
        let rule = missing(None, "NotAuthenticated", whole).times(2);
        control.inject(&FaultPlan::default().with(rule));
        control.advance(Duration::from_secs(5));
        harness
            .until_seen("a new session", |_| {
                control.advance(Duration::from_millis(20));
                count(&control, "SessionManager/Login") > 1
            })
            .await;
        harness.until_synced("the new tasks", &control).await;
        harness.stop().await;
    }
}

#[tokio::test]
async fn task_that_left_the_filter_is_read() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    let task = running_task(&control);
    let rule = FaultRule::new(WAIT, FaultEffect::Leave(task.clone()));
    control.inject(&FaultPlan::default().with(rule));
    harness
        .until_seen("a read", |_| {
            control.advance(Duration::from_millis(500));
            count(&control, "Task/info") > 0
        })
        .await;
    harness.until_synced("the tasks", &control).await;
    assert!(control.remove_task(&task));
    let is_gone = |harness: &Harness| harness.record(&task).unwrap().is_gone();
    harness.until("its end", is_gone).await;
    harness.stop().await;
}
