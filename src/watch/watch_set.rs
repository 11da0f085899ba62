//! The set of watched tasks and when each is to be read again. Pure: `now` is an argument.

mod checks;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use super::queue::{Due, Queue};
use crate::vim::{
    Digest, TaskLocator,
    types::{TaskInfo, TaskState, unboxed},
};

/// How a task came to be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The user named it.
    Named,
    /// It was among the recent tasks.
    Discovered,
    /// A watched task named it as its parent or root.
    Lineage,
}

/// How often tasks are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct PollIntervals {
    pub(super) running: Duration,
    pub(super) queued: Duration,
    /// After a task could not be read for a reason of its own.
    pub(super) unreadable: Duration,
}

#[derive(Debug)]
struct Entry {
    origin: Origin,
    pinned: bool,
    /// When it is to be read again; `None` while it is being read, and when it is over.
    due: Option<Due>,
    /// How often it was read in vain since it is watched, while it is not known.
    in_vain: u32,
    finished: bool,
    /// How long after a reading the next one is due, while the task is not over.
    interval: Duration,
    /// Its state when it was last heard of; `None` if it was never read.
    state: Option<TaskState>,
    /// Whether it is read at its interval in any case, because the long poll cannot read it.
    is_read_by_itself: bool,
    /// When it was last read to check the long poll.
    checked: Option<Instant>,
    digest: Option<Digest>,
    /// When a change of it was last pushed: an answer that was asked for before is stale.
    pushed: Option<Instant>,
    /// When it was asked for last.
    asked: Option<Instant>,
    key: Option<Arc<str>>,
    parent: Option<Arc<str>>,
    root: Option<Arc<str>>,
}

/// Whether tasks are turned away because there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LimitNotice {
    None,
    Untold,
    Told,
}

/// The watched tasks.
#[derive(Debug)]
pub(super) struct WatchSet {
    pace: PollIntervals,
    entries: HashMap<Arc<str>, Entry>,
    queue: Queue,
    /// The moIds of keys, where they differ.
    aliases: HashMap<Arc<str>, Arc<str>>,
    /// The finished ones in the order in which they were seen to finish.
    finished: VecDeque<Arc<str>>,
    /// Those that vanished before they were seen to finish.
    lost: HashSet<Arc<str>>,
    /// How many finished tasks are kept.
    keep: usize,
    /// How many tasks are watched at most, besides those that are named.
    most: usize,
    /// Whether a task was turned away for that, and nobody was told yet.
    refused: LimitNotice,
    /// Tasks that made room: not discovered again while they are among the recent ones.
    let_go: HashSet<Arc<str>>,
    /// Tasks that the user does not want to see.
    dismissed: HashSet<Arc<str>>,
    /// Whether tasks are read again and again; not while their changes are pushed.
    is_paced: bool,
}

impl WatchSet {
    pub(super) fn new(pace: PollIntervals, keep: usize, most: usize) -> Self {
        Self {
            pace,
            entries: HashMap::new(),
            queue: Queue::default(),
            aliases: HashMap::new(),
            finished: VecDeque::new(),
            lost: HashSet::new(),
            keep,
            most,
            refused: LimitNotice::None,
            let_go: HashSet::new(),
            dismissed: HashSet::new(),
            is_paced: true,
        }
    }

    /// Watches a task. Answers whether it is new.
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
        if origin != Origin::Named && self.entries.len() >= self.most {
            if self.refused == LimitNotice::None {
                self.refused = LimitNotice::Untold;
            }
            return false;
        }
        let entry = Entry {
            origin,
            pinned: false,
            due: Some(self.queue.add(mo_id.clone(), now, true)),
            in_vain: 0,
            finished: false,
            interval: self.pace.queued,
            state: None,
            is_read_by_itself: false,
            checked: None,
            digest: None,
            pushed: None,
            asked: None,
            key: None,
            parent: None,
            root: None,
        };
        self.entries.insert(mo_id.clone(), entry);
        true
    }

    /// These are the recent tasks: those that are new are watched.
    pub(super) fn discovered(&mut self, recent: &[Arc<str>], now: Instant) {
        if !self.let_go.is_empty() {
            let recent: HashSet<&Arc<str>> = recent.iter().collect();
            self.let_go.retain(|mo_id| recent.contains(mo_id));
        }
        for mo_id in recent {
            if !self.let_go.contains(mo_id) {
                self.add(mo_id, Origin::Discovered, now);
            }
        }
    }

    /// Whether a task was turned away because there are too many, for the first time since there was room.
    pub(super) fn take_refusal(&mut self) -> bool {
        let is_new = self.refused == LimitNotice::Untold;
        if is_new {
            self.refused = LimitNotice::Told;
        }
        is_new
    }

    /// Watches a task no more. Answers whether it was watched.
    pub(super) fn remove(&mut self, mo_id: &str) -> bool {
        let Some((mo_id, entry)) = self.entries.remove_entry(mo_id) else {
            return false;
        };
        if let Some(due) = entry.due {
            self.queue.remove(&mo_id, due);
        }
        if let Some(key) = entry.key
            && self.aliases.get(&key) == Some(&mo_id)
        {
            self.aliases.remove(&key);
        }
        if entry.finished {
            self.finished.retain(|finished| *finished != mo_id);
            self.lost.remove(&mo_id);
        }
        true
    }

    pub(super) fn pin(&mut self, mo_id: &str, pinned: bool) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.pinned = pinned;
        }
    }

    /// Wants all tasks read at once that are not over.
    pub(super) fn mark_all_due(&mut self, now: Instant) {
        let due: Vec<Arc<str>> = self.queue.tasks().cloned().collect();
        for mo_id in due {
            self.schedule(&mo_id, Some(now));
        }
    }

    /// The next task to read, if one is due; it counts as being read from now on.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<(Arc<str>, Option<Digest>)> {
        let mo_id = self.queue.pop(now)?;
        let entry = self.entries.get_mut(&mo_id)?;
        entry.due = None;
        Some((mo_id, entry.digest))
    }

    /// When the next task is due.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.queue.next_time()
    }

    /// Whether tasks are read again and again from now on, or their changes pushed. Those that are not over are due
    /// at once: to be read, or to be put into the view.
    pub(super) fn set_paced(&mut self, is_paced: bool, now: Instant) {
        self.is_paced = is_paced;
        let unfinished = self.entries.iter().filter(|(_, entry)| !entry.finished);
        let unfinished: Vec<Arc<str>> = unfinished.map(|(mo_id, _)| mo_id.clone()).collect();
        for mo_id in unfinished {
            self.schedule(&mo_id, Some(now));
        }
    }

    /// A task was read and had changed. Answers the keys of its lineage that are not watched yet.
    pub(super) fn read(
        &mut self,
        mo_id: &Arc<str>,
        info: &TaskInfo,
        digest: Option<Digest>,
        now: Instant,
    ) -> Vec<Arc<str>> {
        let Some(entry) = self.entries.get_mut(mo_id) else {
            return Vec::new();
        };
        self.lost.remove(mo_id);
        entry.digest = digest;
        entry.parent = info.parent_key().cloned();
        entry.root = info.root_key().cloned();
        entry.key = Some(info.key.clone());
        if info.key != *mo_id {
            // Several tasks may have the same key: the first is found by it.
            let alias = self.aliases.entry(info.key.clone());
            alias.or_insert_with(|| mo_id.clone());
        }
        self.take_state(mo_id, &info.state);
        self.unchanged(mo_id, now);
        [info.parent_key(), info.root_key()]
            .into_iter()
            .flatten()
            .filter(|key| !self.entries.contains_key(*key) && !self.aliases.contains_key(*key))
            .cloned()
            .collect()
    }

    /// A change of a task was pushed. Answers the task's name, to be shared, if it is watched and known.
    pub(super) fn pushed(&mut self, mo_id: &str, now: Instant) -> Option<Arc<str>> {
        let (mo_id, _) = self.entries.get_key_value(mo_id)?;
        let mo_id = mo_id.clone();
        let entry = self.entries.get_mut(&mo_id)?;
        entry.pushed = Some(now);
        // What was read before is not what is there now.
        entry.digest = None;
        entry.state.is_some().then_some(mo_id)
    }

    /// A task's state changed.
    pub(super) fn take_state(&mut self, mo_id: &Arc<str>, state: &TaskState) {
        let Some(entry) = self.entries.get_mut(mo_id) else {
            return;
        };
        entry.interval = match state {
            TaskState::Queued => self.pace.queued,
            _ => self.pace.running,
        };
        entry.state = Some(state.clone());
        if state.is_finished() && !entry.finished {
            entry.finished = true;
            self.finished.push_back(mo_id.clone());
        }
    }

    /// Whether a task's place in its lineage, as one of its fields tells it, is the known one.
    pub(super) fn knows_lineage(&self, mo_id: &str, field: &str, value: &Value) -> bool {
        let Some(entry) = self.entries.get(mo_id) else {
            return false;
        };
        let known = match field {
            "key" => &entry.key,
            "parentTaskKey" => &entry.parent,
            _ => &entry.root,
        };
        let value = unboxed(value.clone());
        // A task may name itself as its root, or nothing.
        let told = value.as_str().filter(|told| {
            !told.is_empty() && (field == "key" || Some(*told) != entry.key.as_deref())
        });
        told == known.as_deref() && (told.is_some() || value.is_null() || value.is_string())
    }

    /// An answer about a task came that was asked for then. Answers when the one before was.
    pub(super) fn asked(&mut self, mo_id: &str, asked: Instant) -> Option<Instant> {
        self.entries.get_mut(mo_id)?.asked.replace(asked)
    }

    /// Whether a change of a task was pushed after an answer about it was asked for.
    pub(super) fn is_stale(&self, mo_id: &str, asked: Instant) -> bool {
        let pushed = self.entries.get(mo_id).and_then(|entry| entry.pushed);
        pushed.is_some_and(|pushed| pushed >= asked)
    }

    /// A task was read and had not changed.
    pub(super) fn unchanged(&mut self, mo_id: &str, now: Instant) {
        let entry = self.entries.get(mo_id);
        let is_paced = |entry: &&Entry| self.is_paced || entry.is_read_by_itself;
        let entry = entry.filter(|entry| is_paced(entry) && !entry.finished);
        let due = entry.map(|entry| now + entry.interval);
        self.schedule(mo_id, due);
    }

    /// A task is not on the server. Answers whether it was ever seen there.
    pub(super) fn vanished(&mut self, mo_id: &Arc<str>) -> bool {
        self.schedule(mo_id, None);
        match self.entries.get_mut(mo_id) {
            Some(entry) => {
                if !entry.finished {
                    entry.finished = true;
                    self.lost.insert(mo_id.clone());
                    self.finished.push_back(mo_id.clone());
                }
                entry.state.is_some()
            }
            None => false,
        }
    }

    /// A task could not be read for a reason of its own: later again. That it can be read is told even if it is as
    /// it was.
    pub(super) fn unreadable(&mut self, mo_id: &str, now: Instant) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.digest = None;
        }
        self.schedule(mo_id, Some(now + self.pace.unreadable));
    }

    /// A task was read in vain. Who is in trouble again and again must not come first again and again.
    pub(super) fn in_vain(&mut self, mo_id: &str) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.in_vain = entry.in_vain.saturating_add(1);
        }
    }

    /// Wants a task read at a time, finished or not.
    pub(super) fn at(&mut self, mo_id: &str, due: Instant) {
        self.schedule(mo_id, Some(due));
    }

    /// A task is about to be read out of turn. Answers whether it is watched and not being read already.
    pub(super) fn begin(&mut self, mo_id: &str) -> bool {
        let idle = |entry: &Entry| entry.due.is_some() || entry.finished;
        let is_idle = self.entries.get(mo_id).is_some_and(idle);
        if is_idle {
            self.schedule(mo_id, None);
        }
        is_idle
    }

    /// Watches a task no more, and does not discover it again.
    pub(super) fn dismiss(&mut self, mo_id: &Arc<str>) {
        self.remove(mo_id);
        self.dismissed.insert(mo_id.clone());
    }

    pub(super) fn contains(&self, mo_id: &str) -> bool {
        self.entries.contains_key(mo_id)
    }

    /// Whether a task is watched and not over.
    pub(super) fn goes_on(&self, mo_id: &str) -> bool {
        self.entries.get(mo_id).is_some_and(|entry| !entry.finished)
    }

    /// Whether it is not known how the task with this key or moId ended, nor that it goes on: it was never read, or
    /// vanished before its end was seen.
    pub(super) fn misses_end(&self, key: &str) -> bool {
        let mo_id = self.aliases.get(key).map_or(key, |mo_id| mo_id);
        !self.entries.contains_key(mo_id) || self.lost.contains(mo_id)
    }

    /// The moIds of all that are watched, and their keys where they differ.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.entries.keys().chain(self.aliases.keys())
    }

    /// Whether the task of this trace, or another of its family, is watched and not over. Looks at all that is watched.
    pub(super) fn family_goes_on(&self, trace: &TaskLocator) -> bool {
        let is_member = |entry: &Entry| {
            let root = entry.root.as_ref().or(entry.key.as_ref());
            root.is_some() && root == trace.root()
        };
        let mut going = self.entries.values().filter(|entry| !entry.finished);
        self.goes_on(&trace.mo_id) || going.any(is_member)
    }

    /// Drops the oldest finished tasks beyond the limit, except those that are named, pinned, or above a task that
    /// still runs. Answers who was dropped.
    pub(super) fn make_room(&mut self) -> Vec<Arc<str>> {
        let going_on = self.entries.len() - self.finished.len();
        let keep = self.keep.min(self.most.saturating_sub(going_on));
        // A tenth over the limit before anything is done: looking for what is needed costs the whole set.
        if self.finished.len() <= keep + keep / 10 {
            return Vec::new();
        }
        let needed: HashSet<Arc<str>> = self
            .entries
            .values()
            .filter(|entry| !entry.finished)
            .flat_map(|entry| [entry.parent.clone(), entry.root.clone()])
            .flatten()
            .collect();
        let excess = self.finished.len() - keep;
        let is_kept = |mo_id: &Arc<str>| match self.entries.get(mo_id) {
            Some(entry) => {
                let key = entry.key.as_ref().unwrap_or(mo_id);
                entry.pinned || entry.origin == Origin::Named || needed.contains(key)
            }
            None => false,
        };
        let dropped: Vec<Arc<str>> = self
            .finished
            .iter()
            .filter(|mo_id| !is_kept(mo_id))
            .take(excess)
            .cloned()
            .collect();
        for mo_id in &dropped {
            let entry = self.entries.get(mo_id);
            if entry.is_some_and(|entry| entry.origin == Origin::Discovered) {
                self.let_go.insert(mo_id.clone());
            }
            self.remove(mo_id);
        }
        if self.entries.len() < self.most {
            self.refused = LimitNotice::None;
        }
        dropped
    }

    fn schedule(&mut self, mo_id: &str, at: Option<Instant>) {
        /// So often a task that was never read comes before the others.
        const FIRST_FAILURES: u32 = 3;
        let Some((mo_id, _)) = self.entries.get_key_value(mo_id) else {
            return;
        };
        let mo_id = mo_id.clone();
        if let Some(entry) = self.entries.get_mut(&mo_id) {
            if let Some(before) = entry.due.take() {
                self.queue.remove(&mo_id, before);
            }
            let is_new = entry.state.is_none() && entry.in_vain < FIRST_FAILURES;
            entry.due = at.map(|at| self.queue.add(mo_id, at, is_new));
        }
    }
}
