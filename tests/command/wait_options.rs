//! Options of `wait` for logs, cron and stalled tasks.

use std::{fs, time::Duration};

use crate::command_support::{drive_by, line, server};

#[tokio::test]
async fn a_log_has_a_line_per_state_and_no_line_per_percent() {
    let simulator = server().await;
    let ran = line("wait task-1").driven(&simulator).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines = ran.err.lines().filter(|line| line.contains("task-1"));
    assert_eq!(lines.count(), 2, "running and success: {}", ran.err);
    let simulator = server().await;
    let control = simulator.control();
    // At most two answers a second come under a stream of changes.
    let ran = tokio::select! {
        ran = line("wait task-1 --log-every 200ms").on(&simulator) => ran,
        () = drive_by(&control, Duration::from_millis(80)) => unreachable!("time does not end"),
    };
    let lines = ran.err.lines().filter(|line| line.contains("task-1"));
    assert!(lines.count() > 2, "{}", ran.err);
}

#[tokio::test]
async fn quiet_prints_errors_with_their_root_cause_only() {
    let simulator = server().await;
    let ran = line("wait task-1 task-2 -q").driven(&simulator).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.out, "");
    assert_eq!(ran.err, "vtask: task-2 failed: The datastore is full.\n");
}

#[tokio::test]
async fn fail_fast_ends_with_first_failed_task() {
    let simulator = server().await;
    let ran = line("wait task-2 task-3 --fail-fast")
        .driven(&simulator)
        .await;
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[tokio::test]
async fn an_empty_selection_is_a_success_if_allowed() {
    let simulator = server().await;
    let select = |more: &str| line(&format!("wait --entity nowhere {more}"));
    let ran = select("").on(&simulator).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    let ran = select("--allow-empty").on(&simulator).await;
    assert_eq!((ran.code, &*ran.err), (0, "vtask: no task to wait for.\n"));
    let ran = select("--allow-empty --json").on(&simulator).await;
    let summary = &ran.of_type("summary")[0];
    assert_eq!((ran.code, &summary["outcome"]), (0, &"success".into()));
    let ran = line("wait -").input("\n").on(&simulator).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = line("wait - --allow-empty -q")
        .input("\n")
        .on(&simulator)
        .await;
    assert_eq!((ran.code, &*ran.err), (0, ""));
}

#[tokio::test]
async fn a_stalled_task_has_an_exit_code_or_a_command() {
    let simulator = server().await;
    // The server's clock is stopped, so no task progresses.
    let ran = line("wait task-3 --stalled 300ms").on(&simulator).await;
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.err.contains("task-3 has made no progress for 300ms."),
        "{ran:?}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stalled");
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
    let ran = tokio::select! {
        ran = waiting.on(&simulator) => ran,
        () = driving => unreachable!(),
    };
    assert_eq!(ran.code, 0, "{ran:?}");
}
