//! Tasks added to the view that the server has not reported yet. Pure: `now` is an argument.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// Unreported tasks by the time they were added. While the server truncates its answers none is overdue: its report may
/// be in the next answer.
#[derive(Debug, Default)]
pub(super) struct UnreportedTasks {
    since: HashMap<Arc<str>, Addition>,
    /// Time of the last truncated answer.
    pub(super) truncated_at: Option<Instant>,
    /// Consecutive overdue tasks without a report in between.
    pub(super) consecutive_timeouts: u32,
}

#[derive(Debug)]
struct Addition {
    /// Time when it was added or last read.
    at: Instant,
    /// True if a wait was cancelled for it.
    is_wait_cancelled: bool,
}

impl UnreportedTasks {
    /// Adds tasks that were put into the view.
    pub(super) fn add(&mut self, tasks: &[Arc<str>], now: Instant) {
        let addition = |task: &Arc<str>| {
            let addition = Addition {
                at: now,
                is_wait_cancelled: false,
            };
            (task.clone(), addition)
        };
        self.since.extend(tasks.iter().map(addition));
    }

    /// Removes a task that finished, left, or did not get into the view.
    pub(super) fn remove(&mut self, mo_id: &str) {
        let is_removed = self.since.remove(mo_id).is_some();
        // All tasks are unreported at the start, and few ever after.
        if is_removed && self.since.len() < self.since.capacity() / 8 {
            self.since.shrink_to_fit();
        }
    }

    /// Confirms a task that the server reported.
    pub(super) fn confirm(&mut self, mo_id: &str) {
        self.consecutive_timeouts = 0;
        self.remove(mo_id);
    }

    /// True if every task was reported.
    pub(super) fn is_empty(&self) -> bool {
        self.since.is_empty()
    }

    /// Removes and returns all unreported tasks.
    pub(super) fn drain(&mut self) -> Vec<Arc<str>> {
        self.since.drain().map(|(mo_id, _)| mo_id).collect()
    }

    /// Returns the time at which the running wait is to be cancelled for tasks unreported this long; once per task.
    pub(super) fn wake_due(&self, timeout: Duration) -> Option<Instant> {
        let first = self
            .since
            .values()
            .filter(|addition| !addition.is_wait_cancelled);
        self.due(first.map(|addition| addition.at).min(), timeout)
    }

    /// Returns true if the running wait is to be cancelled now.
    pub(super) fn take_wake(&mut self, timeout: Duration, now: Instant) -> bool {
        let is_due = self.wake_due(timeout).is_some_and(|due| due <= now);
        if is_due {
            let additions = self.since.values_mut();
            additions.for_each(|addition| addition.is_wait_cancelled = true);
        }
        is_due
    }

    /// Returns the time at which a task unreported this long is to be read.
    pub(super) fn read_due(&self, timeout: Duration) -> Option<Instant> {
        let first = self.since.values().map(|addition| addition.at).min();
        self.due(first, timeout)
    }

    /// Returns the overdue tasks to read now; each comes again until it is reported.
    pub(super) fn take_overdue(&mut self, timeout: Duration, now: Instant) -> Vec<Arc<str>> {
        if self.read_due(timeout).is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.consecutive_timeouts += 1;
        let late = self.since.iter_mut();
        let late = late.filter(|(_, addition)| addition.at + timeout <= now);
        late.map(|(mo_id, addition)| {
            addition.at = now;
            mo_id.clone()
        })
        .collect()
    }

    fn due(&self, first: Option<Instant>, timeout: Duration) -> Option<Instant> {
        let first = first?;
        let silent = self.truncated_at.map_or(first, |at| at.max(first));
        Some(silent + timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(4);

    fn two_unreported(now: Instant) -> UnreportedTasks {
        let mut unreported = UnreportedTasks::default();
        unreported.add(&["task-1".into(), "task-2".into()], now);
        unreported
    }

    #[tokio::test(start_paused = true)]
    async fn an_unreported_task_becomes_overdue_repeatedly() {
        let mut now = Instant::now();
        let mut unreported = two_unreported(now);
        unreported.confirm("task-1");
        for consecutive_timeouts in 1..=3 {
            assert_eq!(unreported.read_due(TIMEOUT), Some(now + TIMEOUT));
            assert!(unreported.take_overdue(TIMEOUT, now).is_empty());
            now += TIMEOUT;
            let late = unreported.take_overdue(TIMEOUT, now);
            assert_eq!(late, ["task-2".into()] as [Arc<str>; 1]);
            assert_eq!(unreported.consecutive_timeouts, consecutive_timeouts);
        }
        unreported.confirm("task-2");
        assert_eq!(
            (
                unreported.read_due(TIMEOUT),
                unreported.consecutive_timeouts
            ),
            (None, 0)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_cancelled_once_per_new_task() {
        let now = Instant::now();
        let mut unreported = two_unreported(now);
        assert!(!unreported.take_wake(TIMEOUT, now));
        let recheck_interval = now + TIMEOUT;
        assert!(unreported.take_wake(TIMEOUT, recheck_interval));
        assert!(!unreported.take_wake(TIMEOUT, recheck_interval + TIMEOUT));
        assert_eq!(unreported.wake_due(TIMEOUT), None);
        unreported.add(&["task-3".into()], recheck_interval);
        assert_eq!(
            unreported.wake_due(TIMEOUT),
            Some(recheck_interval + TIMEOUT)
        );
        assert!(unreported.take_wake(TIMEOUT, recheck_interval + TIMEOUT));
    }

    #[tokio::test(start_paused = true)]
    async fn truncated_answers_postpone_the_deadline() {
        let mut now = Instant::now();
        let mut unreported = two_unreported(now);
        for _ in 0..100 {
            now += Duration::from_secs(1);
            unreported.truncated_at = Some(now);
            assert!(unreported.take_overdue(TIMEOUT, now).is_empty());
        }
        assert!(!unreported.take_wake(TIMEOUT, now + TIMEOUT / 2));
        assert_eq!(unreported.take_overdue(TIMEOUT, now + TIMEOUT).len(), 2);
    }
}
