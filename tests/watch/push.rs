//! The long poll with the known differences of servers, accounts and proxies.

use std::time::Duration;

use crate::watch::support::{Harness, count, running_task, start_server, watch, watch_by};
use jiff::SignedDuration;
use vtask::{
    simulator::{
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
        server_behavior::{
            Boxing, ChangeNames, EmptyList, ErrorForm, ServerBehavior, Unset, Versions,
            VoidResponse,
        },
    },
    task::Status,
    watch::{Command, ConnectionState, FetchMode},
};

const WAIT: &str = "PropertyCollector/WaitForUpdatesEx";
const TASK_INFO: &str = "Task/info";

/// Follows two minutes of the demo on a server with this behavior. Asserts that no task is read individually, unless
/// `reads_allowed`.
async fn assert_follows(what: &str, reads_allowed: bool, change: impl FnOnce(&mut ServerBehavior)) {
    let (simulator, control) = start_server("demo").await;
    control.change_behavior(change);
    let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
    for _ in 0..6 {
        harness.until_synced(what, &control).await;
        control.advance(Duration::from_secs(20));
    }
    harness.until_synced(what, &control).await;
    harness.assert_never_lost(what);
    assert!(reads_allowed || count(&control, TASK_INFO) == 0, "{what}");
    harness.stop().await;
    let open = control.open_objects();
    assert_eq!(
        (open.collectors, open.views, control.session_count()),
        (0, 0, 0),
        "{what}"
    );
}

#[tokio::test]
async fn boxed_values_are_accepted() {
    for boxing in [
        Boxing::Standard,
        Boxing::Bare,
        Boxing::DataObjectsToo,
        Boxing::ElementKeyed,
        Boxing::Nested,
    ] {
        assert_follows(&format!("{boxing:?}"), false, |behavior| {
            behavior.boxing = boxing;
        })
        .await;
    }
    assert_follows("nested, the whole", false, |behavior| {
        behavior.boxing = Boxing::Nested;
        behavior.change_names = ChangeNames::Whole;
    })
    .await;
}

#[tokio::test]
async fn every_form_of_unset_and_empty_is_accepted() {
    for unset in [Unset::Null, Unset::Absent] {
        assert_follows(&format!("{unset:?}"), false, |behavior| {
            behavior.unset = unset;
        })
        .await;
    }
    for empty in [EmptyList::Array, EmptyList::Null, EmptyList::NoContent] {
        assert_follows(&format!("{empty:?}"), false, |behavior| {
            behavior.empty_list = empty;
        })
        .await;
    }
    assert_follows("empty responses of void methods", false, |behavior| {
        behavior.void_response = VoidResponse::EmptyOk;
    })
    .await;
}

#[tokio::test]
async fn leaf_whole_and_duplicate_changes_apply() {
    assert_follows("whole", false, |behavior| {
        behavior.change_names = ChangeNames::Whole;
    })
    .await;
    assert_follows("without versions", false, |behavior| {
        behavior.versions = Versions::Constant;
    })
    .await;
    assert_follows("unfolded", false, |behavior| behavior.fold_changes = false).await;
    assert_follows("wrapped errors", false, |behavior| {
        behavior.error_form = ErrorForm::Wrapped;
    })
    .await;
    assert_follows("lean", false, |behavior| behavior.omit_type_names = true).await;
}

#[tokio::test]
async fn reference_with_server_guid_is_same_task() {
    let (simulator, control) = start_server("demo").await;
    control.change_behavior(|behavior| behavior.server_guid_in_references = true);
    let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
    harness
        .until("every task, once", |harness| {
            harness.store.len() == control.expected_tasks().len()
        })
        .await;
    harness.stop().await;
}

#[tokio::test]
async fn truncated_update_sets_are_completed() {
    assert_follows("a cap of two", false, |behavior| {
        behavior.update_cap = Some(2);
    })
    .await;
    assert_follows("no cap", false, |behavior| behavior.update_cap = None).await;
}

#[tokio::test]
async fn waits_ended_early_are_restarted() {
    let early = Some(Duration::from_millis(30));
    assert_follows("early ends", false, |behavior| behavior.max_wait = early).await;
}

#[tokio::test]
async fn new_members_are_read_without_server_wakeup() {
    assert_follows("no wakeup by view changes", true, |behavior| {
        behavior.wake_on_view_change = false;
    })
    .await;
}

#[tokio::test]
async fn missing_member_updates_fall_back_to_polling() {
    let (simulator, control) = start_server("demo").await;
    control.change_behavior(|behavior| behavior.report_view_changes = false);
    let mut options = watch_by(FetchMode::Auto, &simulator, &[]);
    options.intervals.report_timeout = Duration::from_millis(300);
    let mut harness = Harness::start(options);
    harness.until_synced("the tasks", &control).await;
    control.advance(Duration::from_secs(60));
    harness
        .until_connection(
            "polling, with the reason",
            |state| matches!(state, ConnectionState::Polling { reason: Some(why) } if why.contains("never")),
        )
        .await;
    control.advance(Duration::from_secs(20));
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
    assert_eq!(control.open_objects().collectors, 0);
}

#[tokio::test]
async fn uncompressed_responses_are_accepted() {
    assert_follows("plain", false, |behavior| behavior.gzip = false).await;
}

#[tokio::test]
async fn lost_responses_lose_no_change() {
    for count in 1..=3 {
        let (simulator, control) = start_server("demo").await;
        control.change_behavior(|behavior| behavior.update_cap = Some(3));
        let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        control.lose_responses(count);
        control.advance(Duration::from_secs(40));
        harness.until_synced("the new tasks", &control).await;
        harness.stop().await;
    }
}

#[tokio::test]
async fn lost_responses_without_versions_lose_no_change() {
    for count in 1..=3 {
        let (simulator, control) = start_server("demo").await;
        control.change_behavior(|behavior| behavior.versions = Versions::Constant);
        let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        control.advance(Duration::from_secs(10));
        harness.until_synced("the next tasks", &control).await;
        control.lose_responses(count);
        control.advance(Duration::from_secs(40));
        harness.until_synced("the new tasks", &control).await;
        harness.stop().await;
    }
}

#[tokio::test]
async fn partly_dead_session_is_replaced() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    control.change_behavior(|behavior| behavior.collectors_unauthenticated = true);
    control.advance(Duration::from_secs(20));
    harness
        .until("the failure", |_| {
            count(&control, "SessionManager/Login") > 1
        })
        .await;
    control.change_behavior(|behavior| behavior.collectors_unauthenticated = false);
    control.advance(Duration::from_secs(20));
    harness.until_synced("the new tasks", &control).await;
    harness.stop().await;
}

#[tokio::test]
async fn forbidden_long_poll_falls_back_until_allowed() {
    let (simulator, control) = start_server("demo").await;
    control.change_behavior(|behavior| behavior.collector_permission = false);
    let mut options = watch(&simulator, &[]);
    options.push_retry = Duration::from_millis(300);
    let mut harness = Harness::start(options);
    harness
        .until_connection("the reason", |state| matches!(state, ConnectionState::Polling { reason: Some(reason) } if reason.contains("NoPermission")))
        .await;
    harness.until_synced("the tasks", &control).await;
    assert!(count(&control, TASK_INFO) > 0);
    control.change_behavior(|behavior| behavior.collector_permission = true);
    harness
        .until_connection("push", |state| *state == ConnectionState::Live)
        .await;
    control.advance(Duration::from_secs(20));
    harness.until_synced("the new tasks", &control).await;
    harness.stop().await;
}

#[tokio::test]
async fn idle_server_gets_no_requests() {
    let (simulator, control) = start_server("demo").await;
    let task = running_task(&control);
    let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[&task]));
    harness
        .until("the task", |harness| !harness.store.is_empty())
        .await;
    harness
        .until("the labels", |harness| !harness.labels.is_empty())
        .await;
    let waits = count(&control, WAIT);
    let ancestors = harness.store.len();
    // Each single change takes one response, and the loop waits again.
    for _ in 0..3 {
        control.advance(Duration::from_secs(30));
        harness
            .until("the new tasks", |harness| {
                let record = harness.record(&task).unwrap();
                let info = record.info.as_ref().unwrap().to_json();
                control.expected_tasks().contains(&info)
            })
            .await;
    }
    assert!(count(&control, WAIT) <= waits + 3 * ancestors + 3);
    assert_eq!(count(&control, TASK_INFO), 0);
    harness.stop().await;
}

#[tokio::test]
async fn proxy_timeout_of_long_poll_is_not_an_error() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    let known = harness.store.len();
    let unavailable = FaultEffect::Status {
        code: 503,
        retry_after: Some(SignedDuration::ZERO),
        as_date: false,
        reached: false,
    };
    let rule = FaultRule::new("*", unavailable).times(1);
    control.inject(&FaultPlan::default().with(rule));
    control.advance(Duration::from_secs(20));
    harness.until_synced("the new tasks", &control).await;
    assert!(harness.store.len() >= known);
    harness.stop().await;
}

#[tokio::test]
async fn expired_pushed_task_keeps_last_state() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    let with_state = |state: &str| -> Vec<String> {
        let tasks = control.expected_tasks().into_iter();
        let tasks = tasks.filter(|info| info["state"] == state);
        tasks
            .map(|info| info["key"].as_str().unwrap().to_owned())
            .collect()
    };
    // Only tasks that were running are pushed.
    let watched = with_state("running");
    let finished = loop {
        control.advance(Duration::from_secs(5));
        let succeeded = with_state("success");
        if let Some(finished) = { watched.iter() }.find(|task| succeeded.contains(task)) {
            break finished.clone();
        }
    };
    harness.until_synced("the tasks", &control).await;
    let running = with_state("running").remove(0);
    for task in [&running, &finished] {
        assert!(control.remove_task(task));
    }
    harness
        .until("both gone", |harness| {
            [&running, &finished]
                .iter()
                .all(|task| harness.record(task).unwrap().is_gone())
        })
        .await;
    assert_eq!(harness.status(&running), Some(Status::Lost));
    assert_eq!(harness.status(&finished), Some(Status::Success));
    harness.stop().await;
}

#[tokio::test]
async fn refresh_during_push_keeps_newer_values() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Push).await;
    for _ in 0..20 {
        let expected = control.expected_tasks();
        let tasks = expected
            .iter()
            .map(|info| info["key"].as_str().unwrap().into());
        harness.send(Command::Refresh(tasks.collect()));
        control.advance(Duration::from_secs(1));
        harness.until_synced("the new tasks", &control).await;
    }
    harness.stop().await;
}
