//! The fetch loop against the embedded vCenter over HTTP, with a store that applies its updates.

pub mod paused;

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::{sync::mpsc, time::timeout};
use vtask::{
    simulator::{
        Control, Options, Simulator,
        fault_injection::{FaultEffect, FaultPlan, FaultRule},
        scenario::Scenario,
    },
    task::{
        ChangeSet, EntityState, FinishedRun, Labels, Presence, ServerClock, ServerId, Status,
        TaskId, TaskRecord, TaskStore,
    },
    vim::{
        ConnectOptions, Credentials, TrustPolicy,
        types::{TaskEvent, TaskInfo, unboxed},
    },
    watch::{
        CancelResponse, Command, ConnectionState, FamilyState, FetchMode, HistoryPage, Privilege,
        RetryDelays, ServerFacts, Update, WatchOptions, Watcher,
    },
};

pub const SERVER: ServerId = ServerId(0);
/// Time limit of conditions.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Options of a server whose clock is advanced by hand.
pub fn manual_clock(scenario: &str) -> Options {
    Options::new(Scenario::load(scenario).unwrap()).manual()
}

/// Starts a server of a scenario whose clock is advanced by hand.
pub async fn start_server(scenario: &str) -> (Simulator, Control) {
    let simulator = Simulator::start(manual_clock(scenario)).await.unwrap();
    let control = simulator.control();
    (simulator, control)
}

/// Connection options; the simulator accepts any account.
pub fn connect(simulator: &Simulator) -> ConnectOptions {
    ConnectOptions {
        address: simulator.url().parse().unwrap(),
        trust: TrustPolicy::System,
        credentials: Credentials::Password {
            user: "ops".to_owned(),
            password: SecretString::from("secret"),
            store: None,
        },
        release: None,
        read_only: false,
        timeout: ConnectOptions::REQUEST_TIMEOUT,
        traffic: Arc::default(),
    }
}

/// Options to watch these tasks, or all recent ones, at short intervals.
pub fn watch(simulator: &Simulator, tasks: &[&str]) -> WatchOptions {
    let tasks = tasks.iter().map(|task| Arc::from(*task)).collect();
    let mut options = WatchOptions::new(connect(simulator), tasks);
    options.interval = Duration::from_millis(50);
    options.discover_interval = Duration::from_millis(100);
    options.intervals.queued = Duration::from_millis(100);
    options
}

/// Sets a short backoff.
pub fn with_short_backoff(mut options: WatchOptions) -> WatchOptions {
    options.intervals.retry = RetryDelays {
        initial: Duration::from_millis(100),
        max: Duration::from_millis(200),
        min: Duration::from_millis(10),
    };
    options
}

/// Like [`watch`], with this fetch mode.
pub fn watch_by(mode: FetchMode, simulator: &Simulator, tasks: &[&str]) -> WatchOptions {
    let mut options = watch(simulator, tasks);
    options.fetch = mode;
    options
}

/// Runs a test that takes a [`FetchMode`] by push and by polling.
macro_rules! push_and_poll {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn by_push() {
                super::$name(vtask::watch::FetchMode::Push).await;
            }

            #[tokio::test]
            async fn by_poll() {
                super::$name(vtask::watch::FetchMode::Poll).await;
            }
        }
    )+};
}
pub(crate) use push_and_poll;

/// Returns the number of requests of this kind.
pub fn count(control: &Control, kind: &str) -> usize {
    let requests = control.requests();
    let matching = requests.iter().filter(|request| request.kind == kind);
    matching.count()
}

/// Returns the ID of a running task.
pub fn running_task(control: &Control) -> String {
    let expected = control.expected_tasks();
    let running = expected.iter().find(|info| info["state"] == "running");
    running.unwrap()["key"].as_str().unwrap().to_owned()
}

/// A reported value, or the reason why there is none.
pub type Reported<T> = Result<T, Arc<str>>;

/// The events of a task.
pub type Events = Arc<[TaskEvent]>;

/// A fetch loop with its updates.
pub struct Harness {
    pub watcher: Watcher,
    updates: mpsc::Receiver<(ServerId, Update)>,
    pub store: TaskStore,
    pub connections: Vec<ConnectionState>,
    pub facts: Option<ServerFacts>,
    pub clock: ServerClock,
    pub labels: Labels,
    pub cancels: Vec<(Arc<str>, CancelResponse)>,
    pub privileges: Vec<(Arc<str>, Privilege)>,
    pub changes: usize,
    pub families: Vec<(Arc<str>, FamilyState)>,
    pub events: Vec<(Arc<str>, Reported<Events>)>,
    pub pages: Vec<(u32, Reported<HistoryPage>)>,
    pub relatives: Vec<(Arc<str>, Vec<TaskInfo>)>,
    pub runs: Vec<FinishedRun>,
    pub typical_unknown: Vec<Arc<str>>,
    pub entity_states: Vec<(Arc<str>, EntityState)>,
    pub notices: Vec<Arc<str>>,
    /// Number of locations received.
    pub located: usize,
}

impl Harness {
    pub fn start(options: WatchOptions) -> Self {
        let (sender, updates) = mpsc::channel(64);
        Self {
            watcher: Watcher::spawn(SERVER, options, sender),
            updates,
            store: TaskStore::new(),
            connections: Vec::new(),
            facts: None,
            clock: ServerClock::default(),
            labels: Labels::default(),
            cancels: Vec::new(),
            privileges: Vec::new(),
            changes: 0,
            families: Vec::new(),
            events: Vec::new(),
            pages: Vec::new(),
            relatives: Vec::new(),
            runs: Vec::new(),
            typical_unknown: Vec::new(),
            entity_states: Vec::new(),
            notices: Vec::new(),
            located: 0,
        }
    }

    /// Starts to follow all tasks by push only, with short backoff.
    pub fn push(simulator: &Simulator) -> Self {
        Self::start(with_short_backoff(watch_by(
            FetchMode::Push,
            simulator,
            &[],
        )))
    }

    /// Starts a server of a scenario and a loop, and waits until the store has the tasks of the server.
    pub async fn start_synced(scenario: &str, mode: FetchMode) -> (Simulator, Control, Self) {
        let (simulator, control) = start_server(scenario).await;
        let mut harness = Self::start(watch_by(mode, &simulator, &[]));
        harness.until_synced("the tasks", &control).await;
        (simulator, control, harness)
    }

    /// Applies updates until a condition holds.
    pub async fn until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let wait = async {
            while !condition(self) {
                let (_, update) = self.updates.recv().await.expect("the loop runs");
                self.apply(update);
            }
        };
        let result = timeout(TIMEOUT, wait).await;
        assert!(
            result.is_ok(),
            "timed out: {what}; states {:?}",
            self.connections
        );
    }

    /// Applies updates until the latest state of the connection satisfies a condition.
    pub async fn until_connection(
        &mut self,
        what: &str,
        condition: impl Fn(&ConnectionState) -> bool,
    ) {
        let is_met = |harness: &Self| harness.connections.last().is_some_and(&condition);
        self.until(what, is_met).await;
    }

    /// Applies updates until a condition holds that no update reports.
    pub async fn until_seen(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let wait = async {
            loop {
                self.drain();
                if condition(self) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let result = timeout(TIMEOUT, wait).await;
        assert!(
            result.is_ok(),
            "timed out: {what}; states {:?}",
            self.connections
        );
    }

    /// Applies updates until the store has the tasks of the server.
    pub async fn until_synced(&mut self, what: &str, control: &Control) {
        self.until(what, |harness| harness.is_synced(control)).await;
    }

    /// Applies the updates that have arrived.
    pub fn drain(&mut self) {
        while let Ok((_, update)) = self.updates.try_recv() {
            self.apply(update);
        }
    }

    fn apply(&mut self, update: Update) {
        match update {
            Update::Connection(connection) => self.connections.push(connection),
            Update::Server(facts) => self.facts = Some(*facts),
            Update::Clock(clock) => self.clock = clock,
            Update::Labels(labels) => self.labels = labels,
            Update::Tasks { changes, .. } => {
                for change in changes {
                    self.changes += 1;
                    let mut touched = ChangeSet::default();
                    self.store.apply(SERVER, change, &mut touched).unwrap();
                }
            }
            Update::Cancel { mo_id, answer } => self.cancels.push((mo_id, answer)),
            Update::Privilege { mo_id, privilege } => self.privileges.push((mo_id, privilege)),
            Update::Family { mo_id, state } => self.families.push((mo_id, state)),
            Update::Events { mo_id, events } => self.events.push((mo_id, events)),
            Update::HistoryPage { search, page } => self.pages.push((search, page)),
            Update::Typical(runs) => self.runs.extend(runs),
            Update::TypicalUnknown(reason) => self.typical_unknown.push(reason),
            Update::EntityState { mo_id, state } => {
                if let Some(task) = self.store.find(&TaskId::new(SERVER, mo_id.clone())) {
                    let mut touched = ChangeSet::default();
                    self.store
                        .set_entity_state(task, state.clone(), &mut touched);
                }
                self.entity_states.push((mo_id, state));
            }
            Update::Notice(text) | Update::RecordingStopped(text) => self.notices.push(text),
            Update::Relatives { mo_id, members } => self.relatives.push((mo_id, members)),
            Update::Locations(locations) => {
                self.located += locations.len();
                let mut touched = ChangeSet::default();
                self.store.set_locations(SERVER, locations, &mut touched);
            }
            Update::LookedUp { .. }
            | Update::RecentRefused(_)
            | Update::FirstList
            | Update::Pong => {}
        }
    }

    pub fn send(&self, command: Command) {
        self.watcher.commands().send(command).unwrap();
    }

    pub fn record(&self, mo_id: &str) -> Option<&TaskRecord> {
        self.store
            .get(self.store.find(&TaskId::new(SERVER, mo_id))?)
    }

    pub fn status(&self, mo_id: &str) -> Option<Status> {
        self.record(mo_id).map(TaskRecord::status)
    }

    /// True if the store has every task of the server with its current fields.
    pub fn is_synced(&self, control: &Control) -> bool {
        control.expected_tasks().into_iter().all(|info| {
            let mo_id = info["key"].as_str().unwrap();
            let is_present = |record: &&TaskRecord| record.presence == Presence::Present;
            let record = self.record(mo_id).filter(is_present);
            let shown = record.and_then(|record| record.info.as_ref());
            shown.is_some_and(|shown| unboxed(shown.to_json()) == unboxed(info))
        })
    }

    /// True if the latest search for family members was successful.
    pub fn has_found_family(&self) -> bool {
        let last = self.families.last();
        last.is_some_and(|(_, state)| matches!(state, FamilyState::Found { .. }))
    }

    /// Asserts that the connection was never retried or refused.
    pub fn assert_never_lost(&self, context: &str) {
        let is_lost = |state: &ConnectionState| {
            matches!(
                state,
                ConnectionState::Retrying { .. } | ConnectionState::SignedOut { .. }
            )
        };
        let states = &self.connections;
        assert!(!states.iter().any(is_lost), "{context}: {states:?}");
    }

    /// Stops the loop and drops its last updates.
    pub async fn stop(mut self) {
        let stopping = self.watcher.stop();
        let draining = async { while self.updates.recv().await.is_some() {} };
        tokio::join!(stopping, draining);
    }
}

/// Answers the next `count` requests with status 503, as a proxy does.
pub fn refuse_requests(control: &Control, count: u64) {
    let rule = FaultRule::new("*", FaultEffect::status(503)).times(count);
    control.inject(&FaultPlan::default().with(rule));
}
