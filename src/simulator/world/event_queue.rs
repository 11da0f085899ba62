//! Priority queue of scheduled events.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::task::TaskId;
use super::time::WorldTime;

/// Scheduled event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Next occurrence of the entry with this index.
    Occurrence(usize),
    /// A queued task may start if no slot or lock is missing.
    Ready(TaskId),
    /// Next step of a running task.
    Step(TaskId),
    /// A running task creates the child with this index.
    Spawn(TaskId, usize),
    /// The planned duration of a running task has elapsed.
    End(TaskId),
    /// A requested cancellation takes effect.
    Cancel(TaskId),
    /// The object of a finished task is removed.
    Vanish(TaskId),
    /// Next batch of the load generator.
    Load,
}

#[derive(Debug, PartialEq, Eq)]
struct Scheduled {
    at: WorldTime,
    sequence: u64,
    due: Due,
}

impl Ord for Scheduled {
    /// Reversed, because `BinaryHeap` returns the greatest first; equal times keep their scheduling order.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Events ordered by time, then by scheduling order.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Scheduled>,
    sequence: u64,
}

impl EventQueue {
    /// Schedules `due` at `at`.
    pub(super) fn arrange(&mut self, at: WorldTime, due: Due) {
        self.sequence += 1;
        self.heap.push(Scheduled {
            at,
            sequence: self.sequence,
            due,
        });
    }

    /// Returns the time of the next event.
    pub(super) fn next(&self) -> Option<WorldTime> {
        self.heap.peek().map(|appointment| appointment.at)
    }

    /// Removes and returns the next event if it is due at `until` or earlier.
    pub(super) fn take(&mut self, until: WorldTime) -> Option<(WorldTime, Due)> {
        self.next().filter(|at| *at <= until)?;
        self.heap
            .pop()
            .map(|appointment| (appointment.at, appointment.due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_by_time_then_by_arrangement() {
        let mut agenda = EventQueue::default();
        agenda.arrange(WorldTime::from_micros(5), Due::Occurrence(1));
        agenda.arrange(WorldTime::from_micros(5), Due::Occurrence(2));
        agenda.arrange(WorldTime::from_micros(-3), Due::Occurrence(3));
        let taken: Vec<_> = std::iter::from_fn(|| agenda.take(WorldTime::from_micros(5)))
            .map(|(_, due)| due)
            .collect();
        assert_eq!(
            taken,
            [Due::Occurrence(3), Due::Occurrence(1), Due::Occurrence(2)]
        );
        agenda.arrange(WorldTime::from_micros(9), Due::Load);
        assert_eq!(agenda.take(WorldTime::from_micros(8)), None);
    }
}
