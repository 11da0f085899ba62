//! `vtask wait` retries transient errors up to `--max-outage`; a request that keeps failing leads to a fallback or an
//! error.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::command::raw_server::{self, Reply};
use crate::support::{
    built::{run, stderr, vtask},
    command::{count_requests, line, server, server_with_fault, tcp_relay::TcpRelay, wait_until},
};
use vtask::simulator::fault_injection::{CloseMode, CutPoint, FaultEffect, FaultRule};

#[tokio::test]
async fn unread_task_survives_bad_responses() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Malformed,
        FaultEffect::status(503),
        FaultEffect::cut(CloseMode::Reset, CutPoint::Request),
    ] {
        let simulator =
            server_with_fault(FaultRule::new("Task/info", effect.clone()).times(2)).await;
        let output = line("wait task-1 --fetch poll --interval 0.05")
            .with_running_clock(&simulator)
            .await;
        assert_eq!(output.code, 0, "{effect:?}: {output:?}");
    }
}

#[tokio::test]
async fn unreadable_task_is_unknown_after_max_outage() {
    let simulator = server_with_fault(FaultRule::new("Task/info", FaultEffect::Page)).await;
    let began = std::time::Instant::now();
    let output = line("wait task-1 --fetch poll --interval 0.05 --max-outage 4s")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(began.elapsed() >= Duration::from_secs(4));
    assert!(output.err.contains("not JSON"), "{}", output.err);
}

/// The task is removed as soon as it ends; the history has its outcome.
#[tokio::test]
async fn history_lookup_survives_bad_response() {
    let create = "TaskManager/CreateCollectorForTasks";
    for effect in [FaultEffect::Page, FaultEffect::status(503)] {
        let simulator = server_with_fault(FaultRule::new(create, effect).times(1)).await;
        let output = line("wait task-5").with_running_clock(&simulator).await;
        assert_eq!(output.code, 0, "{output:?}");
    }
}

#[tokio::test]
async fn new_tasks_are_found_if_view_cannot_be_changed() {
    for effect in [
        FaultEffect::Page,
        FaultEffect::Fault("NotSupported".to_owned()),
    ] {
        let simulator = server_with_fault(FaultRule::new("ListView/ModifyListView", effect)).await;
        let output = line("wait --new --entity x/y")
            .with_running_clock(&simulator)
            .await;
        assert_eq!(output.code, 0, "{output:?}");
    }
}

#[tokio::test]
async fn unauthenticated_label_requests_do_not_renew_session_repeatedly() {
    let refused = FaultEffect::Fault("NotAuthenticated".to_owned());
    let simulator = server_with_fault(FaultRule::new("TaskManager/description", refused)).await;
    let output = line("wait task-1").with_running_clock(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(count_requests(&simulator.control(), "/Login") <= 2);
}

#[tokio::test]
async fn push_only_fails_with_reason_if_refused() {
    let simulator = server().await;
    simulator
        .control()
        .change_behavior(|behavior| behavior.collector_permission = false);
    let output = line("wait task-1 --fetch push").on(&simulator).await;
    assert_eq!(output.code, 5, "{output:?}");
    assert!(output.err.contains("NoPermission"), "{}", output.err);
    assert!(output.err.contains("--fetch auto"), "{}", output.err);
}

#[tokio::test]
async fn half_open_connection_does_not_prevent_sign_out() {
    for (words, code, awaited) in [
        ("wait task-1", 130, "WaitForUpdatesEx"),
        ("wait task-1 --timeout 2s", 124, "WaitForUpdatesEx"),
        ("wait task-1 task-3 --fetch poll", 130, "Task/info"),
    ] {
        let simulator = server().await;
        let control = simulator.control();
        let relay = TcpRelay::start(&simulator).await;
        let (stop, stopped) = oneshot::channel();
        let running = line(words).interrupt_when(stopped).at(&relay.url);
        let actions = async {
            wait_until(|| count_requests(&control, awaited) > 0).await;
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
        let output = tokio::select! {
            output = running => output,
            () = actions => unreachable!("the actions do not end"),
        };
        assert_eq!(output.code, code, "{words}: {output:?}");
        assert_eq!(control.session_count(), 0, "{words}: {output:?}");
    }
}

#[tokio::test]
async fn proxy_that_requires_credentials_is_named_with_advice() {
    const REFUSAL: &[u8] =
        b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n";
    let proxy = raw_server::start(|_| Reply::Bytes(REFUSAL.to_vec())).await;
    let with_password = proxy.replace("://", "://ops:s3cret@");
    for (url, options) in [
        ("https://vc01.invalid", ""),
        ("http://vc01.invalid", "--allow-plain-http"),
    ] {
        let words = ["list", "--url", url, "--username", "ops", options];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let mut command = vtask(&words);
        command
            .env("VTASK_PASSWORD", "secret")
            .env("HTTPS_PROXY", &with_password)
            .env("HTTP_PROXY", &with_password)
            .env("NO_PROXY", "");
        let output = run(command).await;
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(4), "{message}");
        let expected = format!("the proxy {proxy} requires credentials");
        assert!(message.contains(&expected), "{message}");
        let advice = "HTTPS_PROXY=http://user:password@host:port";
        assert!(message.contains(advice), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[tokio::test]
async fn refusing_proxy_is_named_without_credentials() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut command = vtask(&["list", "--url", "https://vc01.invalid", "--username", "ops"]);
    command
        .env("VTASK_PASSWORD", "secret")
        .env("HTTPS_PROXY", format!("http://ops:s3cret@{address}"))
        .env("NO_PROXY", "");
    let output = run(command).await;
    let message = stderr(&output);
    let expected =
        format!("the connection through the proxy http://{address} failed: the proxy refused it");
    assert!(message.contains(&expected), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
}
