//! The same fetch loop with a board that can be asked, and a client that asks the server task by task.

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
    task::{ChangeSet, EndpointId, Record, TaskId, TaskStore},
    vim::{Client, ConnectOptions, Credentials, TrustPolicy, types::TaskInfo},
    watch::{Update, WatchOptions, Watcher},
};

/// The one server.
const HERE: EndpointId = EndpointId(0);
/// How often the server is asked when it answers with a fault of the plan's.
const TRIES: u32 = 5;
/// How many tasks are compared each time.
const SAMPLE: usize = 40;

/// What was found so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Found {
    pub(crate) compared: u64,
    /// Finished tasks of which the board says something else than the server.
    pub(crate) wrong: u64,
    /// Tasks that finished some time ago and that the board shows as running.
    pub(crate) late: u64,
    /// Tasks that have been on the server for some time and are not on the board.
    pub(crate) missing: u64,
}

pub(crate) struct Observer {
    watcher: Watcher,
    board: Arc<Mutex<TaskStore>>,
    is_current: Arc<AtomicBool>,
    outages: Arc<AtomicU64>,
    connect: ConnectOptions,
    client: Option<Client>,
    pub(crate) found: Found,
    /// What was late and what was missing when it was looked at last: if it still is, without an outage in between,
    /// it counts.
    late: Vec<Arc<str>>,
    missing: Vec<Arc<str>>,
    outages_before: u64,
}

fn locked(board: &Mutex<TaskStore>) -> MutexGuard<'_, TaskStore> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer {
    pub(crate) fn start(url: &str) -> Result<Self> {
        let connect = ConnectOptions {
            address: url.parse()?,
            trust: TrustPolicy::System,
            credentials: Credentials::Password {
                user: "observer".to_owned(),
                password: "soak".to_owned().into(),
            },
            release: None,
            read_only: false,
            patience: ConnectOptions::REQUEST_TIMEOUT,
            traffic: Arc::default(),
        };
        let (sender, mut updates) = mpsc::channel(64);
        let options = WatchOptions::new(connect.clone(), Vec::new());
        let watcher = Watcher::spawn(HERE, options, sender);
        let board = Arc::new(Mutex::new(TaskStore::new()));
        let is_current = Arc::new(AtomicBool::new(false));
        let outages = Arc::new(AtomicU64::new(0));
        let (kept, current, lost) = (board.clone(), is_current.clone(), outages.clone());
        tokio::spawn(async move {
            while let Some((endpoint, update)) = updates.recv().await {
                match update {
                    Update::Tasks { changes, .. } => {
                        let mut board = locked(&kept);
                        for change in changes {
                            // What the board does not take shows in the comparison.
                            let _ = board.apply(endpoint, change, &mut ChangeSet::default());
                        }
                    }
                    Update::Link(link) => {
                        let was = current.swap(link.is_current(), Ordering::SeqCst);
                        lost.fetch_add(u64::from(was && !link.is_current()), Ordering::SeqCst);
                    }
                    _ => {}
                }
            }
        });
        Ok(Self {
            watcher,
            board,
            is_current,
            outages,
            connect: ConnectOptions {
                traffic: Arc::default(),
                ..connect
            },
            client: None,
            found: Found::default(),
            late: Vec::new(),
            missing: Vec::new(),
            outages_before: 0,
        })
    }

    /// How often what was told ceased to be current.
    pub(crate) fn outages(&self) -> u64 {
        self.outages.load(Ordering::SeqCst)
    }

    pub(crate) fn tasks(&self) -> usize {
        locked(&self.board).len()
    }

    /// Whether the loop believes that what it tells is current.
    pub(crate) fn is_current(&self) -> bool {
        self.is_current.load(Ordering::SeqCst)
    }

    /// Compares some tasks. During outages there is nothing to compare.
    pub(crate) async fn compare(&mut self) {
        if !self.is_current() {
            return;
        }
        let outages = self.outages.load(Ordering::SeqCst);
        let was_quiet = std::mem::replace(&mut self.outages_before, outages) == outages;
        self.compare_finished().await;
        let running = self.running_there_and_over_here().await;
        let late = |before: &&Arc<str>| running.contains(*before);
        let absent = self.absent().await;
        let missing = |before: &&Arc<str>| absent.contains(*before);
        if was_quiet {
            self.found.late += self.late.iter().filter(late).count() as u64;
            self.found.missing += self.missing.iter().filter(missing).count() as u64;
        }
        (self.late, self.missing) = (running, absent);
    }

    async fn compare_finished(&mut self) {
        let finished = self.sample(|record| record.status().is_finished() && !record.is_gone());
        for (mo_id, shown) in finished {
            // A task may have vanished from the server meanwhile, and the server may be away.
            if let Some(told) = self.told(&mo_id).await {
                self.found.compared += 1;
                self.found.wrong += u64::from(shown != Some(told));
            }
        }
    }

    /// Tasks that run on the board and are over on the server.
    async fn running_there_and_over_here(&mut self) -> Vec<Arc<str>> {
        let mut suspects = self.late.clone();
        let running = self.sample(|record| record.status().is_active());
        suspects.extend(running.into_iter().map(|(mo_id, _)| mo_id));
        let mut over = Vec::new();
        for mo_id in suspects {
            let told = self.told(&mo_id).await;
            if told.is_some_and(|told| told.state.is_finished()) && self.runs_here(&mo_id) {
                over.push(mo_id);
            }
        }
        over
    }

    fn runs_here(&self, mo_id: &str) -> bool {
        let board = locked(&self.board);
        let record = board.find(&TaskId::new(HERE, mo_id));
        record
            .and_then(|handle| board.get(handle))
            .is_some_and(|record| record.status().is_active())
    }

    /// Tasks that are recent on the server and not on the board.
    async fn absent(&mut self) -> Vec<Arc<str>> {
        for _ in 0..TRIES {
            let Some(client) = self.client().await else {
                continue;
            };
            if let Ok(recent) = client.recent_tasks().await {
                let board = locked(&self.board);
                let absent = recent.into_iter().map(|task| task.value);
                return absent
                    .filter(|mo_id| board.find(&TaskId::new(HERE, &**mo_id)).is_none())
                    .collect();
            }
            self.client = None;
        }
        Vec::new()
    }

    /// Some tasks, those that changed last first: what is over for long is no longer on the server.
    fn sample(&self, wanted: impl Fn(&Record) -> bool) -> Vec<(Arc<str>, Option<TaskInfo>)> {
        let board = locked(&self.board);
        let records = board.iter().map(|(_, record)| record);
        let mut all: Vec<&Record> = records.filter(|record| wanted(record)).collect();
        all.sort_unstable_by_key(|record| Reverse(record.moved));
        let sample = all.into_iter().take(SAMPLE);
        let pair = |record: &Record| (record.id.mo_id.clone(), record.info.as_deref().cloned());
        sample.map(pair).collect()
    }

    /// What the server says of a task, if it says anything of it.
    async fn told(&mut self, mo_id: &str) -> Option<TaskInfo> {
        for _ in 0..TRIES {
            let Some(client) = self.client().await else {
                continue;
            };
            match client.task_info(mo_id).await {
                Ok(info) => return Some(info),
                Err(error) if error.is_fault("ManagedObjectNotFound") => return None,
                Err(_) => self.leave().await,
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

    /// Ends the session of the comparing, as far as it still can be.
    pub(crate) async fn leave(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = client.sign_out().await;
        }
    }

    pub(crate) async fn stop(mut self) {
        self.leave().await;
        self.watcher.stop().await;
    }
}
