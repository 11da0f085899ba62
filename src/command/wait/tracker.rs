//! Tracks the tasks that are waited for and decides when the wait ends. Pure: `now` is an argument, by the local
//! clock.

mod condition;
mod recorded;
mod server_state;
mod stall_detector;
mod task_outcome;

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{Outcome, selector::CompiledSelector},
    history_lookup::LookupStep,
};
pub(in crate::command) use condition::WaitCondition;
pub(in crate::command) use server_state::{ServerLoss, WaitServer};
use stall_detector::StallDetector;
pub(in crate::command) use task_outcome::{TaskOutcome, TrackedTask};

use crate::{
    task::{ChangeSet, Handle, Rule, ServerId, Status, TaskChange, TaskId, TaskRecord, TaskStore},
    watch::{Command, ConnectionState, HistoryLookup, Update},
};

/// The result of the wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct WaitResult {
    pub(in crate::command) outcome: Outcome,
    /// The reason, if it does not follow from the tasks.
    pub(in crate::command) reason: Option<String>,
}

/// The changes that an update caused.
#[derive(Debug, Default)]
pub(in crate::command) struct TrackerChanges {
    /// Tracked tasks that changed.
    pub(in crate::command) changed: Vec<TaskId>,
    /// Tasks whose outcome was decided.
    pub(in crate::command) decided: Vec<TaskId>,
    /// Tasks that have stalled just now.
    pub(in crate::command) stalled: Vec<TaskId>,
    /// Servers whose connection state changed.
    pub(in crate::command) connections: Vec<ServerId>,
    /// Messages of the watcher.
    pub(in crate::command) notices: Vec<Arc<str>>,
}

/// The tasks that are waited for, with everything known about them.
#[derive(Debug)]
pub(in crate::command) struct WaitTracker {
    condition: WaitCondition,
    pub(in crate::command) store: TaskStore,
    pub(in crate::command) began: Timestamp,
    pub(in crate::command) tasks: Vec<TrackedTask>,
    index: HashMap<TaskId, usize>,
    /// The servers, indexed by server ID.
    pub(in crate::command) servers: Vec<WaitServer>,
    /// Time of the last change among the child tasks.
    last_change: Timestamp,
    /// The warning of each task that has one, and the time of the last check.
    warnings: HashMap<TaskId, Rule>,
    warnings_checked: Timestamp,
    stalls: StallDetector,
}

impl WaitTracker {
    pub(in crate::command) fn new(condition: WaitCondition, now: Timestamp) -> Self {
        Self {
            condition,
            store: TaskStore::new(),
            began: now,
            tasks: Vec::new(),
            index: HashMap::new(),
            servers: Vec::new(),
            last_change: now,
            warnings: HashMap::new(),
            warnings_checked: now,
            stalls: StallDetector::default(),
        }
    }

    /// Adds a server with its tasks. `new` selects tasks that start from now on.
    pub(in crate::command) fn add_server(
        &mut self,
        address: &str,
        name: Option<&str>,
        tasks: &[Arc<str>],
        new: Option<CompiledSelector>,
    ) -> ServerId {
        let id = ServerId(u16::try_from(self.servers.len()).unwrap_or(u16::MAX));
        self.servers
            .push(WaitServer::new(id, address, name, new, self.began));
        for task in tasks {
            self.add(TaskId::new(id, task.clone()));
        }
        id
    }

    fn add(&mut self, id: TaskId) -> bool {
        if self.index.contains_key(&id) {
            return false;
        }
        self.index.insert(id.clone(), self.tasks.len());
        self.tasks.push(TrackedTask::new(id));
        true
    }

    pub(in crate::command) fn server(&self, id: ServerId) -> Option<&WaitServer> {
        self.servers.get(usize::from(id.0))
    }

    fn server_mut(&mut self, id: ServerId) -> Option<&mut WaitServer> {
        self.servers.get_mut(usize::from(id.0))
    }

    /// Returns the time of a server.
    pub(in crate::command) fn server_time(&self, server: ServerId, now: Timestamp) -> Timestamp {
        self.server(server)
            .map_or(now, |server| server.clock.at(now))
    }

    /// Returns `task-4711`, or `lab/task-4711` with several servers.
    pub(in crate::command) fn display_name(&self, id: &TaskId) -> String {
        let name = self
            .server(id.server)
            .and_then(|server| server.name.as_deref());
        super::super::server_tasks::full(name, &id.mo_id)
    }

    pub(in crate::command) fn task(&self, id: &TaskId) -> Option<&TrackedTask> {
        self.tasks.get(*self.index.get(id)?)
    }

    pub(in crate::command) fn record(&self, id: &TaskId) -> Option<&TaskRecord> {
        self.store.get(self.store.find(id)?)
    }

    /// Returns the decided status, or the current one.
    pub(in crate::command) fn status(&self, task: &TrackedTask) -> Status {
        match task.outcome {
            TaskOutcome::Ended(status) => status,
            TaskOutcome::Unknown(_) => Status::Lost,
            TaskOutcome::Open | TaskOutcome::Searching(_) => self
                .record(&task.id)
                .map_or(Status::Placeholder, TaskRecord::status),
        }
    }

    /// Applies an update. Updates of a server that was given up are ignored.
    pub(in crate::command) fn handle(
        &mut self,
        from: ServerId,
        update: Update,
        now: Timestamp,
    ) -> TrackerChanges {
        let mut effect = TrackerChanges::default();
        let Some(server) = self
            .server_mut(from)
            .filter(|server| server.given_up.is_none())
        else {
            return effect;
        };
        match update {
            Update::Connection(connection) => {
                self.handle_connection(from, connection, now, &mut effect);
            }
            Update::Clock(clock) => server.clock = clock,
            Update::Labels(labels) => self.store.set_labels(from, labels),
            Update::Tasks { changes, .. } => {
                for change in changes {
                    self.apply_change(from, change, &mut effect);
                }
            }
            Update::LookedUp { mo_id, answer } => {
                self.handle_lookup(&TaskId::new(from, mo_id), answer, now, &mut effect);
            }
            Update::Locations(locations) => {
                let mut touched = ChangeSet::default();
                self.store.set_locations(from, locations, &mut touched);
            }
            Update::Notice(text) | Update::RecordingStopped(text) => effect.notices.push(text),
            Update::RecentRefused(reason) => self.handle_refused_list(from, &reason, &mut effect),
            _ => {}
        }
        self.add_discovered(now, &mut effect);
        self.decide_outcomes(now, &mut effect);
        effect
    }

    fn handle_connection(
        &mut self,
        from: ServerId,
        connection: ConnectionState,
        now: Timestamp,
        effect: &mut TrackerChanges,
    ) {
        let began = self.began;
        let server = self.server_mut(from);
        let is_back = server.is_some_and(|server| server.handle_connection(connection, began, now));
        if is_back {
            // Children that started during the outage are not known yet.
            self.last_change = now;
            // A request sent before the outage may never be answered.
            for task in self.tasks.iter_mut().filter(|task| task.id.server == from) {
                if let TaskOutcome::Searching(search) = &mut task.outcome {
                    search.resend(now);
                }
            }
        }
        effect.connections.push(from);
    }

    /// Gives up a server that was to discover tasks for `--new`, cannot, and has found none so far.
    fn handle_refused_list(&mut self, from: ServerId, reason: &str, effect: &mut TrackerChanges) {
        let discovers = self.server(from).is_some_and(|server| server.new.is_some());
        let has_found = self.tasks.iter().any(|task| task.id.server == from);
        if discovers && !has_found {
            let reason =
                format!("--new cannot discover tasks, the recent tasks cannot be listed: {reason}");
            let loss = ServerLoss {
                outcome: Outcome::Unknown,
                reason: reason.into(),
            };
            self.set_given_up(from, loss, effect);
        }
    }

    fn apply_change(&mut self, from: ServerId, change: TaskChange, effect: &mut TrackerChanges) {
        let mo_id = change.mo_id().clone();
        if let Some(server) = self.server_mut(from) {
            match &change {
                TaskChange::Placeholder { key, reason } => {
                    server.missing.insert(key.clone(), reason.clone());
                }
                TaskChange::Unreadable {
                    reason,
                    is_transient: false,
                    ..
                } => {
                    server.unreadable.insert(mo_id.clone(), reason.clone());
                }
                _ => {
                    server.unreadable.remove(&mo_id);
                }
            }
        }
        // A malformed value is skipped; the other changes apply.
        let _ = self.store.apply(from, change, &mut ChangeSet::default());
        let id = TaskId::new(from, mo_id);
        if self.index.contains_key(&id) && !effect.changed.contains(&id) {
            effect.changed.push(id);
        }
    }

    fn handle_lookup(
        &mut self,
        id: &TaskId,
        answer: HistoryLookup,
        now: Timestamp,
        effect: &mut TrackerChanges,
    ) {
        let task = self.index.get(id).and_then(|at| self.tasks.get_mut(*at));
        let Some(task) = task else {
            return;
        };
        let TaskOutcome::Searching(search) = &mut task.outcome else {
            return;
        };
        if let LookupStep::GiveUp(why) =
            search.handle_answer(answer, self.condition.max_outage, now)
        {
            task.outcome = TaskOutcome::Unknown(why);
            effect.decided.push(id.clone());
        }
    }

    /// Adds new tasks and child tasks that match.
    fn add_discovered(&mut self, now: Timestamp, effect: &mut TrackerChanges) {
        let mut more: Vec<TaskId> = Vec::new();
        if self.servers.iter().any(|server| server.new.is_some()) {
            let is_new = |handle: Handle, record: &TaskRecord| {
                let server = self.server(record.id.server)?;
                let selector = server.new.as_ref()?;
                let info = record.info.as_ref()?;
                let is_match = info.ordering_time().is_some_and(|at| server.is_new(at))
                    && info.parent_key().is_none()
                    && selector.matches(&self.store, handle, server.clock.at(now));
                is_match.then(|| record.id.clone())
            };
            more.extend(
                self.store
                    .iter()
                    .filter_map(|(handle, record)| is_new(handle, record)),
            );
            more.sort_unstable();
        }
        if self.condition.children.is_some() {
            let mut open: Vec<Handle> = self
                .tasks
                .iter()
                .filter_map(|task| self.store.find(&task.id))
                .collect();
            while let Some(handle) = open.pop() {
                for child in self.store.children(handle) {
                    let Some(record) = self.store.get(*child) else {
                        continue;
                    };
                    if !self.index.contains_key(&record.id) && record.info.is_some() {
                        more.push(record.id.clone());
                        open.push(*child);
                    }
                }
            }
        }
        for id in more {
            if self.add(id.clone()) {
                self.last_change = now;
                effect.changed.push(id);
            }
        }
    }

    /// Decides the outcomes that are known by now.
    fn decide_outcomes(&mut self, now: Timestamp, effect: &mut TrackerChanges) {
        for at in 0..self.tasks.len() {
            let before = &self.tasks[at];
            let Some(server) = self.server(before.id.server) else {
                continue;
            };
            if before.is_decided() {
                continue;
            }
            let record = self.record(&before.id);
            let (outcome, unreadable_since) =
                before.next(record, server, self.condition.max_outage, now);
            if matches!(outcome, TaskOutcome::Ended(_) | TaskOutcome::Unknown(_)) {
                effect.decided.push(before.id.clone());
                self.last_change = now;
            }
            let task = &mut self.tasks[at];
            task.outcome = outcome;
            task.unreadable_since = unreadable_since;
        }
        let given_up: Vec<(ServerId, ServerLoss)> = self
            .servers
            .iter()
            .filter(|server| server.given_up.is_none())
            .filter_map(|server| Some((server.id, server.loss(self.condition.max_outage, now)?)))
            .collect();
        for (server, loss) in given_up {
            self.set_given_up(server, loss, effect);
        }
    }

    /// Gives a server up. Its open tasks become unknown; other servers are not affected.
    fn set_given_up(&mut self, from: ServerId, loss: ServerLoss, effect: &mut TrackerChanges) {
        for task in &mut self.tasks {
            if task.id.server == from && !task.is_decided() {
                task.outcome = TaskOutcome::Unknown(loss.reason.clone());
            }
        }
        if let Some(server) = self.server_mut(from) {
            server.given_up = Some(loss);
        }
        if !effect.connections.contains(&from) {
            effect.connections.push(from);
        }
    }

    /// Gives a server up, unless it already is.
    pub(in crate::command) fn give_up(
        &mut self,
        server: ServerId,
        loss: ServerLoss,
    ) -> TrackerChanges {
        let mut effect = TrackerChanges::default();
        if self
            .server(server)
            .is_some_and(|server| server.given_up.is_none())
        {
            self.set_given_up(server, loss, &mut effect);
        }
        effect
    }

    /// Returns the history lookups to send now.
    pub(in crate::command) fn due(&mut self, now: Timestamp) -> Vec<(ServerId, Command)> {
        let servers = &self.servers;
        let is_up = |id: ServerId| {
            servers
                .get(usize::from(id.0))
                .is_some_and(WaitServer::is_up)
        };
        let searches = self.tasks.iter_mut().filter_map(|task| {
            let server = task.id.server;
            match &mut task.outcome {
                TaskOutcome::Searching(search) if is_up(server) => Some((server, search.due(now)?)),
                _ => None,
            }
        });
        searches
            .map(|(server, locator)| (server, Command::LookUp(locator)))
            .collect()
    }

    /// Applies the passing of time.
    pub(in crate::command) fn tick(&mut self, now: Timestamp) -> TrackerChanges {
        let mut effect = TrackerChanges::default();
        self.decide_outcomes(now, &mut effect);
        self.check_warnings(now, &mut effect);
        self.check_stalls(now, &mut effect);
        effect
    }

    /// Reports tasks whose warning changed; checked once per second.
    fn check_warnings(&mut self, now: Timestamp, effect: &mut TrackerChanges) {
        if now.duration_since(self.warnings_checked) < SignedDuration::from_secs(1) {
            return;
        }
        self.warnings_checked = now;
        for task in self.tasks.iter().filter(|task| !task.is_decided()) {
            let rule = self.warning(&task.id, now);
            let before = match rule {
                Some(rule) => self.warnings.insert(task.id.clone(), rule),
                None => self.warnings.remove(&task.id),
            };
            if before != rule && !effect.changed.contains(&task.id) {
                effect.changed.push(task.id.clone());
            }
        }
    }

    /// Reports tasks that have made no progress for the time of `--stalled`. While a server is unreachable, its tasks
    /// do not count.
    fn check_stalls(&mut self, now: Timestamp, effect: &mut TrackerChanges) {
        let Some(limit) = self.condition.stalled else {
            return;
        };
        for task in &self.tasks {
            let is_up = self.server(task.id.server).is_some_and(WaitServer::is_up);
            let handle = self.store.find(&task.id);
            let handle = handle.filter(|_| is_up && !task.is_decided());
            let mark = handle.and_then(|handle| {
                let record = self.store.get(handle)?;
                let phase = record.info.as_deref()?.description.as_ref();
                let percent = self.store.progress(handle).percent()?;
                let is_running = record.status() == Status::Running;
                is_running.then(|| (percent, phase.map(|phase| phase.text().to_owned())))
            });
            if self.stalls.observe(&task.id, mark, limit, now) {
                effect.stalled.push(task.id.clone());
            }
        }
    }

    /// Returns the most important warning of a task.
    pub(in crate::command) fn warning(&self, id: &TaskId, now: Timestamp) -> Option<Rule> {
        let time = self.server_time(id.server, now);
        let handle = self.store.find(id)?;
        let findings = self.store.warnings(handle, None, time);
        findings.first().map(|finding| finding.rule)
    }
}

#[cfg(test)]
mod tests;
