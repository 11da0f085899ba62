//! The set of watched tasks and the time of each task's next read. Pure: `now` is an argument.

mod checks;
mod eviction;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;
use vtask_vim::{
    Digest,
    types::{TaskInfo, TaskLocator, TaskState, unboxed},
};

use super::{
    compact_instant::CompactInstant,
    intervals::Intervals,
    queue::{Queue, QueueKey},
};

/// The reason why a task is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Named by the user.
    Named,
    /// Found in the list of recent tasks.
    Discovered,
    /// Named by a watched task as its parent or root.
    Lineage,
}

#[derive(Debug)]
struct Entry {
    origin: Origin,
    pinned: bool,
    /// Key in the queue of reads; `None` during a read and after the end.
    queue_key: Option<QueueKey>,
    /// Consecutive failed reads of a task that was never read.
    failed_reads: u32,
    finished: bool,
    /// The last known state; `None` if the task was never read.
    state: Option<TaskState>,
    /// True if the task is always polled, because the long poll cannot read it.
    is_polled_individually: bool,
    /// Time of the last read that checked the long poll.
    checked: Option<CompactInstant>,
    digest: Option<Digest>,
    /// Time of the last pushed change: answers to earlier requests are stale.
    pushed: Option<CompactInstant>,
    /// Time of the last request.
    requested_at: Option<CompactInstant>,
    /// `None` if the key is the moId, and the task has neither parent nor root.
    lineage: Option<Box<Lineage>>,
}

#[derive(Debug)]
struct Lineage {
    key: Arc<str>,
    parent: Option<Arc<str>>,
    root: Option<Arc<str>>,
}

impl Entry {
    fn key<'a>(&'a self, mo_id: &'a Arc<str>) -> &'a Arc<str> {
        self.lineage.as_ref().map_or(mo_id, |lineage| &lineage.key)
    }

    fn parent(&self) -> Option<&Arc<str>> {
        self.lineage.as_ref()?.parent.as_ref()
    }

    fn root(&self) -> Option<&Arc<str>> {
        self.lineage.as_ref()?.root.as_ref()
    }
}

/// State of the message that tasks exceed the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LimitNotice {
    None,
    Unreported,
    Reported,
}

/// The watched tasks.
#[derive(Debug)]
pub(super) struct WatchSet {
    /// Polling interval of running tasks.
    interval: Duration,
    intervals: Intervals,
    /// Boxed, so that the map has little spare capacity.
    entries: HashMap<Arc<str>, Box<Entry>>,
    queue: Queue,
    /// moIds by key, where they differ.
    aliases: HashMap<Arc<str>, Arc<str>>,
    /// Finished tasks in the order in which they were seen to finish.
    finished: VecDeque<Arc<str>>,
    /// Tasks that expired before their end was seen.
    expired_unfinished: HashSet<Arc<str>>,
    /// Number of finished tasks to keep.
    keep: usize,
    /// Maximum number of watched tasks, besides named ones.
    limit: usize,
    /// State of the message about tasks rejected because of the limit.
    limit_notice: LimitNotice,
    /// True if some of the last recent tasks were rejected because of the limit.
    pub(super) lacks_recent: bool,
    /// Evicted tasks: not discovered again while they are in the list of recent tasks.
    evicted: HashSet<Arc<str>>,
    /// Tasks removed by the user.
    dismissed: HashSet<Arc<str>>,
    /// True if tasks are polled; false while changes are pushed.
    is_polling: bool,
}

impl WatchSet {
    pub(super) fn new(interval: Duration, intervals: Intervals, keep: usize, limit: usize) -> Self {
        Self {
            interval,
            intervals,
            entries: HashMap::new(),
            queue: Queue::default(),
            aliases: HashMap::new(),
            finished: VecDeque::new(),
            expired_unfinished: HashSet::new(),
            keep,
            limit,
            limit_notice: LimitNotice::None,
            lacks_recent: false,
            evicted: HashSet::new(),
            dismissed: HashSet::new(),
            is_polling: true,
        }
    }

    /// Adds a task. Returns true if it is new.
    pub(super) fn add(&mut self, mo_id: &Arc<str>, origin: Origin, now: Instant) -> bool {
        match origin {
            Origin::Named => {
                self.dismissed.remove(mo_id);
            }
            Origin::Discovered | Origin::Lineage if self.dismissed.contains(mo_id) => return false,
            Origin::Discovered | Origin::Lineage => {}
        }
        if let Some(entry) = self.entries.get_mut(mo_id) {
            if origin == Origin::Named {
                entry.origin = Origin::Named;
            }
            return false;
        }
        if origin != Origin::Named && self.entries.len() >= self.limit {
            self.lacks_recent |= origin == Origin::Discovered;
            if self.limit_notice == LimitNotice::None {
                self.limit_notice = LimitNotice::Unreported;
            }
            return false;
        }
        let entry = Box::new(Entry {
            origin,
            pinned: false,
            queue_key: Some(self.queue.add(mo_id.clone(), now, true)),
            failed_reads: 0,
            finished: false,
            state: None,
            is_polled_individually: false,
            checked: None,
            digest: None,
            pushed: None,
            requested_at: None,
            lineage: None,
        });
        self.entries.insert(mo_id.clone(), entry);
        true
    }

    /// Adds the new ones of the recent tasks.
    pub(super) fn add_recent(&mut self, recent: &[Arc<str>], now: Instant) {
        if !self.evicted.is_empty() {
            let recent: HashSet<&Arc<str>> = recent.iter().collect();
            self.evicted.retain(|mo_id| recent.contains(mo_id));
        }
        self.lacks_recent = false;
        for mo_id in recent {
            if !self.evicted.contains(mo_id) {
                self.add(mo_id, Origin::Discovered, now);
            }
        }
    }

    /// Returns true once when a task was first rejected because of the limit.
    pub(super) fn take_limit_notice(&mut self) -> bool {
        let is_new = self.limit_notice == LimitNotice::Unreported;
        if is_new {
            self.limit_notice = LimitNotice::Reported;
        }
        is_new
    }

    /// Removes a task. Returns true if it was watched.
    pub(super) fn remove(&mut self, mo_id: &str) -> bool {
        let Some((mo_id, entry)) = self.entries.remove_entry(mo_id) else {
            return false;
        };
        if let Some(key) = entry.queue_key {
            self.queue.remove(&mo_id, key);
        }
        let key = entry.key(&mo_id);
        if self.aliases.get(key) == Some(&mo_id) {
            self.aliases.remove(key);
        }
        if entry.finished {
            self.finished.retain(|finished| *finished != mo_id);
            self.expired_unfinished.remove(&mo_id);
        }
        true
    }

    pub(super) fn pin(&mut self, mo_id: &str, pinned: bool) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.pinned = pinned;
        }
    }

    /// Makes all running tasks due at once.
    pub(super) fn mark_all_due(&mut self, now: Instant) {
        let due: Vec<Arc<str>> = self.queue.tasks().cloned().collect();
        for mo_id in due {
            self.schedule(&mo_id, Some(now));
        }
    }

    /// Returns the next due task and marks it as being read.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<(Arc<str>, Option<Digest>)> {
        let mo_id = self.queue.pop(now)?;
        let entry = self.entries.get_mut(&mo_id)?;
        entry.queue_key = None;
        Some((mo_id, entry.digest))
    }

    /// Returns the time of the next due task.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.queue.next_time()
    }

    /// Switches between polling and push. Running tasks become due at once: to be read, or to be added to the view.
    pub(super) fn set_polling(&mut self, is_polling: bool, now: Instant) {
        self.is_polling = is_polling;
        let unfinished = self.entries.iter().filter(|(_, entry)| !entry.finished);
        let unfinished: Vec<Arc<str>> = unfinished.map(|(mo_id, _)| mo_id.clone()).collect();
        for mo_id in unfinished {
            self.schedule(&mo_id, Some(now));
        }
    }

    /// Records a read of a changed task. Returns the keys of its lineage that are not watched yet.
    pub(super) fn record_read(
        &mut self,
        mo_id: &Arc<str>,
        info: &TaskInfo,
        digest: Option<Digest>,
        now: Instant,
    ) -> Vec<Arc<str>> {
        let Some(entry) = self.entries.get_mut(mo_id) else {
            return Vec::new();
        };
        self.expired_unfinished.remove(mo_id);
        entry.digest = digest;
        let lineage = Lineage {
            key: info.key.clone(),
            parent: info.parent_key().cloned(),
            root: info.root_key().cloned(),
        };
        let is_needed = lineage.key != *mo_id || lineage.parent.is_some() || lineage.root.is_some();
        entry.lineage = is_needed.then(|| Box::new(lineage));
        if info.key != *mo_id {
            // Several tasks may have the same key: the first is found by it.
            let alias = self.aliases.entry(info.key.clone());
            alias.or_insert_with(|| mo_id.clone());
        }
        self.set_state(mo_id, &info.state);
        self.record_unchanged(mo_id, now);
        [info.parent_key(), info.root_key()]
            .into_iter()
            .flatten()
            .filter(|key| !self.entries.contains_key(*key) && !self.aliases.contains_key(*key))
            .cloned()
            .collect()
    }

    /// Records a pushed change. Returns true if the task is watched and was read before.
    pub(super) fn record_push(&mut self, mo_id: &str, now: Instant) -> bool {
        self.entries.get_mut(mo_id).is_some_and(|entry| {
            entry.pushed = Some(now.into());
            // The digest of an earlier read no longer applies.
            entry.digest = None;
            entry.state.is_some()
        })
    }

    /// Records a new state.
    pub(super) fn set_state(&mut self, mo_id: &Arc<str>, state: &TaskState) {
        let Some(entry) = self.entries.get_mut(mo_id) else {
            return;
        };
        entry.state = Some(state.clone());
        if state.is_finished() && !entry.finished {
            entry.finished = true;
            self.finished.push_back(mo_id.clone());
        }
    }

    /// True if a field of a task's lineage has the known value.
    pub(super) fn has_same_lineage(&self, mo_id: &str, field: &str, value: &Value) -> bool {
        let Some((mo_id, entry)) = self.entries.get_key_value(mo_id) else {
            return false;
        };
        let key = entry.state.as_ref().map(|_| entry.key(mo_id));
        let known = match field {
            "key" => key,
            "parentTaskKey" => entry.parent(),
            _ => entry.root(),
        };
        let value = unboxed(value.clone());
        // A task may name itself as its root, or nothing.
        let reported = value.as_str().filter(|reported| {
            !reported.is_empty() && (field == "key" || Some(*reported) != key.map(AsRef::as_ref))
        });
        reported == known.map(AsRef::as_ref)
            && (reported.is_some() || value.is_null() || value.is_string())
    }

    /// Records the time of an answered request. Returns the previous one.
    pub(super) fn mark_requested(&mut self, mo_id: &str, requested_at: Instant) -> Option<Instant> {
        let entry = self.entries.get_mut(mo_id)?;
        let before = entry.requested_at.replace(requested_at.into());
        before.map(Instant::from)
    }

    /// True if a change was pushed after this request was sent.
    pub(super) fn is_stale(&self, mo_id: &str, requested_at: Instant) -> bool {
        let pushed = self.entries.get(mo_id).and_then(|entry| entry.pushed);
        pushed.is_some_and(|pushed| pushed >= requested_at.into())
    }

    /// Records a read of an unchanged task.
    pub(super) fn record_unchanged(&mut self, mo_id: &str, now: Instant) {
        let entry = self.entries.get(mo_id).filter(|entry| {
            let is_polled = self.is_polling || entry.is_polled_individually;
            is_polled && !entry.finished
        });
        let due = entry.map(|entry| {
            let interval = match entry.state {
                None | Some(TaskState::Queued) => self.intervals.queued.max(self.interval),
                Some(_) => self.interval,
            };
            now + interval
        });
        self.schedule(mo_id, due);
    }

    /// Records that a task is not on the server. Returns true if it was ever seen there.
    pub(super) fn mark_expired(&mut self, mo_id: &Arc<str>) -> bool {
        self.schedule(mo_id, None);
        match self.entries.get_mut(mo_id) {
            Some(entry) => {
                if !entry.finished {
                    entry.finished = true;
                    self.expired_unfinished.insert(mo_id.clone());
                    self.finished.push_back(mo_id.clone());
                }
                entry.state.is_some()
            }
            None => false,
        }
    }

    /// Records a read that failed for a reason of the task. The next successful read is reported even if nothing
    /// changed.
    pub(super) fn mark_unreadable(&mut self, mo_id: &str, now: Instant) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.digest = None;
        }
        self.schedule(mo_id, Some(now + self.intervals.unreadable));
    }

    /// Records a failed read; repeated failures lower the task's priority.
    pub(super) fn record_failure(&mut self, mo_id: &str) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.failed_reads = entry.failed_reads.saturating_add(1);
        }
    }

    /// Sets the time of the next read, even of a finished task.
    pub(super) fn schedule_at(&mut self, mo_id: &str, due: Instant) {
        self.schedule(mo_id, Some(due));
    }

    /// Marks a task as being read out of turn. Returns false if it is not watched or already being read.
    pub(super) fn begin(&mut self, mo_id: &str) -> bool {
        let entry = self.entries.get(mo_id);
        let is_idle = entry.is_some_and(|entry| entry.queue_key.is_some() || entry.finished);
        if is_idle {
            self.schedule(mo_id, None);
        }
        is_idle
    }

    /// Removes a task and never discovers it again.
    pub(super) fn dismiss(&mut self, mo_id: &Arc<str>) {
        self.remove(mo_id);
        self.dismissed.insert(mo_id.clone());
    }

    pub(super) fn contains(&self, mo_id: &str) -> bool {
        self.entries.contains_key(mo_id)
    }

    /// Returns the last known state of a task.
    pub(super) fn state(&self, mo_id: &str) -> Option<&TaskState> {
        self.entries.get(mo_id)?.state.as_ref()
    }

    /// True if a task is watched and has not finished.
    pub(super) fn is_running(&self, mo_id: &str) -> bool {
        self.entries.get(mo_id).is_some_and(|entry| !entry.finished)
    }

    /// True if the state of the task with this key or moId is unknown: it was never read, or expired before its end was
    /// seen.
    pub(super) fn is_end_unknown(&self, key: &str) -> bool {
        let mo_id = self.aliases.get(key).map_or(key, |mo_id| mo_id);
        !self.entries.contains_key(mo_id) || self.expired_unfinished.contains(mo_id)
    }

    /// Returns the moIds of all watched tasks, and their keys where they differ.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.entries.keys().chain(self.aliases.keys())
    }

    /// True if a watched task of this family has not finished. Visits the whole set.
    pub(super) fn is_family_running(&self, locator: &TaskLocator) -> bool {
        let mut entries = self.entries.iter();
        self.is_running(&locator.mo_id)
            || entries.any(|(mo_id, entry)| {
                let root = entry.root().unwrap_or_else(|| entry.key(mo_id));
                !entry.finished && entry.state.is_some() && locator.root() == Some(root)
            })
    }

    fn schedule(&mut self, mo_id: &str, at: Option<Instant>) {
        /// Failed reads up to which a task that was never read precedes the others.
        const FIRST_FAILURES: u32 = 3;
        let Some((mo_id, _)) = self.entries.get_key_value(mo_id) else {
            return;
        };
        let mo_id = mo_id.clone();
        if let Some(entry) = self.entries.get_mut(&mo_id) {
            if let Some(before) = entry.queue_key.take() {
                self.queue.remove(&mo_id, before);
            }
            let is_new = entry.state.is_none() && entry.failed_reads < FIRST_FAILURES;
            entry.queue_key = at.map(|at| self.queue.add(mo_id, at, is_new));
        }
    }
}

#[cfg(test)]
mod tests;
