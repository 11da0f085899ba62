//! `vtask stream`: every change is printed, and no finished task is missing after an outage or a kill.

use std::{collections::BTreeMap, fs, future::Future, path::Path, time::Duration};

use serde_json::Value;
use tokio::time::sleep;
use vtask::simulator::{
    Control, Simulator,
    fault_injection::{FaultEffect, FaultPlan, FaultRule},
};

use crate::support::built::{command_on, start};
use crate::support::command::{
    CommandLine, CommandOutput, Outputs, SharedBuffer, line, server, wait_until,
};

/// Tasks of the scenario that finish within a minute.
const FINISHED: [&str; 6] = ["task-1", "task-2", "task-5", "task-6", "task-7", "task-8"];

fn lines(text: &str) -> Vec<Value> {
    let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let lines = complete.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the event IDs of the lines of each task that finished.
fn finished(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<_, Vec<String>>::new();
    for line in lines(text) {
        if !line["outcome"].is_null() {
            let [task, id] =
                ["moId", "eventId"].map(|name| line[name].as_str().unwrap().to_owned());
            found.entry(task).or_default().push(id);
        }
    }
    found
}

fn assert_complete(finished: &BTreeMap<String, Vec<String>>) {
    let tasks: Vec<&str> = finished.keys().map(String::as_str).collect();
    assert_eq!(tasks, FINISHED, "{finished:#?}");
    for ids in finished.values() {
        assert_eq!(ids.len(), 1, "{finished:#?}");
    }
}

/// Runs the command until `actions` ends, then sends Ctrl-C.
async fn during<F: Future<Output = ()>>(
    line: CommandLine,
    simulator: &Simulator,
    actions: impl FnOnce(SharedBuffer, SharedBuffer) -> F,
) -> CommandOutput {
    let actions = |outputs: Outputs| actions(outputs.out, outputs.err);
    line.during(simulator, actions).await.0
}

/// Advances the server's time until a condition holds.
async fn advance_until(control: &Control, condition: impl Fn() -> bool) {
    while !condition() {
        sleep(Duration::from_millis(10)).await;
        control.advance(Duration::from_millis(100));
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Returns the time of a cursor.
fn since(cursor: &Path) -> jiff::Timestamp {
    let cursor: Value = serde_json::from_str(&read(cursor)).unwrap();
    let servers = cursor["servers"].as_object().unwrap();
    let server = servers.values().next().unwrap();
    server["since"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_change_is_a_line_with_a_stable_id() {
    let simulator = server().await;
    let control = simulator.control();
    let text = during(line("stream"), &simulator, |out, _| async move {
        wait_until(|| out.text().contains("task-4")).await;
        // Under continuous changes, the server sends at most two responses a second.
        advance_until(&control, || {
            out.text().matches("task-1/running").count() > 2
        })
        .await;
        advance_until(&control, || finished(&out.text()).len() == 6).await;
    })
    .await
    .out;
    assert_complete(&finished(&text));
    let lines = lines(&text);
    let mut ids: Vec<_> = lines
        .iter()
        .map(|line| line["eventId"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), lines.len(), "{text}");
    let of_task = |task: &str| -> Vec<&Value> {
        let lines = lines.iter();
        lines.filter(|line| line["moId"] == task).collect()
    };
    assert!(of_task("task-1").len() > 3, "progress is a change: {text}");
    let last = of_task("task-2").pop().unwrap();
    let id = last["eventId"].as_str().unwrap();
    assert!(id.ends_with("/task-2/failed"), "{id}");
    assert_eq!(last["error"]["type"], "NoDiskSpace");
    assert!(last["seenAt"].is_string());

    // The same states have the same IDs in another run.
    let second = during(line("stream"), &simulator, |out, _| async move {
        wait_until(|| out.text().contains("/task-2/failed")).await;
    })
    .await
    .out;
    assert!(second.contains(id), "{second}");
}

#[tokio::test]
async fn flags_select_the_same_tasks_as_list() {
    let simulator = server().await;
    let control = simulator.control();
    let words = "stream --state failed,cancelled --operation Clone*";
    let output = during(line(words), &simulator, |out, _| async move {
        wait_until(|| control.pending_waits() > 0).await;
        advance_until(&control, || !out.text().is_empty()).await;
        control.advance(Duration::from_secs(60));
    })
    .await;
    assert_eq!(
        finished(&output.out).into_keys().collect::<Vec<_>>(),
        ["task-2"]
    );
    assert_eq!(lines(&output.out).len(), 1, "{output:?}");
    assert_eq!(output.err, "");
    let output = line("stream --filter host:h1").on(&simulator).await;
    assert_eq!(output.code, 2, "{output:?}");
}

#[tokio::test]
async fn tasks_that_finish_during_an_outage_are_delivered_once() {
    let simulator = server().await;
    let control = simulator.control();
    let output = during(line("stream"), &simulator, |out, err| async move {
        wait_until(|| out.text().contains("task-4") && control.pending_waits() > 0).await;
        let unavailable = FaultRule::new("*", FaultEffect::status(503));
        control.inject(&FaultPlan::default().with(unavailable));
        wait_until(|| err.text().contains("503")).await;
        // Finished tasks are no longer among the recent ones.
        control.advance(Duration::from_secs(7200));
        control.clear_faults();
        wait_until(|| finished(&out.text()).len() >= 6 && err.text().contains("again")).await;
    })
    .await;
    let mut finished = finished(&output.out);
    finished.retain(|task, _| FINISHED.contains(&task.as_str()));
    assert_complete(&finished);
    let messages: Vec<&str> = output.err.lines().collect();
    assert!(
        matches!(messages[..], [lost, recovered] if lost.contains("503") && recovered.ends_with("answers again.")),
        "{messages:?}"
    );
}

#[tokio::test]
async fn killed_stream_continues_with_tasks_finished_meanwhile() {
    let simulator = server().await;
    let control = simulator.control();
    let directory = tempfile::tempdir().unwrap();
    let (file, cursor) = (
        directory.path().join("tasks.ndjson"),
        directory.path().join("cursor"),
    );
    let words = format!(
        "stream --output-file {} --cursor {}",
        file.display(),
        cursor.display()
    );
    let mut first = start(command_on(&simulator, &words));
    wait_until(|| read(&file).contains("task-4") && cursor.exists()).await;
    first.kill().unwrap();
    first.wait().unwrap();
    let time = since(&cursor);
    control.advance(Duration::from_secs(1800));
    assert!(finished(&read(&file)).is_empty());

    let mut second = start(command_on(&simulator, &words));
    wait_until(|| since(&cursor) > time + Duration::from_secs(600)).await;
    second.kill().unwrap();
    second.wait().unwrap();
    assert_complete(&finished(&read(&file)));

    // Tasks in the cursor are not repeated.
    let before = lines(&read(&file)).len();
    let mut third = start(command_on(&simulator, &words));
    wait_until(|| lines(&read(&file)).len() > before).await;
    wait_until(|| control.pending_waits() > 0).await;
    third.kill().unwrap();
    third.wait().unwrap();
    assert_complete(&finished(&read(&file)));
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_signs_out_and_terminates_in_time() {
    let simulator = server().await;
    let control = simulator.control();
    let child = start(command_on(&simulator, "stream"));
    wait_until(|| control.pending_waits() > 0).await;
    let began = std::time::Instant::now();
    crate::support::built::send_signal(&child, "TERM");
    let output = crate::support::built::wait_for_output(child).await;
    assert_eq!(output.status.code(), Some(143));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(control.session_count(), 0);
}

#[tokio::test]
async fn the_output_file_is_rotated() {
    let simulator = server().await;
    let control = simulator.control();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tasks.ndjson");
    let words = format!(
        "stream --output-file {} --rotate-size 4K --rotate-keep 1000",
        file.display()
    );
    let all = || {
        let files = fs::read_dir(directory.path()).unwrap();
        let texts = files.map(|file| read(&file.unwrap().path()));
        texts.collect::<String>()
    };
    let output = during(line(&words), &simulator, |_, _| async {
        advance_until(&control, || finished(&all()).len() == 6).await;
    })
    .await;
    assert_eq!((&*output.out, &*output.err), ("", ""));
    assert_complete(&finished(&all()));
    let files = fs::read_dir(directory.path()).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().len());
    let sizes: Vec<u64> = sizes.collect();
    assert!(
        sizes.len() > 3 && sizes.iter().all(|size| *size <= 4096),
        "{sizes:?}"
    );
}

#[tokio::test]
async fn unusable_files_are_refused() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let cursor = directory.path().join("cursor");
    fs::write(&cursor, "no cursor").unwrap();
    for words in ["--cursor", "--output-file"].map(|flag| {
        let path = if flag == "--cursor" {
            cursor.clone()
        } else {
            directory.path().join("none/tasks.ndjson")
        };
        format!("stream {flag} {}", path.display())
    }) {
        let output = line(&words).on(&simulator).await;
        assert_eq!(output.code, 2, "{output:?}");
        assert!(
            output.err.contains(&directory.path().display().to_string()),
            "{output:?}"
        );
    }
}
