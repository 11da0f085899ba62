//! A partly unreadable task is a row with the known fields; each task is one row, whatever its key.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use vtask::simulator::Simulator;

use crate::support::command::{
    line,
    proxy::{Proxy, task_read},
    server,
};

async fn server_after_30_seconds() -> Simulator {
    let simulator = server().await;
    simulator.control().advance(Duration::from_secs(30));
    simulator
}

/// Ids of the remaining tasks; task 5 is removed.
const TASKS: [&str; 7] = [
    "task-1", "task-2", "task-3", "task-4", "task-6", "task-7", "task-8",
];

fn ids(lines: &[Value]) -> Vec<&str> {
    let mut ids: Vec<&str> = lines
        .iter()
        .map(|line| line["moId"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

/// Corrupts one field of four tasks, each in a different way.
fn corrupt_fields(path: &str, _: &mut u16, body: &mut Value) {
    match task_read(path) {
        Some("task-1") => body["queueTime"] = Value::Null,
        Some("task-2") => body["reason"] = json!("TaskReasonOfTomorrow"),
        Some("task-3") => body["key"] = json!(3),
        Some("task-4") => {
            let fields = body.as_object_mut().unwrap();
            fields.shift_remove("cancelable");
            fields.shift_remove("eventChainId");
            fields["entity"] = json!("vm-1");
        }
        _ => {}
    }
}

#[tokio::test]
async fn unreadable_field_loses_no_row_in_any_command() {
    let simulator = server_after_30_seconds().await;
    let proxy = Proxy::start(&simulator, corrupt_fields).await;
    let output = line("list --json").at(&proxy.url).await;
    assert_eq!((output.code, &*output.err), (0, ""));
    let lines = output.lines();
    assert_eq!(ids(&lines), TASKS);
    let row = |mo_id: &str| lines.iter().find(|line| line["moId"] == mo_id).unwrap();
    assert_eq!(row("task-1")["queuedAt"], Value::Null);
    assert_eq!(row("task-1")["status"], "success");
    assert!(row("task-1")["trouble"].to_string().contains("queueTime"));
    assert_eq!(row("task-2")["startedBy"], Value::Null);
    assert_eq!(row("task-2")["info"]["reason"], "TaskReasonOfTomorrow");
    assert_eq!(row("task-3")["info"]["key"], 3, "as the server sent it");
    assert_eq!(row("task-4")["cancelable"], Value::Null);
    assert_eq!(row("task-4")["status"], "running");
    let table = line("list").at(&proxy.url).await;
    assert_eq!(table.out.lines().count(), 1 + TASKS.len(), "{}", table.out);
    for words in [
        "list --since 1h --ids",
        "list --sort queued --limit 0 --ids",
    ] {
        let output = line(words).at(&proxy.url).await;
        assert_eq!(output.code, 0, "{output:?}");
        let listed: HashSet<&str> = output.out.lines().collect();
        assert!(
            TASKS.iter().all(|task| listed.contains(task)),
            "{words}: {output:?}"
        );
    }
    for task in ["task-1", "task-2", "task-3", "task-4"] {
        for (command, code) in [("get", 0), ("tree", 0)] {
            let code = if (command, task) == ("get", "task-2") {
                1
            } else {
                code
            };
            let output = line(command).word(task).at(&proxy.url).await;
            assert_eq!(output.code, code, "{command} {task}: {output:?}");
            assert!(output.out.contains(task), "{command} {task}: {output:?}");
        }
    }
    let output = line("wait task-1 task-2").at(&proxy.url).await;
    assert_eq!(output.code, 1, "{output:?}");
    let output = line("cancel --yes task-3 task-4").at(&proxy.url).await;
    assert!(
        output.err.contains("task-3: request accepted"),
        "{output:?}"
    );
}

#[tokio::test]
async fn unreadable_task_is_listed_by_id_and_reported() {
    let simulator = server_after_30_seconds().await;
    let proxy = Proxy::start(&simulator, |path, _, body| {
        if task_read(path) == Some("task-3") {
            *body = Value::Null;
        }
    })
    .await;
    let output = line("list --json").at(&proxy.url).await;
    assert_eq!(output.code, 4, "{output:?}");
    assert!(
        output.err.contains("task-3") && output.err.lines().count() == 1,
        "{}",
        output.err
    );
    let lines = output.lines();
    assert_eq!(ids(&lines), TASKS);
    let row = lines.iter().find(|line| line["moId"] == "task-3").unwrap();
    assert_eq!(
        (&row["status"], &row["target"]),
        (&json!("ghost"), &Value::Null)
    );
    assert!(row["trouble"].as_str().unwrap().contains("object"), "{row}");
    for words in ["list", "get task-3 task-4"] {
        let output = line(words).at(&proxy.url).await;
        assert_eq!(output.code, 4, "{output:?}");
        let row = output
            .out
            .lines()
            .find(|row| row.starts_with("task-3"))
            .unwrap();
        assert!(
            row.contains("ghost") && row.contains("cannot be read"),
            "{words}: {row}"
        );
        assert!(output.out.contains("task-4"), "{}", output.out);
    }
    for words in [
        "tree task-3",
        "wait task-3 --fetch poll --max-outage 1s",
        "cancel --yes task-3",
        "events task-3",
    ] {
        let output = line(words).at(&proxy.url).await;
        assert_eq!(output.code, 4, "{words}: {output:?}");
        assert!(output.err.contains("task-3"), "{words}: {output:?}");
        assert!(
            output.err.contains("object"),
            "{words} names the reason: {output:?}"
        );
    }
    // It is reported, because it may match the selection.
    let output = line("list --state running --ids").at(&proxy.url).await;
    assert_eq!((output.code, &*output.out), (4, "task-4\n"), "{output:?}");
    assert!(output.err.contains("task-3"), "{}", output.err);
}

#[tokio::test]
async fn tasks_with_same_key_are_separate_rows() {
    let simulator = server_after_30_seconds().await;
    let proxy = Proxy::start(&simulator, |path, _, body| {
        let records: &mut [Value] = match body {
            Value::Array(page) if path.ends_with("/ReadPreviousTasks") => page,
            other if task_read(path).is_some() => std::slice::from_mut(other),
            _ => return,
        };
        for record in records
            .iter_mut()
            .filter(|record| record["key"].is_string())
        {
            record["key"] = json!("other");
        }
    })
    .await;
    let output = line("list --json").at(&proxy.url).await;
    assert_eq!((output.code, ids(&output.lines())), (0, TASKS.to_vec()));
    let output = line("list --since 1h --ids").at(&proxy.url).await;
    let mut listed: Vec<&str> = output.out.lines().collect();
    listed.sort_unstable();
    let mut all = TASKS.to_vec();
    all.insert(4, "task-5");
    assert_eq!(listed, all, "the history contains one more");
    let output = line("get task-1 task-3").at(&proxy.url).await;
    let found = output.out.contains("task-1  success") && output.out.contains("task-3  running");
    assert!(found, "{output:?}");
    for (task, status) in [("task-1", "success"), ("task-4", "running")] {
        let output = line("tree --json").word(task).at(&proxy.url).await;
        let lines = output.lines();
        let row = lines.iter().find(|line| line["moId"] == task).unwrap();
        assert_eq!(row["status"], status, "{output:?}");
    }
    let output = line("wait --json task-1 task-2").at(&proxy.url).await;
    assert_eq!(output.code, 1, "{output:?}");
    let summary = output.of_type("summary").remove(0);
    let tasks = summary["tasks"].as_array().unwrap();
    let outcomes = tasks.iter().map(|task| task["outcome"].as_str().unwrap());
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        ["success", "failed"],
        "{summary}"
    );
    let output = line("cancel --yes task-3").at(&proxy.url).await;
    assert_eq!(output.code, 0, "{output:?}");
    let cancelled = simulator.control().expected_tasks();
    let cancelled: Vec<&Value> = cancelled
        .iter()
        .filter(|info| info["cancelled"] == true)
        .map(|info| &info["key"])
        .collect();
    assert_eq!(cancelled, ["task-3"]);
}

#[tokio::test]
async fn unknown_state_and_reason_are_shown() {
    let simulator = server_after_30_seconds().await;
    let proxy = Proxy::start(&simulator, |path, _, body| {
        if task_read(path) == Some("task-3") {
            body["state"] = json!("paused");
            body["reason"] = json!({"_typeName": "TaskReasonRobot", "robotName": "r2"});
        }
    })
    .await;
    let output = line("get task-3 --columns state,started-by")
        .at(&proxy.url)
        .await;
    assert!(output.out.contains("paused  TaskReasonRobot"), "{output:?}");
}

#[tokio::test]
async fn list_of_recent_tasks_may_have_invalid_items() {
    let simulator = server_after_30_seconds().await;
    let proxy = Proxy::start(&simulator, |path, _, body| {
        if path.ends_with("/recentTask") {
            let tasks = body.as_array_mut().unwrap();
            tasks.extend([Value::Null, json!({"value": "task-9"})]);
        }
    })
    .await;
    let output = line("list --json").at(&proxy.url).await;
    assert_eq!((output.code, &*output.err), (0, ""));
    assert_eq!(ids(&output.lines()), TASKS);
}
