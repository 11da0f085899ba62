//! A call that is not needed for following tasks and keeps failing is given up: it neither stops the loop nor ends the
//! session again and again.

use std::time::Duration;

use crate::support::{Harness, count, manual_clock, running_task, watch_by};
use vtask::{
    simulator::{
        Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
    },
    vim::types::TaskLocator,
    watch::{CancelResponse, Command, ConnectionState, FetchMode, Privilege},
};

crate::both_ways! {
    a_call_that_is_never_authenticated_renews_the_session_no_more_than_twice,
    a_call_that_asks_to_wait_stops_nothing_else,
}

/// Every optional call of the loop.
const OPTIONAL: [&str; 6] = [
    "TaskManager/description",
    "TaskManager/CreateCollectorForTasks",
    "AuthorizationManager/HasPrivilegeOnEntities",
    "EventManager/QueryEvents",
    "Task/CancelTask",
    "VirtualMachine/runtime",
];

/// Makes the loop use all of them.
fn ask_for_everything(harness: &Harness, task: &str) {
    let trace = TaskLocator::of(harness.record(task).unwrap().info.as_deref().unwrap());
    harness.send(Command::CheckPrivilege(trace.clone()));
    harness.send(Command::FollowEvents(vec![trace.clone()]));
    harness.send(Command::FollowFamily(Some(trace.clone())));
    harness.send(Command::LookUp(trace));
    harness.send(Command::Cancel(task.into()));
}

async fn a_call_that_is_never_authenticated_renews_the_session_no_more_than_twice(mode: FetchMode) {
    for kind in OPTIONAL {
        let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
        let control = simulator.control();
        let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
        control.inject(&FaultPlan::default().with(FaultRule::new(kind, refused)));
        let mut options = watch_by(mode, &simulator, &[]);
        options.entity_states = true;
        options.typical = true;
        let mut harness = Harness::start(options);
        harness.until_synced("the tasks", &control).await;
        ask_for_everything(&harness, &running_task(&control));
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
        // Each of those who need the call may renew the session once.
        assert!(logins <= 5, "{kind}: {logins}");
        let is_out =
            |connection: &ConnectionState| matches!(connection, ConnectionState::SignedOut { .. });
        assert!(
            !harness.connections.iter().any(is_out),
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

async fn a_call_that_asks_to_wait_stops_nothing_else(mode: FetchMode) {
    for kind in OPTIONAL {
        let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
        let control = simulator.control();
        let busy = FaultEffect::Status {
            code: 503,
            retry_after: Some(jiff::SignedDuration::from_secs(600)),
            as_date: false,
            reached: false,
        };
        control.inject(&FaultPlan::default().with(FaultRule::new(kind, busy)));
        let mut harness = Harness::start(watch_by(mode, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        ask_for_everything(&harness, &running_task(&control));
        harness
            .until("an answer", |harness| !harness.cancels.is_empty())
            .await;
        for _ in 0..3 {
            control.advance(Duration::from_secs(5));
            harness.until_synced("the new tasks", &control).await;
        }
        let is_troubled =
            |connection: &ConnectionState| matches!(connection, ConnectionState::Retrying { .. });
        assert!(
            !harness.connections.iter().any(is_troubled),
            "{kind}: {:?}",
            harness.connections
        );
        harness.stop().await;
    }
}

/// The clock is asked for at the start to see whether the server answers; a server that never tells it is watched
/// nevertheless.
#[tokio::test]
async fn tasks_are_followed_without_server_clock() {
    for effect in [
        FaultEffect::status(503),
        FaultEffect::Page,
        FaultEffect::Fault("NotAuthenticated".to_owned()),
    ] {
        for mode in [FetchMode::Push, FetchMode::Poll] {
            let simulator = Simulator::start(manual_clock("demo")).await.unwrap();
            let control = simulator.control();
            let rule = FaultRule::new("ServiceInstance/CurrentTime", effect.clone());
            control.inject(&FaultPlan::default().with(rule));
            let mut options = watch_by(mode, &simulator, &[]);
            options.intervals.initial_backoff = Duration::from_millis(50);
            options.intervals.min_backoff = Duration::from_millis(10);
            options.intervals.clock = Duration::from_millis(300);
            let mut harness = Harness::start(options);
            harness.until_synced("the tasks", &control).await;
            let connections = harness.connections.len();
            let asked = count(&control, "ServiceInstance/CurrentTime");
            harness
                .until_seen("more questions", |_| {
                    count(&control, "ServiceInstance/CurrentTime") > asked + 2
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
