//! If a call that push needs keeps failing, tasks are polled, or with `--fetch push` the loop ends with the reason.

use std::time::Duration;

use crate::watch::support::{Harness, count, start_server, watch, watch_by, with_short_backoff};
use vtask::{
    simulator::fault_injection::{CloseMode, CutPoint, FaultEffect, FaultPlan, FaultRule},
    watch::{ConnectionState, FetchMode},
};

const CALLS: [&str; 3] = [
    "ListView/ModifyListView",
    "PropertyCollector/WaitForUpdatesEx",
    "PropertyCollector/CreateFilter",
];

fn effects() -> [FaultEffect; 5] {
    [
        FaultEffect::Page,
        FaultEffect::Fault("NotSupported".to_owned()),
        FaultEffect::Fault("NotAuthenticated".to_owned()),
        FaultEffect::cut(CloseMode::Reset, CutPoint::Request),
        FaultEffect::status(503),
    ]
}

#[tokio::test]
async fn failing_push_falls_back_to_polling() {
    for call in CALLS {
        for effect in effects() {
            let (simulator, control) = start_server("demo").await;
            control.inject(&FaultPlan::default().with(FaultRule::new(call, effect.clone())));
            let mut harness = Harness::start(with_short_backoff(watch(&simulator, &[])));
            harness
                .until_connection(
                    &format!("polling: {call} {effect:?}"),
                    |state| matches!(state, ConnectionState::Polling { reason: Some(reason) } if !reason.is_empty()),
                )
                .await;
            let before = control.expected_tasks().len();
            for _ in 0..4 {
                control.advance(Duration::from_secs(20));
                harness.until_synced("new tasks, too", &control).await;
            }
            assert!(control.expected_tasks().len() > before);
            assert!(
                count(&control, "SessionManager/Login") <= 5,
                "{call} {effect:?}"
            );
            harness.stop().await;
        }
    }
}

/// Answers without tasks do not show that the long poll works.
#[tokio::test]
async fn waits_failing_with_members_fall_back_to_polling() {
    let others = [
        FaultEffect::Fault("ManagedObjectNotFound".to_owned()),
        FaultEffect::cut(CloseMode::Close, CutPoint::Body),
    ];
    for effect in effects().into_iter().chain(others) {
        let (simulator, control) = start_server("demo").await;
        let call = "PropertyCollector/WaitForUpdatesEx";
        let rule = FaultRule::new(call, FaultEffect::TaskUpdates(Box::new(effect.clone())));
        // The first wait of a collector ends before its view has members.
        let delay = FaultEffect::Delay(Duration::from_millis(50).into());
        let delay = FaultRule::new("ListView/ModifyListView", delay);
        control.inject(&FaultPlan::default().with(rule).with(delay));
        let mut harness = Harness::start(with_short_backoff(watch(&simulator, &[])));
        harness
            .until_connection(
                &format!("polling: {effect:?}"),
                |state| matches!(state, ConnectionState::Polling { reason: Some(reason) } if !reason.is_empty()),
            )
            .await;
        control.advance(Duration::from_secs(20));
        harness.until_synced("the new tasks", &control).await;
        let collectors = count(&control, "PropertyCollector/CreatePropertyCollector");
        assert!(collectors <= 3, "{effect:?}: {collectors}");
        harness.stop().await;
    }
}

#[tokio::test]
async fn push_resumes_after_recovery() {
    let (simulator, control) = start_server("demo").await;
    let rule = FaultRule::new("ListView/ModifyListView", FaultEffect::Page);
    control.inject(&FaultPlan::default().with(rule));
    let mut options = with_short_backoff(watch(&simulator, &[]));
    options.push_retry = Duration::from_millis(300);
    let mut harness = Harness::start(options);
    harness
        .until_connection("polling", |state| {
            matches!(state, ConnectionState::Polling { reason: Some(_) })
        })
        .await;
    control.clear_faults();
    harness
        .until_seen("the wait", |harness| {
            control.pending_waits() == 1
                && harness.connections.last() == Some(&ConnectionState::Live)
        })
        .await;
    control.advance(Duration::from_secs(20));
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
}

#[tokio::test]
async fn fetch_push_ends_with_reason_when_refused() {
    for call in [
        "PropertyCollector/CreatePropertyCollector",
        "ListView/ModifyListView",
        "PropertyCollector/WaitForUpdatesEx",
    ] {
        let (simulator, control) = start_server("demo").await;
        let rule = FaultRule::new(call, FaultEffect::Fault("NoPermission".to_owned()));
        control.inject(&FaultPlan::default().with(rule));
        let mut harness = Harness::push(&simulator);
        harness
            .until_connection("the end", |state| matches!(state, ConnectionState::SignedOut { reason } if reason.contains("NoPermission") && reason.contains("--fetch")))
            .await;
        let requests = count(&control, call);
        assert!(requests <= 3, "{call}: {requests}");
        harness.stop().await;
    }
}

/// A response of a proxy never ends the loop.
#[tokio::test]
async fn fetch_push_survives_pages_of_a_proxy() {
    for effect in [FaultEffect::Page, FaultEffect::status(403)] {
        let (simulator, control) = start_server("demo").await;
        let rule = FaultRule::new("ListView/ModifyListView", effect.clone()).times(6);
        control.inject(&FaultPlan::default().with(rule));
        let options = watch_by(FetchMode::Push, &simulator, &[]);
        let mut harness = Harness::start(with_short_backoff(options));
        harness
            .until_seen("a changed view", |_| {
                count(&control, "ListView/ModifyListView") > 6
            })
            .await;
        control.advance(Duration::from_secs(20));
        harness.until_synced("the tasks", &control).await;
        harness.stop().await;
    }
}

/// A call that works again after a few failures does not end the loop.
#[tokio::test]
async fn fetch_push_survives_temporary_refusal() {
    let (simulator, control) = start_server("demo").await;
    let rule = FaultRule::new(
        "PropertyCollector/CreatePropertyCollector",
        FaultEffect::Fault("NoPermission".to_owned()),
    );
    control.inject(&FaultPlan::default().with(rule.times(2)));
    let mut harness = Harness::push(&simulator);
    harness.until_synced("the tasks", &control).await;
    harness.stop().await;
}
