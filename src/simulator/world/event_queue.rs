//! What is due when: the queue that drives the world.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::task::TaskId;
use super::time::WorldTime;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The entry with this index is carried out once more.
    Occurrence(usize),
    /// A queued task may start, if nothing is in its way.
    Ready(TaskId),
    /// A running task's next step.
    Step(TaskId),
    /// A running task creates its child with this index.
    Spawn(TaskId, usize),
    /// A running task has run its time.
    End(TaskId),
    /// A requested cancellation takes effect.
    Cancel(TaskId),
    /// A finished task's object disappears.
    Vanish(TaskId),
    /// The next batch of the load generator.
    Load,
}

#[derive(Debug, PartialEq, Eq)]
struct Scheduled {
    at: WorldTime,
    sequence: u64,
    due: Due,
}

impl Ord for Scheduled {
    /// Reversed, for the heap gives the greatest first; equal moments in the order in which they were arranged.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The queue of what is due.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Scheduled>,
    sequence: u64,
}

impl EventQueue {
    /// Arranges `due` for `at`.
    pub(super) fn arrange(&mut self, at: WorldTime, due: Due) {
        self.sequence += 1;
        self.heap.push(Scheduled {
            at,
            sequence: self.sequence,
            due,
        });
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<WorldTime> {
        self.heap.peek().map(|appointment| appointment.at)
    }

    /// Takes what is due next, if that is at `until` or before.
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
