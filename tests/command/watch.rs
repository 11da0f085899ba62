//! `--watch` of the reading commands follows changes by push, over real HTTP.

use std::time::{Duration, Instant};

use tokio::{sync::oneshot, time::sleep};

use crate::support::command::{
    Outputs, SharedBuffer, config, count_requests, line, server, wait_until,
};
use vtask::simulator::{
    Control,
    fault_injection::{FaultEffect, FaultPlan, FaultRule, ServerEvent},
};

/// Advances the server's time until the output satisfies a condition.
async fn advance_until(control: &Control, out: &SharedBuffer, condition: impl Fn(&str) -> bool) {
    while !condition(&out.text()) {
        sleep(Duration::from_millis(10)).await;
        control.advance(Duration::from_millis(100));
    }
}

#[tokio::test]
async fn changed_rows_are_appended_by_push() {
    let simulator = server().await;
    let control = simulator.control();
    let actions = |outputs: Outputs| async move {
        wait_until(|| outputs.out.text().contains("task-4") && control.pending_waits() > 0).await;
        control.clear_requests();
        let is_done = |line: &str| line.starts_with("task-1 ") && line.contains("success");
        let is_finished = |text: &str| text.lines().any(is_done);
        advance_until(&control, &outputs.out, is_finished).await;
        let mut reads = control.requests();
        reads.retain(|request| request.kind == "Task/info");
        assert!(
            matches!(&*reads, [read] if read.path.contains("task-5")),
            "only the removed task is read: {reads:?}"
        );
        assert!(count_requests(&control, "WaitForUpdates") > 0);
    };
    let (output, _) = line("list --entity a --watch")
        .during(&simulator, actions)
        .await;
    let text = output.out;
    let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(lines("TASK"), 1, "{text}");
    assert!(lines("task-1 ") > 2, "{text}");
    assert_eq!(lines("task-4 "), 1, "only its age changes: {text}");
}

#[tokio::test]
async fn terminal_is_redrawn_at_most_four_times_a_second() {
    let simulator = server().await;
    let control = simulator.control();
    let began = Instant::now();
    let actions = |outputs: Outputs| async move {
        wait_until(|| outputs.out.text().contains("task-1")).await;
        advance_until(&control, &outputs.out, |text| text.contains("success")).await;
    };
    let line = line("get task-1 -w").output_width(100);
    let text = line.during(&simulator, actions).await.0.out;
    assert!(text.contains("\u{1b}[2A"), "{text:?}");
    let redraws = text.matches("\u{1b}[J").count();
    let limit = began.elapsed().as_millis() / 250 + 1;
    assert!(redraws as u128 <= limit, "{redraws} of {limit}: {text:?}");
}

#[tokio::test]
async fn outage_is_shown_and_survived() {
    for columns in [Some(200), None] {
        let simulator = server().await;
        let control = simulator.control();
        let mut line = line("get task-1 --watch");
        if let Some(columns) = columns {
            line = line.output_width(columns);
        }
        let actions = |outputs: Outputs| async move {
            wait_until(|| outputs.out.text().contains("task-1") && control.pending_waits() > 0)
                .await;
            let unavailable = FaultRule::new("*", FaultEffect::status(503));
            control.inject(&FaultPlan::default().with(unavailable));
            control.trigger(&ServerEvent::BreakConnections);
            let shown = match columns {
                Some(_) => &outputs.out,
                None => &outputs.err,
            };
            wait_until(|| shown.text().contains("503")).await;
            control.clear_faults();
            advance_until(&control, &outputs.out, |text| text.contains("success")).await;
        };
        let (output, _) = line.during(&simulator, actions).await;
        if columns.is_some() {
            let drawings = output.out.trim_end_matches("\u{1b}[J");
            let last = drawings.rsplit("\u{1b}[J").next().unwrap();
            assert!(
                last.contains("success") && !last.contains("503"),
                "{output:?}"
            );
        } else {
            let lines: Vec<&str> = output.err.lines().collect();
            assert!(
                matches!(lines[..], [lost, recovered] if lost.contains("503") && recovered.ends_with("answers again.")),
                "{lines:?}"
            );
        }
    }
}

#[tokio::test]
async fn new_tasks_children_and_events_appear() {
    for (words, expected) in [
        ("list --operation Relocate* -o ids --watch", "task-8\n"),
        ("tree task-6 -o ids --watch", "task-7\n"),
        ("events task-1 task-6 -o jsonpath={.message} --watch", ""),
    ] {
        let simulator = server().await;
        let control = simulator.control();
        let actions = |outputs: Outputs| async move {
            wait_until(|| !outputs.out.text().is_empty()).await;
            let before = outputs.out.text();
            let has_more = |text: &str| {
                text.lines().count() > before.lines().count() && text.contains(expected)
            };
            advance_until(&control, &outputs.out, has_more).await;
            assert!(outputs.out.text().starts_with(&before));
        };
        let text = line(words).during(&simulator, actions).await.0.out;
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), text.lines().count(), "{words}: {text}");
    }
}

#[tokio::test]
async fn json_is_the_current_task_info() {
    let simulator = server().await;
    let control = simulator.control();
    let actions = |outputs: Outputs| async move {
        wait_until(|| outputs.out.text().contains("running")).await;
        // The task is removed as soon as it ends; its history record has the outcome.
        advance_until(&control, &outputs.out, |text| text.contains("\"success\"")).await;
    };
    let line = line("get task-5 --json --watch");
    let text = line.during(&simulator, actions).await.0.out;
    for line in text.lines() {
        let info: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(info["key"], "task-5");
    }
}

#[tokio::test]
async fn refused_sign_in_ends_watching() {
    let simulator = server().await;
    let control = simulator.control();
    let watching = line("list --watch").on(&simulator);
    let driving = async {
        wait_until(|| control.pending_waits() > 0).await;
        let refused = FaultEffect::Fault("InvalidLogin".to_owned());
        control.inject(&FaultPlan::default().with(FaultRule::new("SessionManager/Login", refused)));
        control.kill_sessions();
    };
    let (output, ()) = tokio::join!(watching, driving);
    assert_eq!(output.code, 5, "{output:?}");
    assert!(output.err.contains("InvalidLogin"), "{output:?}");
}

#[tokio::test]
async fn server_unavailable_at_the_start_is_added() {
    let (lab, branch) = (server().await, server().await);
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), &[("lab", &lab), ("branch", &branch)]);
    let unavailable = FaultRule::new("*", FaultEffect::status(503));
    branch
        .control()
        .inject(&FaultPlan::default().with(unavailable));
    let words = format!("list --profile lab,branch -o ids --watch --config {config}");
    let (out, (stop, stopped)) = (SharedBuffer::default(), oneshot::channel());
    let line = line(&words).stdout_to(out.clone()).interrupt_when(stopped);
    let driving = async {
        wait_until(|| out.text().contains("lab/task-1")).await;
        branch.control().clear_faults();
        wait_until(|| out.text().contains("branch/task-1")).await;
        stop.send(()).unwrap();
    };
    let servers = [&lab, &branch];
    let (output, ()) = tokio::join!(line.on_servers(&servers), driving);
    assert_eq!(output.code, 130, "{output:?}");
    assert_eq!(lab.control().session_count(), 0, "{output:?}");
    assert!(output.err.contains("503"), "{output:?}");
}

#[tokio::test]
async fn time_limit_and_format_are_checked() {
    let simulator = server().await;
    let output = line("list --watch --timeout 400ms").on(&simulator).await;
    assert_eq!(output.code, 124, "{output:?}");
    assert_eq!(simulator.control().session_count(), 0);
    let output = line("list -o json --watch").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
}
