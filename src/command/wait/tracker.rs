//! Tracks the tasks that are waited for and decides when the waiting ends. Pure: `now` is an argument, by the local
//! clock.

mod result;
mod server_state;
mod stall_detector;
mod task_outcome;

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{Outcome, selector::CompiledSelector},
    history_lookup::Step,
};
pub(in crate::command) use server_state::{LostReason, WaitServer};
use stall_detector::StallDetector;
pub(in crate::command) use task_outcome::{TaskOutcome, TrackedTask};

use crate::{
    task::{ChangeSet, EndpointId, Handle, Record, Rule, Status, TaskChange, TaskId, TaskStore},
    watch::{Command, HistoryLookup, Link, Update},
};

/// The condition that ends the waiting.
#[derive(Debug, Clone)]
pub(in crate::command) struct WaitCondition {
    /// Any finished task is enough.
    pub(in crate::command) any: bool,
    /// The first failed or cancelled task is enough.
    pub(in crate::command) fail_fast: bool,
    /// Time without progress after which a task counts as stalled.
    pub(in crate::command) stalled: Option<SignedDuration>,
    /// Stop when a task stalls.
    pub(in crate::command) stop_on_stall: bool,
    /// Also wait for child tasks, and for this quiet period after the last change.
    pub(in crate::command) children: Option<SignedDuration>,
    /// Stop after this time.
    pub(in crate::command) timeout: Option<SignedDuration>,
    /// Stop waiting for a server after this time without a connection.
    pub(in crate::command) max_outage: SignedDuration,
}

impl WaitCondition {
    /// Returns the condition that all tasks have ended.
    pub(in crate::command) fn all_ended(max_outage: SignedDuration) -> Self {
        Self {
            any: false,
            fail_fast: false,
            stalled: None,
            stop_on_stall: false,
            children: None,
            timeout: None,
            max_outage,
        }
    }
}

/// The result of the waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct WaitResult {
    pub(in crate::command) outcome: Outcome,
    /// The reason, if it does not follow from the tasks.
    pub(in crate::command) reason: Option<String>,
}

/// The changes that an update caused.
#[derive(Debug, Default)]
pub(in crate::command) struct Effect {
    /// Tracked tasks that changed.
    pub(in crate::command) changed: Vec<TaskId>,
    /// Tasks whose outcome was decided.
    pub(in crate::command) decided: Vec<TaskId>,
    /// Tasks that have stalled just now.
    pub(in crate::command) stalled: Vec<TaskId>,
    /// Servers whose connection state changed.
    pub(in crate::command) links: Vec<EndpointId>,
    /// Messages of the watcher.
    pub(in crate::command) notices: Vec<Arc<str>>,
}

/// The tasks that are waited for, with everything known about them.
#[derive(Debug)]
pub(in crate::command) struct WaitTracker {
    goal: WaitCondition,
    pub(in crate::command) store: TaskStore,
    pub(in crate::command) began: Timestamp,
    pub(in crate::command) awaited: Vec<TrackedTask>,
    index: HashMap<TaskId, usize>,
    /// The servers, indexed by endpoint ID.
    pub(in crate::command) places: Vec<WaitServer>,
    /// Time of the last change among the child tasks.
    stirred: Timestamp,
    /// The warning of each task that has one, and the time of the last check.
    troubles: HashMap<TaskId, Rule>,
    looked: Timestamp,
    stalls: StallDetector,
}

impl WaitTracker {
    pub(in crate::command) fn new(goal: WaitCondition, now: Timestamp) -> Self {
        Self {
            goal,
            store: TaskStore::new(),
            began: now,
            awaited: Vec::new(),
            index: HashMap::new(),
            places: Vec::new(),
            stirred: now,
            troubles: HashMap::new(),
            looked: now,
            stalls: StallDetector::default(),
        }
    }

    /// Adds a server with its tasks. `new` selects tasks that start from now on.
    pub(in crate::command) fn add_place(
        &mut self,
        endpoint: &str,
        name: Option<&str>,
        tasks: &[Arc<str>],
        new: Option<CompiledSelector>,
    ) -> EndpointId {
        let id = EndpointId(u16::try_from(self.places.len()).unwrap_or(u16::MAX));
        self.places
            .push(WaitServer::new(id, endpoint, name, new, self.began));
        for task in tasks {
            self.add(TaskId::new(id, task.clone()));
        }
        id
    }

    fn add(&mut self, id: TaskId) -> bool {
        if self.index.contains_key(&id) {
            return false;
        }
        self.index.insert(id.clone(), self.awaited.len());
        self.awaited.push(TrackedTask::new(id));
        true
    }

    pub(in crate::command) fn place(&self, id: EndpointId) -> Option<&WaitServer> {
        self.places.get(usize::from(id.0))
    }

    fn place_mut(&mut self, id: EndpointId) -> Option<&mut WaitServer> {
        self.places.get_mut(usize::from(id.0))
    }

    /// Returns the time of a server.
    pub(in crate::command) fn server_time(&self, place: EndpointId, now: Timestamp) -> Timestamp {
        self.place(place).map_or(now, |place| place.clock.at(now))
    }

    /// Returns `task-4711`, or `lab/task-4711` with several servers.
    pub(in crate::command) fn called(&self, id: &TaskId) -> String {
        let name = self
            .place(id.endpoint)
            .and_then(|place| place.name.as_deref());
        super::super::targets::full(name, &id.mo_id)
    }

    pub(in crate::command) fn task(&self, id: &TaskId) -> Option<&TrackedTask> {
        self.awaited.get(*self.index.get(id)?)
    }

    pub(in crate::command) fn record(&self, id: &TaskId) -> Option<&Record> {
        self.store.get(self.store.find(id)?)
    }

    /// Returns the decided status, or the current one.
    pub(in crate::command) fn status(&self, awaited: &TrackedTask) -> Status {
        match awaited.fate {
            TaskOutcome::Ended(status) => status,
            TaskOutcome::Unknown(_) => Status::Lost,
            TaskOutcome::Open | TaskOutcome::Sought(_) => self
                .record(&awaited.id)
                .map_or(Status::Placeholder, Record::status),
        }
    }

    /// Applies an update. Updates of a lost server are ignored.
    pub(in crate::command) fn take(
        &mut self,
        from: EndpointId,
        update: Update,
        now: Timestamp,
    ) -> Effect {
        let mut news = Effect::default();
        let Some(place) = self.place_mut(from).filter(|place| place.lost.is_none()) else {
            return news;
        };
        match update {
            Update::Link(link) => self.take_link(from, link, now, &mut news),
            Update::Clock(clock) => place.clock = clock,
            Update::Labels(labels) => self.store.set_labels(from, labels),
            Update::Tasks { changes, .. } => {
                for change in changes {
                    self.take_change(from, change, &mut news);
                }
            }
            Update::LookedUp { mo_id, answer } => {
                self.take_answer(&TaskId::new(from, mo_id), answer, now, &mut news);
            }
            Update::Locations(locations) => {
                let mut touched = ChangeSet::default();
                self.store.set_locations(from, locations, &mut touched);
            }
            Update::Notice(text) => news.notices.push(text),
            Update::RecentRefused(reason) => self.take_refused_list(from, &reason, &mut news),
            Update::Server(_)
            | Update::Cancel { .. }
            | Update::Privilege { .. }
            | Update::Family { .. }
            | Update::Relatives { .. }
            | Update::Events { .. }
            | Update::Past { .. }
            | Update::Typical(_)
            | Update::TypicalUnknown(_)
            | Update::EntityState { .. } => {}
        }
        self.widen(now, &mut news);
        self.review(now, &mut news);
        news
    }

    fn take_link(&mut self, from: EndpointId, link: Link, now: Timestamp, news: &mut Effect) {
        let began = self.began;
        let place = self.place_mut(from);
        let is_back = place.is_some_and(|place| place.take_link(link, began, now));
        if is_back {
            // A request sent before the outage may never be answered.
            for awaited in self
                .awaited
                .iter_mut()
                .filter(|task| task.id.endpoint == from)
            {
                if let TaskOutcome::Sought(search) = &mut awaited.fate {
                    search.ask_again(now);
                }
            }
        }
        news.links.push(from);
    }

    /// Gives up a server that was to discover tasks for `--new`, cannot, and has found none so far.
    fn take_refused_list(&mut self, from: EndpointId, reason: &str, news: &mut Effect) {
        let discovers = self.place(from).is_some_and(|place| place.new.is_some());
        let has_found = self.awaited.iter().any(|task| task.id.endpoint == from);
        if discovers && !has_found {
            let reason =
                format!("--new cannot discover tasks, the recent tasks cannot be listed: {reason}");
            let loss = LostReason {
                outcome: Outcome::Unknown,
                reason: reason.into(),
            };
            self.lose(from, loss, news);
        }
    }

    fn take_change(&mut self, from: EndpointId, change: TaskChange, news: &mut Effect) {
        let mo_id = change.mo_id().clone();
        if let Some(place) = self.place_mut(from) {
            match &change {
                TaskChange::Placeholder { key, reason } => {
                    place.ghosts.insert(key.clone(), reason.clone());
                }
                TaskChange::Unreadable {
                    reason,
                    may_pass: false,
                    ..
                } => {
                    place.unreadable.insert(mo_id.clone(), reason.clone());
                }
                _ => {
                    place.unreadable.remove(&mo_id);
                }
            }
        }
        // A malformed value is skipped; the other changes apply.
        let _ = self.store.apply(from, change, &mut ChangeSet::default());
        let id = TaskId::new(from, mo_id);
        if self.index.contains_key(&id) && !news.changed.contains(&id) {
            news.changed.push(id);
        }
    }

    fn take_answer(
        &mut self,
        id: &TaskId,
        answer: HistoryLookup,
        now: Timestamp,
        news: &mut Effect,
    ) {
        let awaited = self.index.get(id).and_then(|at| self.awaited.get_mut(*at));
        let Some(awaited) = awaited else {
            return;
        };
        let TaskOutcome::Sought(search) = &mut awaited.fate else {
            return;
        };
        if let Step::GiveUp(why) = search.answered(answer, self.goal.max_outage, now) {
            awaited.fate = TaskOutcome::Unknown(why);
            news.decided.push(id.clone());
        }
    }

    /// Adds new tasks and child tasks that match.
    fn widen(&mut self, now: Timestamp, news: &mut Effect) {
        let mut more: Vec<TaskId> = Vec::new();
        if self.places.iter().any(|place| place.new.is_some()) {
            let is_new = |handle: Handle, record: &Record| {
                let place = self.place(record.id.endpoint)?;
                let choice = place.new.as_ref()?;
                let info = record.info.as_ref()?;
                let is_it = info.placed_at().is_some_and(|at| place.is_new(at))
                    && info.parent_key().is_none()
                    && choice.takes(&self.store, handle, place.clock.at(now));
                is_it.then(|| record.id.clone())
            };
            more.extend(
                self.store
                    .iter()
                    .filter_map(|(handle, record)| is_new(handle, record)),
            );
            more.sort_unstable();
        }
        if self.goal.children.is_some() {
            let mut open: Vec<Handle> = self
                .awaited
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
                self.stirred = now;
                news.changed.push(id);
            }
        }
    }

    /// Decides the outcomes that are known by now.
    fn review(&mut self, now: Timestamp, news: &mut Effect) {
        for at in 0..self.awaited.len() {
            let before = &self.awaited[at];
            let Some(place) = self.place(before.id.endpoint) else {
                continue;
            };
            if before.is_decided() {
                continue;
            }
            let record = self.record(&before.id);
            let (fate, unreadable_since) = before.next(record, place, self.goal.max_outage, now);
            if matches!(fate, TaskOutcome::Ended(_) | TaskOutcome::Unknown(_)) {
                news.decided.push(before.id.clone());
                self.stirred = now;
            }
            let awaited = &mut self.awaited[at];
            awaited.fate = fate;
            awaited.unreadable_since = unreadable_since;
        }
        let lost: Vec<(EndpointId, LostReason)> = self
            .places
            .iter()
            .filter(|place| place.lost.is_none())
            .filter_map(|place| Some((place.id, place.loss(self.goal.max_outage, now)?)))
            .collect();
        for (place, loss) in lost {
            self.lose(place, loss, news);
        }
    }

    /// Marks a server as lost. Its open tasks become unknown; other servers are not affected.
    fn lose(&mut self, from: EndpointId, loss: LostReason, news: &mut Effect) {
        for awaited in &mut self.awaited {
            if awaited.id.endpoint == from && !awaited.is_decided() {
                awaited.fate = TaskOutcome::Unknown(loss.reason.clone());
            }
        }
        if let Some(place) = self.place_mut(from) {
            place.lost = Some(loss);
        }
        if !news.links.contains(&from) {
            news.links.push(from);
        }
    }

    /// Marks a server as lost, unless it already is.
    pub(in crate::command) fn give_up(&mut self, place: EndpointId, loss: LostReason) -> Effect {
        let mut news = Effect::default();
        if self.place(place).is_some_and(|place| place.lost.is_none()) {
            self.lose(place, loss, &mut news);
        }
        news
    }

    /// Returns the history lookups to send now.
    pub(in crate::command) fn due(&mut self, now: Timestamp) -> Vec<(EndpointId, Command)> {
        let places = &self.places;
        let is_up = |id: EndpointId| places.get(usize::from(id.0)).is_some_and(WaitServer::is_up);
        let searches = self.awaited.iter_mut().filter_map(|awaited| {
            let place = awaited.id.endpoint;
            match &mut awaited.fate {
                TaskOutcome::Sought(search) if is_up(place) => Some((place, search.due(now)?)),
                _ => None,
            }
        });
        searches
            .map(|(place, trace)| (place, Command::LookUp(trace)))
            .collect()
    }

    /// Applies the passing of time.
    pub(in crate::command) fn pass(&mut self, now: Timestamp) -> Effect {
        let mut news = Effect::default();
        self.review(now, &mut news);
        self.look_for_trouble(now, &mut news);
        self.look_for_stalls(now, &mut news);
        news
    }

    /// Reports tasks whose warning changed; checked once per second.
    fn look_for_trouble(&mut self, now: Timestamp, news: &mut Effect) {
        if now.duration_since(self.looked) < SignedDuration::from_secs(1) {
            return;
        }
        self.looked = now;
        for task in self.awaited.iter().filter(|task| !task.is_decided()) {
            let rule = self.trouble(&task.id, now);
            let before = match rule {
                Some(rule) => self.troubles.insert(task.id.clone(), rule),
                None => self.troubles.remove(&task.id),
            };
            if before != rule && !news.changed.contains(&task.id) {
                news.changed.push(task.id.clone());
            }
        }
    }

    /// Reports tasks that have made no progress for the time of `--stalled`. While a server is unreachable, its tasks
    /// do not count.
    fn look_for_stalls(&mut self, now: Timestamp, news: &mut Effect) {
        let Some(limit) = self.goal.stalled else {
            return;
        };
        for task in &self.awaited {
            let is_up = self.place(task.id.endpoint).is_some_and(WaitServer::is_up);
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
                news.stalled.push(task.id.clone());
            }
        }
    }

    /// Returns the most important warning of a task.
    pub(in crate::command) fn trouble(&self, id: &TaskId, now: Timestamp) -> Option<Rule> {
        let time = self.server_time(id.endpoint, now);
        let handle = self.store.find(id)?;
        let findings = self.store.warnings(handle, None, time);
        findings.first().map(|finding| finding.rule)
    }
}

#[cfg(test)]
mod tests;
