//! Priority queue of scheduled events.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

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

#[derive(Debug, PartialEq, Eq)]
struct ScheduledEvent {
    at: WorldTime,
    sequence: u64,
    event: WorldEvent,
}

impl Ord for ScheduledEvent {
    /// Reversed, because `BinaryHeap` returns the greatest first; equal times keep their scheduling order.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for ScheduledEvent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Events ordered by time, then by scheduling order.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<ScheduledEvent>,
    sequence: u64,
}

impl EventQueue {
    /// Schedules `event` at `at`.
    pub(super) fn schedule(&mut self, at: WorldTime, event: WorldEvent) {
        self.sequence += 1;
        self.heap.push(ScheduledEvent {
            at,
            sequence: self.sequence,
            event,
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Returns the time of the next event.
    pub(super) fn next_time(&self) -> Option<WorldTime> {
        self.heap.peek().map(|scheduled| scheduled.at)
    }

    /// Removes and returns the next event if it is due at `until` or earlier.
    pub(super) fn pop_due(&mut self, until: WorldTime) -> Option<(WorldTime, WorldEvent)> {
        self.next_time().filter(|at| *at <= until)?;
        self.heap
            .pop()
            .map(|scheduled| (scheduled.at, scheduled.event))
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
