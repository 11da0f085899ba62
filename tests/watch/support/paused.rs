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
const TIMEOUT: Duration = Duration::from_secs(20);

/// A fetch loop and a server in paused time. The runtime's clock must be paused
/// (`#[tokio::test(start_paused = true)]`).
pub struct PausedHarness {
    pub simulator: Simulator,
    pub harness: Harness,
    traffic: Arc<RequestMetrics>,
    /// Keeps a blocking task running, so that the paused clock does not advance by itself.
    keep_paused: mpsc::Sender<()>,
}

impl PausedHarness {
    /// Starts to watch all recent tasks by polling, unless `change` sets another mode, at intervals of an hour.
    pub async fn start(simulator: Simulator, change: impl FnOnce(&mut WatchOptions)) -> Self {
        let (keep_paused, stopped) = mpsc::channel();
        spawn_blocking(move || stopped.recv());
        let connect = connect(&simulator);
        let traffic = connect.traffic.clone();
        let mut options = WatchOptions::new(connect, Vec::new());
        options.fetch = vtask::watch::FetchMode::Poll;
        options.interval = Duration::from_secs(3_600);
        options.discover_interval = Duration::from_secs(3_600);
        change(&mut options);
        let harness = Harness::start(options);
        let mut paused = Self {
            simulator,
            harness,
            traffic,
            keep_paused,
        };
        paused.wait_until_idle().await;
        paused
    }

    /// Waits until the loop is idle at the current time.
    pub async fn wait_until_idle(&mut self) {
        let control = self.simulator.control();
        let deadline = Instant::now() + TIMEOUT;
        let mut idle_rounds = 0;
        while idle_rounds < 5 {
            assert!(Instant::now() < deadline, "the loop does not become idle");
            let before = control.request_count();
            // The runtime runs all ready tasks meanwhile.
            let _ = spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await;
            yield_now().await;
            self.harness.drain();
            // A long poll may stay unanswered.
            let waiting = u64::try_from(control.pending_waits()).unwrap_or_default();
            let sent = self.traffic.counts().total_requests();
            let is_answered = sent == control.request_count() + waiting;
            let is_idle = is_answered && before == control.request_count();
            idle_rounds = if is_idle { idle_rounds + 1 } else { 0 };
        }
    }

    /// Advances the time in steps of half a second, so that events a second apart are not merged.
    pub async fn advance(&mut self, span: Duration) {
        const STEP: Duration = Duration::from_millis(500);
        let mut remaining = span;
        while !remaining.is_zero() {
            let step = remaining.min(STEP);
            tokio::time::advance(step).await;
            self.wait_until_idle().await;
            remaining -= step;
        }
    }

    /// Returns the lookup requests so far.
    pub fn lookup_requests(&self) -> Vec<RequestRecord> {
        let mut requests = self.simulator.control().requests();
        requests.retain(|request| is_lookup(&request.kind));
        requests
    }

    /// Stops the loop, with the clock running.
    pub async fn stop(self) {
        drop(self.keep_paused);
        tokio::time::resume();
        self.harness.stop().await;
        tokio::time::pause();
    }
}

/// True for the requests of lookups.
pub fn is_lookup(kind: &str) -> bool {
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
