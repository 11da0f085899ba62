//! A corrupted or refused response about one task is retried and does not affect other tasks.

use std::time::Duration;

use serde_json::json;
use vtask::simulator::{
    Simulator,
    fault_injection::{CloseMode, CutPoint, FaultEffect, FaultRule},
};

use crate::support::command::{
    count_requests, line,
    proxy::{Proxy, task_read},
    server_with_fault,
};

/// Starts a server with a fault, on which the finished tasks have ended.
async fn start_server(rule: FaultRule) -> Simulator {
    let simulator = server_with_fault(rule).await;
    simulator.control().advance(Duration::from_secs(30));
    simulator
}

const TASKS: &str = "task-8\ntask-7\ntask-6\ntask-4\ntask-3\ntask-2\ntask-1\n";

fn corrupting_effects() -> [FaultEffect; 6] {
    [
        FaultEffect::cut(CloseMode::Reset, CutPoint::Answer),
        FaultEffect::cut(CloseMode::Close, CutPoint::Body),
        FaultEffect::status(500),
        FaultEffect::status(503),
        FaultEffect::Page,
        FaultEffect::Truncated,
    ]
}

#[tokio::test]
async fn corrupted_response_loses_no_task() {
    for effect in corrupting_effects() {
        let rule = FaultRule::new("Task/info", effect.clone())
            .after(2)
            .times(1);
        let simulator = start_server(rule).await;
        let output = line("list --ids").on(&simulator).await;
        assert_eq!(
            (output.code, &*output.out, &*output.err),
            (0, TASKS, ""),
            "{effect:?}"
        );
    }
}

#[tokio::test]
async fn corrupted_response_to_any_read_request_is_retried() {
    for kind in [
        "hello",
        "ServiceInstance/content",
        "TaskManager/recentTask",
        "TaskManager/CreateCollectorForTasks",
        "TaskHistoryCollector/ResetCollector",
        "TaskHistoryCollector/ReadPreviousTasks",
    ] {
        for effect in [
            FaultEffect::cut(CloseMode::Close, CutPoint::Body),
            FaultEffect::status(503),
        ] {
            let simulator = start_server(FaultRule::new(kind, effect.clone()).times(1)).await;
            let output = line("list --since 1h --ids").on(&simulator).await;
            let with_history = TASKS.replace("task-4", "task-5\ntask-4");
            assert_eq!(
                (output.code, &*output.out),
                (0, &*with_history),
                "{kind} {effect:?}: {}",
                output.err
            );
        }
    }
}

#[tokio::test]
async fn corrupted_response_about_only_task_is_retried_by_every_command() {
    for effect in [
        FaultEffect::cut(CloseMode::Reset, CutPoint::Answer),
        FaultEffect::status(503),
    ] {
        for (words, code) in [
            ("get task-1", 0),
            ("tree task-1", 0),
            ("events task-1", 0),
            ("cancel --yes task-3", 0),
            ("wait task-1 --fetch poll", 0),
        ] {
            let simulator =
                start_server(FaultRule::new("Task/info", effect.clone()).times(1)).await;
            let output = line(words).on(&simulator).await;
            assert_eq!(output.code, code, "{words} {effect:?}: {output:?}");
        }
    }
}

#[tokio::test]
async fn lasting_corruption_is_an_error() {
    let simulator = start_server(FaultRule::new("Task/info", FaultEffect::status(503))).await;
    let output = line("list").on(&simulator).await;
    assert_eq!((output.code, &*output.out), (4, ""), "{output:?}");
    assert!(output.err.contains("503"), "{}", output.err);
    let reads = count_requests(&simulator.control(), "Task/info");
    assert!(reads <= 3 * 8, "{reads}");
}

#[tokio::test]
async fn denied_task_is_listed_and_is_not_a_refused_sign_in() {
    let simulator = start_server(FaultRule::new("nothing", FaultEffect::Page)).await;
    for status in [401, 403, 500] {
        let proxy = Proxy::start(&simulator, move |path, code, body| {
            if task_read(path) == Some("task-3") {
                *code = status;
                *body = if status == 500 {
                    json!({"_typeName": "NoPermission", "privilegeId": "System.View"})
                } else {
                    json!("forbidden")
                };
            }
        })
        .await;
        let output = line("list --ids").at(&proxy.url).await;
        assert_eq!(
            (output.code, &*sorted(&output.out)),
            (4, &*sorted(TASKS)),
            "{status}: {}",
            output.err
        );
        assert!(output.err.contains("task-3"), "{}", output.err);
        for words in [
            "get task-3",
            "tree task-3",
            "events task-3",
            "wait task-3 --fetch poll --max-outage 1s",
            "cancel --yes task-3",
            "get task-3 task-4",
            "tree task-4",
        ] {
            let output = line(words).at(&proxy.url).await;

            // An account that may not read a task may not cancel it either.
            let code = match (words, status) {
                ("tree task-4", _) => 0,
                ("cancel --yes task-3", 500) => 1,
                _ => 4,
            };
            assert_eq!(output.code, code, "{words} {status}: {output:?}");
            assert!(
                output.err.contains("task-3"),
                "{words} {status}: {output:?}"
            );
        }
    }
}

fn sorted(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[tokio::test]
async fn credentials_refused_for_every_request_are_a_refused_sign_in() {
    let simulator = start_server(FaultRule::new("Task*", FaultEffect::status(401))).await;
    let proxy = Proxy::start(&simulator, |path, status, body| {
        if !path.ends_with("/content") && !path.contains("hello") && !path.ends_with("/system") {
            *status = 401;
            *body = json!("who are you?");
        }
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("authorization");
    std::fs::write(&file, "Bearer x\n").unwrap();
    let output = line("list --authorization-file")
        .word(file.to_str().unwrap())
        .without_password()
        .at(&proxy.url)
        .await;
    assert_eq!(output.code, 5, "{output:?}");
}

#[tokio::test]
async fn session_expired_for_one_request_is_replaced() {
    let simulator = start_server(FaultRule::new("nothing", FaultEffect::Page)).await;
    let has_expired = std::sync::atomic::AtomicBool::new(false);
    let proxy = Proxy::start(&simulator, move |path, status, body| {
        let is_task_3 = task_read(path) == Some("task-3");
        if is_task_3 && !has_expired.swap(true, std::sync::atomic::Ordering::Relaxed) {
            *status = 500;
            *body = json!({"_typeName": "NotAuthenticated"});
        }
    })
    .await;
    let output = line("list --ids").at(&proxy.url).await;
    assert_eq!((output.code, &*output.out), (0, TASKS), "{output:?}");
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}
