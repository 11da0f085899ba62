//! Members of the list view whose changes are pushed. Pure: `now` is an argument.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::{ReportedFields, types::UpdateSet};

use super::unreported_tasks::UnreportedTasks;

/// Time after which the running wait is cancelled for a new member: some servers do not wake it.
const WAKE_DELAY: Duration = Duration::from_millis(800);

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
    /// Tasks whose removal has failed or was interrupted, to be removed with the next change of the view.
    unremoved: Vec<Arc<str>>,
    /// The change of the view that is in flight.
    modifying: Option<ViewChange>,
}

/// Tasks to add to the view and to remove from it.
#[derive(Debug, Clone)]
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

    /// True if a set of changes has one of a member.
    pub(super) fn has_update_in(&self, set: &UpdateSet) -> bool {
        let mut updates = set.filter_set.iter().flat_map(|filter| &filter.object_set);
        updates.any(|update| self.contains(&update.obj))
    }

    /// True while a change of the view is in flight.
    pub(super) fn is_modifying(&self) -> bool {
        self.modifying.is_some()
    }

    /// True if members are unreported or on their way into the view.
    pub(super) fn has_pending(&self) -> bool {
        self.is_modifying() || !self.adding.is_empty() || !self.pending.is_empty()
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
        let mut removing = std::mem::take(&mut self.removing);
        removing.append(&mut self.unremoved);
        removing.retain(|mo_id| !self.members.contains(mo_id));
        let change = ViewChange { adding, removing };
        self.modifying = Some(change.clone());
        Some(change)
    }

    /// Ends a change of the view and returns the tasks that were to be added. If it failed, they are no members.
    pub(super) fn modified(&mut self, has_failed: bool) -> Vec<Arc<str>> {
        let Some(change) = self.modifying.take() else {
            return Vec::new();
        };
        if has_failed {
            for mo_id in &change.adding {
                self.members.remove(mo_id);
                self.pending.remove(mo_id);
            }
            self.unremoved.extend(change.removing);
        }
        change.adding
    }

    /// Ends an interrupted change of the view. The tasks that may not have reached it join again.
    pub(super) fn interrupted(&mut self) {
        let Some(change) = self.modifying.take() else {
            return;
        };
        self.unremoved.extend(change.removing);
        for mo_id in self.pending.drain() {
            self.members.remove(&mo_id);
            self.adding.insert(mo_id);
        }
    }

    /// Returns the time at which to cancel the running wait, so that new members are reported.
    pub(super) fn wake_due(&self) -> Option<Instant> {
        let due = self.pending.wake_due(WAKE_DELAY);
        due.filter(|_| !self.is_modifying())
    }

    /// Returns true if the running wait should be cancelled now.
    pub(super) fn take_wake(&mut self, now: Instant) -> bool {
        !self.is_modifying() && self.pending.take_wake(WAKE_DELAY, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 10;

    fn members(tasks: &[&str], now: Instant) -> ViewMembers {
        let mut view = ViewMembers::default();
        for task in tasks {
            view.join(&Arc::from(*task));
        }
        view.modify(LIMIT, now).unwrap();
        view.modified(false);
        // The server has reported them.
        view.pending.drain();
        view
    }

    #[test]
    fn failed_and_interrupted_removals_are_repeated_with_the_next_change() {
        let now = Instant::now();
        let mut view = members(&["task-1", "task-2", "task-3"], now);
        view.leave(&"task-1".into());
        let change = view.modify(LIMIT, now).unwrap();
        assert_eq!(change.removing, ["task-1".into()]);
        view.modified(true);
        assert!(view.modify(LIMIT, now).is_none(), "it waits for a change");
        view.leave(&"task-2".into());
        let change = view.modify(LIMIT, now).unwrap();
        assert_eq!(change.removing, ["task-2".into(), "task-1".into()]);
        view.interrupted();
        view.join(&"task-4".into());
        let change = view.modify(LIMIT, now).unwrap();
        assert_eq!(change.adding, ["task-4".into()]);
        assert_eq!(change.removing, ["task-2".into(), "task-1".into()]);
        view.modified(false);
        assert!(view.modify(LIMIT, now).is_none());
    }

    #[test]
    fn a_task_that_joins_again_is_not_removed() {
        let now = Instant::now();
        let mut view = members(&["task-1"], now);
        view.leave(&"task-1".into());
        view.join(&"task-1".into());
        let change = view.modify(LIMIT, now).unwrap();
        assert_eq!(change.adding, ["task-1".into()]);
        assert!(change.removing.is_empty());
    }
}
