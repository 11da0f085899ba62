//! The tasks of one server and the decision which of their changes are delivered. Pure: `now` is an argument.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{
    super::{
        connection_report::ConnectionReport,
        json_output,
        selector::CompiledSelector,
        snapshot::Snapshot,
        wait::{LookupSchedule, LookupStep, MAX_OUTAGE},
    },
    catch_up::CatchUp,
    cursor::Position,
};
use crate::{
    metrics::RequestMetrics,
    task::{ChangeSet, Handle, Presence, ServerId, Status, TaskChange, TaskRecord},
    vim::{
        Address,
        types::{TaskInfo, TaskLocator, TaskQuery, TaskTime},
    },
    watch::{Command, ConnectionState, Update, WatchOptions},
};

/// Time after which the end of a task has certainly been seen while the server is watched.
const SETTLING_TIME: SignedDuration = SignedDuration::from_mins(2);
/// Time for which delivered tasks are remembered.
const DELIVERED_RETENTION: SignedDuration = SignedDuration::from_hours(1);
/// Maximum number of delivered tasks in the cursor. Beyond it, tasks may be delivered twice after a restart.
const MAX_DELIVERED: usize = 20_000;

/// A followed server.
pub(in crate::command) struct Server {
    pub(in crate::command) id: ServerId,
    /// The profile name, or host name and port if there is only one server.
    pub(in crate::command) label: String,
    /// Host name and port.
    pub(in crate::command) address: String,
    pub(in crate::command) snapshot: Snapshot,
    pub(in crate::command) connections: ConnectionReport,
    pub(in crate::command) traffic: Arc<RequestMetrics>,
    options: WatchOptions,
    /// Instance id of the server, else its name.
    instance: Option<Arc<str>>,
    selector: CompiledSelector,
    max_reads_per_second: u32,
    /// Finished tasks that were delivered or are not to be, with their ends.
    finished: HashMap<Arc<str>, Timestamp>,
    /// Finished tasks that ended before are not delivered.
    settled_before: Timestamp,
    /// All tasks that finished before have been delivered.
    position: Timestamp,
    /// History lookups of tasks that vanished before their end was seen.
    lookups: HashMap<Arc<str>, LookupSchedule>,
    catch_up: CatchUp,
    /// True if tasks may have finished while the server was not watched.
    is_behind: bool,
    was_connected: bool,
    /// True once everything watched was read.
    has_list: bool,
    /// Local time of the start, until it is known by the server's clock.
    started: Option<Timestamp>,
    /// Tasks in the store that are known from the history only.
    past: Vec<Arc<str>>,
}

/// A changed task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) struct Change {
    pub(in crate::command) handle: Handle,
    /// True once per task, when its end is seen.
    pub(in crate::command) is_end: bool,
}

/// Requests and messages that follow from an update.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) commands: Vec<Command>,
    pub(super) message: Option<String>,
}

impl Server {
    pub(in crate::command) fn new(
        name: Option<&str>,
        options: WatchOptions,
        selector: CompiledSelector,
        now: Timestamp,
    ) -> Self {
        let address = &options.connect.address;
        Self {
            id: ServerId::default(),
            connections: ConnectionReport::new(name, address.label()),
            label: name.map_or_else(|| address.name(), str::to_owned),
            address: address.name(),
            traffic: options.connect.traffic.clone(),
            snapshot: Snapshot::empty(now),
            max_reads_per_second: options.max_reads_per_second.max(1),
            options,
            instance: None,
            selector,
            finished: HashMap::new(),
            settled_before: Timestamp::MIN,
            position: now,
            lookups: HashMap::new(),
            catch_up: CatchUp::default(),
            is_behind: false,
            was_connected: false,
            has_list: false,
            started: Some(now),
            past: Vec::new(),
        }
    }

    /// Returns the instance id of the server, else its name.
    pub(in crate::command) fn instance(&self) -> &str {
        self.instance.as_deref().unwrap_or(&self.address)
    }

    /// Returns the identity of the state of a task: the same for every delivery of the same state.
    pub(in crate::command) fn event_id(&self, handle: Handle) -> Option<String> {
        let record = self.snapshot.store.get(handle)?;
        let status = record.status();
        let state = json_output::status(status);
        let id = format!("{}/{}/{state}", self.instance(), record.id.mo_id);
        if !status.is_finished() {
            let info = record.info.as_deref()?.to_json().to_string();
            let digest = Sha256::digest(info);
            let first = digest.iter().take(6);
            let number = first.fold(0, |number, byte| (number << 8) | u64::from(*byte));
            return Some(format!("{id}/{number:012x}"));
        }
        Some(id)
    }

    /// Returns the options of the fetch loop.
    pub(super) fn options(&self) -> WatchOptions {
        self.options.clone()
    }

    /// True if the connection of this server can serve for the other.
    pub(super) fn has_connection_of(&self, other: &Self) -> bool {
        self.label == other.label && self.options.is_same(&other.options)
    }

    /// Takes over the selection of another one.
    pub(super) fn take_selector_of(&mut self, other: Self) {
        self.selector = other.selector;
    }

    /// Continues where an earlier connection to the server of this name ended, so that no task is delivered twice or
    /// missed. If the name now refers to another server, only the counts of requests go on.
    pub(super) fn resume(&mut self, earlier: &Self) {
        self.traffic = earlier.traffic.clone();
        self.options.connect.traffic = earlier.traffic.clone();
        if self.address() != earlier.address() {
            return;
        }
        self.instance.clone_from(&earlier.instance);
        self.finished.clone_from(&earlier.finished);
        self.settled_before = earlier.settled_before;
        self.position = earlier.position;
        self.started = earlier.started;
        self.is_behind = !earlier.is_unknown();
    }

    fn address(&self) -> &Address {
        &self.options.connect.address
    }

    /// Forgets the tasks, except those needed to resume.
    pub(super) fn forget_tasks(&mut self) {
        self.snapshot = Snapshot::empty(self.snapshot.now);
    }

    /// True once the tasks of the server were read, those that finished before included.
    pub(in crate::command) fn is_ready(&self) -> bool {
        self.has_list && !self.catch_up.is_running()
    }

    /// True once the tasks were read or the first attempt has failed.
    pub(super) fn has_started(&self) -> bool {
        self.has_list || self.connections.is_away()
    }

    /// True if changes of a task may follow. Until all tasks were read, they may of any task.
    pub(in crate::command) fn may_change(&self, mo_id: &Arc<str>) -> bool {
        let record = self.record(mo_id);
        !self.is_ready()
            || self.lookups.contains_key(mo_id)
            || record.is_some_and(|record| !record.status().is_finished())
    }

    /// Returns the number of tasks that are queued or running.
    pub(super) fn active(&self) -> u32 {
        let counts = self.snapshot.store.counts();
        counts[Status::Running] + counts[Status::Queued]
    }

    /// Returns the position for the cursor.
    pub(super) fn position(&self) -> Option<(&str, Position)> {
        let instance = self.instance.as_deref()?;
        let later = self
            .finished
            .iter()
            .filter(|(_, end)| **end >= self.position);
        let mut delivered: Vec<_> = later.map(|(id, end)| (id.to_string(), *end)).collect();
        if delivered.len() > MAX_DELIVERED {
            delivered.sort_by_key(|(_, end)| std::cmp::Reverse(*end));
            delivered.truncate(MAX_DELIVERED);
        }
        let position = Position {
            since: self.position,
            delivered: delivered.into_iter().collect(),
        };
        Some((instance, position))
    }

    /// True until the server has named its instance.
    pub(super) fn is_unknown(&self) -> bool {
        self.instance.is_none()
    }

    /// Sets the instance at the first sign-in, and the position from which to continue. Without one, tasks that
    /// finished before the start are delivered only if `with_earlier`.
    pub(super) fn identify(
        &mut self,
        instance: Option<&str>,
        position: Option<&Position>,
        with_earlier: bool,
    ) {
        self.instance = Some(instance.unwrap_or(&self.address).into());
        if let Some(position) = position {
            self.position = position.since;
            self.settled_before = position.since;
            let delivered = position.delivered.iter();
            self.finished = delivered
                .map(|(id, end)| (id.as_str().into(), *end))
                .collect();
            self.is_behind = true;
            self.started = None;
        } else if !with_earlier {
            self.settled_before = self.position;
        }
    }

    /// Applies an update. Returns the changed tasks that are to be delivered.
    pub(super) fn handle(
        &mut self,
        update: Update,
        now: Timestamp,
        effects: &mut Effects,
    ) -> Vec<Change> {
        if self.connections.apply(&update, false, &mut effects.message) {
            self.handle_connection(now, effects);
            return Vec::new();
        }
        match update {
            Update::FirstList => {
                self.has_list = true;
                Vec::new()
            }
            Update::LookedUp { mo_id, answer } => {
                let Some(search) = self.lookups.get_mut(&mo_id) else {
                    return Vec::new();
                };
                match search.handle_answer(answer, MAX_OUTAGE, now) {
                    LookupStep::Continue => Vec::new(),
                    LookupStep::GiveUp(_) => {
                        self.lookups.remove(&mo_id);
                        self.end(&mo_id).into_iter().collect()
                    }
                }
            }
            Update::HistoryPage { search, page } => {
                match self.catch_up.handle(search, page, Instant::now()) {
                    Ok((tasks, next)) => {
                        effects.commands.extend(next);
                        self.apply_past(tasks, now)
                    }
                    Err(message) => {
                        effects.message = Some(self.connections.message(&message));
                        Vec::new()
                    }
                }
            }
            Update::EntityState { mo_id, state } => {
                if let Some(handle) = self.snapshot.find(&mo_id) {
                    let store = &mut self.snapshot.store;
                    store.set_entity_state(handle, state, &mut ChangeSet::default());
                }
                Vec::new()
            }
            update => self.apply(update, now),
        }
    }

    /// Searches the history once the server is watched again.
    fn handle_connection(&mut self, now: Timestamp, effects: &mut Effects) {
        match self.connections.connection() {
            ConnectionState::Retrying { .. } => self.is_behind = true,
            ConnectionState::Connecting => self.is_behind |= self.was_connected,
            connection if connection.is_current() => self.was_connected = true,
            _ => {}
        }
        if !self.connections.connection().is_current() || !std::mem::take(&mut self.is_behind) {
            return;
        }
        let query = TaskQuery {
            time: TaskTime::Completed,
            ..self
                .selector
                .server_filter()
                .query(Some(self.position), None)
        };
        effects.commands.push(self.catch_up.begin(query));
        for lookup in self.lookups.values_mut() {
            lookup.resend(now);
        }
    }

    fn apply(&mut self, update: Update, now: Timestamp) -> Vec<Change> {
        if let (Update::Clock(clock), Some(started)) = (&update, self.started) {
            self.started = None;
            let starts_at_position = self.settled_before == self.position;
            self.position = clock.at(started);
            if starts_at_position {
                self.settled_before = self.position;
            }
        }
        self.snapshot.advance();
        let changed = self.snapshot.apply(update);
        let mut seen = HashSet::new();
        let changed = changed.iter().filter(|mo_id| seen.insert((*mo_id).clone()));
        changed
            .filter_map(|mo_id| self.change(mo_id, now))
            .collect()
    }

    /// Applies records of the history. Tasks that are not watched are removed again.
    fn apply_past(&mut self, tasks: Vec<TaskInfo>, now: Timestamp) -> Vec<Change> {
        let at = self.snapshot.now;
        let is_new =
            |info: &TaskInfo| info.state.is_finished() && !self.finished.contains_key(info.mo_id());
        let tasks = tasks.into_iter().filter(is_new);
        let changes = tasks.map(|info| {
            let known = self.record(info.mo_id());
            let info = Box::new(info);
            match known.map(TaskRecord::status) {
                Some(status) if status.is_active() => TaskChange::Full { info, at },
                _ => TaskChange::FromHistory { info, at },
            }
        });
        let changes: Vec<_> = changes.collect();
        if changes.is_empty() {
            return Vec::new();
        }
        let ids = changes.iter().map(TaskChange::mo_id);
        self.past = ids
            .filter(|mo_id| self.record(mo_id).is_none())
            .cloned()
            .collect();
        let since = std::time::Instant::now();
        self.apply(Update::Tasks { changes, since }, now)
    }

    /// Removes tasks that were added from the history only, after they were delivered.
    pub(super) fn remove_past(&mut self) {
        let past = std::mem::take(&mut self.past).into_iter();
        let changes: Vec<_> = past.map(|mo_id| TaskChange::Unwatched { mo_id }).collect();
        if !changes.is_empty() {
            let since = std::time::Instant::now();
            self.snapshot.apply(Update::Tasks { changes, since });
        }
    }

    fn record(&self, mo_id: &Arc<str>) -> Option<&TaskRecord> {
        self.snapshot.store.get(self.snapshot.find(mo_id)?)
    }

    /// Returns the change of a task if it is to be delivered.
    fn change(&mut self, mo_id: &Arc<str>, now: Timestamp) -> Option<Change> {
        let record = self.record(mo_id)?;
        let info = record.info.as_deref()?;
        match record.status() {
            Status::Lost => {
                if !self.finished.contains_key(mo_id) {
                    let search = LookupSchedule::for_vanished(TaskLocator::of(info), now);
                    self.lookups.entry(mo_id.clone()).or_insert(search);
                }
                None
            }
            status if status.is_finished() => {
                self.lookups.remove(mo_id);
                self.end(mo_id)
            }
            _ => self.selected(mo_id, false),
        }
    }

    /// Returns the change of a task that has ended, once.
    fn end(&mut self, mo_id: &Arc<str>) -> Option<Change> {
        let end = self.record(mo_id)?.completed_at();
        let end = end.unwrap_or(self.snapshot.now);
        let is_new = self.finished.insert(mo_id.clone(), end).is_none();
        if !is_new || end < self.settled_before {
            return None;
        }
        self.selected(mo_id, true)
    }

    /// Returns the selected tasks that are queued or running.
    pub(in crate::command) fn selected_active(&self) -> impl Iterator<Item = Handle> {
        let active = self
            .selector
            .active(&self.snapshot.store, self.snapshot.now);
        active.map(|(handle, _)| handle)
    }

    fn selected(&self, mo_id: &Arc<str>, is_end: bool) -> Option<Change> {
        let handle = self.snapshot.find(mo_id)?;
        let (store, now) = (&self.snapshot.store, self.snapshot.now);
        let change = Change { handle, is_end };
        self.selector.matches(store, handle, now).then_some(change)
    }

    /// Advances the position. Returns requests that are due.
    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<Command> {
        self.snapshot.advance();
        let due = self
            .lookups
            .values_mut()
            .filter_map(|search| search.due(now));
        let mut commands: Vec<Command> = due.map(Command::LookUp).collect();
        commands.extend(self.catch_up.due(Instant::now()));
        if self.connections.connection().is_current() && !self.catch_up.is_running() {
            let reached = self.reached();
            self.position = self.position.max(reached);
            let forgotten = self
                .position
                .checked_sub(DELIVERED_RETENTION)
                .unwrap_or(Timestamp::MIN);
            if self.settled_before < forgotten {
                self.settled_before = forgotten;
                self.finished.retain(|_, end| *end >= forgotten);
            }
        }
        commands
    }

    /// Returns the time up to which the ends of all tasks have been seen.
    fn reached(&self) -> Timestamp {
        let store = &self.snapshot.store;
        // Polling reads one task after another.
        let cycle = SignedDuration::from_secs(i64::from(self.active() / self.max_reads_per_second));
        let settled = self.snapshot.now.checked_sub(SETTLING_TIME + cycle);
        let unsure = store.iter().filter(|(_, record)| {
            let is_unreadable = matches!(record.presence, Presence::Unreadable(_));
            is_unreadable && record.status().is_active()
                || self.lookups.contains_key(&record.id.mo_id)
        });
        let unsure = unsure.filter_map(|(_, record)| record.observed_at());
        unsure.chain(settled.ok()).min().unwrap_or(Timestamp::MIN)
    }
}
