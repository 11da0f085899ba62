//! Prints the cost of records: time and bytes per recorded change, and the time to the first state of a large record.
//!
//! `cargo run --release --example records [CHANGES [FILE]]`; 1,000,000 changes of 10,000 tasks by default. FILE is
//! written unless it exists, and kept; without it a temporary file is used.

use std::{env, fs, path::PathBuf, time::Duration, time::Instant};

use color_eyre::eyre::{Result, eyre};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vtask::{
    metrics::{cpu_time, resident_memory},
    record::{Entry, Header, Recorder, Source},
    replay::{Replay, StopAt},
};

const TASKS: u64 = 10_000;
/// Changes per second of the recorded time.
const RATE: u64 = 10_000;
/// Lines that are added before the writer gets time to take them.
const BURST: u64 = 1000;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let changes: u64 = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let given = arguments.next().map(PathBuf::from);
    let path = given.clone().unwrap_or_else(|| {
        env::temp_dir().join(format!("vtask-records-{}.ndjson.zst", std::process::id()))
    });
    if !path.exists() {
        write(&path, changes)?;
    }
    let bytes = fs::metadata(&path)?.len();
    println!(
        "{}: {bytes} bytes, {:.1} per change",
        path.display(),
        share(bytes, changes)
    );
    open(&path)?;
    if given.is_none() {
        fs::remove_file(&path)?;
    }
    Ok(())
}

/// Records the first state of all tasks and their changes.
fn write(path: &std::path::Path, changes: u64) -> Result<()> {
    let start: Timestamp = "2026-01-31T02:00:00Z".parse()?;
    let before = resident_memory();
    let recorder = Recorder::create(path, Header::new(start, vec!["vc01.lab".to_owned()]), None)?;
    for number in 0..TASKS {
        recorder.add(
            start,
            0,
            Entry::Task {
                at: start,
                info: task(number),
            },
        );
        pause(number);
    }
    let (cpu, began) = (cpu_time(), Instant::now());
    let mut slept = Duration::ZERO;
    for number in 0..changes {
        let micros = i64::try_from(number * 1_000_000 / RATE)?;
        let at = start + SignedDuration::from_micros(micros);
        let percent = number / TASKS % 100;
        let Value::Object(fields) = json!({ "progress": percent }) else {
            return Err(eyre!("not an object"));
        };
        let task = format!("task-{}", 4000 + number % TASKS);
        recorder.add(at, 0, Entry::Change { task, at, fields });
        slept += pause(number);
    }
    let most = resident_memory();
    let lines = recorder.finish().map_err(|problem| eyre!(problem))?;
    let used = cpu_time()
        .zip(cpu)
        .map(|(now, before)| now.saturating_sub(before));
    let used = used.ok_or_else(|| eyre!("no CPU time on this platform"))?;
    let seconds = used.as_secs_f64();
    println!(
        "{lines} lines in {:.1} s; CPU {:.2} µs per change, {:.1} % of a core at {RATE} changes/s",
        began.elapsed().saturating_sub(slept).as_secs_f64(),
        seconds * 1e6 / share(changes, 1),
        100.0 * seconds * share(RATE, changes),
    );
    if let (Some(before), Some(most)) = (before, most) {
        println!(
            "memory while writing: {} kB",
            most.saturating_sub(before) / 1024
        );
    }
    Ok(())
}

/// Opens the record and reads its first second, then waits for the end of the scan.
fn open(path: &std::path::Path) -> Result<()> {
    let began = Instant::now();
    let mut replay = Replay::open(Source::File(path.to_owned()), None)?;
    let start = replay.header().started;
    let mut updates = 0;
    while replay.next(start, &StopAt::Nothing).is_some() {
        updates += 1;
    }
    println!(
        "first state: {updates} updates after {:.0} ms",
        began.elapsed().as_secs_f64() * 1e3
    );
    while replay.end().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    println!(
        "index complete after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    if let Some(memory) = resident_memory() {
        println!("resident: {} kB", memory / 1024);
    }
    Ok(())
}

/// Lets the writer take a burst of lines. Returns the time slept.
fn pause(number: u64) -> Duration {
    if number % BURST != BURST - 1 {
        return Duration::ZERO;
    }
    let began = Instant::now();
    std::thread::sleep(Duration::from_millis(1));
    began.elapsed()
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
