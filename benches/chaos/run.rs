//! Runs one schedule: the fetch loop over real HTTP against a faulty server, with checks of the result.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use vtask::{
    recording::Recorder,
    simulator::{
        Control, Options, RequestRecord, Simulator,
        scenario::Scenario,
        server_behavior::{Boxing, Versions},
    },
    task::{ChangeSet, Presence, ServerId, TaskId, TaskRecord, TaskStore},
    vim::{ConnectOptions, Credentials, TrustPolicy, types::unboxed},
    watch::{ConnectionState, FetchMode, Intervals, RetryDelays, Update, WatchOptions, Watcher},
};

use super::plan::plan;

const SERVER: ServerId = ServerId(0);
/// Request timeout of the client.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Duration of a long poll.
const LONG_POLL_TIMEOUT: Duration = Duration::from_secs(3);
/// Polling interval of a task.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
const DISCOVERY_INTERVAL: Duration = Duration::from_millis(300);
/// Real interval between two steps of the world, and the world time of a step.
const STEP_INTERVAL: Duration = Duration::from_millis(100);
const STEP_LENGTH: Duration = Duration::from_millis(700);
/// Maximum time to recover once the faults have ended: requests in progress run into their timeout (a request timeout
/// or a whole long poll), the last retry pause ends, then everything is read. The rest is a margin for slow machines.
pub(crate) const MAX_RECOVERY: Duration = Duration::from_secs(20);

/// Maximum number of responses of one kind per schedule that may be corrupted in spite of status 200.
const MAX_CORRUPTED: usize = 4;

/// Returns the maximum age of tasks shown as current; a stuck wait or request is only detected by its timeout.
fn max_staleness(mode: FetchMode) -> Duration {
    const MARGIN: Duration = Duration::from_secs(4);
    MARGIN
        + REQUEST_TIMEOUT
        + if mode == FetchMode::Poll {
            POLL_INTERVAL
        } else {
            LONG_POLL_TIMEOUT
        }
}

/// Result of a schedule.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) mode: FetchMode,
    /// Time from the end of the faults until the store was correct.
    pub(crate) recovery: Duration,
    /// Highest number of requests within one second.
    pub(crate) peak: usize,
    /// Highest number of failed or unanswered requests within one second.
    pub(crate) peak_failing: usize,
    pub(crate) requests: u64,
    pub(crate) faults: u64,
    pub(crate) problems: Vec<String>,
}

/// Task store fed by the fetch loop, and the state of its connection.
struct Follower {
    updates: mpsc::Receiver<(ServerId, Update)>,
    store: TaskStore,
    connections: Vec<ConnectionState>,
    /// Time since which the connection has been current.
    current_since: Option<Instant>,
}

impl Follower {
    fn handle(&mut self, update: Update) {
        match update {
            Update::Tasks { changes, .. } => {
                for change in changes {
                    // Rejected changes show up in the comparison.
                    let _ = self.store.apply(SERVER, change, &mut ChangeSet::default());
                }
            }
            Update::Connection(connection) => {
                let since = self.current_since.unwrap_or_else(Instant::now);
                self.current_since = connection.is_current().then_some(since);
                self.connections.push(connection);
            }
            _ => {}
        }
    }

    async fn follow_until(&mut self, end: Instant) {
        while let Ok(Some((_, update))) =
            tokio::time::timeout_at(end.into(), self.updates.recv()).await
        {
            self.handle(update);
        }
    }

    fn record(&self, mo_id: &str) -> Option<&TaskRecord> {
        self.store
            .get(self.store.find(&TaskId::new(SERVER, mo_id))?)
    }

    /// Returns the first difference between the store and the server.
    fn difference(&self, control: &Control) -> Option<String> {
        control.expected_tasks().into_iter().find_map(|info| {
            let info = unboxed(info);
            let mo_id = info["key"].as_str().unwrap_or_default();
            let Some(record) = self.record(mo_id) else {
                return Some(format!("{mo_id} is missing"));
            };
            // Boxes inside errors and results are kept as received.
            let shown = record.info.as_ref().map(|info| unboxed(info.to_json()));
            if record.presence != Presence::Present {
                return Some(format!("{mo_id} is shown as {:?}", record.presence));
            }
            let shown = shown.unwrap_or_default();
            let fields = [&info, &shown].map(|info| info.as_object().into_iter().flatten());
            let mut names = fields.into_iter().flatten().map(|(field, _)| field);
            names
                .find(|field| shown[*field] != info[*field])
                .map(|field| {
                    let [shown, expected] = [&shown, &info].map(|info| &info[field]);
                    format!("{field} of {mo_id} is {shown} instead of {expected}")
                })
        })
    }
}

/// Tasks observed on the server during a schedule.
#[derive(Default)]
struct ObservedTasks {
    /// All tasks that ever existed.
    all: BTreeSet<String>,
    /// Time at which each task was first seen finished.
    finished: HashMap<String, Instant>,
}

impl ObservedTasks {
    fn observe(&mut self, control: &Control) {
        for info in control.expected_tasks() {
            let mo_id = info["key"].as_str().unwrap_or_default();
            if matches!(info["state"].as_str(), Some("success" | "error")) {
                let entry = self.finished.entry(mo_id.to_owned());
                entry.or_insert_with(Instant::now);
            }
            self.all.insert(mo_id.to_owned());
        }
    }
}

/// Runs a schedule.
pub(crate) async fn run(
    seed: u64,
    mode: FetchMode,
    fault_duration: Duration,
    recorder: Option<Recorder>,
) -> Outcome {
    let mut outcome = Outcome {
        seed,
        mode,
        recovery: Duration::ZERO,
        peak: 0,
        peak_failing: 0,
        requests: 0,
        faults: 0,
        problems: Vec::new(),
    };
    if let Err(problem) = run_schedule(&mut outcome, fault_duration, recorder).await {
        outcome.problems.push(problem);
    }
    outcome
}

async fn run_schedule(
    outcome: &mut Outcome,
    fault_duration: Duration,
    recorder: Option<Recorder>,
) -> Result<(), String> {
    let (seed, mode) = (outcome.seed, outcome.mode);
    let simulator = start_server(seed).await?;
    let control = simulator.control();
    control.inject(&plan(seed, fault_duration));
    let (sender, updates) = mpsc::channel(64);
    let mut options = watch_options(&simulator, mode)?;
    options.recorder = recorder;
    let watcher = Watcher::spawn(SERVER, options, sender);
    let mut follower = Follower {
        updates,
        store: TaskStore::new(),
        connections: Vec::new(),
        current_since: None,
    };
    let mut observed = ObservedTasks::default();
    let end = Instant::now() + fault_duration;
    while Instant::now() < end {
        control.advance(STEP_LENGTH);
        observed.observe(&control);
        follower.follow_until(Instant::now() + STEP_INTERVAL).await;
        check_staleness(&follower, &observed.finished, mode, &mut outcome.problems);
    }
    control.clear_faults();
    wait_for_recovery(&mut follower, &control, outcome).await;
    let lost = observed.all.iter();
    let lost = lost.filter(|mo_id| follower.record(mo_id).is_none());
    outcome
        .problems
        .extend(lost.map(|mo_id| format!("{mo_id} was lost")));
    if follower.store.len() > observed.all.len() {
        let (actual, expected) = (follower.store.len(), observed.all.len());
        let problem = format!("{actual} tasks in the store, expected {expected}");
        outcome.problems.push(problem);
    }
    let open = control.open_objects().collectors;
    let stopping = watcher.stop();
    let draining = async { while follower.updates.recv().await.is_some() {} };
    tokio::join!(stopping, draining);
    check_leftovers(&control, open, &mut outcome.problems);
    let requests = control.requests();
    outcome.peak = peak_rate(requests.iter());
    outcome.peak_failing = peak_rate(requests.iter().filter(|request| failed(request)));
    outcome.requests = control.request_count();
    outcome.faults = control.faults_injected();
    let allowed = allowed_rate(observed.all.len());
    if outcome.peak > allowed {
        let problem = format!("{} requests per second, allowed: {allowed}", outcome.peak);
        outcome.problems.push(problem);
    }
    Ok(())
}

/// Starts a server whose behavior depends on the seed.
async fn start_server(seed: u64) -> Result<Simulator, String> {
    let scenario = Scenario::parse("chaos", include_str!("world.toml"));
    let mut options = Options::new(scenario.map_err(|error| error.to_string())?).manual();
    options.seed = seed;
    options.tls = seed.is_multiple_of(3);
    options.behavior.update_cap = match seed % 4 {
        0 => None,
        1 => Some(2),
        _ => Some(100),
    };
    options.behavior.wake_on_view_change = !seed.is_multiple_of(5);
    options.behavior.fold_changes = !seed.is_multiple_of(7);
    if seed.is_multiple_of(2) {
        options.behavior.boxing = Boxing::Nested;
    }
    if seed.is_multiple_of(6) {
        options.behavior.versions = Versions::Constant;
    }
    let started = Simulator::start(options).await;
    started.map_err(|error| error.to_string())
}

/// Waits until the store is correct and the connection is current.
async fn wait_for_recovery(follower: &mut Follower, control: &Control, outcome: &mut Outcome) {
    let faults_ended = Instant::now();
    loop {
        let difference = follower.difference(control);
        outcome.recovery = faults_ended.elapsed();
        if difference.is_none() && follower.current_since.is_some() {
            return;
        }
        if outcome.recovery > MAX_RECOVERY {
            let difference =
                difference.unwrap_or_else(|| "the connection is not current".to_owned());
            outcome.problems.push(format!(
                "not recovered {MAX_RECOVERY:?} after the end of the faults: {difference}; states {:?}",
                last(&follower.connections)
            ));
            return;
        }
        follower
            .follow_until(Instant::now() + Duration::from_millis(20))
            .await;
    }
}

/// Checks the objects left on the server. Allowed are those that the client could not know of because the response
/// was lost or corrupted, and those whose removal was lost.
fn check_leftovers(control: &Control, collectors: usize, problems: &mut Vec<String>) {
    let requests = control.requests();
    let count = |kind: &str, wanted: fn(&RequestRecord) -> bool| {
        let found = requests
            .iter()
            .filter(|request| request.kind.ends_with(kind));
        found.filter(|request| wanted(request)).count()
    };
    // A corrupted response may have status 200. Of the calls that create an object, all but the one in use may be
    // affected.
    let corrupted = |kind| {
        let lost = count(kind, failed);
        let all = count(kind, |_| true);
        if control.faults_injected() > 0 {
            all.saturating_sub(1).max(lost)
        } else {
            lost
        }
    };
    let lost = corrupted("/CreatePropertyCollector").min(
        count("/CreatePropertyCollector", failed)
            + count("/CreateListView", failed)
            + count("/CreateFilter", failed)
            + count("/DestroyPropertyCollector", failed)
            + MAX_CORRUPTED,
    );
    if collectors > 1 + lost {
        problems.push(format!(
            "{collectors} collectors left open, allowed: {}",
            1 + lost
        ));
    }
    let lost =
        corrupted("/Login").min(count("/Login", failed) + count("/Logout", failed) + MAX_CORRUPTED);
    if control.session_count() > lost {
        problems.push(format!(
            "{} sessions left open, allowed: {lost}",
            control.session_count()
        ));
    }
}

fn failed(request: &RequestRecord) -> bool {
    !matches!(request.status, 200 | 204)
}

/// Returns the permitted number of requests per second: each task and the list of recent tasks at their intervals,
/// and a dozen requests per sign-in at the minimum retry interval.
fn allowed_rate(tasks: usize) -> usize {
    let each_second =
        |interval: Duration| usize::try_from(1000 / interval.as_millis()).unwrap_or(1);
    tasks * each_second(POLL_INTERVAL)
        + each_second(DISCOVERY_INTERVAL)
        + 12 * each_second(intervals().retry.min)
}

fn check_staleness(
    follower: &Follower,
    finished: &HashMap<String, Instant>,
    mode: FetchMode,
    problems: &mut Vec<String>,
) {
    let Some(since) = follower.current_since else {
        return;
    };
    let limit = max_staleness(mode);
    for (mo_id, at) in finished {
        if at.max(&since).elapsed() < limit {
            continue;
        }
        // Tasks that cannot be read are marked as such.
        let record = follower.record(mo_id);
        let is_unreadable =
            record.is_some_and(|record| matches!(record.presence, Presence::Unreadable(_)));
        if !is_unreadable && !record.is_some_and(|record| record.status().is_finished()) {
            let problem = format!(
                "{mo_id} has finished but is shown as {:?}",
                record.map(TaskRecord::status)
            );
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
}

fn peak_rate<'a>(requests: impl Iterator<Item = &'a RequestRecord>) -> usize {
    let mut times: Vec<Duration> = requests.map(|request| request.at).collect();
    times.sort_unstable();
    let mut first = 0;
    let mut max = 0;
    for (index, time) in times.iter().enumerate() {
        while time.saturating_sub(times[first]) >= Duration::from_secs(1) {
            first += 1;
        }
        max = max.max(index + 1 - first);
    }
    max
}

fn last(connections: &[ConnectionState]) -> &[ConnectionState] {
    &connections[connections.len().saturating_sub(4)..]
}

fn intervals() -> Intervals {
    Intervals {
        retry: RetryDelays {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(2),
            min: Duration::from_millis(50),
        },
        queued: POLL_INTERVAL,
        unreadable: Duration::from_secs(1),
        long_poll: LONG_POLL_TIMEOUT,
        ..Intervals::default()
    }
}

fn watch_options(simulator: &Simulator, mode: FetchMode) -> Result<WatchOptions, String> {
    let address = simulator.url().parse();
    let connect = ConnectOptions {
        address: address.map_err(|error: vtask::vim::InvalidAddress| error.to_string())?,
        trust: TrustPolicy::Insecure,
        credentials: Credentials::Password {
            user: "chaos".to_owned(),
            password: "chaos".to_owned().into(),
            store: None,
        },
        release: None,
        read_only: false,
        timeout: REQUEST_TIMEOUT,
        traffic: Arc::default(),
    };
    let mut options = WatchOptions::new(connect, Vec::new());
    options.fetch = mode;
    options.interval = POLL_INTERVAL;
    options.discover_interval = DISCOVERY_INTERVAL;
    options.push_retry = Duration::from_secs(1);
    options.intervals = intervals();
    Ok(options)
}
