//! State of following all tasks with one long poll.
//!
//! Every running watched task is a member of a list view on the server, and a wait for changes runs all the time. The
//! state outlives an outage: while the session lives, the last version is requested again if the server keeps versions,
//! so that no change is missed.

mod driver;

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use super::{
    collector_version::CollectorVersion,
    endpoint::StopReason,
    options::{FetchMode, Tempo},
    pending_members::PendingMembers,
    poll_throttle::PollThrottle,
    read_loop::InFlight,
    responses::LoopExit,
};
use crate::vim::{Error, ErrorKind, TaskCollector};

/// Waits that a proxy cuts sooner than this are not worth while.
const MIN_LONG_POLL: Duration = Duration::from_secs(5);
/// Time after which the running wait is cancelled for a new member: some servers do not wake it.
const WAKE_AFTER: Duration = Duration::from_millis(800);

/// The present way of following tasks.
#[derive(Debug)]
pub(super) enum Fetch {
    /// One long poll for all.
    Push(Box<Push>),
    /// Polling.
    Poll {
        /// The reason if the long poll was tried, for display.
        reason: Option<Arc<str>>,
        /// Time of the next attempt of the long poll.
        push_at: Option<Instant>,
    },
}

impl Fetch {
    pub(super) fn new(mode: FetchMode) -> Self {
        let push_at = (mode != FetchMode::Poll).then(Instant::now);
        Self::Poll {
            reason: None,
            push_at,
        }
    }

    /// Returns the time of the next wait or of the next attempt of the long poll.
    pub(super) fn next_time(&self) -> Option<Instant> {
        match self {
            Self::Push(push) => push.next_time(),
            Self::Poll { push_at, .. } => *push_at,
        }
    }
}

/// State of the long poll.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) collector: Arc<TaskCollector>,
    version: CollectorVersion,
    /// Members of the view, as far as known.
    pub(super) members: HashSet<Arc<str>>,
    /// Members not reported yet.
    joining: PendingMembers,
    leaving: Vec<Arc<str>>,
    is_modifying: bool,
    /// Start of the running wait.
    waiting_since: Option<Instant>,
    next_wait: Instant,
    /// True if the running wait was cancelled.
    is_wait_cancelled: bool,
    /// True if a lost wait may still run on the server.
    is_orphaned: bool,
    wait: Duration,
    /// Time after which an unreported member is read.
    report_timeout: Duration,
    /// Time of the last check of the running wait.
    checked_at: Instant,
    pace: PollThrottle,
    failures: u32,
    /// Consecutive truncated answers.
    truncated: u32,
    /// Time of the last complete answer.
    complete_at: Instant,
}

/// Tuning of waits kept while the collector is replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitTuning {
    /// Duration of waits.
    wait: Duration,
    /// Consecutive failures.
    failures: u32,
}

impl Push {
    fn new(
        collector: TaskCollector,
        tempo: Tempo,
        wait_tuning: Option<WaitTuning>,
        now: Instant,
    ) -> Self {
        let wait_tuning = wait_tuning.unwrap_or(WaitTuning {
            wait: tempo.wait,
            failures: 0,
        });
        Self {
            collector: Arc::new(collector),
            version: CollectorVersion::default(),
            members: HashSet::new(),
            joining: PendingMembers::default(),
            leaving: Vec::new(),
            is_modifying: false,
            waiting_since: None,
            next_wait: now,
            is_wait_cancelled: false,
            is_orphaned: false,
            wait: wait_tuning.wait,
            report_timeout: tempo.report_timeout,
            checked_at: now,
            pace: PollThrottle::new(now),
            failures: wait_tuning.failures,
            truncated: 0,
            complete_at: now,
        }
    }

    /// Resets what was in flight before an outage. Returns the tasks that may not have reached the view.
    pub(super) fn interrupted(&mut self) -> Vec<Arc<str>> {
        self.is_wait_cancelled = false;
        if self.waiting_since.take().is_some() {
            self.is_orphaned = true;
            self.version.answer_lost();
        }
        self.next_wait = Instant::now();
        if !std::mem::take(&mut self.is_modifying) {
            return Vec::new();
        }
        let unsure = self.joining.drain();
        for mo_id in &unsure {
            self.members.remove(mo_id);
        }
        unsure
    }

    /// True if changes may have been lost that this collector will not report again.
    pub(super) fn is_lossy(&self) -> bool {
        self.version.is_lost()
    }

    pub(super) fn is_modifying(&self) -> bool {
        self.is_modifying
    }

    /// True if members are unreported or on their way into the view.
    pub(super) fn has_pending_members(&self) -> bool {
        self.is_modifying || !self.joining.is_empty()
    }

    /// Removes a task from the view.
    pub(super) fn leave(&mut self, mo_id: &Arc<str>) {
        self.joining.remove(mo_id);
        if self.members.remove(mo_id) {
            self.leaving.push(mo_id.clone());
        }
    }

    /// Confirms a member that the server reported.
    pub(super) fn confirm(&mut self, mo_id: &str) {
        self.joining.confirm(mo_id);
    }

    /// Stops waiting for the report of a task that finished or cannot be read.
    pub(super) fn settled(&mut self, mo_id: &str) {
        self.joining.remove(mo_id);
    }

    fn next_time(&self) -> Option<Instant> {
        let wait = self.waiting_since.is_none() && self.has_work();
        let nudge = self.can_wake().then(|| self.joining.wake_due(WAKE_AFTER));
        let wait = wait.then_some(self.next_wait);
        let read = self.joining.read_due(self.report_timeout);
        [wait, nudge.flatten(), read].into_iter().flatten().min()
    }

    /// True if there is anything to wait for.
    fn has_work(&self) -> bool {
        !self.members.is_empty() || self.collector.watches_recent()
    }

    /// Returns the time at which the silent running wait is to be checked.
    fn check_due(&self, check: Duration) -> Option<Instant> {
        let since = self.waiting_since.filter(|_| !self.members.is_empty())?;
        Some(since.max(self.checked_at) + check)
    }

    /// Abandons the running wait and starts another.
    pub(super) fn restart_wait(&mut self, in_flight: &mut InFlight) {
        in_flight.waits = JoinSet::new();
        if self.waiting_since.take().is_some() {
            self.is_orphaned = true;
            self.is_wait_cancelled = false;
            self.version.answer_lost();
        }
        self.next_wait = Instant::now();
    }

    /// True if a wait runs that may be cancelled and all members are in the view.
    fn can_wake(&self) -> bool {
        !self.is_wait_cancelled && !self.is_modifying && self.waiting_since.is_some()
    }
}

impl Push {
    fn start_wait(&mut self, in_flight: &mut InFlight, now: Instant) {
        let is_idle = self.waiting_since.is_some() || !self.has_work();
        if is_idle || self.next_wait > now {
            return;
        }
        self.waiting_since = Some(now);
        let is_orphaned = std::mem::take(&mut self.is_orphaned);
        let (collector, wait) = (self.collector.clone(), self.wait);
        let version = self.version.as_str().to_owned();
        in_flight.waits.spawn(async move {
            if is_orphaned {
                // The server would finish the lost wait first.
                let _ = collector.cancel_wait().await;
            }
            collector.wait(&version, wait).await
        });
    }

    /// Handles a wait that ended without an answer. If a proxy cut it, the next one is shorter.
    fn handle_lost_wait(
        &mut self,
        error: Error,
        lasted: Duration,
        now: Instant,
    ) -> Result<(), LoopExit> {
        self.is_orphaned = true;
        self.version.answer_lost();
        self.next_wait = now;
        if lasted >= MIN_LONG_POLL && error.retry_after().is_none() {
            self.wait = shorter(self.wait, lasted);
            return Ok(());
        }
        let is_connections = !matches!(error.kind, ErrorKind::Status { .. });
        if is_connections && self.failures == 1 {
            return Ok(());
        }
        Err(StopReason::Failed(Box::new(error)).into())
    }

    /// Handles the result of a change of the view. Returns the tasks to add again.
    pub(super) fn modified(&mut self, joining: &[Arc<str>], failed: bool) -> Vec<Arc<str>> {
        self.is_modifying = false;
        if !failed {
            return Vec::new();
        }
        for mo_id in joining {
            self.members.remove(mo_id);
            self.joining.remove(mo_id);
        }
        joining.to_vec()
    }
}

/// Returns the duration of the next wait after one of at most `wait` was cut after `lasted`.
fn shorter(wait: Duration, lasted: Duration) -> Duration {
    lasted.mul_f64(0.8).max(MIN_LONG_POLL).min(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_wait_gets_shorter_down_to_the_minimum() {
        let seconds = Duration::from_secs;
        assert_eq!(shorter(seconds(55), seconds(30)), seconds(24));
        assert_eq!(shorter(seconds(55), seconds(5)), MIN_LONG_POLL);
        // Both the server's time and the client's time-out have passed.
        assert_eq!(shorter(seconds(5), seconds(35)), seconds(5));
        assert_eq!(shorter(seconds(3), seconds(33)), seconds(3));
    }
}
