//! `vtask wait` against the embedded vCenter: outcomes, outages and output.

use std::time::Duration;

use crate::support::command::{SCENARIO, count_requests, drive, line, server, server_with};
use serde_json::json;
use tokio::time::sleep;
use vtask::simulator::{
    Options, Simulator,
    fault_injection::{FaultEffect, FaultPlan, FaultRule},
    scenario::Scenario,
};

/// Runs a test once per fetch mode.
macro_rules! in_both_fetch_modes {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn by_push() {
                super::$name("--fetch push").await;
            }

            #[tokio::test]
            async fn by_poll() {
                super::$name("--fetch poll --interval 0.05").await;
            }
        }
    )+};
}

in_both_fetch_modes!(
    success_and_failure,
    cancellation,
    task_removed_between_polls,
    expired_session,
    server_restart,
    new_tasks,
    new_tasks_that_cannot_be_listed,
    child_tasks,
);

async fn success_and_failure(fetch_flags: &str) {
    let simulator = server().await;
    let output = line(&format!("wait task-1 {fetch_flags}"))
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.out, "", "no data without --json");
    assert!(output.err.contains("task-1 running"), "{}", output.err);
    assert!(output.err.contains("task-1 success"), "{}", output.err);
    assert!(
        output.err.ends_with("s\n") && output.err.contains("1 of 1 ended after"),
        "{}",
        output.err
    );
    let output = line(&format!("wait task-1 task-2 Task:task-1 {fetch_flags}"))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 1);
    assert!(
        output.err.contains("The datastore is full."),
        "{}",
        output.err
    );
    assert!(output.err.contains("1 failed"), "{}", output.err);
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

async fn cancellation(fetch_flags: &str) {
    let simulator = server().await;
    assert_eq!(line("cancel task-3 --yes").on(&simulator).await.code, 0);
    let output = line(&format!("wait task-3 task-1 {fetch_flags}"))
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 3, "{output:?}");
}

async fn task_removed_between_polls(fetch_flags: &str) {
    let simulator = server().await;
    let output = line(&format!("wait task-5 {fetch_flags}"))
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    // The task is removed by now and found in the history of the last day.
    let output = line(&format!("wait task-5 --json {fetch_flags}"))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.of_type("task").last().unwrap()["outcome"], "success");
    assert_eq!(simulator.control().open_objects().histories, 0);
}

async fn expired_session(fetch_flags: &str) {
    let simulator = server().await;
    let control = simulator.control();
    let kill_sessions = async {
        while control.session_count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(50)).await;
        control.kill_sessions();
        sleep(Duration::from_secs(60)).await;
    };
    let output = tokio::select! {
        output = line(&format!("wait task-1 {fetch_flags}")).with_running_clock(&simulator) => output,
        () = kill_sessions => unreachable!("waiting ends first"),
    };
    assert_eq!(output.code, 0, "{output:?}");
}

/// Connections are refused first, then the same port is served by a server without the session.
async fn server_restart(fetch_flags: &str) {
    let simulator = server().await;
    let (url, listen) = (simulator.url(), simulator.address());
    let restart = async {
        while simulator.control().session_count() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(100)).await;
        simulator.stop().await;
        sleep(Duration::from_millis(700)).await;
        let mut options = Options::new(Scenario::parse("test", SCENARIO).unwrap()).manual();
        options.listen = listen;
        let simulator = Simulator::start(options).await.unwrap();
        drive(&simulator.control()).await;
    };
    let output = tokio::select! {
        output = line(&format!("wait task-1 --json {fetch_flags}")).at(&url) => output,
        () = restart => unreachable!("waiting ends first"),
    };
    assert_eq!(output.code, 0, "{output:?}");
    let states: Vec<_> = output
        .of_type("link")
        .iter()
        .map(|line| line["state"].clone())
        .collect();
    assert!(states.contains(&json!("retrying")), "{states:?}");
}

async fn new_tasks(fetch_flags: &str) {
    let simulator = server().await;
    let output = line(&format!("wait --new --entity x/y --json {fetch_flags}"))
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    let summary = output.lines().pop().unwrap();
    assert_eq!(summary["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(output.of_type("task")[0]["target"], "x/y");
}

async fn child_tasks(fetch_flags: &str) {
    let simulator = server().await;
    let output = line(&format!(
        "wait task-6 --children --settle 600ms {fetch_flags}"
    ))
    .with_running_clock(&simulator)
    .await;
    assert_eq!(output.code, 1, "the child failed: {output:?}");
    assert!(output.err.contains("2 of 2 ended"), "{}", output.err);
    let output = line(&format!("wait task-6 {fetch_flags}"))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
}

/// `wait --new` ends if the list of recent tasks is always refused.
async fn new_tasks_that_cannot_be_listed(fetch_flags: &str) {
    let simulator = server().await;
    let rule = FaultRule::new(
        "TaskManager/recentTask",
        FaultEffect::Fault("NoPermission".to_owned()),
    );
    simulator.control().inject(&FaultPlan::default().with(rule));
    let output = line(&format!("wait --new --timeout 50s {fetch_flags}"))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(
        output.err.contains("--new cannot discover tasks") && output.err.contains("NoPermission"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn filter_selects_awaited_tasks() {
    let simulator = server().await;
    let output = line("wait --filter")
        .word("op:relocate target:a user=LAB\\kim")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.err.contains("task-1 success"), "{}", output.err);
    assert!(!output.err.contains("task-2"), "{}", output.err);
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().to_str().unwrap();
    let named = directory.path().join("vtask/named-filters.toml");
    std::fs::create_dir(directory.path().join("vtask")).unwrap();
    std::fs::write(named, "full = \"op:clone user:ops\"\n").unwrap();
    let simulator = server().await;
    let output = line("wait --filter @full").variable("XDG_STATE_HOME", state);
    let output = output.with_running_clock(&simulator).await;
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("task-2 failed"), "{}", output.err);
    let output = line("wait --filter stat:failed").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("did you mean “state”?"),
        "{}",
        output.err
    );
    assert!(
        output.err.contains("^^^^"),
        "with its position: {}",
        output.err
    );
}

#[tokio::test]
async fn any_ends_with_first_finished_task() {
    let simulator = server().await;
    let output = line("wait task-1 task-2 task-4 --any --json")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 1, "{output:?}");
    let summary = output.lines().pop().unwrap();
    assert_eq!(summary["tasks"][2]["outcome"], json!(null));
    assert_eq!(summary["tasks"][1]["error"]["type"], "NoDiskSpace");
}

#[tokio::test]
async fn missing_task_has_unknown_outcome() {
    let simulator = server().await;
    let output = line("wait task-1 task-99 --json")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 4, "{output:?}");
    let summary = output.lines().pop().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["outcome"], "unknown");
    assert_eq!(summary["exitCode"], 4);
    assert_eq!(summary["tasks"][0]["outcome"], "success");
    assert_eq!(summary["tasks"][1]["outcome"], "unknown");
    let output = line("wait task-99").on(&simulator).await;
    assert!(output.err.contains("task-99 unknown: "), "{}", output.err);
    let output = line("wait task-99").terminal(60, 24).on(&simulator).await;
    let message = "outcome of task-99 unknown";
    assert!(output.err.contains(message), "{}", output.err);
}

#[tokio::test]
async fn lagging_history_is_retried_and_missing_history_is_reported() {
    let simulator =
        server_with(|options| options.behavior.history_lag = Duration::from_secs(60)).await;
    let output = line("wait task-5").with_running_clock(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    let simulator = server_with(|options| options.behavior.history = false).await;
    let output = line("wait task-5").with_running_clock(&simulator).await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(
        output.err.contains("disappeared") && output.err.contains("NotSupported"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn timeout_ends_waiting() {
    let simulator = server().await;
    let output = line("wait task-4 --timeout 300ms --json")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 124, "{output:?}");
    assert_eq!(output.lines().pop().unwrap()["outcome"], "timeout");
    assert!(
        output.err.contains("timed out after 300ms"),
        "{}",
        output.err
    );
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn outage_longer_than_limit_ends_waiting() {
    // No server listens on this port.
    let simulator = server().await;
    let url = simulator.url();
    simulator.stop().await;
    let output = line("wait task-1 --max-outage 500ms").at(&url).await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(
        output.err.contains("--max-outage") && output.err.contains("refused"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn refused_sign_in_is_reported_and_not_retried() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    })
    .await;
    let output = line("wait task-1 --json").on(&simulator).await;
    assert_eq!(output.code, 5, "{output:?}");
    assert!(
        output.err.contains("InvalidLogin") && !output.err.contains("secret"),
        "{}",
        output.err
    );
    assert_eq!(count_requests(&simulator.control(), "Login"), 1);
}

#[tokio::test]
async fn interrupt_signs_out() {
    let simulator = server().await;
    let output = line("wait task-4 --json")
        .interrupt_after(Duration::from_millis(300))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 130, "{output:?}");
    assert_eq!(output.lines().pop().unwrap()["outcome"], "interrupted");
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn tasks_are_selected_by_entity_user_or_operation() {
    let simulator = server().await;
    for (flags, code) in [
        ("--activation-id act-7", 0),
        ("--operation Clone*", 1),
        ("--user *kim --entity a", 0),
        ("--entity nowhere", 4),
    ] {
        let output = line(&format!("wait {flags}"))
            .with_running_clock(&simulator)
            .await;
        assert_eq!(output.code, code, "{flags}: {output:?}");
        // Finished tasks are not awaited.
        let second = line(&format!("wait {flags}")).on(&simulator).await;
        assert_eq!(second.code, 4, "{flags}: {second:?}");
        assert!(
            second.err.contains("no queued or running task"),
            "{}",
            second.err
        );
        if code == 0 {
            break;
        }
    }
}

#[tokio::test]
async fn tasks_are_read_from_standard_input() {
    let simulator = server().await;
    let output = line("wait -")
        .input("Task:task-2\n{\"moId\":\"task-1\"}\n")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 1, "{output:?}");
    for input in ["", "VirtualMachine:vm-1\n"] {
        let output = line("wait -").input(input).on(&simulator).await;
        assert_eq!(output.code, 2, "{output:?}");
    }
}
