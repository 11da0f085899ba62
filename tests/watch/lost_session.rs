//! A session or long poll that is lost silently is detected by the next check, not at the end of the poll.

use std::time::Duration;

use crate::watch::support::{Harness, count, running_task, watch_by};
use vtask::{
    simulator::{
        Control, Options, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule, ServerEvent},
        scenario::Scenario,
    },
    task::Presence,
    watch::{ConnectionState, FetchMode, WatchOptions},
};

/// Starts a server on which waits continue after their session has ended; returns it and a running task.
async fn start_server() -> (Simulator, Control, String) {
    let text = "about = \"one\"\n[[task]]\nat = \"0s\"\n[task.what]\noperation = \"VirtualMachine.clone\"\n\
                takes = \"30s\"\nprogress = \"linear\"\n";
    let options = Options::new(Scenario::parse("one", text).unwrap());
    let simulator = Simulator::start(options.manual()).await.unwrap();
    let control = simulator.control();
    control.advance(Duration::from_secs(1));
    control.change_behavior(|behavior| behavior.waits_outlive_sessions = true);
    let task = running_task(&control);
    (simulator, control, task)
}

fn options_with_frequent_checks(simulator: &Simulator, task: &str) -> WatchOptions {
    let mut options = watch_by(FetchMode::Push, simulator, &[task]);
    options.intervals.check = Duration::from_millis(100);
    options
}

fn shows_task(harness: &Harness, control: &Control, task: &str) -> bool {
    let record = harness.record(task).and_then(|record| record.info.as_ref());
    record.is_some_and(|info| control.expected_tasks().contains(&info.to_json()))
}

#[tokio::test]
async fn session_ended_during_long_poll_is_renewed() {
    for event in [ServerEvent::KillSessions, ServerEvent::KillSessionsInPart] {
        let (simulator, control, task) = start_server().await;
        let mut harness = Harness::start(options_with_frequent_checks(&simulator, &task));
        let is_shown = |harness: &Harness| shows_task(harness, &control, &task);
        harness.until("the task", is_shown).await;
        harness
            .until_seen("the wait", |harness| {
                control.pending_waits() == 1
                    && harness.connections.last() == Some(&ConnectionState::Live)
            })
            .await;
        control.trigger(&event);
        control.advance(Duration::from_secs(60));
        harness.until("the end of the task", is_shown).await;
        assert!(harness.status(&task).unwrap().is_finished());
        assert_eq!(count(&control, "SessionManager/Login"), 2, "{event:?}");
        harness.stop().await;
    }
}

/// A status 401 without a fault may mean that the session has ended.
#[tokio::test]
async fn rejected_session_is_renewed_once() {
    for (mode, call) in [
        (FetchMode::Auto, "PropertyCollector/WaitForUpdatesEx"),
        (FetchMode::Poll, "Task/info"),
        (FetchMode::Poll, "TaskManager/recentTask"),
    ] {
        let (_simulator, control, mut harness) = Harness::start_synced("demo", mode).await;
        let rule = FaultRule::new(call, FaultEffect::status(401));
        control.inject(&FaultPlan::default().with(rule.clone().times(1)));
        control.advance(Duration::from_secs(20));
        harness
            .until_seen("a login", |_| count(&control, "SessionManager/Login") == 2)
            .await;
        harness.until_synced("the new tasks", &control).await;
        harness.assert_never_lost(call);
        assert!(!reports_401(&harness), "{call}");
        // A lasting refusal is not a matter of the session.
        control.inject(&FaultPlan::default().with(rule));
        control.advance(Duration::from_secs(20));
        harness.until_seen("the refusal", reports_401).await;
        assert_eq!(count(&control, "SessionManager/Login"), 2, "{call}");
        harness.stop().await;
    }
}

/// True if the connection, a task or a notice has shown a status 401.
fn reports_401(harness: &Harness) -> bool {
    let tasks = harness.store.iter();
    let presences: Vec<_> = tasks.map(|(_, record)| &record.presence).collect();
    let shown = format!(
        "{:?} {presences:?} {:?}",
        harness.connections, harness.notices
    );
    shown.contains("401")
}

#[tokio::test]
async fn responsive_long_poll_is_not_checked() {
    // Waits end only if its clock runs.
    let scenario = Scenario::load("quiet").unwrap();
    let simulator = Simulator::start(Options::new(scenario)).await.unwrap();
    let control = simulator.control();
    control.change_behavior(|behavior| behavior.max_wait = Some(Duration::from_millis(300)));
    let mut options = options_with_frequent_checks(&simulator, &running_task(&control));
    options.intervals.check = Duration::from_secs(5);
    let mut harness = Harness::start(options);
    let wait = "PropertyCollector/WaitForUpdatesEx";
    harness
        .until("the task", |harness| !harness.store.is_empty())
        .await;
    harness
        .until_seen("waits", |_| count(&control, wait) > 5)
        .await;
    assert_eq!(count(&control, "Task/info"), 0);
    harness.stop().await;
}

/// If checks fail, tasks are still followed by the long poll.
#[tokio::test]
async fn failing_check_is_given_up() {
    for effect in [
        FaultEffect::status(403),
        FaultEffect::status(503),
        FaultEffect::Page,
        FaultEffect::Fault("NotAuthenticated".to_owned()),
    ] {
        let (simulator, control, task) = start_server().await;
        control.inject(&FaultPlan::default().with(FaultRule::new("Task/info", effect.clone())));
        let mut harness = Harness::start(options_with_frequent_checks(&simulator, &task));
        let is_shown = |harness: &Harness| shows_task(harness, &control, &task);
        harness.until("the task", is_shown).await;
        harness
            .until_seen("checks", |_| count(&control, "Task/info") >= 2)
            .await;
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            control.advance(Duration::from_secs(1));
            harness.until("the new tasks", is_shown).await;
        }
        assert!(count(&control, "Task/info") <= 16, "{effect:?}");
        assert!(count(&control, "SessionManager/Login") <= 3, "{effect:?}");
        assert_eq!(harness.record(&task).unwrap().presence, Presence::Present);
        harness.assert_never_lost(&format!("{effect:?}"));
        harness.stop().await;
    }
}
