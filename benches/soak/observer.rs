//! Fetch loop with its own task store, and a client that compares it with the server.

use std::{
    cmp::Reverse,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use color_eyre::Result;
use tokio::sync::mpsc;
use vtask::{
    task::{ChangeSet, ServerId, TaskId, TaskRecord, TaskStore},
    vim::{Client, ConnectOptions, Credentials, TrustPolicy, types::TaskInfo},
    watch::{Update, WatchOptions, Watcher},
};

const SERVER: ServerId = ServerId(0);
/// Number of attempts for a request that fails because of an injected fault.
const MAX_ATTEMPTS: u32 = 5;
/// Number of tasks per comparison.
const SAMPLE: usize = 40;

/// Totals of all comparisons.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Comparison {
    pub(crate) compared: u64,
    /// Finished tasks that differ from the server.
    pub(crate) wrong: u64,
    /// Tasks shown as running although they finished some time ago.
    pub(crate) late: u64,
    /// Tasks that have existed for some time and are missing in the store.
    pub(crate) missing: u64,
}

pub(crate) struct Observer {
    watcher: Watcher,
    store: Arc<Mutex<TaskStore>>,
    is_current: Arc<AtomicBool>,
    outages: Arc<AtomicU64>,
    connect: ConnectOptions,
    client: Option<Client>,
    pub(crate) comparison: Comparison,
    /// Suspects of the last comparison. They are counted if they are still wrong at the next one and the connection
    /// was current in between.
    late: Vec<Arc<str>>,
    missing: Vec<Arc<str>>,
    outages_before: u64,
}

fn lock(store: &Mutex<TaskStore>) -> MutexGuard<'_, TaskStore> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer {
    pub(crate) fn start(url: &str) -> Result<Self> {
        let connect = ConnectOptions {
            address: url.parse()?,
            trust: TrustPolicy::System,
            credentials: Credentials::Password {
                user: "observer".to_owned(),
                password: "soak".to_owned().into(),
                store: None,
            },
            release: None,
            read_only: false,
            timeout: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        };
        let (sender, mut updates) = mpsc::channel(64);
        let options = WatchOptions::new(connect.clone(), Vec::new());
        let watcher = Watcher::spawn(SERVER, options, sender);
        let store = Arc::new(Mutex::new(TaskStore::new()));
        let is_current = Arc::new(AtomicBool::new(false));
        let outages = Arc::new(AtomicU64::new(0));
        let (shared_store, is_current_flag, outage_count) =
            (store.clone(), is_current.clone(), outages.clone());
        tokio::spawn(async move {
            while let Some((server, update)) = updates.recv().await {
                match update {
                    Update::Tasks { changes, .. } => {
                        let mut store = lock(&shared_store);
                        for change in changes {
                            // Rejected changes show up in the comparison.
                            let _ = store.apply(server, change, &mut ChangeSet::default());
                        }
                    }
                    Update::Connection(connection) => {
                        let was_current =
                            is_current_flag.swap(connection.is_current(), Ordering::SeqCst);
                        outage_count.fetch_add(
                            u64::from(was_current && !connection.is_current()),
                            Ordering::SeqCst,
                        );
                    }
                    _ => {}
                }
            }
        });
        Ok(Self {
            watcher,
            store,
            is_current,
            outages,
            connect: ConnectOptions {
                traffic: Arc::default(),
                ..connect
            },
            client: None,
            comparison: Comparison::default(),
            late: Vec::new(),
            missing: Vec::new(),
            outages_before: 0,
        })
    }

    /// Returns how often the connection ceased to be current.
    pub(crate) fn outages(&self) -> u64 {
        self.outages.load(Ordering::SeqCst)
    }

    pub(crate) fn tasks(&self) -> usize {
        lock(&self.store).len()
    }

    /// Returns true if the connection is current.
    pub(crate) fn is_current(&self) -> bool {
        self.is_current.load(Ordering::SeqCst)
    }

    /// Compares some tasks. Does nothing during an outage.
    pub(crate) async fn compare(&mut self) {
        if !self.is_current() {
            return;
        }
        let outages = self.outages.load(Ordering::SeqCst);
        let was_quiet = std::mem::replace(&mut self.outages_before, outages) == outages;
        self.compare_finished().await;
        let stale = self.stale_tasks().await;
        let late = |before: &&Arc<str>| stale.contains(*before);
        let absent = self.missing_tasks().await;
        let missing = |before: &&Arc<str>| absent.contains(*before);
        if was_quiet {
            self.comparison.late += self.late.iter().filter(late).count() as u64;
            self.comparison.missing += self.missing.iter().filter(missing).count() as u64;
        }
        (self.late, self.missing) = (stale, absent);
    }

    async fn compare_finished(&mut self) {
        let finished = self.sample(|record| record.status().is_finished() && !record.is_gone());
        for (mo_id, shown) in finished {
            // The task may have been removed, or the server may be unreachable.
            if let Some(info) = self.read_task(&mo_id).await {
                self.comparison.compared += 1;
                self.comparison.wrong += u64::from(shown != Some(info));
            }
        }
    }

    /// Returns tasks that are running in the store but finished on the server.
    async fn stale_tasks(&mut self) -> Vec<Arc<str>> {
        let mut suspects = self.late.clone();
        let running = self.sample(|record| record.status().is_active());
        suspects.extend(running.into_iter().map(|(mo_id, _)| mo_id));
        let mut stale = Vec::new();
        for mo_id in suspects {
            let info = self.read_task(&mo_id).await;
            if info.is_some_and(|info| info.state.is_finished()) && self.is_active_in_store(&mo_id)
            {
                stale.push(mo_id);
            }
        }
        stale
    }

    fn is_active_in_store(&self, mo_id: &str) -> bool {
        let store = lock(&self.store);
        let record = store.find(&TaskId::new(SERVER, mo_id));
        record
            .and_then(|handle| store.get(handle))
            .is_some_and(|record| record.status().is_active())
    }

    /// Returns recent tasks of the server that are missing in the store.
    async fn missing_tasks(&mut self) -> Vec<Arc<str>> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(client) = self.client().await else {
                continue;
            };
            if let Ok(recent) = client.recent_tasks().await {
                let store = lock(&self.store);
                let absent = recent.into_iter().map(|task| task.value);
                return absent
                    .filter(|mo_id| store.find(&TaskId::new(SERVER, &**mo_id)).is_none())
                    .collect();
            }
            self.client = None;
        }
        Vec::new()
    }

    /// Returns the tasks that changed last; older finished tasks no longer exist on the server.
    fn sample(&self, wanted: impl Fn(&TaskRecord) -> bool) -> Vec<(Arc<str>, Option<TaskInfo>)> {
        let store = lock(&self.store);
        let records = store.iter().map(|(_, record)| record);
        let mut all: Vec<&TaskRecord> = records.filter(|record| wanted(record)).collect();
        all.sort_unstable_by_key(|record| Reverse(record.last_change()));
        let sample = all.into_iter().take(SAMPLE);
        let pair = |record: &TaskRecord| (record.id.mo_id.clone(), record.info.as_deref().cloned());
        sample.map(pair).collect()
    }

    /// Reads a task from the server. Returns `None` if it does not exist or cannot be read.
    async fn read_task(&mut self, mo_id: &str) -> Option<TaskInfo> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(client) = self.client().await else {
                continue;
            };
            match client.task_info(mo_id).await {
                Ok(info) => return Some(info),
                Err(error) if error.is_fault("ManagedObjectNotFound") => return None,
                Err(_) => self.sign_out().await,
            }
        }
        None
    }

    async fn client(&mut self) -> Option<&Client> {
        if self.client.is_none() {
            let client = Client::connect(self.connect.clone()).await.ok();
            if let Some(client) = client
                && client.sign_in().await.is_ok()
            {
                self.client = Some(client);
            } else {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        self.client.as_ref()
    }

    /// Signs out if there is a session.
    pub(crate) async fn sign_out(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = client.sign_out().await;
        }
    }

    pub(crate) async fn stop(mut self) {
        self.sign_out().await;
        self.watcher.stop().await;
    }
}
