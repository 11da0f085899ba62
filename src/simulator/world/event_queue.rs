//! Queue of scheduled events.

use std::collections::BTreeMap;

use super::task::TaskId;
use super::time::WorldTime;

/// Scheduled event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorldEvent {
    /// Next occurrence of the entry with this index.
    StartOccurrence(usize),
    /// A queued task may start if no slot or lock is missing.
    TryStart(TaskId),
    /// Next step of a running task.
    Step(TaskId),
    /// A running task creates the child with this index.
    Spawn(TaskId, usize),
    /// The planned duration of a running task has elapsed.
    Complete(TaskId),
    /// A requested cancellation takes effect.
    Cancel(TaskId),
    /// The object of a finished task is removed.
    RemoveObject(TaskId),
    /// Next batch of the load generator.
    LoadBatch,
}

/// Events ordered by time, then by scheduling order.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: BTreeMap<(WorldTime, u64), WorldEvent>,
    sequence: u64,
}

impl EventQueue {
    /// Schedules `event` at `at`.
    pub(super) fn schedule(&mut self, at: WorldTime, event: WorldEvent) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Returns the time of the next event.
    pub(super) fn next_time(&self) -> Option<WorldTime> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// Removes and returns the next event if it is due at `until` or earlier.
    pub(super) fn pop_due(&mut self, until: WorldTime) -> Option<(WorldTime, WorldEvent)> {
        let next = self.events.first_entry()?;
        let (at, _) = *next.key();
        (at <= until).then(|| (at, next.remove()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_by_time_then_by_arrangement() {
        let mut queue = EventQueue::default();
        queue.schedule(WorldTime::from_micros(5), WorldEvent::StartOccurrence(1));
        queue.schedule(WorldTime::from_micros(5), WorldEvent::StartOccurrence(2));
        queue.schedule(WorldTime::from_micros(-3), WorldEvent::StartOccurrence(3));
        let due: Vec<_> = std::iter::from_fn(|| queue.pop_due(WorldTime::from_micros(5)))
            .map(|(_, event)| event)
            .collect();
        assert_eq!(
            due,
            [
                WorldEvent::StartOccurrence(3),
                WorldEvent::StartOccurrence(1),
                WorldEvent::StartOccurrence(2)
            ]
        );
        queue.schedule(WorldTime::from_micros(9), WorldEvent::LoadBatch);
        assert_eq!(queue.pop_due(WorldTime::from_micros(8)), None);
    }
}
