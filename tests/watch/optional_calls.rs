//! Optional calls that keep failing are given up: they neither stop the loop nor renew the session repeatedly.

use std::time::Duration;

use crate::watch::support::{Harness, count, running_task, start_server, watch_by};
use vtask::{
    simulator::fault_injection::{FaultEffect, FaultPlan, FaultRule},
    vim::types::TaskLocator,
    watch::{CancelResponse, Command, ConnectionState, FetchMode, Privilege},
};

crate::watch::support::push_and_poll! {
    unauthenticated_call_renews_the_session_at_most_twice,
    retry_after_of_one_call_does_not_delay_others,
}

/// The optional calls of the loop.
const OPTIONAL: [&str; 6] = [
    "TaskManager/description",
    "TaskManager/CreateCollectorForTasks",
    "AuthorizationManager/HasPrivilegeOnEntities",
    "EventManager/QueryEvents",
    "Task/CancelTask",
    "VirtualMachine/runtime",
];

/// Sends commands that cause all optional calls.
fn send_all_commands(harness: &Harness, task: &str) {
    let locator = TaskLocator::of(harness.record(task).unwrap().info.as_deref().unwrap());
    harness.send(Command::CheckPrivilege(locator.clone()));
    harness.send(Command::FollowEvents(vec![locator.clone()]));
    harness.send(Command::FollowFamily(Some(locator.clone())));
    harness.send(Command::LookUp(locator));
    harness.send(Command::Cancel(task.into()));
}

async fn unauthenticated_call_renews_the_session_at_most_twice(mode: FetchMode) {
    for kind in OPTIONAL {
        let (simulator, control) = start_server("demo").await;
        let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
        control.inject(&FaultPlan::default().with(FaultRule::new(kind, refused)));
        let mut options = watch_by(mode, &simulator, &[]);
        options.entity_states = true;
        options.typical = true;
        let mut harness = Harness::start(options);
        harness.until_synced("the tasks", &control).await;
        send_all_commands(&harness, &running_task(&control));
        harness
            .until("all answers", |harness| {
                !harness.cancels.is_empty()
                    && !harness.privileges.is_empty()
                    && !harness.events.is_empty()
            })
            .await;
        for _ in 0..5 {
            control.advance(Duration::from_secs(5));
            harness.until_synced("the new tasks", &control).await;
        }
        let logins = count(&control, "SessionManager/Login");
        // Each user of the call may renew the session once.
        assert!(logins <= 5, "{kind}: {logins}");
        let is_signed_out =
            |connection: &ConnectionState| matches!(connection, ConnectionState::SignedOut { .. });
        assert!(
            !harness.connections.iter().any(is_signed_out),
            "{kind}: {:?}",
            harness.connections
        );
        if kind == "Task/CancelTask" {
            assert!(count(&control, kind) <= 2);
            let (_, answer) = &harness.cancels[0];
            assert!(
                matches!(answer, CancelResponse::Failed(why) if why.contains("NotAuthenticated")),
                "{answer:?}"
            );
        }
        if kind.ends_with("HasPrivilegeOnEntities") {
            let (_, answer) = &harness.privileges[0];
            assert!(matches!(answer, Privilege::Unknown(_)), "{answer:?}");
        }
        harness.stop().await;
    }
}

async fn retry_after_of_one_call_does_not_delay_others(mode: FetchMode) {
    for kind in OPTIONAL {
        let (simulator, control) = start_server("demo").await;
        let busy = FaultEffect::Status {
            code: 503,
            retry_after: Some(jiff::SignedDuration::from_secs(600)),
            as_date: false,
            reached: false,
        };
        control.inject(&FaultPlan::default().with(FaultRule::new(kind, busy)));
        let mut harness = Harness::start(watch_by(mode, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        send_all_commands(&harness, &running_task(&control));
        harness
            .until("an answer", |harness| !harness.cancels.is_empty())
            .await;
        for _ in 0..3 {
            control.advance(Duration::from_secs(5));
            harness.until_synced("the new tasks", &control).await;
        }
        harness.assert_never_lost(kind);
        harness.stop().await;
    }
}

/// The server's clock is read when connecting; tasks are watched although it cannot be read.
#[tokio::test]
async fn tasks_are_followed_without_server_clock() {
    for effect in [
        FaultEffect::status(503),
        FaultEffect::Page,
        FaultEffect::Fault("NotAuthenticated".to_owned()),
    ] {
        for mode in [FetchMode::Push, FetchMode::Poll] {
            let (simulator, control) = start_server("demo").await;
            let rule = FaultRule::new("ServiceInstance/CurrentTime", effect.clone());
            control.inject(&FaultPlan::default().with(rule));
            let mut options = watch_by(mode, &simulator, &[]);
            options.intervals.retry.initial = Duration::from_millis(50);
            options.intervals.retry.min = Duration::from_millis(10);
            options.intervals.clock = Duration::from_millis(300);
            let mut harness = Harness::start(options);
            harness.until_synced("the tasks", &control).await;
            let connections = harness.connections.len();
            let requests = count(&control, "ServiceInstance/CurrentTime");
            harness
                .until_seen("more clock requests", |_| {
                    count(&control, "ServiceInstance/CurrentTime") > requests + 2
                })
                .await;
            control.advance(Duration::from_secs(5));
            harness.until_synced("the new tasks", &control).await;
            assert_eq!(
                harness.connections.len(),
                connections,
                "{effect:?}: {:?}",
                harness.connections
            );
            harness.stop().await;
        }
    }
}
