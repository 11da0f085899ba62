//! The watched tasks and their changes on the way to the consumer. Pure: the times are arguments.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;
use vtask_task::{ServerClock, TaskChange};
use vtask_vim::{
    Digest,
    types::{ManagedObjectReference, TaskInfo},
};

use super::{
    Update,
    view_members::ViewMembers,
    watch_set::{Origin, WatchSet},
};

#[derive(Debug)]
pub(super) struct TaskFeed {
    pub(super) watched: WatchSet,
    /// Members of the view while changes are pushed; `None` while tasks are polled.
    pub(super) view: Option<ViewMembers>,
    pub(super) clock: ServerClock,
    /// Changes to send.
    pub(super) changes: Vec<TaskChange>,
    /// The earliest time at which the oldest of them may have happened.
    since: Option<Instant>,
}

impl TaskFeed {
    pub(super) fn new(watched: WatchSet) -> Self {
        Self {
            watched,
            view: None,
            clock: ServerClock::default(),
            changes: Vec::new(),
            since: None,
        }
    }

    /// Returns the server's time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.at(Timestamp::now())
    }

    /// Takes the changes to send, if there are any.
    pub(super) fn take(&mut self) -> Option<Update> {
        let since = self.since.take().unwrap_or_else(Instant::now).into_std();
        let changes = std::mem::take(&mut self.changes);
        (!changes.is_empty()).then_some(Update::Tasks { changes, since })
    }

    /// Records the earliest time at which the next changes may have happened.
    pub(super) fn note_change_time(&mut self, since: Instant) {
        self.since = Some(self.since.map_or(since, |before| before.min(since)));
    }

    /// Records a whole `TaskInfo`, read or pushed.
    pub(super) fn record(
        &mut self,
        mo_id: &Arc<str>,
        mut info: Box<TaskInfo>,
        digest: Option<Digest>,
    ) {
        info.intern_id(mo_id);
        if info.state.is_finished() {
            self.settle(mo_id);
        }
        self.add_to_watched(mo_id, &info, digest);
        self.join_view(mo_id);
        let at = self.now();
        self.changes.push(TaskChange::Full { info, at });
        self.evict();
    }

    /// Records a task that was read and is unchanged.
    pub(super) fn record_unchanged(&mut self, mo_id: &Arc<str>, now: Instant) {
        self.watched.record_unchanged(mo_id, now);
        self.join_view(mo_id);
    }

    /// Adds a task that was read to the view, if changes are pushed.
    fn join_view(&mut self, mo_id: &Arc<str>) {
        if let Some(view) = &mut self.view
            && self.watched.is_running(mo_id)
            && !self.watched.is_polled_individually(mo_id)
        {
            view.join(mo_id);
        }
    }

    /// Records a finished task of the history; a watched one only if its end was missed.
    pub(super) fn record_past(&mut self, mo_id: &Arc<str>, mut info: Box<TaskInfo>) {
        if !self.watched.is_end_unknown(mo_id) {
            return;
        }
        info.intern_id(mo_id);
        self.add_to_watched(mo_id, &info, None);
        let at = self.now();
        self.changes.push(TaskChange::FromHistory { info, at });
    }

    fn add_to_watched(&mut self, mo_id: &Arc<str>, info: &TaskInfo, digest: Option<Digest>) {
        let now = Instant::now();
        for key in self.watched.record_read(mo_id, info, digest, now) {
            self.watched.add(&key, Origin::Lineage, now);
        }
    }

    /// Adds the tasks of the current list of recent tasks.
    pub(super) fn add_recent(&mut self, tasks: Vec<ManagedObjectReference>) {
        self.evict();
        let tasks: Vec<_> = tasks.into_iter().map(|task| task.value).collect();
        self.watched.add_recent(&tasks, Instant::now());
    }

    /// Evicts finished tasks beyond the limits.
    fn evict(&mut self) {
        for mo_id in self.watched.evict() {
            self.leave_view(&mo_id);
            self.changes.push(TaskChange::Unwatched { mo_id });
        }
    }

    /// Stops watching these tasks and removes them.
    pub(super) fn dismiss(&mut self, tasks: Vec<Arc<str>>) {
        for mo_id in tasks {
            self.leave_view(&mo_id);
            self.watched.dismiss(&mo_id);
            self.changes.push(TaskChange::Unwatched { mo_id });
        }
    }

    /// Records that a task is not on the server.
    pub(super) fn mark_expired(&mut self, mo_id: &Arc<str>, reason: String) {
        self.leave_view(mo_id);
        let change = if self.watched.mark_expired(mo_id) {
            TaskChange::Gone {
                mo_id: mo_id.clone(),
                at: self.now(),
            }
        } else {
            TaskChange::Placeholder {
                key: mo_id.clone(),
                reason: reason.into(),
            }
        };
        self.changes.push(change);
    }

    /// Records that a task cannot be read; `may_pass` if a retry may help.
    pub(super) fn mark_unreadable(&mut self, mo_id: &Arc<str>, reason: String, is_transient: bool) {
        self.settle(mo_id);
        self.watched.mark_unreadable(mo_id, Instant::now());
        self.changes.push(TaskChange::Unreadable {
            mo_id: mo_id.clone(),
            reason: reason.into(),
            is_transient,
        });
    }

    /// Records that the server reported a member of the view.
    pub(super) fn confirm(&mut self, mo_id: &str) {
        if let Some(view) = &mut self.view {
            view.pending.confirm(mo_id);
        }
    }

    /// Stops waiting for the report of a task that finished or cannot be read.
    fn settle(&mut self, mo_id: &str) {
        if let Some(view) = &mut self.view {
            view.pending.remove(mo_id);
        }
    }

    fn leave_view(&mut self, mo_id: &Arc<str>) {
        if let Some(view) = &mut self.view {
            view.leave(mo_id);
        }
    }
}
