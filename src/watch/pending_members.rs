//! Tasks added to the view that the server has not reported yet. Pure: `now` is an argument.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// Pending members by the time they were added. While the server truncates its answers none is overdue: its report may
/// be in the next answer.
#[derive(Debug, Default)]
pub(super) struct PendingMembers {
    since: HashMap<Arc<str>, Joined>,
    /// Time of the last truncated answer.
    truncated_at: Option<Instant>,
    /// Consecutive overdue members without a report in between.
    consecutive_timeouts: u32,
}

#[derive(Debug)]
struct Joined {
    /// Time when it was added or last read.
    at: Instant,
    /// True if a wait was cancelled for it.
    is_wait_cancelled: bool,
}

impl PendingMembers {
    /// Adds tasks that were put into the view.
    pub(super) fn add(&mut self, tasks: &[Arc<str>], now: Instant) {
        let joined = |task: &Arc<str>| {
            let joined = Joined {
                at: now,
                is_wait_cancelled: false,
            };
            (task.clone(), joined)
        };
        self.since.extend(tasks.iter().map(joined));
    }

    /// Removes a task that finished, left, or did not get into the view.
    pub(super) fn remove(&mut self, mo_id: &str) {
        if !self.since.is_empty() {
            self.since.remove(mo_id);
        }
    }

    /// Confirms a task that the server reported.
    pub(super) fn confirm(&mut self, mo_id: &str) {
        self.consecutive_timeouts = 0;
        self.remove(mo_id);
    }

    /// True if there are no pending members.
    pub(super) fn is_empty(&self) -> bool {
        self.since.is_empty()
    }

    /// Removes and returns all pending members.
    pub(super) fn drain(&mut self) -> Vec<Arc<str>> {
        self.since.drain().map(|(mo_id, _)| mo_id).collect()
    }

    /// Records a truncated answer.
    pub(super) fn record_truncated(&mut self, now: Instant) {
        self.truncated_at = Some(now);
    }

    /// Returns the time at which the running wait is to be cancelled for members pending this long; once per member.
    pub(super) fn wake_due(&self, timeout: Duration) -> Option<Instant> {
        let first = self
            .since
            .values()
            .filter(|joined| !joined.is_wait_cancelled);
        self.due(first.map(|joined| joined.at).min(), timeout)
    }

    /// Returns true if the running wait is to be cancelled now.
    pub(super) fn take_wake(&mut self, timeout: Duration, now: Instant) -> bool {
        let is_due = self.wake_due(timeout).is_some_and(|due| due <= now);
        if is_due {
            let members = self.since.values_mut();
            members.for_each(|joined| joined.is_wait_cancelled = true);
        }
        is_due
    }

    /// Returns the time at which a member pending this long is to be read.
    pub(super) fn read_due(&self, timeout: Duration) -> Option<Instant> {
        let first = self.since.values().map(|joined| joined.at).min();
        self.due(first, timeout)
    }

    /// Returns the overdue members to read now; each comes again until it is reported.
    pub(super) fn take_overdue(&mut self, timeout: Duration, now: Instant) -> Vec<Arc<str>> {
        if self.read_due(timeout).is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.consecutive_timeouts += 1;
        let late = self.since.iter_mut();
        let late = late.filter(|(_, joined)| joined.at + timeout <= now);
        late.map(|(mo_id, joined)| {
            joined.at = now;
            mo_id.clone()
        })
        .collect()
    }

    /// Returns the number of consecutive overdue members without a report in between.
    pub(super) fn consecutive_timeouts(&self) -> u32 {
        self.consecutive_timeouts
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

    fn joining(now: Instant) -> PendingMembers {
        let mut joining = PendingMembers::default();
        joining.add(&["task-1".into(), "task-2".into()], now);
        joining
    }

    #[tokio::test(start_paused = true)]
    async fn an_unreported_member_becomes_overdue_repeatedly() {
        let mut now = Instant::now();
        let mut joining = joining(now);
        joining.confirm("task-1");
        for consecutive_timeouts in 1..=3 {
            assert_eq!(joining.read_due(TIMEOUT), Some(now + TIMEOUT));
            assert!(joining.take_overdue(TIMEOUT, now).is_empty());
            now += TIMEOUT;
            let late = joining.take_overdue(TIMEOUT, now);
            assert_eq!(late, ["task-2".into()] as [Arc<str>; 1]);
            assert_eq!(joining.consecutive_timeouts(), consecutive_timeouts);
        }
        joining.confirm("task-2");
        assert_eq!(
            (joining.read_due(TIMEOUT), joining.consecutive_timeouts()),
            (None, 0)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_cancelled_once_per_new_member() {
        let now = Instant::now();
        let mut joining = joining(now);
        assert!(!joining.take_wake(TIMEOUT, now));
        let recheck_interval = now + TIMEOUT;
        assert!(joining.take_wake(TIMEOUT, recheck_interval));
        assert!(!joining.take_wake(TIMEOUT, recheck_interval + TIMEOUT));
        assert_eq!(joining.wake_due(TIMEOUT), None);
        joining.add(&["task-3".into()], recheck_interval);
        assert_eq!(joining.wake_due(TIMEOUT), Some(recheck_interval + TIMEOUT));
        assert!(joining.take_wake(TIMEOUT, recheck_interval + TIMEOUT));
    }

    #[tokio::test(start_paused = true)]
    async fn truncated_answers_postpone_the_deadline() {
        let mut now = Instant::now();
        let mut joining = joining(now);
        for _ in 0..100 {
            now += Duration::from_secs(1);
            joining.record_truncated(now);
            assert!(joining.take_overdue(TIMEOUT, now).is_empty());
        }
        assert!(!joining.take_wake(TIMEOUT, now + TIMEOUT / 2));
        assert_eq!(joining.take_overdue(TIMEOUT, now + TIMEOUT).len(), 2);
    }
}
