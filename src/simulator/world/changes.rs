//! What changed, in order: the part of the world that makes "what is new since version v" cheap.
//!
//! Every change of an object gets the next global version. Of each object only the newest change is kept in the
//! order, so a reader who is far behind still meets every changed object once, and reading costs what changed,
//! never what exists.

use std::collections::BTreeMap;

use super::inventory::EntityId;
use super::task::TaskId;

/// An object whose properties change while it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// A task.
    Task(TaskId),
    /// An object of the inventory.
    Entity(EntityId),
}

/// How many vanished tasks are remembered; whoever is further behind has to look at everything it watches.
const MAX_DEPARTURES: usize = 50_000;

/// The global version and the objects in the order of their newest change.
#[derive(Debug, Default)]
pub(crate) struct ChangeIndex {
    version: u64,
    tasks_changed: u64,
    order: BTreeMap<u64, Subject>,
    departures: std::collections::VecDeque<u64>,
    floor: u64,
}

impl ChangeIndex {
    /// The version of the newest change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The version at which a task last came into being or vanished.
    pub(crate) fn tasks_changed(&self) -> u64 {
        self.tasks_changed
    }

    /// Below this version the index no longer knows every departure.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Notes a change of `subject`, whose change before this one had the version `previous` (0: none).
    pub(crate) fn record(&mut self, subject: Subject, previous: u64) -> u64 {
        self.version += 1;
        if previous != 0 {
            self.order.remove(&previous);
        } else if matches!(subject, Subject::Task(_)) {
            self.tasks_changed = self.version;
        }
        self.order.insert(self.version, subject);
        self.version
    }

    /// Notes that `subject` is gone for good.
    pub(crate) fn record_departure(&mut self, subject: Subject, previous: u64) {
        let version = self.record(subject, previous);
        self.tasks_changed = version;
        self.departures.push_back(version);
        while self.departures.len() > MAX_DEPARTURES {
            if let Some(oldest) = self.departures.pop_front() {
                self.order.remove(&oldest);
                self.floor = oldest;
            }
        }
    }

    /// The objects that changed after `version`, each once, those with the oldest news first.
    pub(crate) fn since(&self, version: u64) -> impl Iterator<Item = Subject> + '_ {
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
        let (a, b) = (Subject::Task(TaskId(1)), Subject::Task(TaskId(2)));
        let first = index.record(a, 0);
        let second = index.record(b, 0);
        index.record(a, first);
        assert_eq!(index.since(0).collect::<Vec<_>>(), [b, a]);
        assert_eq!(index.since(second).collect::<Vec<_>>(), [a]);
        assert_eq!(index.since(index.version()).count(), 0);
    }
}
