//! Tasks read at one time, in a store of their own; with `--watch` they are kept current by the fetch loop.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    CommandError,
    session::{ONLY_SERVER, read_or_find, read_recent},
};
use crate::{
    config::process_environment,
    task::{ChangeSet, Handle, Labels, Presence, ServerClock, TaskChange, TaskId, TaskStore},
    vim::{
        Client, Error, InventoryCache, MAX_LOCATED_AT_ONCE, NoThrottle,
        types::{Malformed, TaskInfo},
    },
    watch::{LabelCache, Update, operation_labels},
};

/// Error messages of the tasks that could not be read.
#[derive(Debug, Default)]
pub(super) struct ReadFailures(Vec<String>);

impl ReadFailures {
    /// Returns one sentence about all of them; `None` without errors.
    pub(super) fn note(&self) -> Option<String> {
        let first = self.0.first()?;
        Some(match self.0.len() {
            1 => first.clone(),
            count => format!("{count} tasks cannot be read. The first: {first}"),
        })
    }
}

/// Tasks read at one time, with the values sent by the server.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) store: TaskStore,
    raw: HashMap<Arc<str>, Value>,
    /// The server's time.
    pub(super) now: Timestamp,
    clock: ServerClock,
}

impl Snapshot {
    /// Creates an empty snapshot with the server's clock and operation labels. If they cannot be read, the local clock
    /// and names derived from the operation IDs are used.
    pub(super) async fn with_clock_and_labels(client: &Client) -> Self {
        let sent = Timestamp::now();
        let cache = LabelCache::from_environment(process_environment);
        let labels = operation_labels(client, cache.as_ref());
        let (time, labels) = tokio::join!(client.current_time(), labels);
        let received = Timestamp::now();
        let clock = time.map(|time| ServerClock::from_reading(time, sent, received));
        let clock = clock.unwrap_or_default();
        let mut store = TaskStore::new();
        store.set_labels(ONLY_SERVER, labels.map(Labels::new).unwrap_or_default());
        Self {
            store,
            raw: HashMap::new(),
            now: clock.at(received),
            clock,
        }
    }

    /// Reads a single task from the server or its history.
    ///
    /// # Errors
    /// Fails if the task is unknown or malformed.
    pub(super) async fn of(
        client: &Client,
        task: &Arc<str>,
    ) -> Result<(Self, Handle), CommandError> {
        let mut snapshot = Self::with_clock_and_labels(client).await;
        let handle = snapshot.read_task(client, task).await?;
        Ok((snapshot, handle))
    }

    /// Reads a task from the server or its history.
    ///
    /// # Errors
    /// Fails if the task is unknown or malformed.
    pub(super) async fn read_task(
        &mut self,
        client: &Client,
        task: &Arc<str>,
    ) -> Result<Handle, CommandError> {
        let raw = read_or_find(client, task, self.now).await?;
        let added = self.add_read(task, Ok(raw), &client.label());
        added.map_err(|why| {
            CommandError::NothingFound(format!(
                "{why} `vtask get --json` prints what the server sends."
            ))
        })
    }

    pub(super) fn empty(now: Timestamp) -> Self {
        Self {
            store: TaskStore::new(),
            raw: HashMap::new(),
            now,
            clock: ServerClock::default(),
        }
    }

    /// Adds the recent tasks. Tasks that cannot be read are added by their IDs, and their errors are returned.
    ///
    /// # Errors
    /// Fails if neither the list nor any of its tasks can be read.
    pub(super) async fn add_recent(&mut self, client: &Client) -> Result<ReadFailures, Error> {
        let mut unread = ReadFailures::default();
        for (mo_id, answer) in read_recent(client).await? {
            if let Err(why) = self.add_read(&mo_id, answer, &client.label()) {
                unread.0.push(why);
            }
        }
        Ok(unread)
    }

    /// Reads where the targets of the tasks are in the inventory.
    ///
    /// # Errors
    /// Fails if the inventory cannot be read at all.
    pub(super) async fn add_locations(&mut self, client: &Client) -> Result<(), Error> {
        let infos = self.store.iter();
        let infos = infos.filter_map(|(_, record)| record.info.as_ref()?.entity.clone());
        let entities: HashSet<_> = infos.collect();
        let entities: Vec<_> = entities.into_iter().collect();
        let mut cache = InventoryCache::default();
        for batch in entities.chunks(MAX_LOCATED_AT_ONCE) {
            let located = client.locate(&NoThrottle, &mut cache, batch).await?;
            self.store
                .set_locations(ONLY_SERVER, located, &mut ChangeSet::default());
        }
        Ok(())
    }

    /// Adds a task as it was read from that server. A task that cannot be read is added by its ID.
    ///
    /// # Errors
    /// Returns the error of a task that cannot be read.
    pub(super) fn add_read(
        &mut self,
        mo_id: &Arc<str>,
        answer: Result<Value, Error>,
        server: &str,
    ) -> Result<Handle, String> {
        let (reason, why) = match answer {
            Ok(raw) => match TaskInfo::of_task(mo_id, raw.clone()) {
                Ok(info) => {
                    let inserted = self.insert(mo_id, Box::new(info), raw);
                    return inserted
                        .ok_or_else(|| format!("reading {mo_id} ({server}) returned no task."));
                }
                Err(malformed) => {
                    let why = format!("reading {mo_id} ({server}): {malformed}.");
                    (malformed.to_string(), why)
                }
            },
            Err(error) => (error.reason(), error.to_string()),
        };
        let change = TaskChange::Unreadable {
            mo_id: mo_id.clone(),
            reason: reason.into(),
            is_transient: false,
        };
        let _ = self
            .store
            .apply(ONLY_SERVER, change, &mut ChangeSet::default());
        Err(why)
    }

    /// Adds a task of the history as the server sent it, unless the task is known.
    ///
    /// # Errors
    /// Fails if it names no task or contains nothing about it.
    pub(super) fn add_history_record(&mut self, raw: Value) -> Result<Handle, Malformed> {
        let info = Box::new(TaskInfo::from_json(raw.clone())?);
        let mo_id = info.mo_id().clone();
        self.insert(&mo_id, info, raw).ok_or(Malformed::Missing {
            type_name: "TaskInfo",
            field: "task",
        })
    }

    fn insert(&mut self, mo_id: &Arc<str>, mut info: Box<TaskInfo>, raw: Value) -> Option<Handle> {
        info.task.value = mo_id.clone();
        if !self.raw.contains_key(mo_id) {
            let change = TaskChange::Full { info, at: self.now };
            let _ = self
                .store
                .apply(ONLY_SERVER, change, &mut ChangeSet::default());
            self.raw.insert(mo_id.clone(), raw);
        }
        self.find(mo_id)
    }

    pub(super) fn find(&self, mo_id: &Arc<str>) -> Option<Handle> {
        self.store.find(&TaskId::new(ONLY_SERVER, mo_id.clone()))
    }

    /// Returns the `TaskInfo` as sent by the server.
    pub(super) fn raw(&self, handle: Handle) -> Option<Value> {
        let record = self.store.get(handle)?;
        let raw = self.raw.get(&record.id.mo_id).cloned();
        raw.or_else(|| record.info.as_deref().map(TaskInfo::to_json))
    }

    /// Sets the time to the server's current time.
    pub(super) fn advance(&mut self) {
        self.now = self.clock.at(Timestamp::now());
    }

    /// Applies an update of the fetch loop. Returns the IDs of tasks that differ from before.
    pub(super) fn apply(&mut self, update: Update) -> Vec<Arc<str>> {
        let mut changed = Vec::new();
        match update {
            Update::Tasks { changes, .. } => {
                for change in changes {
                    let mo_id = change.mo_id().clone();
                    if !self.is_known(&change) {
                        self.raw.remove(&mo_id);
                        changed.push(mo_id);
                    }
                    // A malformed field keeps its value.
                    let _ = self
                        .store
                        .apply(ONLY_SERVER, change, &mut ChangeSet::default());
                }
            }
            Update::Locations(located) => {
                self.store
                    .set_locations(ONLY_SERVER, located, &mut ChangeSet::default());
            }
            Update::Labels(labels) => self.store.set_labels(ONLY_SERVER, labels),
            Update::Clock(clock) => self.clock = clock,
            _ => {}
        }
        changed
    }

    /// True if a change contains only known values.
    fn is_known(&self, change: &TaskChange) -> bool {
        let record = self.find(change.mo_id());
        let record = record.and_then(|handle| self.store.get(handle));
        match (change, record) {
            (TaskChange::Full { info, .. }, Some(record)) => {
                record.presence == Presence::Present && record.info.as_ref() == Some(info)
            }
            // Servers remove finished tasks after some time.
            (TaskChange::Gone { .. }, Some(record)) => record.status().is_finished(),
            _ => false,
        }
    }
}
