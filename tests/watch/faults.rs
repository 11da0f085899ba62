//! Regression tests of faults.

use std::{collections::BTreeSet, time::Duration};

use crate::watch::support::{
    Harness, connect, count, running_task, start_server, watch_by, with_short_backoff,
};
use jiff::{SignedDuration, Timestamp};
use vtask::{
    simulator::{
        Control, Simulator,
        fault_injection::{CloseMode, CutPoint, FaultEffect, FaultPlan, FaultRule, ServerEvent},
    },
    task::Presence,
    vim::Client,
    watch::{CancelResponse, Command, ConnectionState, FetchMode},
};

async fn faulty_server(rule: FaultRule) -> (Simulator, Control) {
    let (simulator, control) = start_server("quiet").await;
    control.inject(&FaultPlan::default().with(rule));
    (simulator, control)
}

#[tokio::test]
async fn closed_connection_repeats_a_read_once_and_no_cancel_request() {
    let (simulator, control) = start_server("quiet").await;
    let task = running_task(&control);
    let client = Client::connect(connect(&simulator)).await.unwrap();
    client.sign_in().await.unwrap();
    let close = |call: &str, mode, times| {
        let rule = FaultRule::new(call, FaultEffect::cut(mode, CutPoint::Request)).times(times);
        control.inject(&FaultPlan::default().with(rule));
    };
    for mode in [CloseMode::Close, CloseMode::Reset] {
        close("Task/info", mode, 1);
        client.task_info(&task).await.unwrap();
        close("Task/info", mode, 2);
        client.task_info(&task).await.unwrap_err();
        close("Task/CancelTask", mode, 1);
        client.cancel_task(&task).await.unwrap_err();
    }
    assert_eq!(count(&control, "Task/info"), 8);
    assert_eq!(count(&control, "Task/CancelTask"), 2);
    client.sign_out().await.unwrap();
}

#[tokio::test]
async fn abandoned_collectors_do_not_accumulate() {
    // With `--fetch push` a lasting refusal would end the loop.
    for effect in [FaultEffect::status(403), FaultEffect::status(401)] {
        let rule = FaultRule::new("PropertyCollector/WaitForUpdatesEx", effect).times(12);
        let (simulator, control) = faulty_server(rule).await;
        let mut options = with_short_backoff(watch_by(FetchMode::Auto, &simulator, &[]));
        options.push_retry = Duration::from_millis(100);
        let mut harness = Harness::start(options);
        let create = "PropertyCollector/CreatePropertyCollector";
        harness
            .until("many collectors", |_| count(&control, create) > 6)
            .await;
        assert!(
            control.open_objects().collectors <= 2,
            "{:?}",
            control.open_objects()
        );
        harness
            .until_connection("push", |state| *state == ConnectionState::Live)
            .await;
        harness.until_synced("the tasks", &control).await;
        assert_eq!(control.open_objects().collectors, 1);
        harness.stop().await;
    }
}

#[tokio::test]
async fn failed_retrievals_are_cancelled() {
    for effect in [
        FaultEffect::status(503),
        FaultEffect::Page,
        FaultEffect::Fault("NoPermission".to_owned()),
    ] {
        let (simulator, control) = start_server("demo").await;
        control.change_behavior(|behavior| behavior.retrieve_cap = Some(10));
        let proceed = "PropertyCollector/ContinueRetrievePropertiesEx";
        let rule = FaultRule::new(proceed, effect.clone());
        control.inject(&FaultPlan::default().with(rule));
        let mut harness = Harness::push(&simulator);
        harness.until_synced("the tasks", &control).await;
        assert!(count(&control, proceed) > 0);
        assert_eq!(control.open_objects().retrievals, 0, "{effect:?}");
        harness.stop().await;
    }
}

#[tokio::test]
async fn failed_connections_do_not_accumulate_sessions() {
    let rule = FaultRule::new("ServiceInstance/CurrentTime", FaultEffect::status(503));
    let (simulator, control) = faulty_server(rule).await;
    // Tasks are watched even if only the clock cannot be read.
    let rule = FaultRule::new(
        "PropertyCollector/WaitForUpdatesEx",
        FaultEffect::status(503),
    );
    control.inject(&FaultPlan::default().with(rule));
    let mut harness = Harness::push(&simulator);
    harness
        .until("many sign-ins", |_| {
            count(&control, "SessionManager/Login") > 5
        })
        .await;
    assert!(control.session_count() <= 2, "{}", control.session_count());
    control.clear_faults();
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
    assert_eq!(control.session_count(), 0);
}

#[tokio::test]
async fn failed_login_is_repeated_before_other_calls() {
    for effect in [
        FaultEffect::status(503),
        FaultEffect::Fault("HostConnectFault".to_owned()),
    ] {
        let login = "SessionManager/Login";
        let (simulator, control) =
            faulty_server(FaultRule::new(login, effect.clone()).times(5)).await;
        let mut harness = Harness::push(&simulator);
        harness.until_synced("the tasks", &control).await;
        let requests = control.requests();
        let before = requests
            .iter()
            .take_while(|request| request.status != 200 || request.kind != login);
        let calls: BTreeSet<&str> = before.map(|request| &*request.kind).collect();
        assert_eq!(
            calls,
            BTreeSet::from([login, "ServiceInstance/content", "hello"])
        );
        assert_eq!(count(&control, login), 6);
        for state in &harness.connections {
            if let ConnectionState::Retrying { reason, .. } = state {
                assert!(reason.contains("signing in"), "{effect:?}: {reason}");
            }
        }
        harness.stop().await;
    }
}

#[tokio::test]
async fn failing_server_is_retried_with_backoff() {
    for (mode, kind) in [
        (FetchMode::Poll, "TaskManager/recentTask"),
        (FetchMode::Push, "ListView/ModifyListView"),
        (FetchMode::Push, "PropertyCollector/WaitForUpdatesEx"),
    ] {
        let (simulator, control) =
            faulty_server(FaultRule::new(kind, FaultEffect::status(503))).await;
        let mut harness = Harness::start(with_short_backoff(watch_by(mode, &simulator, &[])));
        harness
            .until_connection(kind, |state| {
                matches!(state, ConnectionState::Retrying { attempt: 6.., .. })
            })
            .await;
        control.clear_faults();
        harness.until_synced("the tasks", &control).await;
        harness.stop().await;
    }
}

#[tokio::test]
async fn unreadable_tasks_do_not_stop_others() {
    let (simulator, control) =
        faulty_server(FaultRule::new("Task/info", FaultEffect::status(503))).await;
    let mut options = with_short_backoff(watch_by(FetchMode::Poll, &simulator, &[]));
    options.intervals.unreadable = Duration::from_millis(300);
    options.tasks = vec!["task-1000".into()];
    let mut harness = Harness::start(options);
    harness
        .until("the failure", |harness| {
            harness.record("task-1000").is_some_and(
                |record| matches!(&record.presence, Presence::Unreadable(why) if why.contains("503")),
            )
        })
        .await;
    let lists = count(&control, "TaskManager/recentTask");
    harness
        .until("lists", |_| {
            count(&control, "TaskManager/recentTask") > lists + 2
        })
        .await;
    harness.assert_never_lost("connection");
    control.clear_faults();
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
}

#[tokio::test]
async fn retry_after_date_is_honoured() {
    let effect = FaultEffect::Status {
        code: 503,
        retry_after: Some(SignedDuration::from_secs(60)),
        as_date: true,
        reached: false,
    };
    let (simulator, _control) =
        faulty_server(FaultRule::new("TaskManager/recentTask", effect)).await;
    let mut harness = Harness::start(with_short_backoff(watch_by(
        FetchMode::Poll,
        &simulator,
        &[],
    )));
    harness
        .until_connection("the pause", |state| {
            matches!(state, ConnectionState::Retrying { .. })
        })
        .await;
    let Some(ConnectionState::Retrying { next, .. }) = harness.connections.last() else {
        return;
    };
    let pause = next.duration_since(Timestamp::now()).as_secs();
    assert!((30..=61).contains(&pause), "{pause}");
    harness.stop().await;
}

#[tokio::test]
async fn duplicate_report_needs_no_request() {
    let reported = FaultEffect::Updates {
        repeat: true,
        shuffle: true,
    };
    let (simulator, control) = faulty_server(FaultRule::new(
        "PropertyCollector/WaitForUpdatesEx",
        reported,
    ))
    .await;
    let mut harness = Harness::push(&simulator);
    for _ in 0..30 {
        harness.until_synced("the tasks", &control).await;
        control.trigger(&ServerEvent::KillSessions);
        control.advance(Duration::from_secs(10));
    }
    harness.until_synced("the tasks", &control).await;
    assert_eq!(count(&control, "Task/info"), 0);
    harness.stop().await;
}

#[tokio::test]
async fn proxy_403_during_server_start_is_retried() {
    for kind in ["hello", "ServiceInstance/content"] {
        let (simulator, control) =
            faulty_server(FaultRule::new(kind, FaultEffect::status(403)).times(4)).await;
        let mut harness = Harness::push(&simulator);
        harness.until_synced("the tasks", &control).await;
        harness.stop().await;
    }
    // A sign-in is never retried, because the password may be wrong.
    let (simulator, control) = faulty_server(FaultRule::new(
        "SessionManager/Login",
        FaultEffect::status(403),
    ))
    .await;
    let mut harness = Harness::push(&simulator);
    harness
        .until_connection("the refusal", |state| {
            matches!(state, ConnectionState::SignedOut { .. })
        })
        .await;
    assert_eq!(count(&control, "SessionManager/Login"), 1);
    harness.stop().await;
}

#[tokio::test]
async fn html_page_is_not_accepted_as_filter_response() {
    let rule = FaultRule::new("PropertyCollector/CreateFilter", FaultEffect::Page).times(1);
    let (simulator, control) = faulty_server(rule).await;
    let mut harness = Harness::push(&simulator);
    harness.until_synced("the tasks", &control).await;
    control.advance(Duration::from_secs(30));
    harness.until_synced("the new tasks", &control).await;
    assert_eq!(count(&control, "PropertyCollector/CreateFilter"), 2);
    assert_eq!(count(&control, "Task/info"), 0);
    harness.stop().await;
}

#[tokio::test]
async fn html_page_is_not_accepted_as_cancel_response() {
    let rule = FaultRule::new("Task/CancelTask", FaultEffect::Page).times(1);
    let (simulator, control) = faulty_server(rule).await;
    let mut harness = Harness::push(&simulator);
    harness.until_synced("the tasks", &control).await;
    let task = running_task(&control);
    harness.send(Command::Cancel(task.as_str().into()));
    harness
        .until("the answer", |harness| !harness.cancels.is_empty())
        .await;
    let answer = &harness.cancels[0].1;
    assert!(
        matches!(answer, CancelResponse::Failed(why) if why.contains("not JSON")),
        "{answer:?}"
    );
    harness.stop().await;
}

#[tokio::test]
async fn empty_immediate_waits_are_paced() {
    let rule = FaultRule::new(
        "PropertyCollector/WaitForUpdatesEx",
        FaultEffect::status(204),
    );
    let (simulator, control) = faulty_server(rule).await;
    let mut harness = Harness::push(&simulator);
    let waits = |control: &Control| count(control, "PropertyCollector/WaitForUpdatesEx");
    harness.until("waits", |_| waits(&control) > 12).await;
    let requests = control.requests();
    let times: Vec<_> = requests
        .iter()
        .filter(|request| request.kind == "PropertyCollector/WaitForUpdatesEx")
        .map(|request| request.at)
        .collect();
    let max_per_second = times
        .iter()
        .map(|first| {
            times
                .iter()
                .filter(|other| **other >= *first && **other < *first + Duration::from_secs(1))
                .count()
        })
        .max();
    assert!(max_per_second <= Some(8), "{max_per_second:?}");
    harness.stop().await;
}

#[tokio::test]
async fn unchanged_task_becomes_readable_again() {
    let (simulator, control) = faulty_server(FaultRule::new("none", FaultEffect::Page)).await;
    let mut options = with_short_backoff(watch_by(FetchMode::Poll, &simulator, &[]));
    options.intervals.unreadable = Duration::from_millis(100);
    let mut harness = Harness::start(options);
    harness.until_synced("the tasks", &control).await;
    let is_unreadable = |harness: &Harness| {
        let mut records = harness.store.iter();
        records.any(|(_, record)| matches!(record.presence, Presence::Unreadable(_)))
    };
    let rule = FaultRule::new("Task/info", FaultEffect::Page).chance(0.6);
    control.inject(&FaultPlan::default().with(rule));
    harness.until("a failed read", is_unreadable).await;
    control.clear_faults();
    harness.until_synced("the tasks again", &control).await;
    harness.stop().await;
}
