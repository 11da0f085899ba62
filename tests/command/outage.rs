//! `vtask wait` retries transient errors up to `--max-outage`; a request that keeps failing leads to a fallback or an
//! error.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::{
    built_support::{err, run, vtask},
    command_support::{line, server, tcp_relay::TcpRelay, until},
};
use vtask::simulator::{
    Simulator,
    fault_injection::{CloseMode, FaultEffect, FaultPlan, FaultRule, FaultTarget},
};

async fn with_faults(rule: FaultRule) -> Simulator {
    let simulator = server().await;
    simulator.control().inject(&FaultPlan::default().with(rule));
    simulator
}

#[tokio::test]
async fn unread_task_survives_bad_responses() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Malformed,
        FaultEffect::status(503),
        FaultEffect::cut(CloseMode::Reset, FaultTarget::Request),
    ] {
        let simulator = with_faults(FaultRule::new("Task/info", effect.clone()).times(2)).await;
        let ran = line("wait task-1 --fetch poll --interval 0.05")
            .driven(&simulator)
            .await;
        assert_eq!(ran.code, 0, "{effect:?}: {ran:?}");
    }
}

#[tokio::test]
async fn unreadable_task_is_unknown_after_max_outage() {
    let simulator = with_faults(FaultRule::new("Task/info", FaultEffect::Page)).await;
    let began = std::time::Instant::now();
    let ran = line("wait task-1 --fetch poll --interval 0.05 --max-outage 4s")
        .on(&simulator)
        .await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(began.elapsed() >= Duration::from_secs(4));
    assert!(ran.err.contains("not JSON"), "{}", ran.err);
}

/// The task is removed as soon as it ends; the history has its outcome.
#[tokio::test]
async fn history_lookup_survives_bad_response() {
    let create = "TaskManager/CreateCollectorForTasks";
    for effect in [FaultEffect::Page, FaultEffect::status(503)] {
        let simulator = with_faults(FaultRule::new(create, effect).times(1)).await;
        let ran = line("wait task-5").driven(&simulator).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[tokio::test]
async fn new_tasks_are_found_if_view_cannot_be_changed() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Fault("NotSupported".to_owned()),
    ] {
        let simulator = with_faults(FaultRule::new("ListView/ModifyListView", effect)).await;
        let ran = line("wait --new --entity x/y").driven(&simulator).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[tokio::test]
async fn unauthenticated_label_requests_do_not_renew_session_repeatedly() {
    let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
    let simulator = with_faults(FaultRule::new("TaskManager/description", refused)).await;
    let ran = line("wait task-1").driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let requests = simulator.control().requests();
    let logins = requests
        .iter()
        .filter(|request| request.kind.ends_with("/Login"));
    assert!(logins.count() <= 2);
}

#[tokio::test]
async fn push_only_fails_with_reason_if_refused() {
    let simulator = server().await;
    simulator
        .control()
        .change_behavior(|behavior| behavior.collector_permission = false);
    let ran = line("wait task-1 --fetch push").on(&simulator).await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("NoPermission"), "{}", ran.err);
    assert!(ran.err.contains("--fetch auto"), "{}", ran.err);
}

#[tokio::test]
async fn a_half_open_connection_does_not_prevent_the_sign_out() {
    for (words, code, awaited) in [
        ("wait task-1", 130, "WaitForUpdatesEx"),
        ("wait task-1 --timeout 2s", 124, "WaitForUpdatesEx"),
        ("wait task-1 task-3 --fetch poll", 130, "Task/info"),
    ] {
        let simulator = server().await;
        let control = simulator.control();
        let relay = TcpRelay::start(&simulator).await;
        let (stop, stopped) = oneshot::channel();
        let running = line(words).interrupted_by(stopped).at(&relay.url);
        let acting = async {
            let requests = || control.requests().into_iter();
            let is_awaited = || requests().any(|request| request.kind.ends_with(awaited));
            until(is_awaited).await;
            relay.freeze();
            // Dropping the sender would interrupt, too.
            let unsent = if code == 130 {
                stop.send(()).unwrap();
                None
            } else {
                Some(stop)
            };
            std::future::pending::<()>().await;
            drop(unsent);
        };
        let ran = tokio::select! {
            ran = running => ran,
            () = acting => unreachable!("it is pending"),
        };
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        assert_eq!(control.session_count(), 0, "{words}: {ran:?}");
    }
}

#[tokio::test]
async fn a_refused_proxy_is_named_without_credentials() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut command = vtask(&["list", "--url", "https://vc01.invalid", "--username", "ops"]);
    command
        .env("VTASK_PASSWORD", "secret")
        .env("HTTPS_PROXY", format!("http://ops:s3cret@{address}"))
        .env("NO_PROXY", "");
    let output = run(command).await;
    let message = err(&output);
    let expected =
        format!("the connection through the proxy http://{address} failed: the proxy refused it");
    assert!(message.contains(&expected), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
}
