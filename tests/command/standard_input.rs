//! Every word of standard input is a task, for every command that takes `-`, and empty input is an error.

use serde_json::Value;

use crate::support::command::{CommandOutput, line, server};

fn mo_ids(output: &CommandOutput) -> Vec<Value> {
    let lines = output.lines().into_iter();
    lines.map(|line| line["moId"].clone()).collect()
}

#[tokio::test]
async fn all_tasks_of_a_line_are_read() {
    let simulator = server().await;
    let output = line("get -")
        .input("task-4 task-3\ttask-1\n")
        .on(&simulator)
        .await;
    assert_eq!(output.code, 0, "{output:?}");
    for task in ["task-4", "task-3", "task-1"] {
        assert!(output.out.contains(task), "{task}: {output:?}");
    }

    let output = line("wait - --json")
        .input("task-1 task-2")
        .with_running_clock(&simulator)
        .await;
    assert_eq!(output.code, 1, "the second one fails: {output:?}");

    let simulator = server().await;
    let output = line("cancel - --yes --json")
        .input("task-1 task-3 task-4\n")
        .on(&simulator)
        .await;
    assert_eq!(
        mo_ids(&output),
        ["task-1", "task-3", "task-4"],
        "{output:?}"
    );
}

#[tokio::test]
async fn trees_and_events_of_several_tasks_are_printed() {
    let simulator = server().await;
    for command in ["tree -", "events -"] {
        let output = line(command).input("task-1 task-6\n").on(&simulator).await;
        assert_eq!(output.code, 0, "{output:?}");
    }
    let output = line("tree - -o ids")
        .input("task-1 task-6\n")
        .on(&simulator)
        .await;
    assert_eq!(output.out, "task-1\ntask-6\n");
}

#[tokio::test]
async fn invalid_task_stops_command() {
    let simulator = server().await;
    for command in ["get -", "wait -", "cancel - --yes", "tree -", "events -"] {
        let output = line(command)
            .input("task-1 VirtualMachine:vm-1")
            .on(&simulator)
            .await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.err.contains("VirtualMachine:vm-1"), "{output:?}");
    }
    assert_eq!(simulator.control().request_count(), 0);
}

#[tokio::test]
async fn empty_input_is_an_error() {
    let simulator = server().await;
    for command in ["get -", "wait -", "cancel - --yes", "tree -", "events -"] {
        for input in ["", "\n", " \t\r\n", "[]"] {
            let output = line(command).input(input).on(&simulator).await;
            assert_eq!(output.code, 2, "{command} {input:?}: {output:?}");
            let message = "standard input names no task";
            assert!(output.err.contains(message), "{output:?}");
        }
    }
    assert_eq!(simulator.control().request_count(), 0);
    // The screen reads standard input before it checks for a terminal.
    let output =
        crate::support::built::run(crate::support::built::command_on(&simulator, "-")).await;
    assert_eq!(output.status.code(), Some(2));
    let stderr = crate::support::built::stderr(&output);
    assert!(stderr.contains("standard input names no task"), "{stderr}");
}
