//! `--watch` of the reading commands follows changes by push, over real HTTP.

use std::time::{Duration, Instant};

use tokio::{sync::oneshot, time::sleep};

use crate::command_support::{Line, Paper, Ran, config, line, server};
use vtask::simulator::{
    Control, Simulator,
    fault_injection::{FaultEffect, FaultPlan, FaultRule, ServerEvent},
};

/// A running command with its output.
struct Watching {
    paper: Paper,
    messages: Paper,
    stop: oneshot::Sender<()>,
}

impl Watching {
    fn start(line: Line) -> (Line, Self) {
        let (stop, stopped) = oneshot::channel();
        let (paper, messages) = (Paper::default(), Paper::default());
        let line = line.into(paper.clone()).interrupted_by(stopped);
        let line = line.messages_into(messages.clone());
        let watching = Self {
            paper,
            messages,
            stop,
        };
        (line, watching)
    }

    /// Advances the server's time until the output satisfies a condition.
    async fn until(&self, control: &Control, done: impl Fn(&str) -> bool) {
        while !done(&self.paper.text()) {
            sleep(Duration::from_millis(10)).await;
            control.advance(Duration::from_millis(100));
        }
    }

    /// Polls without advancing the server's time.
    async fn until_frozen(&self, done: impl Fn(&str) -> bool) {
        while !done(&self.paper.text()) {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Presses Ctrl-C. Returns the output.
    fn stop(self) -> String {
        self.stop.send(()).unwrap();
        self.paper.text()
    }
}

/// Number of requests of that kind.
fn count(control: &Control, kind: &str) -> usize {
    let requests = control.requests();
    let requests = requests.iter();
    requests
        .filter(|request| request.kind.contains(kind))
        .count()
}

/// Checks the end after Ctrl-C.
fn assert_interrupted(ran: &Ran, simulator: &Simulator) {
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(simulator.control().session_count(), 0, "{ran:?}");
}

#[tokio::test]
async fn changed_rows_are_appended_by_push() {
    let simulator = server().await;
    let control = simulator.control();
    let (line, watching) = Watching::start(line("list --entity a --watch"));
    let driving = async {
        watching.until_frozen(|text| text.contains("task-4")).await;
        while control.pending_waits() == 0 {
            sleep(Duration::from_millis(10)).await;
        }
        control.clear_requests();
        let is_done = |line: &str| line.starts_with("task-1 ") && line.contains("success");
        watching
            .until(&control, |text| text.lines().any(is_done))
            .await;
        assert_eq!(count(&control, "Task/info"), 0);
        assert!(count(&control, "WaitForUpdates") > 0);
        watching.stop()
    };
    let (ran, text) = tokio::join!(line.on(&simulator), driving);
    assert_interrupted(&ran, &simulator);
    let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(lines("TASK"), 1, "{text}");
    assert!(lines("task-1 ") > 2, "{text}");
    assert_eq!(lines("task-4 "), 1, "only its age changes: {text}");
}

#[tokio::test]
async fn terminal_is_redrawn_at_most_four_times_a_second() {
    let simulator = server().await;
    let control = simulator.control();
    let (line, watching) = Watching::start(line("get task-1 -w").wide(100));
    let began = Instant::now();
    let driving = async {
        watching.until_frozen(|text| text.contains("task-1")).await;
        watching
            .until(&control, |text| text.contains("success"))
            .await;
        watching.stop()
    };
    let (ran, text) = tokio::join!(line.on(&simulator), driving);
    assert_interrupted(&ran, &simulator);
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
        let (mut line, watching) = Watching::start(line("get task-1 --watch"));
        if let Some(columns) = columns {
            line = line.wide(columns);
        }
        let driving = async {
            watching.until_frozen(|text| text.contains("task-1")).await;
            while control.pending_waits() == 0 {
                sleep(Duration::from_millis(10)).await;
            }
            let unavailable = FaultRule::new("*", FaultEffect::status(503));
            control.inject(&FaultPlan::default().with(unavailable));
            control.trigger(&ServerEvent::BreakConnections);
            let shown = match columns {
                Some(_) => &watching.paper,
                None => &watching.messages,
            };
            while !shown.text().contains("503") {
                sleep(Duration::from_millis(10)).await;
            }
            control.clear_faults();
            watching
                .until(&control, |text| text.contains("success"))
                .await;
            watching.stop()
        };
        let (ran, text) = tokio::join!(line.on(&simulator), driving);
        assert_interrupted(&ran, &simulator);
        if columns.is_some() {
            let drawings = text.trim_end_matches("\u{1b}[J");
            let last = drawings.rsplit("\u{1b}[J").next().unwrap();
            assert!(
                last.contains("success") && !last.contains("503"),
                "{text:?}"
            );
        } else {
            let lines: Vec<&str> = ran.err.lines().collect();
            assert!(
                matches!(lines[..], [away, back] if away.contains("503") && back.ends_with("answers again.")),
                "{lines:?}"
            );
        }
    }
}

#[tokio::test]
async fn new_tasks_children_and_events_appear() {
    for (words, awaited) in [
        ("list --operation Relocate* -o ids --watch", "task-8\n"),
        ("tree task-6 -o ids --watch", "task-7\n"),
        ("events task-1 task-6 -o jsonpath={.message} --watch", ""),
    ] {
        let simulator = server().await;
        let control = simulator.control();
        let (line, watching) = Watching::start(line(words));
        let driving = async {
            watching.until_frozen(|text| !text.is_empty()).await;
            let before = watching.paper.text();
            watching
                .until(&control, |text| {
                    text.lines().count() > before.lines().count() && text.contains(awaited)
                })
                .await;
            assert!(watching.paper.text().starts_with(&before));
            watching.stop()
        };
        let (ran, text) = tokio::join!(line.on(&simulator), driving);
        assert_interrupted(&ran, &simulator);
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
    let (line, watching) = Watching::start(line("get task-5 --json --watch"));
    let driving = async {
        watching.until_frozen(|text| text.contains("running")).await;
        // The task is removed as soon as it ends; its history record has the outcome.
        watching
            .until(&control, |text| text.contains("\"success\""))
            .await;
        watching.stop()
    };
    let (ran, text) = tokio::join!(line.on(&simulator), driving);
    assert_interrupted(&ran, &simulator);
    for line in text.lines() {
        let info: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(info["key"], "task-5");
    }
}

#[tokio::test]
async fn refused_sign_in_ends_it() {
    let simulator = server().await;
    let control = simulator.control();
    let paper = Paper::default();
    let watching = line("list --watch").into(paper.clone()).on(&simulator);
    let driving = async {
        while control.pending_waits() == 0 {
            sleep(Duration::from_millis(10)).await;
        }
        let refused = FaultEffect::Fault("InvalidLogin".to_owned());
        control.inject(&FaultPlan::default().with(FaultRule::new("SessionManager/Login", refused)));
        control.kill_sessions();
    };
    let (ran, ()) = tokio::join!(watching, driving);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("InvalidLogin"), "{ran:?}");
}

#[tokio::test]
async fn server_that_was_away_at_the_start_is_added() {
    let (lab, branch) = (server().await, server().await);
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[("lab", &lab), ("branch", &branch)]);
    let unavailable = FaultRule::new("*", FaultEffect::status(503));
    branch
        .control()
        .inject(&FaultPlan::default().with(unavailable));
    let words = format!("list --profile lab,branch -o ids --watch --config {config}");
    let (line, watching) = Watching::start(line(&words));
    let driving = async {
        watching
            .until_frozen(|text| text.contains("lab/task-1"))
            .await;
        branch.control().clear_faults();
        watching
            .until_frozen(|text| text.contains("branch/task-1"))
            .await;
        watching.stop()
    };
    let servers = [&lab, &branch];
    let (ran, _) = tokio::join!(line.among(&servers), driving);
    assert_interrupted(&ran, &lab);
    assert!(ran.err.contains("503"), "{ran:?}");
}

#[tokio::test]
async fn time_limit_and_format_are_checked() {
    let simulator = server().await;
    let ran = line("list --watch --timeout 400ms").on(&simulator).await;
    assert_eq!(ran.code, 124, "{ran:?}");
    assert_eq!(simulator.control().session_count(), 0);
    let ran = line("list -o json --watch").on(&simulator).await;
    assert_eq!(ran.code, 2, "{ran:?}");
}
