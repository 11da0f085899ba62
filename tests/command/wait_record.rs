//! Waiting in a record: the results of `vtask wait`, by the clock of the record.

use std::{fs, path::Path, time::Instant};

use serde_json::{Value, json};

use crate::support::command::{CommandOutput, line, server};

/// Returns a line of a record at this number of seconds after 10:00.
fn record_line(second: u32, entry: &Value) -> String {
    let time = format!("2026-11-29T10:{:02}:{:02}Z", second / 60, second % 60);
    let mut line = json!({"t": time, "vc": 0});
    let fields = line.as_object_mut().unwrap();
    fields.extend(entry.as_object().unwrap().clone());
    for name in ["task", "change", "gone", "past_task"] {
        if let Some(change) = fields.get_mut(name) {
            change["at"] = json!(time);
        }
    }
    line.to_string() + "\n"
}

fn task(id: &str, more: &Value) -> Value {
    let mut info = json!({"key": id, "task": {"type": "Task", "value": id}, "state": "running",
        "descriptionId": "VirtualMachine.relocate", "entityName": "db", "cancelled": false, "cancelable": false,
        "eventChainId": 1, "queueTime": "2026-11-29T09:59:00Z", "startTime": "2026-11-29T09:59:00Z",
        "reason": {"_typeName": "TaskReasonSystem"}});
    let fields = info.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    json!({"task": {"info": info}})
}

fn change(id: &str, fields: &Value) -> Value {
    json!({"change": {"task": id, "fields": fields}})
}

fn failed() -> Value {
    json!({"state": "error", "error": {"_typeName": "NoDiskSpace", "faultstring": "full"}})
}

/// Task 1 succeeds after 60 s, task 2 fails after 120 s, task 3 makes no progress, task 4 is removed, task 5 starts after
/// 30 s and succeeds after 40 s. The record ends after 30 minutes.
fn write_record(directory: &Path) -> String {
    let mut text = json!({"vtask_record": 1, "vtask": "0.1.0", "started": "2026-11-29T10:00:00Z",
        "vcenters": ["vc01.lab"]})
    .to_string()
        + "\n";
    let gone = json!({"gone": {"task": "task-4"}});
    let past = json!({"past_task": {"info": task("task-4", &failed())["task"]["info"]}});
    let new = json!({"queueTime": "2026-11-29T10:00:30Z", "startTime": "2026-11-29T10:00:30Z"});
    for (second, entry) in [
        (0, json!({"link": {"state": "connecting"}})),
        (1, json!({"link": {"state": "live"}})),
        (2, task("task-1", &json!({}))),
        (2, task("task-2", &json!({}))),
        (2, task("task-3", &json!({"progress": 20}))),
        (2, task("task-4", &json!({}))),
        (30, task("task-5", &new)),
        (40, change("task-5", &json!({"state": "success"}))),
        (60, change("task-1", &json!({"state": "success"}))),
        (120, change("task-2", &failed())),
        (180, gone),
        (185, past),
        (1800, change("task-3", &json!({"progress": 21}))),
    ] {
        text.push_str(&record_line(second, &entry));
    }
    let file = directory.join("night.ndjson");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

async fn wait(words: &str) -> CommandOutput {
    let directory = tempfile::tempdir().unwrap();
    let file = write_record(directory.path());
    let began = Instant::now();
    let output = line(&format!("wait {words} --from {file}")).at("").await;
    assert!(began.elapsed().as_secs() < 30, "waiting takes no real time");
    output
}

#[tokio::test]
async fn the_exit_code_is_that_of_the_tasks() {
    for (words, code, text) in [
        ("task-1", 0, "1 of 1 ended after 1m"),
        ("task-2", 1, "1 of 1 ended, 1 failed after 2m"),
        (
            "task-1 task-2 --fail-fast",
            1,
            "2 of 2 ended, 1 failed after 2m",
        ),
        (
            "task-2 task-3 --fail-fast",
            1,
            "1 of 2 ended, 1 failed after 2m",
        ),
        ("task-1 task-3 --any", 0, "1 of 2 ended after 1m"),
        ("task-4", 1, "after 3m05s"),
        (
            "task-3 --timeout 10m",
            124,
            "timed out after 10m; 1 task still running.",
        ),
        (
            "task-3 --stalled 5m",
            6,
            "task-3 has made no progress for 5m",
        ),
        (
            "task-3",
            4,
            "the record ends at 2026-11-29T10:30:00Z; 1 task still running.",
        ),
        ("task-9", 4, "there is no such task in the record"),
        ("--new --any", 0, "1 of 1 ended after 40s"),
        ("--entity db --any", 0, "1 of 4 ended"),
        (
            "task-1 --at 2026-11-29T10:05:00Z",
            0,
            "1 of 1 ended after 0s",
        ),
        ("--entity db --at 29m", 1, "1 task still running"),
        (
            "--entity other",
            4,
            "no task in the record that is queued or running",
        ),
        ("--entity other --allow-empty", 0, "no task to wait for"),
        ("task-1 --vcenter vc02", 2, "the record has no vCenter vc02"),
    ] {
        let output = wait(words).await;
        assert_eq!(output.code, code, "{words}: {}", output.err);
        assert!(output.err.contains(text), "{words}: {}", output.err);
    }
}

#[tokio::test]
async fn json_has_the_times_of_the_record() {
    let output = wait("task-1 task-2 task-3 --json --timeout 5m").await;
    assert_eq!(output.code, 124, "{}", output.err);
    let summary = output.of_type("summary").remove(0);
    assert_eq!(summary["durationSeconds"], 300.0);
    assert_eq!(summary["endpoint"], "vc01.lab");
    let statuses = summary["tasks"].as_array().unwrap().iter();
    let statuses: Vec<_> = statuses.map(|task| task["status"].clone()).collect();
    assert_eq!(statuses, ["success", "failed", "running"]);
    let lines = output.of_type("task");
    let of_second = lines.iter().filter(|line| line["moId"] == "task-2");
    let states: Vec<_> = of_second.map(|line| line["status"].clone()).collect();
    assert_eq!(states, ["running", "failed"]);
}

#[tokio::test]
async fn wait_in_a_record_has_the_recorded_result() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    for (number, words) in [
        "task-1 --json",
        "task-2 --json",
        "task-5 --json",
        "task-6 --children --json",
        "task-99 --json",
    ]
    .into_iter()
    .enumerate()
    {
        let file = directory.path().join(format!("{number}.ndjson"));
        let file = file.to_str().unwrap();
        let live = line(&format!("wait {words} --record {file}"));
        let live = live.with_running_clock(&simulator).await;
        let recorded = line(&format!("wait {words} --from {file}")).at("").await;
        assert_eq!(recorded.code, live.code, "{words}: {}", recorded.err);
        let summary = |output: &CommandOutput| {
            let tasks = output.of_type("summary").remove(0)["tasks"].take();
            let tasks = tasks.as_array().unwrap().iter();
            let facts = tasks.map(|task| (task["moId"].clone(), task["outcome"].clone()));
            facts.collect::<Vec<_>>()
        };
        assert_eq!(summary(&recorded), summary(&live), "{words}");
    }
}
