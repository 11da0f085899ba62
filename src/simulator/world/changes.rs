//! Index of changed objects, ordered by version.
//!
//! Every change of an object gets the next global version. Only the newest change of each object is kept, so a reader
//! that is far behind still gets every changed object once, and the cost of reading depends on the number of changes,
//! not on the number of objects.

use std::collections::BTreeMap;

use super::inventory::EntityId;
use super::task::TaskId;

/// Object with versioned properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ChangedObject {
    Task(TaskId),
    Entity(EntityId),
}

/// Maximum number of removed tasks kept; a reader that is further behind has to check all its objects.
const MAX_REMOVALS: usize = 50_000;

/// Current version and the objects ordered by their newest change.
#[derive(Debug, Default)]
pub(crate) struct ChangeIndex {
    version: u64,
    tasks_changed: u64,
    order: BTreeMap<u64, ChangedObject>,
    removals: std::collections::VecDeque<u64>,
    floor: u64,
}

impl ChangeIndex {
    /// Returns the version of the newest change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Returns the version at which a task was last created or removed.
    pub(crate) fn tasks_changed(&self) -> u64 {
        self.tasks_changed
    }

    /// Returns the version below which removals have been dropped from the index.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Records a change of `subject`. `previous` is the version of its preceding change (0: none).
    pub(crate) fn record(&mut self, subject: ChangedObject, previous: u64) -> u64 {
        self.version += 1;
        if previous != 0 {
            self.order.remove(&previous);
        } else if matches!(subject, ChangedObject::Task(_)) {
            self.tasks_changed = self.version;
        }
        self.order.insert(self.version, subject);
        self.version
    }

    /// Records the removal of `subject`.
    pub(crate) fn record_removal(&mut self, subject: ChangedObject, previous: u64) {
        let version = self.record(subject, previous);
        self.tasks_changed = version;
        self.removals.push_back(version);
        while self.removals.len() > MAX_REMOVALS {
            if let Some(oldest) = self.removals.pop_front() {
                self.order.remove(&oldest);
                self.floor = oldest;
            }
        }
    }

    /// Returns the objects changed after `version`, each once, ordered by their newest change.
    pub(crate) fn since(&self, version: u64) -> impl Iterator<Item = ChangedObject> + '_ {
        self.order
            .range(version.saturating_add(1)..)
            .map(|(_, subject)| *subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_changed_object_occurs_once_in_the_order_of_its_newest_change() {
        let mut index = ChangeIndex::default();
        let (a, b) = (
            ChangedObject::Task(TaskId(1)),
            ChangedObject::Task(TaskId(2)),
        );
        let first = index.record(a, 0);
        let second = index.record(b, 0);
        index.record(a, first);
        assert_eq!(index.since(0).collect::<Vec<_>>(), [b, a]);
        assert_eq!(index.since(second).collect::<Vec<_>>(), [a]);
        assert_eq!(index.since(index.version()).count(), 0);
    }

    #[test]
    fn removals_are_kept_up_to_a_maximum() {
        let mut index = ChangeIndex::default();
        let tasks = MAX_REMOVALS as u64 + 10;
        for task in 0..tasks {
            let subject = ChangedObject::Task(TaskId(task));
            let created = index.record(subject, 0);
            index.record_removal(subject, created);
        }
        assert_eq!(index.since(0).count(), MAX_REMOVALS);
        assert_eq!(index.floor(), 20, "the version of the tenth removal");
    }
}
