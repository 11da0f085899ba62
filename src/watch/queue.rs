//! The queue of tasks to read. Pure: `now` is an argument.
//!
//! If reads fall behind, new tasks precede repeated reads.

use std::{collections::BTreeSet, sync::Arc};

use tokio::time::Instant;

use super::compact_instant::CompactInstant;

/// Due time and priority of a queued task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueKey {
    at: CompactInstant,
    is_new: bool,
}

/// Queued tasks, each once.
#[derive(Debug, Default)]
pub(super) struct Queue {
    new: BTreeSet<(CompactInstant, Arc<str>)>,
    repeated: BTreeSet<(CompactInstant, Arc<str>)>,
}

impl Queue {
    /// Queues a task. Returns the key with which it can be removed.
    pub(super) fn add(&mut self, mo_id: Arc<str>, at: Instant, is_new: bool) -> QueueKey {
        let at = at.into();
        self.line(is_new).insert((at, mo_id));
        QueueKey { at, is_new }
    }

    pub(super) fn remove(&mut self, mo_id: &Arc<str>, key: QueueKey) {
        self.line(key.is_new).remove(&(key.at, mo_id.clone()));
    }

    /// Takes the next due task.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Arc<str>> {
        let mut lines = [&mut self.new, &mut self.repeated].into_iter();
        let is_due =
            |line: &&mut BTreeSet<_>| matches!(line.first(), Some((at, _)) if *at <= now.into());
        let (_, mo_id) = lines.find(is_due)?.pop_first()?;
        Some(mo_id)
    }

    /// Returns the time of the next due task.
    pub(super) fn next_time(&self) -> Option<Instant> {
        let lines = [&self.new, &self.repeated].into_iter();
        lines
            .filter_map(|line| line.first())
            .map(|(at, _)| *at)
            .min()
            .map(Instant::from)
    }

    /// Returns all queued tasks, unordered.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Arc<str>> {
        self.new
            .iter()
            .chain(&self.repeated)
            .map(|(_, mo_id)| mo_id)
    }

    fn line(&mut self, is_new: bool) -> &mut BTreeSet<(CompactInstant, Arc<str>)> {
        if is_new {
            &mut self.new
        } else {
            &mut self.repeated
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn new_tasks_precede_repeated_reads() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut queue = Queue::default();
        queue.add("old".into(), at(1), false);
        queue.add("new".into(), at(5), true);
        let left = queue.add("left".into(), at(2), true);
        queue.remove(&"left".into(), left);
        assert_eq!(queue.next_time(), Some(at(1)));
        assert_eq!(queue.pop(start), None);
        queue.add("older".into(), at(0), false);
        assert_eq!(queue.pop(at(4)).as_deref(), Some("older"));
        assert_eq!(queue.pop(at(5)).as_deref(), Some("new"));
        assert_eq!(queue.pop(at(5)).as_deref(), Some("old"));
        assert_eq!((queue.pop(at(9)), queue.next_time()), (None, None));
    }
}
