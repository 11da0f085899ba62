//! End-to-end benchmark: vtask in a terminal against `vtask simulate` in a second process.
//!
//! `cargo bench --bench end_to_end` runs all measurements and prints a table of results and goals; `cargo bench
//! --bench end_to_end -- NAME` runs those whose name contains NAME.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a failed measurement aborts the benchmark"
)]

mod many;
mod memory;
mod push_client;
mod terminal;

use std::{
    collections::HashSet,
    env, fs,
    sync::Arc,
    time::{Duration, Instant},
};

use terminal::{ARROWS, Run, Server, base_directory, watch};
use vtask::{
    task::{ChangeSet, ServerId, TaskStore},
    vim::{Client, ConnectOptions, Credentials, TrustPolicy},
    watch::{LabelCache, Update, WatchOptions, Watcher},
};

/// Row of the result table.
struct Row {
    name: String,
    measured: f64,
    unit: &'static str,
    goal: f64,
}

fn row(name: impl Into<String>, measured: f64, unit: &'static str, goal: f64) -> Row {
    Row {
        name: name.into(),
        measured,
        unit,
        goal,
    }
}

/// Row of a time that a run reports in microseconds.
fn milliseconds(name: &str, run: &Run, path: &str, goal: f64) -> Row {
    row(name, run.number(path) / 1e3, "ms", goal)
}

type Measurement = fn() -> Vec<Row>;

/// Watches for twenty seconds without any key.
fn twenty_seconds(server: &Server) -> Run {
    // `watch` adds five seconds.
    watch(&[], Some(server), Duration::from_secs(15), &[])
}

/// CPU usage of the simulator in a run, to show if it limits the result.
fn simulator_row(run: &Run) -> Row {
    row(
        "  simulator: CPU core",
        run.server_share(),
        "%",
        f64::INFINITY,
    )
}

/// Requests and bytes of a run.
fn wire_rows(run: &Run, name: &str, max_requests: f64, max_megabytes: f64) -> [Row; 2] {
    [
        row(
            format!("{name}: requests"),
            run.number("/totalRequests"),
            "",
            max_requests,
        ),
        row(
            "  decoded bodies",
            run.number("/decodedBytes") / 1e6,
            "MB",
            max_megabytes,
        ),
    ]
}

/// 200 tasks, each with one change per second, all at the same time. Measured with and without redundant type names,
/// which enlarge the responses for every client.
fn at_once() -> Vec<Row> {
    let load = [
        "--scenario",
        "load",
        "--tasks",
        "200",
        "--rate",
        "200",
        "--at-once",
        "--cap",
        "none",
    ];
    let mut rows = Vec::new();
    for (name, extra) in [("lean", Some("--lean")), ("all type names", None)] {
        let arguments: Vec<&str> = load.iter().copied().chain(extra).collect();
        let server = Server::start(&arguments);
        let run = twenty_seconds(&server);
        rows.extend(wire_rows(
            &run,
            &format!("200 at once, 20 s, {name}"),
            40.0,
            0.8,
        ));
        rows.push(row(
            "  compressed bodies",
            run.number("/rawBytes") / 1e6,
            "MB",
            0.06,
        ));
        rows.push(simulator_row(&run));
    }
    rows
}

/// The same load spread over the second. The first run reads the operation labels, which are kept for the second.
fn spread() -> Vec<Row> {
    let load = [
        "--scenario",
        "load",
        "--tasks",
        "200",
        "--rate",
        "200",
        "--cap",
        "none",
        "--lean",
    ];
    let server = Server::start(&load);
    let mut rows = Vec::new();
    for name in ["first run", "second run"] {
        let run = twenty_seconds(&server);
        rows.extend(wire_rows(
            &run,
            &format!("200 spread, 20 s, {name}"),
            60.0,
            1.0,
        ));
        rows.push(milliseconds(
            "  change to frame p99",
            &run,
            "/changeToFrame/p99",
            750.0,
        ));
        rows.push(simulator_row(&run));
    }
    rows
}

/// Ten thousand running tasks: time and bytes until the first ones and all are known.
fn first_list() -> Vec<Row> {
    const TASKS: usize = 10_000;
    let server = Server::start(&["--scenario", "load", "--tasks", "10000", "--rate", "0"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (first, all, bytes) = runtime.block_on(async {
        let connect = connect_options(&server.url);
        let traffic = connect.traffic.clone();
        let (sender, mut updates) = tokio::sync::mpsc::channel(64);
        let mut options = WatchOptions::new(connect, Vec::new());
        options.label_cache = Some(LabelCache::new(&base_directory()));
        let began = Instant::now();
        let watcher = Watcher::spawn(ServerId(0), options, sender);
        let mut known = HashSet::new();
        let mut first = None;
        while known.len() < TASKS {
            let (_, update) = updates.recv().await.expect("an update");
            if let Update::Tasks { changes, .. } = update {
                first.get_or_insert_with(|| began.elapsed());
                known.extend(changes.iter().map(|change| change.mo_id().clone()));
            }
        }
        let all = began.elapsed();
        let bytes = traffic.counts().decoded_bytes;
        watcher.stop().await;
        (first.unwrap_or_default(), all, bytes)
    });
    vec![
        row(
            "10,000 tasks: first tasks after",
            first.as_secs_f64() * 1e3,
            "ms",
            300.0,
        ),
        row("  all tasks after", all.as_secs_f64() * 1e3, "ms", 1500.0),
        row("  decoded bodies by then", bytes as f64 / 1e6, "MB", 7.0),
    ]
}

fn connect_options(url: &str) -> ConnectOptions {
    ConnectOptions {
        address: url.parse().unwrap(),
        trust: TrustPolicy::System,
        credentials: Credentials::Password {
            user: "bench".to_owned(),
            password: "bench".to_owned().into(),
            store: None,
        },
        release: None,
        read_only: false,
        timeout: ConnectOptions::REQUEST_TIMEOUT,
        traffic: Arc::default(),
    }
}

/// One change per second.
fn quiet() -> Vec<Row> {
    let server = Server::start(&["--scenario", "load", "--tasks", "200", "--rate", "1"]);
    // Changes before the first response have been waiting for it; a long run moves them above the 99th percentile.
    let run = watch(&[], Some(&server), Duration::from_secs(120), &[]);
    vec![
        milliseconds(
            "quiet: change to frame p99",
            &run,
            "/changeToFrame/p99",
            50.0,
        ),
        simulator_row(&run),
    ]
}

/// Ten thousand tasks with ten thousand changes per second, and continuous key presses.
fn ten_thousand() -> Vec<Row> {
    let server = Server::start(&["--scenario", "load", "--tasks", "10000", "--rate", "10000"]);
    // Changes during the first list have been waiting for it; a long run moves them above the 99th percentile.
    let run = watch(&[], Some(&server), Duration::from_secs(240), &ARROWS);
    let changes = run.number("/changes") / run.number("/seconds");
    vec![
        row(
            "10,000 tasks, 10,000 changes/s, 240 s: CPU core",
            run.cpu_share(),
            "%",
            8.0,
        ),
        row("  resident", run.number("/residentBytes") / 1e6, "MB", 40.0),
        milliseconds("  change to frame p99", &run, "/changeToFrame/p99", 400.0),
        milliseconds("  key to frame p99", &run, "/keyToFrame/p99", 16.0),
        row(
            "  changes applied (expected: about 10,000)",
            changes,
            "/s",
            f64::INFINITY,
        ),
        milliseconds("  a draw p99", &run, "/draw/p99", f64::INFINITY),
        simulator_row(&run),
    ]
}

/// A hundred thousand tasks: scrolling, filtering as typed, and sorting.
fn hundred_thousand() -> Vec<Row> {
    let keys: Vec<&[u8]> = [
        "\x1b[B", "\x1b[6~", "\x1b[6~", "G", "g", "/\x15", "l", "o", "a", "d", "\r", "s", "\r",
        "s", "\x1b", "\x1b",
    ]
    .map(str::as_bytes)
    .to_vec();
    let server = Server::start(&["--scenario", "load", "--tasks", "100000", "--rate", "1000"]);
    let run = watch(&[], Some(&server), Duration::from_secs(90), &keys);
    vec![
        row(
            "100,000 tasks, 1,000 changes/s, 90 s: resident",
            run.number("/residentBytes") / 1e6,
            "MB",
            160.0,
        ),
        milliseconds("  key to frame p99", &run, "/keyToFrame/p99", 16.0),
        milliseconds("  a draw p50", &run, "/draw/p50", 1.0),
        row("  CPU core", run.cpu_share(), "%", f64::INFINITY),
        simulator_row(&run),
    ]
}

/// Ten thousand tasks that finish and are replaced. Compares the final states in the store with the server.
fn final_states() -> Vec<Row> {
    const COMPARED: usize = 2_000;
    let server = Server::start(&[
        "--scenario",
        "load",
        "--tasks",
        "10000",
        "--rate",
        "10000",
        "--finish",
    ]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (compared, wrong) = runtime.block_on(async {
        let connect = connect_options(&server.url);
        let (sender, mut updates) = tokio::sync::mpsc::channel(64);
        let options = WatchOptions::new(connect.clone(), Vec::new());
        let watcher = Watcher::spawn(ServerId(0), options, sender);
        let mut store = TaskStore::new();
        let follow = async {
            while let Some((server, update)) = updates.recv().await {
                if let Update::Tasks { changes, .. } = update {
                    for change in changes {
                        store
                            .apply(server, change, &mut ChangeSet::default())
                            .unwrap();
                    }
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(60), follow).await;
        let client = Client::connect(connect).await.unwrap();
        client.sign_in().await.unwrap();
        let (mut compared, mut wrong) = (0_usize, 0_usize);
        let finished = store
            .iter()
            .filter(|(_, record)| record.status().is_finished());
        for (_, record) in finished.take(COMPARED) {
            // The task may have been removed meanwhile.
            if let Ok(info) = client.task_info(&record.id.mo_id).await {
                compared += 1;
                wrong += usize::from(record.info.as_deref() != Some(&info));
            }
        }
        client.sign_out().await.unwrap();
        watcher.stop().await;
        (compared, wrong)
    });
    vec![
        row(
            "10,000 tasks that finish, 60 s: final states wrong",
            wrong as f64,
            "",
            0.0,
        ),
        row("  compared", compared as f64, "", f64::INFINITY),
    ]
}

/// 1,000 running tasks without changes.
fn idle() -> Vec<Row> {
    let server = Server::start(&["--scenario", "load", "--tasks", "1000", "--rate", "0"]);
    let run = watch(&[], Some(&server), Duration::from_secs(60), &[]);
    vec![
        row(
            "1,000 running tasks, nothing changes: CPU core",
            run.cpu_share(),
            "%",
            0.5,
        ),
        row("  frames", run.number("/frames"), "", f64::INFINITY),
        simulator_row(&run),
    ]
}

/// No tasks.
fn at_rest() -> Vec<Row> {
    let server = Server::start(&["--scenario", "empty"]);
    let run = watch(&[], Some(&server), Duration::from_secs(8), &[]);
    vec![row(
        "nothing runs: bytes to the terminal in 5 s",
        run.written_at_rest as f64,
        "",
        0.0,
    )]
}

/// Time from process start to the first frame.
fn start() -> Vec<Row> {
    let mut times: Vec<f64> = (0..10)
        .map(|_| {
            let run = watch(&["demo"], None, Duration::from_millis(600), &ARROWS);
            run.first_frame.as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    vec![row(
        "demo: start to first frame, median of 10",
        times[5],
        "ms",
        100.0,
    )]
}

fn main() {
    let all: [(&str, Measurement); 13] = [
        ("first_list", first_list),
        ("at_once", at_once),
        ("spread", spread),
        ("quiet", quiet),
        ("ten_thousand", ten_thousand),
        ("twenty_thousand", push_client::twenty_thousand),
        ("many_vcenters", many::many_vcenters),
        ("hundred_thousand", hundred_thousand),
        ("final_states", final_states),
        ("idle", idle),
        ("at_rest", at_rest),
        ("start", start),
        ("memory", memory::memory),
    ];
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    println!("{:<55} {:>12} {:>12}", "measurement", "result", "goal");
    for (measurement, measure) in all {
        if !wanted.is_empty()
            && !wanted
                .iter()
                .any(|wanted| measurement.contains(wanted.as_str()))
        {
            continue;
        }
        for Row {
            name,
            measured,
            unit,
            goal,
        } in measure()
        {
            let measured_text = format!("{measured:.2} {unit}");
            let goal_text = if goal.is_finite() {
                format!("{goal} {unit}")
            } else {
                String::new()
            };
            let mark = if measured <= goal { "" } else { "  MISSED" };
            println!("{name:<55} {measured_text:>12} {goal_text:>12}{mark}");
        }
    }
    let _ = fs::remove_dir_all(base_directory());
}
