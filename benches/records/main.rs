//! Prints the cost of records next to the goals: CPU, memory and bytes per recorded change, and the time to the first
//! state and to the last one of a large record.
//!
//! `cargo bench --bench records -- [CHANGES|SIZE [FILE]]`; 1,000,000 changes of 10,000 tasks by default. SIZE is that
//! of the lines before compression, such as `1GB`. FILE is written unless it exists, and kept; without it a temporary file is
//! used. Its name decides if it is compressed.

use std::{env, fs, path::Path, path::PathBuf, time::Duration, time::Instant};

use color_eyre::eyre::{Result, eyre};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vtask::{
    metrics::{cpu_time, resident_memory},
    recording::{Entry, Header, Line, Player, Recorder, Source},
    replay::{Replay, StopAt},
};

const TASKS: u64 = 10_000;
/// Changes per second of the recorded time.
const RATE: u64 = 10_000;
/// Number of lines added between two pauses that let the writer catch up.
const BURST: u64 = 1000;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let amount = arguments.next().unwrap_or_else(|| "1000000".to_owned());
    let changes = match amount.strip_suffix("GB") {
        Some(size) => size.parse::<u64>()? * 1_000_000_000 / line_length()?,
        None => amount.parse()?,
    };
    let path_argument = arguments.next().map(PathBuf::from);
    let path = path_argument.clone().unwrap_or_else(|| {
        env::temp_dir().join(format!("vtask-records-{}.ndjson.zst", std::process::id()))
    });
    println!("{:<44}{:>14}{:>12}", "measurement", "result", "goal");
    if !path.exists() {
        write(&path, changes)?;
    }
    let bytes = fs::metadata(&path)?.len();
    #[expect(clippy::cast_precision_loss, reason = "sizes below 2^52")]
    let megabytes = bytes as f64 / 1e6;
    row("size of the file", megabytes, "MB", None);
    open(&path)?;
    read(&path)?;
    if path_argument.is_none() {
        fs::remove_file(&path)?;
    }
    Ok(())
}

/// Prints a result and its goal.
fn row(what: &str, result: f64, unit: &str, goal: Option<f64>) {
    let goal = goal.map_or_else(String::new, |goal| format!("{goal} {unit}"));
    println!("{what:<44}{:>14}{goal:>12}", format!("{result:.1} {unit}"));
}

/// Returns the length of a line with a change in bytes.
fn line_length() -> Result<u64> {
    let (t, entry) = change(0)?;
    let line = serde_json::to_string(&Line { t, vc: 0, entry })?;
    Ok(line.len() as u64 + 1)
}

fn start() -> Result<Timestamp> {
    Ok("2026-01-31T02:00:00Z".parse()?)
}

/// Returns a change with its time.
fn change(number: u64) -> Result<(Timestamp, Entry)> {
    let micros = i64::try_from(number * 1_000_000 / RATE)?;
    let at = start()? + SignedDuration::from_micros(micros);
    let Value::Object(fields) = json!({ "progress": number / TASKS % 100 }) else {
        return Err(eyre!("not an object"));
    };
    let task = format!("task-{}", 4000 + number % TASKS);
    Ok((at, Entry::Change { task, at, fields }))
}

/// Records the first state of all tasks and their changes.
fn write(path: &Path, changes: u64) -> Result<()> {
    let start = start()?;
    let before = resident_memory();
    let recorder = Recorder::create(path, Header::new(start, vec!["vc01.lab".to_owned()]), None)?;
    for number in 0..TASKS {
        let (at, info) = (start, task(number));
        recorder.add(start, 0, Entry::Task { at, info });
        pause(number);
    }
    let (cpu, peak) = (cpu_time(), resident_memory());
    for number in 0..changes {
        let (at, entry) = change(number)?;
        recorder.add(at, 0, entry);
        pause(number);
    }
    let peak = resident_memory().max(peak);
    recorder.finish().map_err(|problem| eyre!(problem))?;
    let used = cpu_time()
        .zip(cpu)
        .map(|(now, before)| now.saturating_sub(before));
    let used = used.ok_or_else(|| eyre!("no CPU time on this platform"))?;
    let seconds = used.as_secs_f64();
    row("changes", share(changes, 1), "", None);
    row(
        "size of a change",
        share(fs::metadata(path)?.len(), changes),
        "B",
        None,
    );
    row(
        "CPU per change",
        seconds * 1e6 / share(changes, 1),
        "µs",
        None,
    );
    let percent = 100.0 * seconds * share(RATE, changes);
    row("CPU at 10,000 changes/s", percent, "%", Some(2.0));
    if let (Some(before), Some(peak)) = (before, peak) {
        let used = peak.saturating_sub(before);
        row(
            "memory while writing",
            share(used, 1 << 20),
            "MiB",
            Some(4.0),
        );
    }
    Ok(())
}

/// Opens the record and reads its first second, then waits for the end of the scan.
fn open(path: &Path) -> Result<()> {
    let (began, before) = (Instant::now(), resident_memory());
    let memory = |what: &str| {
        if let (Some(before), Some(now)) = (before, resident_memory()) {
            let used = now.saturating_sub(before);
            row(what, share(used, 1 << 20), "MiB", None);
        }
    };
    let mut replay = Replay::open(Source::File(path.to_owned()), None)?;
    let start = replay.start();
    while replay.next(start, &StopAt::Nothing).is_some() {}
    row(
        "replay: first state",
        began.elapsed().as_secs_f64(),
        "s",
        Some(2.0),
    );
    memory("  memory");
    while replay.end().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    row("  index complete", began.elapsed().as_secs_f64(), "s", None);
    memory("  memory with the index");
    Ok(())
}

/// Reads the last state, as `list --from` does.
fn read(path: &Path) -> Result<()> {
    let began = Instant::now();
    let source = Source::File(path.to_owned());
    let reader = source.open()?;
    let last = source.last_time(reader.header());
    row("last time", began.elapsed().as_secs_f64(), "s", None);
    let mut player = Player::new(reader);
    let state = player.state_at(0, Timestamp::MAX, |_| ());
    row("last state", began.elapsed().as_secs_f64(), "s", None);
    let progress = |task: u64| {
        let fields = state.task(0, &format!("task-{}", 4000 + task))?;
        fields["progress"].as_u64()
    };
    // The last changes of the tasks differ by one percent at most.
    let first = progress(0);
    let before = first.map(|percent| (percent + 99) % 100);
    let is_last = |task| progress(task) == first || progress(task) == before;
    if last != Some(player.now()) || !(0..TASKS).all(is_last) {
        return Err(eyre!("the last state is wrong"));
    }
    Ok(())
}

/// Sleeps after each burst of lines, so that the writer catches up.
fn pause(number: u64) {
    if number % BURST == BURST - 1 {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^52")]
    let share = part as f64 / whole.max(1) as f64;
    share
}

fn task(number: u64) -> Value {
    json!({
        "_typeName": "TaskInfo",
        "key": format!("task-{}", 4000 + number),
        "task": { "_typeName": "ManagedObjectReference", "type": "Task", "value": format!("task-{}", 4000 + number) },
        "name": "RelocateVM_Task",
        "descriptionId": "VirtualMachine.relocate",
        "entity": { "_typeName": "ManagedObjectReference", "type": "VirtualMachine", "value": format!("vm-{number}") },
        "entityName": format!("app-{number:05}"),
        "state": "running",
        "cancelled": false,
        "cancelable": true,
        "reason": { "_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\ops" },
        "queueTime": "2026-01-31T01:59:58Z",
        "startTime": "2026-01-31T01:59:59Z",
        "eventChainId": number,
        "progress": 0
    })
}
