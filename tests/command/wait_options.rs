//! Options of `wait` for logs, cron and stalled tasks.

use std::{fs, time::Duration};

use crate::support::command::{drive_by, line, server};

#[tokio::test]
async fn one_line_is_printed_per_state_without_terminal() {
    let simulator = server().await;
    let output = line("wait task-1").with_running_clock(&simulator).await;
    assert_eq!(output.code, 0, "{output:?}");
    let lines = output.err.lines().filter(|line| line.contains("task-1"));
    assert_eq!(lines.count(), 2, "running and success: {}", output.err);
    let simulator = server().await;
    let control = simulator.control();
    // Under continuous changes, the server sends at most two responses a second.
    let output = tokio::select! {
        output = line("wait task-1 --log-every 200ms").on(&simulator) => output,
        () = drive_by(&control, Duration::from_millis(80)) => unreachable!("the clock advances without end"),
    };
    let lines = output.err.lines().filter(|line| line.contains("task-1"));
    assert!(lines.count() > 2, "{}", output.err);
}

#[tokio::test]
async fn quiet_prints_errors_with_their_root_cause_only() {
    let simulator = server().await;
    let output = line("wait task-1 task-2 -q")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 1, "{output:?}");
    assert_eq!(output.out, "");
    assert_eq!(output.err, "vtask: task-2 failed: The datastore is full.\n");
}

#[tokio::test]
async fn fail_fast_ends_with_first_failed_task() {
    let simulator = server().await;
    let output = line("wait task-2 task-3 --fail-fast")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 1, "{output:?}");
}

#[tokio::test]
async fn an_empty_selection_is_a_success_if_allowed() {
    let simulator = server().await;
    let wait_nowhere = |more: &str| line(&format!("wait --entity nowhere {more}"));
    let output = wait_nowhere("").on(&simulator).await;
    assert_eq!(output.code, 4, "{output:?}");
    let output = wait_nowhere("--allow-empty").on(&simulator).await;
    assert_eq!(
        (output.code, &*output.err),
        (0, "vtask: no task to wait for.\n")
    );
    let output = wait_nowhere("--allow-empty --json").on(&simulator).await;
    let summary = &output.of_type("summary")[0];
    assert_eq!((output.code, &summary["outcome"]), (0, &"success".into()));
    let output = line("wait -").input("\n").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
    let output = line("wait - --allow-empty -q")
        .input("\n")
        .on(&simulator)
        .await;
    assert_eq!((output.code, &*output.err), (0, ""));
}

#[tokio::test]
async fn stalled_task_sets_the_exit_code_or_runs_a_command() {
    let simulator = server().await;
    // The server's clock is stopped, so no task progresses.
    let output = line("wait task-3 --stalled 300ms").on(&simulator).await;
    assert_eq!(output.code, 6, "{output:?}");
    assert!(
        output
            .err
            .contains("task-3 has made no progress for 300ms."),
        "{output:?}"
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stalled");
    let command = format!("echo $VTASK_MOID $VTASK_OUTCOME >> {}", file.display());
    let control = simulator.control();
    let waiting = line("wait task-3 task-1 --any --stalled 300ms --on-stall").word(&command);
    let driving = async {
        while !fs::read_to_string(&file)
            .unwrap_or_default()
            .contains("task-3 stalled")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        control.advance(Duration::from_secs(30));
        std::future::pending::<()>().await;
    };
    let output = tokio::select! {
        output = waiting.on(&simulator) => output,
        () = driving => unreachable!(),
    };
    assert_eq!(output.code, 0, "{output:?}");
}
