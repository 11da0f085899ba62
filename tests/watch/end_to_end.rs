//! The fetch loop as a whole, by push and by polling.

use std::time::Duration;

use crate::watch::support::{
    Harness, connect, count, manual_clock, refuse_requests, running_task, start_server, watch,
    watch_by,
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use vtask::{
    app::ServerState,
    simulator::{
        Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
    },
    task::{Presence, ServerId, Status},
    vim::{Client, Credentials, TrustPolicy, types::TaskLocator},
    watch::{CancelResponse, Command, ConnectionState, FetchMode, Privilege, Update},
};

const HOUR: Duration = Duration::from_secs(3600);

crate::watch::support::push_and_poll!(
    store_has_the_tasks_of_the_server_and_follows_changes,
    ancestors_are_watched_automatically,
    unknown_task_is_a_placeholder_and_removed_task_is_kept,
    dead_session_is_renewed_without_retry,
    outage_is_reported_with_next_attempt_and_recovered,
    every_response_to_a_cancel_request_is_reported,
    unwatched_tasks_are_removed_and_not_rediscovered,
);

/// Returns the IDs of the existing tasks that satisfy a condition.
fn tasks(simulator: &Simulator, is_selected: impl Fn(&Value) -> bool) -> Vec<String> {
    let expected = simulator.control().expected_tasks();
    let selected = expected.iter().filter(|info| is_selected(info));
    selected
        .map(|info| info["key"].as_str().unwrap().to_owned())
        .collect()
}

fn is_running(info: &Value) -> bool {
    info["state"] == "running"
}

async fn store_has_the_tasks_of_the_server_and_follows_changes(mode: FetchMode) {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", mode).await;
    for _ in 0..6 {
        control.advance(Duration::from_secs(20));
        harness.until_synced("the new tasks", &control).await;
    }
    assert!(!harness.labels.is_empty());
    let facts = harness.facts.clone().unwrap();
    assert_eq!((facts.user.as_str(), facts.insecure), ("ops", false));
    harness.stop().await;
    assert_eq!(control.session_count(), 0, "signed out");
}

#[tokio::test]
async fn unchanged_tasks_are_not_reported_again() {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", FetchMode::Poll).await;
    let (reported, requests) = (harness.changes, control.request_count());
    // Enough requests for several reads of every running task.
    harness.send(Command::Refresh(Vec::new()));
    while control.request_count() < requests + 100 {
        tokio::task::yield_now().await;
    }
    harness.send(Command::Pause(true));
    harness
        .until("the pause", |harness| {
            harness.connections.contains(&ConnectionState::Paused)
        })
        .await;
    assert_eq!(harness.changes, reported);
    harness.stop().await;
}

async fn ancestors_are_watched_automatically(mode: FetchMode) {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    let by_key = |key: &Value| {
        let expected = simulator.control().expected_tasks();
        expected.into_iter().find(|info| info["key"] == *key)
    };
    let has_grandparent = |info: &Value| {
        by_key(&info["parentTaskKey"])
            .is_some_and(|parent| by_key(&parent["parentTaskKey"]).is_some())
    };
    simulator.control().advance(Duration::from_secs(60));
    let grandchildren = tasks(&simulator, has_grandparent);
    let grandchild = grandchildren
        .first()
        .expect("the demo has a lineage three deep");
    let mut harness = Harness::start(watch_by(mode, &simulator, &[grandchild]));
    harness
        .until("the ancestors", |harness| harness.store.len() >= 3)
        .await;
    let handle = harness.store.find(&vtask::task::TaskId::new(
        crate::watch::support::SERVER,
        grandchild.as_str(),
    ));
    assert_eq!(harness.store.path(handle.unwrap()).count(), 3);
    harness.stop().await;
}

async fn unknown_task_is_a_placeholder_and_removed_task_is_kept(mode: FetchMode) {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    let running = tasks(&simulator, is_running);
    let mut harness = Harness::start(watch_by(mode, &simulator, &["task-nope", &running[0]]));
    harness
        .until("both", |harness| {
            harness.status("task-nope") == Some(Status::Placeholder)
                && harness.status(&running[0]) == Some(Status::Running)
        })
        .await;
    assert!(simulator.control().remove_task(&running[0]));
    harness
        .until("the loss", |harness| {
            harness.status(&running[0]) == Some(Status::Lost)
        })
        .await;
    let kept = harness.record(&running[0]).unwrap();
    assert!(kept.info.is_some() && matches!(kept.presence, Presence::Gone(_)));
    harness.stop().await;
}

async fn dead_session_is_renewed_without_retry(mode: FetchMode) {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", mode).await;
    control.kill_sessions();
    control.advance(Duration::from_secs(30));
    harness.until_synced("the new tasks", &control).await;
    harness.assert_never_lost("connection");
    assert_eq!(
        count(&control, "SessionManager/Login"),
        2,
        "once at the start, once for the dead session"
    );
    harness.stop().await;
    assert_eq!(control.session_count(), 0);
}

async fn outage_is_reported_with_next_attempt_and_recovered(mode: FetchMode) {
    let (_simulator, control, mut harness) = Harness::start_synced("demo", mode).await;
    let known = harness.store.len();
    refuse_requests(&control, 500);
    harness
        .until_connection("the failure", |state| matches!(state, ConnectionState::Retrying { reason, .. } if reason.contains("503")))
        .await;
    assert_eq!(harness.store.len(), known, "nothing known is lost");
    let mut server = ServerState::new(ServerId(0), "vc01");
    let connection = harness.connections.last().unwrap().clone();
    server.apply(Update::Connection(connection), Timestamp::now());
    let cause = server.failure().unwrap();
    assert!(
        cause.starts_with("a proxy in front of it got no answer"),
        "{cause}"
    );
    control.clear_faults();
    control.advance(Duration::from_secs(30));
    harness.until_synced("the new tasks", &control).await;
    assert!(harness.connections.last().unwrap().is_current());
    harness.stop().await;
}

#[tokio::test]
async fn refresh_during_an_outage_retries_at_once() {
    let (simulator, control) = start_server("demo").await;
    refuse_requests(&control, 500);
    let mut options = watch(&simulator, &[]);
    let retry = &mut options.intervals.retry;
    (retry.initial, retry.min, retry.max) = (HOUR, HOUR, HOUR);
    let mut harness = Harness::start(options);
    harness
        .until_connection("the failure", |state| {
            matches!(state, ConnectionState::Retrying { .. })
        })
        .await;
    control.clear_faults();
    harness.send(Command::Refresh(Vec::new()));
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
}

#[tokio::test]
async fn refused_password_is_not_retried() {
    let mut options = manual_clock("demo");
    options.credentials = Some(("ops".to_owned(), "another".to_owned()));
    let simulator = Simulator::start(options).await.unwrap();
    let mut harness = Harness::start(watch(&simulator, &[]));
    harness
        .until_connection("the refusal", |state| matches!(state, ConnectionState::SignedOut { reason } if reason.contains("InvalidLogin")))
        .await;
    harness.send(Command::Refresh(Vec::new()));
    harness.stop().await;
    assert_eq!(count(&simulator.control(), "SessionManager/Login"), 1);
}

async fn every_response_to_a_cancel_request_is_reported(mode: FetchMode) {
    let (simulator, control) = start_server("demo").await;
    control.advance(Duration::from_secs(30));
    // This operation ignores cancel requests.
    let cancelable = tasks(&simulator, |info| {
        is_running(info)
            && info["cancelable"] == true
            && info["descriptionId"] == "VirtualMachine.relocate"
    });
    let not_cancelable = tasks(&simulator, |info| {
        is_running(info) && info["cancelable"] == false
    });
    let finished = tasks(&simulator, |info| info["state"] == "success");
    let (cancelable, not_cancelable, finished) = (&cancelable[0], &not_cancelable[0], &finished[0]);
    let mut harness = Harness::start(watch_by(
        mode,
        &simulator,
        &[cancelable, not_cancelable, finished],
    ));
    harness
        .until("the tasks", |harness| harness.store.len() >= 3)
        .await;
    for task in [
        cancelable,
        not_cancelable,
        finished,
        &"task-nope".to_owned(),
    ] {
        harness.send(Command::Cancel(task.as_str().into()));
    }
    harness
        .until("four answers", |harness| harness.cancels.len() == 4)
        .await;
    let answer = |mo_id: &str| {
        let found = harness.cancels.iter().find(|(task, _)| &**task == mo_id);
        found.map(|(_, answer)| answer.clone())
    };
    assert_eq!(answer(cancelable), Some(CancelResponse::Accepted));
    assert_eq!(answer(not_cancelable), Some(CancelResponse::NotSupported));
    assert_eq!(answer(finished), Some(CancelResponse::InvalidState));
    assert_eq!(answer("task-nope"), Some(CancelResponse::Gone));
    harness
        .until("the request's mark", |harness| {
            harness.record(cancelable).is_some_and(|record| {
                record.is_cancel_requested() || record.status() == Status::Cancelled
            })
        })
        .await;
    control.advance(Duration::from_secs(120));
    harness
        .until("the end", |harness| {
            harness.status(cancelable) == Some(Status::Cancelled)
        })
        .await;
    harness.stop().await;
}

#[tokio::test]
async fn cancel_requests_are_paced() {
    const MAX_CONCURRENT: u64 = 8;
    let (simulator, control) = start_server("demo").await;
    let delay = FaultEffect::Delay(Duration::from_secs(3600).into());
    let plan = FaultPlan::default().with(FaultRule::new("Task/CancelTask", delay));
    let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
    harness.until_synced("the tasks", &control).await;
    control.inject(&plan);
    for number in 0..30 {
        harness.send(Command::Cancel(format!("task-none-{number}").into()));
    }
    let first_requests = async {
        while control.faults_injected() < MAX_CONCURRENT {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, first_requests).await.unwrap();
    let task = running_task(&control);
    let record = harness.record(&task).unwrap().info.clone();
    harness.send(Command::CheckPrivilege(TaskLocator::of(&record.unwrap())));
    harness
        .until("an answer to another request", |harness| {
            !harness.privileges.is_empty()
        })
        .await;
    assert_eq!(control.faults_injected(), MAX_CONCURRENT);
    harness.stop().await;
    // The next request is sent after each response.
    control.clear_faults();
    let mut harness = Harness::start(watch_by(FetchMode::Push, &simulator, &[]));
    harness.until_synced("the tasks", &control).await;
    for number in 0..30 {
        harness.send(Command::Cancel(format!("task-none-{number}").into()));
    }
    harness
        .until("all answers", |harness| harness.cancels.len() == 30)
        .await;
    harness.stop().await;
}

#[tokio::test]
async fn cancel_privilege_is_reported() {
    let (simulator, control) = start_server("demo").await;
    let running = tasks(&simulator, |info| {
        is_running(info) && !info["entity"].is_null()
    });
    for (granted, expected) in [(true, Privilege::Granted), (false, Privilege::Denied)] {
        let mut harness = Harness::start(watch(&simulator, &[&running[0]]));
        control.change_behavior(|behavior| behavior.cancel_privilege = granted);
        let locator = TaskLocator::named(running[0].as_str().into());
        harness.send(Command::CheckPrivilege(locator));
        harness
            .until("the answer", |harness| !harness.privileges.is_empty())
            .await;
        assert_eq!(harness.privileges[0].1, expected);
        harness.stop().await;
    }
}

async fn unwatched_tasks_are_removed_and_not_rediscovered(mode: FetchMode) {
    let (simulator, control, mut harness) = Harness::start_synced("demo", mode).await;
    let running = tasks(&simulator, is_running);
    harness.send(Command::Unwatch(vec![running[0].as_str().into()]));
    harness
        .until("its removal", |harness| {
            harness.record(&running[0]).is_none()
        })
        .await;
    control.clear_requests();
    while count(&control, "TaskManager/recentTask") == 0 {
        tokio::task::yield_now().await;
    }
    harness.send(Command::Watch(vec!["task-nope".into()]));
    harness
        .until("another", |harness| harness.record("task-nope").is_some())
        .await;
    assert!(harness.record(&running[0]).is_none());
    harness.send(Command::Watch(vec![running[0].as_str().into()]));
    harness
        .until("its return", |harness| {
            harness.record(&running[0]).is_some()
        })
        .await;
    harness.stop().await;
}

#[tokio::test]
async fn server_without_hello_uses_its_own_release() {
    let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
    simulator.control().change_behavior(|behavior| {
        *behavior = vtask::simulator::server_behavior::ServerBehavior::release_8_0_1();
    });
    let client = Client::connect(connect(&simulator)).await.unwrap();
    assert_eq!(client.release(), "8.0.1.0");
}

#[tokio::test]
async fn self_signed_certificate_is_refused_unless_trusted() {
    let mut options = manual_clock("demo");
    options.tls = true;
    let simulator = Simulator::start(options).await.unwrap();
    let refused = Client::connect(connect(&simulator))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("--ca-file") && refused.contains("vtask trust add"),
        "{refused}"
    );
    let pem = simulator.certificate_pem().unwrap().as_bytes().to_vec();
    for trust in [TrustPolicy::AdditionalRoots(pem), TrustPolicy::Insecure] {
        let mut options = connect(&simulator);
        options.trust = trust;
        let client = Client::connect(options).await.unwrap();
        assert!(client.sign_in().await.unwrap().is_some());
        client.sign_out().await.unwrap();
    }
}

#[tokio::test]
async fn given_session_and_authorization_are_used() {
    let mut options = manual_clock("demo");
    options.authorization = Some("Bearer ready".to_owned());
    options.ready_sessions = vec!["ready-session".to_owned()];
    let simulator = Simulator::start(options).await.unwrap();
    for credentials in [
        Credentials::Session(SecretString::from("ready-session")),
        Credentials::Authorization(SecretString::from("Bearer ready")),
    ] {
        let mut options = watch(&simulator, &[]);
        options.connect.credentials = credentials;
        let mut harness = Harness::start(options);
        harness
            .until("the tasks", |harness| !harness.store.is_empty())
            .await;
        harness.stop().await;
    }
    for call in ["SessionManager/Login", "SessionManager/Logout"] {
        assert_eq!(count(&simulator.control(), call), 0);
    }
    let mut options = watch(&simulator, &[]);
    options.connect.credentials = Credentials::Session(SecretString::from("ended-session"));
    let mut harness = Harness::start(options);
    harness
        .until_connection("the refusal", |state| {
            matches!(state, ConnectionState::SignedOut { .. })
        })
        .await;
    harness.stop().await;
}
