//! The simulator under load, with vtask and with a client that does nothing but wait for changes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use vtask::vim::{Client, ReportedFields, TaskCollector};

use super::{Row, connect_options, row, simulator_row};
use crate::terminal::{Server, watch};

const TASKS: &str = "10000";
/// Changes per second, each of another task than the one before.
const RATE: u64 = 20_000;
const TIME: Duration = Duration::from_secs(30);
/// Interval between two waits of the push client, in which changes of one task merge.
const GAP: Duration = Duration::from_millis(100);

/// Measurements of the push client.
struct PushClientStats {
    updates: usize,
    waits: usize,
    /// Longest duration of a `CurrentTime` call.
    longest_call: Duration,
}

/// 20,000 changes per second with vtask and the push client attached.
pub(super) fn twenty_thousand() -> Vec<Row> {
    let rate = RATE.to_string();
    let load = [
        "--scenario",
        "load",
        "--tasks",
        TASKS,
        "--rate",
        &rate,
        "--cap",
        "none",
    ];
    let server = Server::start(&load);
    let url = server.url.clone();
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(receive(&url))
    });
    let run = watch(&[], Some(&server), TIME, &[]);
    let stats = client.join().unwrap();
    let seconds = TIME.as_secs_f64();
    vec![
        row(
            "10,000 tasks, 20,000 changes/s, vtask and a push client: CPU core of vtask",
            run.cpu_share(),
            "%",
            f64::INFINITY,
        ),
        simulator_row(&run),
        row(
            "  longest answer to CurrentTime",
            stats.longest_call.as_secs_f64() * 1e3,
            "ms",
            250.0,
        ),
        row(
            "  updates to the push client",
            stats.updates as f64 / seconds,
            "/s",
            f64::INFINITY,
        ),
        row(
            "  its waits",
            stats.waits as f64 / seconds,
            "/s",
            f64::INFINITY,
        ),
        row(
            "  changes applied by vtask",
            run.number("/changes") / run.number("/seconds"),
            "/s",
            f64::INFINITY,
        ),
    ]
}

/// Waits for changes of all tasks and counts them.
async fn receive(url: &str) -> PushClientStats {
    let client = Arc::new(Client::connect(connect_options(url)).await.unwrap());
    client.sign_in().await.unwrap();
    let tasks = client.recent_tasks().await.unwrap();
    let tasks: Vec<Arc<str>> = tasks.into_iter().map(|task| task.value).collect();
    let collector = TaskCollector::create(client.clone(), ReportedFields::Changing, false);
    let collector = collector.await.unwrap();
    collector.modify_view(&tasks, &[]).await.unwrap();
    let mut stats = PushClientStats {
        updates: 0,
        waits: 0,
        longest_call: Duration::ZERO,
    };
    let mut version = String::new();
    let began = Instant::now();
    while began.elapsed() < TIME {
        let set = collector
            .wait(&version, Duration::from_secs(5))
            .await
            .unwrap();
        stats.waits += 1;
        if let Some(set) = set {
            let objects = set.filter_set.iter().map(|filter| filter.object_set.len());
            stats.updates += objects.sum::<usize>();
            version = set.version;
            if set.truncated {
                continue;
            }
        }
        let called = Instant::now();
        client.current_time().await.unwrap();
        stats.longest_call = stats.longest_call.max(called.elapsed());
        tokio::time::sleep(GAP).await;
    }
    collector.destroy().await;
    client.sign_out().await.unwrap();
    stats
}
