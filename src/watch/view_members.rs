//! Members of the list view whose changes are pushed. Pure: `now` is an argument.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::unreported_tasks::UnreportedTasks;
use crate::vim::ReportedFields;

/// Time after which the running wait is cancelled for a new member: some servers do not wake it.
const WAKE_AFTER: Duration = Duration::from_millis(800);

/// Members of the view, as far as known.
#[derive(Debug, Default)]
pub(super) struct ViewMembers {
    members: HashSet<Arc<str>>,
    /// Tasks to add with the next change of the view.
    adding: HashSet<Arc<str>>,
    /// The fields that are pushed.
    pub(super) fields: ReportedFields,
    /// Members not reported yet.
    pub(super) pending: UnreportedTasks,
    removing: Vec<Arc<str>>,
    is_modifying: bool,
}

/// Tasks to add to the view and to remove from it.
#[derive(Debug)]
pub(super) struct ViewChange {
    pub(super) adding: Vec<Arc<str>>,
    pub(super) removing: Vec<Arc<str>>,
}

impl ViewMembers {
    pub(super) fn new(fields: ReportedFields) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }

    /// Returns the shared moId of a member.
    pub(super) fn get(&self, mo_id: &str) -> Option<Arc<str>> {
        self.members.get(mo_id).cloned()
    }

    pub(super) fn contains(&self, mo_id: &str) -> bool {
        self.members.contains(mo_id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// True while a change of the view is in flight.
    pub(super) fn is_modifying(&self) -> bool {
        self.is_modifying
    }

    /// True if members are unreported or on their way into the view.
    pub(super) fn has_pending(&self) -> bool {
        self.is_modifying || !self.adding.is_empty() || !self.pending.is_empty()
    }

    /// Removes a task from the view.
    pub(super) fn leave(&mut self, mo_id: &Arc<str>) {
        self.adding.remove(mo_id);
        self.pending.remove(mo_id);
        if self.members.remove(mo_id) {
            self.removing.push(mo_id.clone());
        }
    }

    /// Adds a task with the next change of the view, unless it is a member.
    pub(super) fn join(&mut self, mo_id: &Arc<str>) {
        if !self.members.contains(mo_id) {
            self.adding.insert(mo_id.clone());
        }
    }

    /// Returns the number of tasks that the next change of the view adds.
    pub(super) fn adding(&self) -> usize {
        self.adding.len()
    }

    /// Begins a change of the view, with at most `limit` tasks to add; `None` if nothing changes.
    pub(super) fn modify(&mut self, limit: usize, now: Instant) -> Option<ViewChange> {
        if self.adding.is_empty() && self.removing.is_empty() {
            return None;
        }
        self.is_modifying = true;
        let adding: Vec<Arc<str>> = self.adding.iter().take(limit).cloned().collect();
        for mo_id in &adding {
            self.adding.remove(mo_id);
        }
        if self.adding.is_empty() {
            // All tasks are added at the start, and few ever after.
            self.adding = HashSet::new();
        }
        self.members.extend(adding.iter().cloned());
        self.pending.add(&adding, now);
        Some(ViewChange {
            adding,
            removing: std::mem::take(&mut self.removing),
        })
    }

    /// Ends a change of the view. If it failed, its tasks are no members.
    pub(super) fn modified(&mut self, adding: &[Arc<str>], has_failed: bool) {
        self.is_modifying = false;
        if has_failed {
            for mo_id in adding {
                self.members.remove(mo_id);
                self.pending.remove(mo_id);
            }
        }
    }

    /// Ends an interrupted change of the view. The tasks that may not have reached it join again.
    pub(super) fn interrupted(&mut self) {
        if !std::mem::take(&mut self.is_modifying) {
            return;
        }
        for mo_id in self.pending.drain() {
            self.members.remove(&mo_id);
            self.adding.insert(mo_id);
        }
    }

    /// Returns the time at which to cancel the running wait, so that new members are reported.
    pub(super) fn wake_due(&self) -> Option<Instant> {
        let due = self.pending.wake_due(WAKE_AFTER);
        due.filter(|_| !self.is_modifying)
    }

    /// Returns true if the running wait should be cancelled now.
    pub(super) fn take_wake(&mut self, now: Instant) -> bool {
        !self.is_modifying && self.pending.take_wake(WAKE_AFTER, now)
    }
}
