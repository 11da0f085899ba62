//! Records: writing them, and reading back the server's state.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use tokio::sync::oneshot;
use vtask::{
    recording::{ConnectionState, Entry, Line, Reader, RecordedState, Source},
    simulator::{Options, Recording, Simulator, scenario::Scenario},
};

use crate::support::command::{line, run_from_record, server, server_with, wait_until};

const ALL: &str = "task-1 task-2 task-3 task-4 task-5 task-6 task-7 task-8";

/// Records thirty seconds of the server's time, after which its clock stops.
async fn record(simulator: &Simulator, file: &Path) {
    let control = simulator.control();
    let (stop, stopped) = oneshot::channel();
    let recording = line("record")
        .word(file.to_str().unwrap())
        .interrupt_when(stopped)
        .on(simulator);
    let driving = async {
        for _ in 0..60 {
            // The last change has been read.
            wait_until(|| control.pending_waits() > 0).await;
            control.advance(Duration::from_millis(500));
        }
        wait_until(|| is_complete(file)).await;
        stop.send(()).unwrap();
    };
    let (output, ()) = tokio::join!(recording, driving);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.err.contains("recording"), "{}", output.err);
}

/// True if the ends of all tasks that have finished by then, and the events of the failed ones, are in the file.
fn is_complete(file: &Path) -> bool {
    let Ok(mut reader) = Reader::open(file) else {
        return false;
    };
    let mut state = RecordedState::default();
    let mut tasks_with_events = Vec::new();
    while let Some(line) = reader.next() {
        if let Entry::Events { task, .. } = &line.entry {
            tasks_with_events.push(task.clone());
        }
        state.apply(line, reader.line_length());
    }
    let has_finished = |task: &&str| {
        let info = state.task(0, task).unwrap_or_default();
        // Changes are recorded as sent, in boxes.
        let state = info.get("state").map(ToString::to_string);
        state.is_some_and(|state| state.contains("success") || state.contains("error"))
    };
    let finished = ["task-1", "task-2", "task-5", "task-6", "task-7", "task-8"];
    let failed = ["task-2", "task-7"].map(str::to_owned);
    finished.iter().all(has_finished) && failed.iter().all(|task| tasks_with_events.contains(task))
}

fn lines(file: &Path) -> Vec<Entry> {
    let mut reader = Reader::open(file).unwrap();
    let entries = reader.by_ref().map(|line| line.entry).collect();
    assert_eq!(reader.damage().to_string(), "");
    entries
}

#[tokio::test]
async fn refused_sign_in_ends_the_record_with_its_exit_code() {
    let simulator = server_with(|options| {
        options.credentials = Some(("ops".to_owned(), "other".to_owned()));
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night.ndjson");
    let output = line("record")
        .word(file.to_str().unwrap())
        .on(&simulator)
        .await;
    assert_eq!(output.code, 5, "{output:?}");
    assert_eq!(
        output.err.matches("InvalidLogin").count(),
        1,
        "{}",
        output.err
    );
}

#[tokio::test]
async fn record_contains_the_states_of_the_server() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night.ndjson.zst");
    record(&simulator, &file).await;

    let live = line(&format!("get --json {ALL}")).on(&simulator).await;
    let recorded = run_from_record(&format!("get --json {ALL}"), &file).await;
    assert_eq!(live.lines().len(), 8, "{}", live.err);
    assert_eq!(recorded.lines(), live.lines(), "{}", recorded.err);
    assert_eq!(recorded.code, live.code);

    // The events of failed tasks are recorded without a request.
    let messages = |lines: Vec<Value>| -> Vec<Value> {
        let messages = lines.iter().map(|line| line["message"].clone());
        messages.collect()
    };
    let live = line("events task-2 --json").on(&simulator).await;
    let recorded = run_from_record("events task-2 --json", &file).await;
    assert!(live.lines().len() >= 2, "{}", live.out);
    assert_eq!(messages(recorded.lines()), messages(live.lines()));

    let failed = run_from_record("list --state failed --ids", &file).await;
    assert_eq!(failed.out, "task-7\ntask-2\n", "{}", failed.err);
    let tree = run_from_record("tree task-7", &file).await;
    assert!(tree.out.contains("task-6"), "{}", tree.out);
    let mut reader = Reader::open(&file).unwrap();
    let is_read =
        |line: &Line| matches!(&line.entry, Entry::Task { info, .. } if info["key"] == "task-2");
    let first = reader.find(is_read).unwrap().t;
    let early = run_from_record(&format!("get --json task-2 --at {first}"), &file).await;
    assert_eq!(early.lines()[0]["state"], "running", "{}", early.out);

    let entries = lines(&file);
    let has = |found: fn(&Entry) -> bool| entries.iter().any(found);
    assert!(has(|entry| matches!(entry, Entry::Server(_))));
    assert!(has(|entry| matches!(entry, Entry::ClockOffset(_))));
    assert!(has(|entry| *entry == Entry::Link(ConnectionState::Live)));
    assert!(has(|entry| matches!(entry, Entry::Change { .. })));
}

#[tokio::test]
async fn waits_are_recorded_with_all_updates() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wait.ndjson");
    let path = file.to_str().unwrap();
    let words = format!("wait task-2 --record {path}");
    let output = line(&words).with_running_clock(&simulator).await;
    assert_eq!(output.code, 1, "{}", output.err);
    let state = |entry: &Entry| match entry {
        Entry::Task { info, .. } => info["state"].as_str().map(str::to_owned),
        _ => None,
    };
    let entries = lines(&file);
    assert!(entries.iter().any(|entry| entry.task() == Some("task-2")));
    assert!(entries.iter().find_map(state).is_some());
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("{\"vtask_record\":1")
    );
    let recorded = run_from_record("get --json task-2", &file).await;
    assert_eq!(recorded.lines()[0]["state"], "error", "{}", recorded.err);

    let second = line(&words).with_running_clock(&simulator).await;
    assert_eq!(second.code, 2);
    assert!(second.err.contains("exists already"), "{}", second.err);
}

#[tokio::test]
async fn recorded_cancel_requests_get_the_same_answer_when_served() {
    let simulator = server().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cancel.ndjson.zst");
    record(&simulator, &file).await;

    let mut options = Options::new(Scenario::load("empty").unwrap()).manual();
    let started = Reader::open(&file).unwrap().header().started;
    options.recording = Some(Recording {
        source: Source::File(file),
        vc: 0,
        at: started,
        clock_offset: jiff::SignedDuration::ZERO,
    });
    let served = Simulator::start(options).await.unwrap();
    let control = served.control();
    assert!(!control.has_played_all());
    control.advance(Duration::from_secs(60));
    assert!(control.has_played_all());
    let cancelled = line("cancel task-3 --yes").on(&served).await;
    assert_eq!(cancelled.code, 1, "{}", cancelled.err);
    let listed = line("list --json").on(&served).await;
    assert_eq!(listed.lines().len(), 7, "{}", listed.out);
}

#[tokio::test]
async fn files_that_are_not_records_are_refused_with_reason() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.zst");
    fs::write(&file, "hello\n").unwrap();
    for words in ["list", "get task-1", "tree task-1", "events task-1"] {
        let output = run_from_record(words, &file).await;
        assert_eq!(output.code, 2, "{}", output.err);
        assert!(
            output.err.contains("is not a vtask record"),
            "{}",
            output.err
        );
    }
    let output = run_from_record("list", &directory.path().join("no")).await;
    assert!(output.err.contains("cannot read"), "{}", output.err);
}

#[tokio::test]
async fn the_record_of_the_demo_is_read_in_full() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.ndjson.zst");
    assert!(fs::metadata(&path).unwrap().len() <= 200_000);
    assert!(lines(&path).len() > 900);
    let failed = run_from_record("list --state failed --json", &path).await;
    assert!(failed.lines().len() >= 2, "{}", failed.err);
    // The same time of the same record gives the same tasks.
    let ids = run_from_record("list --ids --at 2m", &path).await.out;
    assert!(ids.lines().count() > 10, "{ids}");
    let words = format!("get --json --at 2m {}", ids.replace('\n', " "));
    let (first, second) = (
        run_from_record(&words, &path).await,
        run_from_record(&words, &path).await,
    );
    assert_eq!(first.lines().len(), ids.lines().count(), "{}", first.err);
    assert_eq!(first.out, second.out);
}

#[tokio::test]
async fn a_report_of_a_record_has_outages_and_the_name_of_the_vcenter() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.ndjson.zst");
    let output = run_from_record("report --markdown -", &path).await;
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.contains("No outages."), "{}", output.out);
    let name = &Reader::open(&path).unwrap().header().vcenters[0].clone();
    assert!(output.out.contains(name), "{}", output.out);
    assert!(!output.out.contains("127.0.0.1"), "{}", output.out);
}

#[tokio::test]
async fn a_redacted_copy_has_the_same_tasks_without_their_names() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.ndjson.zst");
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.ndjson");
    let words = format!("record redact {} {}", path.display(), copy.display());
    let output = line(&words).at("").await;
    assert_eq!(output.code, 0, "{}", output.err);
    let before = run_from_record("list --json", &path).await.lines();
    let after = run_from_record("list --json", &copy).await.lines();
    assert_eq!(after.len(), before.len());
    let text = fs::read_to_string(&copy).unwrap();
    for task in &before {
        let names = [
            &task["entity_name"],
            &task["user"],
            &task["info"]["entityName"],
        ];
        for name in names.into_iter().filter_map(Value::as_str) {
            assert!(name.len() < 4 || !text.contains(name), "{name}");
        }
    }
    for field in ["id", "state", "started", "parent"] {
        let of = |tasks: &[Value]| -> Vec<Value> {
            tasks.iter().map(|task| task[field].clone()).collect()
        };
        assert_eq!(of(&after), of(&before), "{field}");
    }
}

#[tokio::test]
async fn report_accepts_a_record_as_argument() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.ndjson.zst");
    let by_flag = run_from_record("report --markdown - --at 2m", &path).await;
    let words = format!("report {} --at 2m --markdown -", path.display());
    let by_name = line(&words).at("").await;
    assert_eq!(
        (by_name.code, &by_name.out),
        (0, &by_flag.out),
        "{}",
        by_name.err
    );
    let of_task = line(&format!("{words} task-4609")).at("").await;
    assert!(of_task.out.contains("task-4609"), "{}", of_task.err);
    assert!(of_task.out.len() < by_name.out.len());

    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("notes.txt");
    fs::write(&other, "hello\n").unwrap();
    for (words, text) in [
        (other.display().to_string(), "is not a vtask record"),
        ("no.ndjson.zst".to_owned(), "cannot read no.ndjson.zst"),
        (format!("{0} {0}", path.display()), "two records are given"),
        ("task-1 --at 2m".to_owned(), "--at is about a record"),
    ] {
        let output = line(&format!("report --markdown - {words}")).at("").await;
        assert_eq!(output.code, 2, "{}", output.err);
        assert!(output.err.contains(text), "{}", output.err);
    }
}

/// A record of tasks on an ESXi host and on a virtual machine with a location. The key of the first differs from its moId.
const OTHER_IDS: &str = r#"{"vtask_record":1,"vtask":"0.1.0","started":"2026-11-29T10:00:00Z","vcenters":["esx-01.lab"]}
{"t":"2026-11-29T10:00:01Z","vc":0,"link":{"state":"live"}}
{"t":"2026-11-29T10:00:02Z","vc":0,"task":{"at":"2026-11-29T10:00:02Z","info":{"key":"3-17","task":{"type":"Task","value":"haTask-ha-host-vim.HostSystem.reboot-7"},"state":"running","descriptionId":"HostSystem.reboot","queueTime":"2026-11-29T10:00:00Z","cancelled":false,"cancelable":false,"eventChainId":1,"reason":{"_typeName":"TaskReasonSystem"}}}}
{"t":"2026-11-29T10:00:02Z","vc":0,"task":{"at":"2026-11-29T10:00:02Z","info":{"key":"task-07","task":{"type":"Task","value":"task-07"},"state":"running","descriptionId":"VirtualMachine.clone","entity":{"type":"VirtualMachine","value":"vm-42"},"entityName":"db","parentTaskKey":"3-17","queueTime":"2026-11-29T10:00:01Z","cancelled":false,"cancelable":false,"eventChainId":2,"reason":{"_typeName":"TaskReasonSystem"}}}}
{"t":"2026-11-29T10:00:03Z","vc":0,"location":{"type":"VirtualMachine","value":"vm-42","host":"esx-01","cluster":"prod/a","datacenter":"dc-1","folder":"web/db 100%"}}
{"t":"2026-11-29T10:00:04Z","vc":0,"change":{"task":"task-07","at":"2026-11-29T10:00:04Z","fields":{"state":"success"}}}
{"t":"2026-11-29T10:00:09Z","vc":0,"location":{"type":"VirtualMachine","value":"vm-42","host":"esx-02","cluster":"prod/a","datacenter":"dc-1","folder":"web/db 100%"}}
"#;

#[tokio::test]
async fn served_record_has_any_task_id_and_locations() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("esx.ndjson");
    fs::write(&file, OTHER_IDS).unwrap();
    let listed = run_from_record(
        "list --columns task,host,cluster,datacenter,folder,status --sort task",
        &file,
    )
    .await;
    let rows: Vec<Vec<&str>> = listed
        .out
        .lines()
        .map(|row| {
            row.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(rows.len(), 3, "{} {}", listed.out, listed.err);
    assert_eq!(rows[2][0], "haTask-ha-host-vim.HostSystem.reboot-7");
    assert_eq!(
        rows[1][..5],
        ["task-07", "esx-02", "prod/a", "dc-1", "web/db 100%"]
    );
    let early = run_from_record("list --filter host:esx-01 --ids --at 5s", &file).await;
    assert_eq!(early.out, "task-07\n", "{}", early.err);
    let one = run_from_record("get --json haTask-ha-host-vim.HostSystem.reboot-7", &file).await;
    assert_eq!(one.lines()[0]["state"], "running", "{}", one.err);
    assert_eq!(one.lines()[0]["key"], "3-17", "{}", one.out);
    let tree = run_from_record("tree haTask-ha-host-vim.HostSystem.reboot-7", &file).await;
    assert!(tree.out.contains("task-07"), "{} {}", tree.out, tree.err);
}
