//! Following all tasks with one long poll: where it stands, and what may be asked next.
//!
//! Every watched task that is not over is a member of a list view on the server; a wait for changes runs all the
//! time. The state here outlives an outage: as long as the session lives, the version that was reached is asked for
//! again, where the server keeps versions, and nothing that happened meanwhile is missed.

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

/// A wait that proxies cut sooner than this is not worth it.
const MIN_LONG_POLL: Duration = Duration::from_secs(5);
/// How long a task that was put into the view may stay unheard of before the running wait is ended: some servers do
/// not wake it.
const WAKE_AFTER: Duration = Duration::from_millis(800);

/// How tasks are followed at the moment.
#[derive(Debug)]
pub(super) enum Fetch {
    /// By one long poll for all.
    Push(Box<Push>),
    /// One by one.
    Poll {
        /// Why not by push, where that was tried; for people.
        reason: Option<Arc<str>>,
        /// When push is tried again.
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

    /// When a wait may start, or push is tried again.
    pub(super) fn next_time(&self) -> Option<Instant> {
        match self {
            Self::Push(push) => push.next_time(),
            Self::Poll { push_at, .. } => *push_at,
        }
    }
}

/// The state of the long poll.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) collector: Arc<TaskCollector>,
    version: CollectorVersion,
    /// What is in the view, as far as we know.
    pub(super) members: HashSet<Arc<str>>,
    /// Members that were not heard of yet.
    joining: PendingMembers,
    leaving: Vec<Arc<str>>,
    is_modifying: bool,
    /// Since when a wait runs.
    waiting_since: Option<Instant>,
    next_wait: Instant,
    /// Whether the running wait was told to end.
    is_nudged: bool,
    /// Whether a wait may still run on the server that is lost to us.
    is_orphaned: bool,
    wait: Duration,
    /// How long a member may stay unheard of before it is read by itself.
    heard_after: Duration,
    /// When tasks were last read because the running wait is silent.
    checked_at: Instant,
    pace: PollThrottle,
    failures: u32,
    /// How many answers in a row brought changes without telling all.
    truncated: u32,
    /// When the server had told all that it knew.
    complete_at: Instant,
}

/// What was learned of waits while the collector is replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitTuning {
    /// How long waits may be.
    wait: Duration,
    /// How many failed in a row.
    failures: u32,
}

impl Push {
    fn new(
        collector: TaskCollector,
        tempo: Tempo,
        learned: Option<WaitTuning>,
        now: Instant,
    ) -> Self {
        let learned = learned.unwrap_or(WaitTuning {
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
            is_nudged: false,
            is_orphaned: false,
            wait: learned.wait,
            heard_after: tempo.heard_after,
            checked_at: now,
            pace: PollThrottle::new(now),
            failures: learned.failures,
            truncated: 0,
            complete_at: now,
        }
    }

    /// Nothing is under way any more: the loop begins anew after an outage. Answers the tasks of which it is not
    /// known whether the view took them.
    pub(super) fn interrupted(&mut self) -> Vec<Arc<str>> {
        self.is_nudged = false;
        if self.waiting_since.take().is_some() {
            self.is_orphaned = true;
            self.version.answer_lost();
        }
        self.next_wait = Instant::now();
        if !std::mem::take(&mut self.is_modifying) {
            return Vec::new();
        }
        let unsure = self.joining.take_all();
        for mo_id in &unsure {
            self.members.remove(mo_id);
        }
        unsure
    }

    /// Whether changes may have been lost that this collector will not tell again.
    pub(super) fn is_lossy(&self) -> bool {
        self.version.is_lost()
    }

    pub(super) fn is_modifying(&self) -> bool {
        self.is_modifying
    }

    /// Whether tasks of the view were not heard of yet, or are on their way into it.
    pub(super) fn is_joining(&self) -> bool {
        self.is_modifying || !self.joining.is_empty()
    }

    /// Takes a task out of the view.
    pub(super) fn leave(&mut self, mo_id: &Arc<str>) {
        self.joining.remove(mo_id);
        if self.members.remove(mo_id) {
            self.leaving.push(mo_id.clone());
        }
    }

    /// The server told of a task of the view.
    pub(super) fn heard_of(&mut self, mo_id: &str) {
        self.joining.heard_of(mo_id);
    }

    /// A task is over or cannot be read: it is not waited for any more.
    pub(super) fn settled(&mut self, mo_id: &str) {
        self.joining.remove(mo_id);
    }

    fn next_time(&self) -> Option<Instant> {
        let wait = self.waiting_since.is_none() && self.has_work();
        let nudge = self.can_wake().then(|| self.joining.wake_due(WAKE_AFTER));
        let wait = wait.then_some(self.next_wait);
        let read = self.joining.read_due(self.heard_after);
        [wait, nudge.flatten(), read].into_iter().flatten().min()
    }

    /// Whether there is anything to wait for.
    fn has_work(&self) -> bool {
        !self.members.is_empty() || self.collector.watches_recent()
    }

    /// When the running wait has been silent for so long that it is to be checked.
    fn check_due(&self, check: Duration) -> Option<Instant> {
        let since = self.waiting_since.filter(|_| !self.members.is_empty())?;
        Some(since.max(self.checked_at) + check)
    }

    /// Gives the running wait up, for it does not tell what happened, and begins another.
    pub(super) fn restart_wait(&mut self, reading: &mut InFlight) {
        reading.waits = JoinSet::new();
        if self.waiting_since.take().is_some() {
            self.is_orphaned = true;
            self.is_nudged = false;
            self.version.answer_lost();
        }
        self.next_wait = Instant::now();
    }

    /// Whether a wait runs that may be ended, and everybody who joined is in the view.
    fn can_wake(&self) -> bool {
        !self.is_nudged && !self.is_modifying && self.waiting_since.is_some()
    }
}

impl Push {
    fn start_wait(&mut self, reading: &mut InFlight, now: Instant) {
        let is_idle = self.waiting_since.is_some() || !self.has_work();
        if is_idle || self.next_wait > now {
            return;
        }
        self.waiting_since = Some(now);
        let is_orphaned = std::mem::take(&mut self.is_orphaned);
        let (collector, wait) = (self.collector.clone(), self.wait);
        let version = self.version.as_str().to_owned();
        reading.waits.spawn(async move {
            if is_orphaned {
                // The server would finish the lost wait first.
                let _ = collector.cancel_wait().await;
            }
            collector.wait(&version, wait).await
        });
    }

    /// A wait ended without its answer. One that a proxy cut gets shorter.
    fn after_lost_answer(
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

    /// The view was changed, or not. Answers the tasks that are to be put there again.
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

/// How long to wait after a wait of at most `wait` was lost after `lasted`: less, for something cuts it.
fn shorter(wait: Duration, lasted: Duration) -> Duration {
    lasted.mul_f64(0.8).max(MIN_LONG_POLL).min(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_cut_gets_shorter_down_to_the_least_and_never_longer() {
        let seconds = Duration::from_secs;
        assert_eq!(shorter(seconds(55), seconds(30)), seconds(24));
        assert_eq!(shorter(seconds(55), seconds(5)), MIN_LONG_POLL);
        // The server's time, and our patience with it, was over.
        assert_eq!(shorter(seconds(5), seconds(35)), seconds(5));
        assert_eq!(shorter(seconds(3), seconds(33)), seconds(3));
    }
}
