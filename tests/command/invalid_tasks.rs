//! A partly unreadable task is a row with the known fields; each task is one row, whatever its key.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use vtask::simulator::Simulator;

use crate::command_support::{
    line,
    proxy::{Proxy, task_read},
    server,
};

async fn later() -> Simulator {
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
fn odd(path: &str, _: &mut u16, body: &mut Value) {
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
    let simulator = later().await;
    let proxy = Proxy::start(&simulator, odd).await;
    let ran = line("list --json").at(&proxy.url).await;
    assert_eq!((ran.code, &*ran.err), (0, ""));
    let lines = ran.lines();
    assert_eq!(ids(&lines), TASKS);
    let of = |mo_id: &str| lines.iter().find(|line| line["moId"] == mo_id).unwrap();
    assert_eq!(of("task-1")["queuedAt"], Value::Null);
    assert_eq!(of("task-1")["status"], "success");
    assert!(of("task-1")["trouble"].to_string().contains("queueTime"));
    assert_eq!(of("task-2")["startedBy"], Value::Null);
    assert_eq!(of("task-2")["info"]["reason"], "TaskReasonOfTomorrow");
    assert_eq!(of("task-3")["info"]["key"], 3, "as the server sent it");
    assert_eq!(of("task-4")["cancelable"], Value::Null);
    assert_eq!(of("task-4")["status"], "running");
    let table = line("list").at(&proxy.url).await;
    assert_eq!(table.out.lines().count(), 1 + TASKS.len(), "{}", table.out);
    for words in [
        "list --since 1h --ids",
        "list --sort queued --limit 0 --ids",
    ] {
        let ran = line(words).at(&proxy.url).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let listed: HashSet<&str> = ran.out.lines().collect();
        assert!(
            TASKS.iter().all(|task| listed.contains(task)),
            "{words}: {ran:?}"
        );
    }
    for task in ["task-1", "task-2", "task-3", "task-4"] {
        for (command, code) in [("get", 0), ("tree", 0)] {
            let code = if (command, task) == ("get", "task-2") {
                1
            } else {
                code
            };
            let ran = line(command).word(task).at(&proxy.url).await;
            assert_eq!(ran.code, code, "{command} {task}: {ran:?}");
            assert!(ran.out.contains(task), "{command} {task}: {ran:?}");
        }
    }
    let ran = line("wait task-1 task-2").at(&proxy.url).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let ran = line("cancel --yes task-3 task-4").at(&proxy.url).await;
    assert!(ran.err.contains("task-3: request accepted"), "{ran:?}");
}

#[tokio::test]
async fn unreadable_task_is_listed_by_id_and_reported() {
    let simulator = later().await;
    let proxy = Proxy::start(&simulator, |path, _, body| {
        if task_read(path) == Some("task-3") {
            *body = Value::Null;
        }
    })
    .await;
    let ran = line("list --json").at(&proxy.url).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.err.contains("task-3") && ran.err.lines().count() == 1,
        "{}",
        ran.err
    );
    let lines = ran.lines();
    assert_eq!(ids(&lines), TASKS);
    let row = lines.iter().find(|line| line["moId"] == "task-3").unwrap();
    assert_eq!(
        (&row["status"], &row["target"]),
        (&json!("ghost"), &Value::Null)
    );
    assert!(row["trouble"].as_str().unwrap().contains("object"), "{row}");
    for words in ["list", "get task-3 task-4"] {
        let ran = line(words).at(&proxy.url).await;
        assert_eq!(ran.code, 4, "{ran:?}");
        let row = ran
            .out
            .lines()
            .find(|row| row.starts_with("task-3"))
            .unwrap();
        assert!(
            row.contains("ghost") && row.contains("cannot be read"),
            "{words}: {row}"
        );
        assert!(ran.out.contains("task-4"), "{}", ran.out);
    }
    for words in [
        "tree task-3",
        "wait task-3 --fetch poll --max-outage 1s",
        "cancel --yes task-3",
        "events task-3",
    ] {
        let ran = line(words).at(&proxy.url).await;
        assert_eq!(ran.code, 4, "{words}: {ran:?}");
        assert!(ran.err.contains("task-3"), "{words}: {ran:?}");
        assert!(ran.err.contains("object"), "{words} says why: {ran:?}");
    }
    // Unknown whether it matches the selection.
    let ran = line("list --state running --ids").at(&proxy.url).await;
    assert_eq!((ran.code, &*ran.out), (4, "task-4\n"), "{ran:?}");
    assert!(ran.err.contains("task-3"), "{}", ran.err);
}

#[tokio::test]
async fn tasks_with_same_key_are_separate_rows() {
    let simulator = later().await;
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
    let ran = line("list --json").at(&proxy.url).await;
    assert_eq!((ran.code, ids(&ran.lines())), (0, TASKS.to_vec()));
    let ran = line("list --since 1h --ids").at(&proxy.url).await;
    let mut listed: Vec<&str> = ran.out.lines().collect();
    listed.sort_unstable();
    let mut all = TASKS.to_vec();
    all.insert(4, "task-5");
    assert_eq!(listed, all, "the history knows one more");
    let ran = line("get task-1 task-3").at(&proxy.url).await;
    let found = ran.out.contains("task-1  success") && ran.out.contains("task-3  running");
    assert!(found, "{ran:?}");
    for (task, status) in [("task-1", "success"), ("task-4", "running")] {
        let ran = line("tree --json").word(task).at(&proxy.url).await;
        let lines = ran.lines();
        let row = lines.iter().find(|line| line["moId"] == task).unwrap();
        assert_eq!(row["status"], status, "{ran:?}");
    }
    let ran = line("wait --json task-1 task-2").at(&proxy.url).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let summary = ran.of_type("summary").remove(0);
    let tasks = summary["tasks"].as_array().unwrap();
    let outcomes = tasks.iter().map(|task| task["outcome"].as_str().unwrap());
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        ["success", "failed"],
        "{summary}"
    );
    let ran = line("cancel --yes task-3").at(&proxy.url).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let cancelled = simulator.control().expected_tasks();
    let cancelled: Vec<&Value> = cancelled
        .iter()
        .filter(|info| info["cancelled"] == true)
        .map(|info| &info["key"])
        .collect();
    assert_eq!(cancelled, ["task-3"]);
}
