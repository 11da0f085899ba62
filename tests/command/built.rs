//! End-to-end tests of the built program: new tasks, activation ids and usage errors.

use std::{fs, io::Write, process::Stdio, time::Duration};

use crate::support::built::{command_on, run, start, stderr, stdout, vtask, wait_for_output};
use crate::support::command::{count_requests, drive, json_lines, server, server_with, wait_until};
use vtask::simulator::Simulator;

/// Advances the clock once the program reads the recent tasks.
async fn drive_once_watched(simulator: &Simulator) {
    let control = simulator.control();
    wait_until(|| count_requests(&control, "recentTask") > 0).await;
    drive(&control).await;
}

#[tokio::test]
async fn wait_new_awaits_only_new_tasks() {
    let simulator = server().await;
    // Six tasks are running; one on x/y starts after 6 s.
    let child = start(command_on(
        &simulator,
        "wait --new --operation Relocate* --json --timeout 60s",
    ));
    let output = tokio::select! {
        output = wait_for_output(child) => output,
        () = drive_once_watched(&simulator) => unreachable!("the clock advances without end"),
    };
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = json_lines(&stdout(&output));
    let summary = lines.last().unwrap();
    let tasks = summary["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 1, "{summary}");
    let task = lines.iter().find(|line| line["type"] == "task").unwrap();
    assert_eq!(task["target"], "x/y");
    assert_eq!(task["moId"], tasks[0]["moId"]);
    // It has finished, and no other task starts.
    let none = run(command_on(
        &simulator,
        "wait --new --operation Relocate* --timeout 1s",
    ))
    .await;
    assert_eq!(none.status.code(), Some(124), "{}", stderr(&none));
    assert!(
        stderr(&none).contains("no task has started yet"),
        "{}",
        stderr(&none)
    );
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn activation_id_selects_task() {
    let simulator = server().await;
    let child = start(command_on(&simulator, "wait --activation-id act-7 --json"));
    let output = tokio::select! {
        output = wait_for_output(child) => output,
        () = drive_once_watched(&simulator) => unreachable!("the clock advances without end"),
    };
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = json_lines(&stdout(&output));
    let task = lines.iter().rfind(|line| line["type"] == "task").unwrap();
    assert_eq!(task["info"]["activationId"], "act-7");
    assert_eq!(task["outcome"], "success");
    // An unknown activation id selects no task, in `list` too.
    let wrong = run(command_on(&simulator, "wait --activation-id act-8")).await;
    assert_eq!(wrong.status.code(), Some(4));
    assert!(
        stderr(&wrong).contains("matches --activation-id act-8"),
        "{}",
        stderr(&wrong)
    );
    let listed = run(command_on(&simulator, "list --activation-id act-7 --ids")).await;
    assert_eq!(stdout(&listed), "task-1\n");
}

/// Arguments, exit code and a part of the message.
const USAGE_ERRORS: &[(&str, i32, &str)] = &[
    ("get vm:1", 2, "only objects of type Task are supported"),
    (
        "get urn:vmomi:VirtualMachine:vm-1:abc",
        2,
        "it is a VirtualMachine",
    ),
    ("get https://vc01/x", 2, "no …/Task/ID in its path"),
    (
        "get https://vc01/sdk/vim25/9.0.0.0/Task/task-1/info",
        2,
        "is on vc01, but the server is 127.0.0.1",
    ),
    (
        "cancel https://vc01/sdk/vim25/9.0.0.0/Task/task-3/info --yes",
        2,
        "is on vc01, but",
    ),
    ("get Task:", 2, "empty text"),
    ("wait -", 2, "standard input names no task"),
    ("wait", 2, "<TASK>..."),
    (
        "wait task-1 --any --children",
        2,
        "'--any' cannot be used with '--children'",
    ),
    ("wait task-1 --new", 2, "cannot be used with '--new'"),
    ("wait task-1 --settle 5s", 2, "--children"),
    ("wait task-1 --timeout 0", 2, "must be greater than zero"),
    (
        "wait task-1 --timeout soon",
        2,
        "expected a duration such as 90s, 10m, 2h or 1h30m",
    ),
    (
        "wait --entity=",
        2,
        "a value is required for '--entity <NAME>'",
    ),
    (
        "wait nowhere/task-1",
        2,
        "is on the server of profile nowhere, but --url",
    ),
    (
        "wait --profile lab --profile branch task-1",
        2,
        "--profile several",
    ),
    (
        "list --ids --json",
        2,
        "'--ids' cannot be used with '--json'",
    ),
    (
        "list --since 1h --until 2h",
        2,
        "--since must be before --until",
    ),
    (
        "list --since 2026-01-02 --until 2026-01-01",
        2,
        "--since must be before --until",
    ),
    (
        "list --state runing",
        2,
        "a similar value exists: 'running'",
    ),
    ("list --limit many", 2, "invalid digit"),
    (
        "list --filter stat:x",
        2,
        "\n  ^^^^\nunknown field “stat”; did you mean “state”?",
    ),
    ("cancel task-3", 2, "confirm with --yes"),
    ("cancel - ", 2, "Give --yes"),
    ("cancel task-3 --json", 2, "--yes"),
    ("wiat task-1", 2, "did you mean `vtask wait`?"),
    (
        "--light --theme dark",
        2,
        "'--light' cannot be used with '--theme",
    ),
    ("get task-99", 4, "disappears after a while"),
    ("tree task-99", 4, "disappears after a while"),
    ("events task-99", 4, "disappears after a while"),
    ("cancel task-99 --yes", 4, "task-99"),
];

#[tokio::test]
async fn usage_errors_have_exit_code_and_helpful_message() {
    let simulator = server().await;
    for (line, code, message) in USAGE_ERRORS {
        let output = run(command_on(&simulator, line)).await;
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(*code), "{line}: {stderr}");
        assert!(stderr.contains(message), "{line}: {stderr}");
        assert_eq!(stdout(&output), "", "{line}: stdout is data");
    }
    assert_eq!(simulator.control().session_count(), 0);
    let cancels = count_requests(&simulator.control(), "CancelTask");
    assert_eq!(cancels, 0, "a refused command sends no request");
}

#[tokio::test]
async fn duplicate_tasks_count_once_and_missing_tasks_do_not_hide_others() {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    let mut command = command_on(&simulator, "wait - --json");
    command.stdin(Stdio::piped());
    let mut child = start(command);
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"task-1\n\nTask:task-1\ntask-99\ntask-2\ntask-99\n")
        .unwrap();
    drop(input);
    let output = wait_for_output(child).await;
    assert_eq!(
        output.status.code(),
        Some(1),
        "failed outranks unknown: {}",
        stderr(&output)
    );
    let lines = json_lines(&stdout(&output));
    let tasks = lines.last().unwrap()["tasks"].as_array().unwrap().clone();
    let outcomes: Vec<_> = tasks
        .iter()
        .map(|task| {
            (
                task["moId"].as_str().unwrap(),
                task["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("task-1", "success"),
            ("task-99", "unknown"),
            ("task-2", "failed")
        ]
    );
    let output = run(command_on(&simulator, "get task-99 task-1 task-1")).await;
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert_eq!(
        stdout(&output).matches("task-1").count(),
        1,
        "{}",
        stdout(&output)
    );
    assert!(
        stderr(&output).contains("reading task-99"),
        "{}",
        stderr(&output)
    );
}

#[tokio::test]
async fn unreachable_server_is_reported_after_max_outage() {
    let simulator = server().await;
    let child = start(command_on(&simulator, "wait task-4 --max-outage 1s"));
    let control = simulator.control();
    wait_until(|| control.session_count() > 0).await;
    simulator.stop().await;
    let output = wait_for_output(child).await;
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let stderr = stderr(&output);
    assert!(
        stderr.contains("unreachable for longer than --max-outage"),
        "{stderr}"
    );
    assert!(!stderr.contains("next try in 0s"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_command_reports_full_disk_and_exits_silently_on_closed_pipe() {
    let simulator = server_with(|options| options.behavior.history = true).await;
    simulator.control().advance(Duration::from_secs(30));
    for line in [
        "completions bash",
        "man wait",
        "get task-1",
        "get task-1 --json",
        "list",
        "list --ids",
        "list --json",
        "events task-2",
        "tree task-6",
        "tree task-6 --json",
        "wait task-1 --json",
        "cancel task-3 --yes --json",
    ] {
        let command = || {
            if line.starts_with("completions") || line.starts_with("man") {
                vtask(&line.split(' ').collect::<Vec<_>>())
            } else {
                command_on(&simulator, line)
            }
        };
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut to_full = command();
        let child = to_full.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = wait_for_output(child).await;
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("standard output cannot be written"),
            "{line}"
        );
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut to_closed_pipe = command();
        let child = to_closed_pipe
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The command keeps the writer open as well.
        drop(to_closed_pipe);
        let output = wait_for_output(child).await;
        assert_eq!(
            output.status.code(),
            Some(141),
            "{line}: {}",
            stderr(&output)
        );
        assert_eq!(stderr(&output), "", "{line}");
    }
    assert_eq!(simulator.control().session_count(), 0, "signed out");
}

#[tokio::test]
async fn unwritable_standard_error_keeps_the_exit_code() {
    for line in [
        "list --profile nope",
        "wait task-1 --bogus",
        "wait task-1 --url https://u:p@x --bogus",
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let status = vtask(&words).stderr(full.unwrap()).status().unwrap();
        assert_eq!(status.code(), Some(2), "{line}");
    }
}
