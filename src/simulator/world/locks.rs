//! Exclusive locks on entities. Tasks of one family (same root) share a lock, so a child never waits for its own
//! root.

use std::collections::{HashMap, VecDeque};

use super::inventory::EntityId;
use super::task::TaskId;

#[derive(Debug)]
struct Lock {
    family: TaskId,
    holders: usize,
    waiting: VecDeque<TaskId>,
}

/// Lock holders and wait queue per entity.
#[derive(Debug, Default)]
pub(super) struct Locks(HashMap<EntityId, Lock>);

impl Locks {
    /// Acquires the entity for a task of `family`, or queues the task. Returns true if acquired.
    pub(super) fn take(&mut self, entity: EntityId, family: TaskId, task: TaskId) -> bool {
        let lock = self.0.entry(entity).or_insert_with(|| Lock {
            family,
            holders: 0,
            waiting: VecDeque::new(),
        });
        if lock.holders == 0 {
            lock.family = family;
        }
        let granted = lock.family == family;
        if granted {
            lock.holders += 1;
        } else if !lock.waiting.contains(&task) {
            lock.waiting.push_back(task);
        }
        granted
    }

    /// Releases the entity. Returns the queued tasks that may retry, in order.
    pub(super) fn release(&mut self, entity: EntityId) -> Vec<TaskId> {
        let Some(lock) = self.0.get_mut(&entity) else {
            return Vec::new();
        };
        lock.holders = lock.holders.saturating_sub(1);
        if lock.holders > 0 {
            return Vec::new();
        }
        let waiting = lock.waiting.drain(..).collect();
        self.0.remove(&entity);
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_shares_and_others_wait_in_order() {
        let mut locks = Locks::default();
        let entity = EntityId(0);
        assert!(locks.take(entity, TaskId(1), TaskId(1)));
        assert!(locks.take(entity, TaskId(1), TaskId(2)));
        assert!(!locks.take(entity, TaskId(3), TaskId(3)));
        assert!(!locks.take(entity, TaskId(4), TaskId(4)));
        assert_eq!(locks.release(entity), []);
        assert_eq!(locks.release(entity), [TaskId(3), TaskId(4)]);
        assert!(locks.take(entity, TaskId(3), TaskId(3)));
    }
}
