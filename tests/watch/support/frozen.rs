//! Time that passes by hand only, though there is real HTTP: what happens in a stretch of it can be counted.

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

/// No rest is waited for longer.
const BOUND: Duration = Duration::from_secs(20);

/// A fetch loop and a server in frozen time. The runtime's clock must be paused
/// (`#[tokio::test(start_paused = true)]`).
pub struct Frozen {
    pub simulator: Simulator,
    pub harness: Harness,
    traffic: Arc<RequestMetrics>,
    /// While a blocking task runs, the paused clock does not jump ahead by itself.
    freeze: mpsc::Sender<()>,
}

impl Frozen {
    /// Starts watching everything recent, one by one if nothing else is wanted; nothing is read again by itself for an
    /// hour.
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

    /// Lets everything happen that needs no time to pass.
    pub async fn settle(&mut self) {
        let control = self.simulator.control();
        let bound = Instant::now() + BOUND;
        let mut quiet = 0;
        while quiet < 5 {
            assert!(Instant::now() < bound, "it never rests");
            let before = control.request_count();
            // The runtime parks meanwhile, so that whatever is ready is done.
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

    /// Lets time pass, in steps so small that no two things a second apart fall into one.
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

    /// The requests so far that were looked up around tasks.
    pub fn look_ups(&self) -> Vec<RequestRecord> {
        let mut requests = self.simulator.control().requests();
        requests.retain(|request| is_look_up(&request.kind));
        requests
    }

    /// Ends the loop; time goes on by itself for that.
    pub async fn stop(self) {
        drop(self.freeze);
        tokio::time::resume();
        self.harness.stop().await;
        tokio::time::pause();
    }
}

/// Whether a request belongs to what is looked up around tasks.
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
