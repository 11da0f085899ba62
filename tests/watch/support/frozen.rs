//! Paused time together with HTTP, so that the requests in a period can be counted.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use tokio::task::{spawn_blocking, yield_now};
use vtask::{
    metrics::RequestMetrics,
    simulator::{RequestRecord, Simulator},
    watch::WatchOptions,
};

use super::{Harness, connect};

/// Time limit until the loop is idle.
const BOUND: Duration = Duration::from_secs(20);

/// A fetch loop and a server in paused time. The runtime's clock must be paused
/// (`#[tokio::test(start_paused = true)]`).
pub struct Frozen {
    pub simulator: Simulator,
    pub harness: Harness,
    traffic: Arc<RequestMetrics>,
    /// Ends the blocking task that keeps the paused clock from advancing by itself.
    freeze: mpsc::Sender<()>,
}

impl Frozen {
    /// Starts to watch all recent tasks by polling, unless `change` sets another mode, at intervals of an hour.
    pub async fn start(simulator: Simulator, change: impl FnOnce(&mut WatchOptions)) -> Self {
        let (freeze, frozen) = mpsc::channel();
        spawn_blocking(move || frozen.recv());
        let connect = connect(&simulator);
        let traffic = connect.traffic.clone();
        let mut options = WatchOptions::new(connect, Vec::new());
        options.fetch = vtask::watch::FetchMode::Poll;
        options.interval = Duration::from_secs(3_600);
        options.discover_interval = Duration::from_secs(3_600);
        change(&mut options);
        let harness = Harness::start(options);
        let mut this = Self {
            simulator,
            harness,
            traffic,
            freeze,
        };
        this.settle().await;
        this
    }

    /// Waits until the loop is idle at the current time.
    pub async fn settle(&mut self) {
        let control = self.simulator.control();
        let bound = Instant::now() + BOUND;
        let mut quiet = 0;
        while quiet < 5 {
            assert!(Instant::now() < bound, "it never rests");
            let before = control.request_count();
            // The runtime runs all ready tasks meanwhile.
            let _ = spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await;
            yield_now().await;
            self.harness.drain();
            // A long poll may stay unanswered.
            let waiting = u64::try_from(control.pending_waits()).unwrap_or_default();
            let sent = self.traffic.counts().total_requests();
            let is_answered = sent == control.request_count() + waiting;
            let is_quiet = is_answered && before == control.request_count();
            quiet = if is_quiet { quiet + 1 } else { 0 };
        }
    }

    /// Advances the time in steps of half a second, so that events a second apart are not merged.
    pub async fn pass(&mut self, span: Duration) {
        const STEP: Duration = Duration::from_millis(500);
        let mut left = span;
        while !left.is_zero() {
            let step = left.min(STEP);
            tokio::time::advance(step).await;
            self.settle().await;
            left -= step;
        }
    }

    /// Returns the lookup requests so far.
    pub fn look_ups(&self) -> Vec<RequestRecord> {
        let mut requests = self.simulator.control().requests();
        requests.retain(|request| is_look_up(&request.kind));
        requests
    }

    /// Stops the loop, with the clock running.
    pub async fn stop(self) {
        drop(self.freeze);
        tokio::time::resume();
        self.harness.stop().await;
        tokio::time::pause();
    }
}

/// True for requests of lookups about tasks.
pub fn is_look_up(kind: &str) -> bool {
    [
        "CreateCollectorForTasks",
        "TaskHistoryCollector/",
        "QueryEvents",
        "VirtualMachine/",
        "HostSystem/",
        "HasPrivilege",
    ]
    .iter()
    .any(|part| kind.contains(part))
}
