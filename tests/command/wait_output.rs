//! Output of `vtask wait`: JSON lines, bars, title and notifications, and the commands it runs.

use std::{io, time::Duration};

use crate::support::command::{line, server};

#[tokio::test]
async fn every_change_is_json_line_with_original_info() {
    let simulator = server().await;
    let output = line("wait task-1 task-2 --json")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.err, "", "no messages besides the data");
    for line in output.lines() {
        assert_eq!(line["version"], 1);
        assert_eq!(
            line["endpoint"].as_str().unwrap(),
            simulator.address().to_string()
        );
    }
    let tasks = output.of_type("task");
    let of_task = |mo_id: &str| {
        tasks
            .iter()
            .filter(|line| line["moId"] == mo_id)
            .collect::<Vec<_>>()
    };
    let progress: Vec<_> = of_task("task-1")
        .iter()
        .filter_map(|line| line["progress"].as_i64())
        .collect();
    assert!(progress.len() > 2 && progress.is_sorted(), "{progress:?}");
    let expected = simulator.control().expected_tasks();
    let last = of_task("task-1").pop().unwrap();
    assert_eq!(last["info"], expected[0]);
    assert_eq!(last["durationSeconds"], 20);
    assert_eq!(last["startedBy"], "LAB\\kim");
    assert_eq!(
        of_task("task-2").pop().unwrap()["error"]["message"],
        "The datastore is full."
    );
    assert_eq!(
        output
            .lines()
            .iter()
            .filter(|line| line["type"] == "summary")
            .count(),
        1
    );
}

#[tokio::test]
async fn terminal_bars_keep_position() {
    let simulator = server().await;
    let output = line("wait task-1 task-2 task-5")
        .variable("TERM", "xterm-256color")
        .terminal(80, 24)
        .with_running_clock(&simulator)
        .await;
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    terminal.process(output.err.replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen().contents();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 4, "{screen}");
    assert!(
        lines[0].contains("✓") && lines[0].contains("done"),
        "{screen}"
    );
    assert!(
        lines[1].contains("✗") && lines[1].contains("failed"),
        "{screen}"
    );
    assert!(lines[3].starts_with("3 of 3 ended, 1 failed"), "{screen}");
    assert!(!output.err.contains("evil\u{1b}"), "names are escaped");
}

#[tokio::test]
async fn title_and_notification_are_shown_and_title_is_restored() {
    let simulator = server().await;
    let wait = || {
        line("wait task-2 --title --bell --notify --quiet")
            .variable("TERM_PROGRAM", "ghostty")
            .terminal(80, 24)
    };
    let output = wait().with_running_clock(&simulator).await;
    assert!(
        output.err.contains("\u{1b}]2;") && output.err.contains("\u{1b}]9;4;"),
        "{:?}",
        output.err
    );
    assert!(
        output.err.contains("\u{1b}]9;vtask: failed"),
        "{:?}",
        output.err
    );
    let cleared = "\u{1b}]9;4;0;0\u{7}\u{1b}]2;\u{7}\u{1b}[23;2t";
    assert_eq!(output.err.matches(cleared).count(), 1, "{:?}", output.err);
    let simulator = server().await;
    let output = wait()
        .interrupt_after(Duration::from_millis(400))
        .on(&simulator)
        .await;
    assert!(output.err.ends_with(cleared), "{:?}", output.err);
}

#[cfg(unix)]
#[tokio::test]
async fn command_runs_for_each_finished_task() {
    let simulator = server().await;
    let output = line("wait task-1 task-2 --exec")
        .word("echo \"$VTASK_MOID|$VTASK_OPERATION|$VTASK_TARGET|$VTASK_OUTCOME|$VTASK_ERROR\"")
        .with_running_clock(&simulator)
        .await;
    assert!(
        output
            .err
            .contains("task-2|Clone virtual machine|b|failed|The datastore is full."),
        "{}",
        output.err
    );
    assert!(
        output
            .err
            .contains("task-1|Relocate virtual machine|a|success|\n"),
        "{}",
        output.err
    );
}

/// A writer that fails with one kind of error.
struct Broken(io::ErrorKind);

impl io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn broken_pipe_is_silent_and_full_disk_is_reported() {
    let simulator = server().await;
    let output = line("wait task-1 --json")
        .stdout_to(Broken(io::ErrorKind::BrokenPipe))
        .on(&simulator)
        .await;
    assert_eq!((output.code, &*output.err), (141, ""));
    let output = line("wait task-1 --json")
        .stdout_to(Broken(io::ErrorKind::StorageFull))
        .on(&simulator)
        .await;
    assert_eq!(output.code, 2);
    assert!(
        output.err.contains("cannot be written") && output.err.contains("full"),
        "{}",
        output.err
    );
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}
