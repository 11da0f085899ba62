//! State of the long poll for changes of all members of a list view.
//!
//! A wait for changes is always running. The state outlives an outage: while the session is valid, the last version is
//! requested again if the server keeps versions, so that no change is missed.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use vtask_vim::{Error, ErrorKind, TaskCollector, types::UpdateSet};

use super::{collector_version::CollectorVersion, rate_limiter::TokenBucket};

/// Default maximum duration of a long poll, in whole seconds. Proxies commonly cut connections that are idle for a minute.
pub(super) const MAX_LONG_POLL: Duration = Duration::from_secs(55);
/// Waits that a proxy cuts sooner than this are not worthwhile.
const MIN_LONG_POLL: Duration = Duration::from_secs(5);
/// Minimum time between waits that return nothing: a proxy may answer instead of the server.
const MIN_WAIT_GAP: Duration = Duration::from_millis(250);
/// A wait answered sooner than this had its answer ready.
const IMMEDIATE_ANSWER: Duration = Duration::from_millis(20);
/// Delay after a wait that another client of the session cancelled.
const CANCELLED_WAIT_DELAY: Duration = Duration::from_millis(200);
/// Interval of waits under a stream of changes: less than two a second, however many changes.
const GATHER_INTERVAL: Duration = Duration::from_millis(650);
/// Number of waits that may start at once after a quiet time.
const BURST: u32 = 3;
/// Number of consecutive full answers that count as a burst.
const FULL_ANSWERS: u32 = 4;
/// Pause between waits during a burst.
const BURST_PAUSE: Duration = Duration::from_millis(100);
/// Consecutive failed waits after which tasks are polled.
const MAX_WAIT_FAILURES: u32 = 3;

/// The answer of a wait: changes, or none in time.
pub(super) type WaitAnswer = Result<Option<UpdateSet>, Error>;

#[derive(Debug)]
pub(super) struct LongPoll {
    pub(super) collector: Arc<TaskCollector>,
    version: CollectorVersion,
    /// The running wait, if any.
    pub(super) running: JoinSet<WaitAnswer>,
    /// Start of the running wait.
    waiting_since: Option<Instant>,
    next_wait: Instant,
    /// True if the running wait is being cancelled, so that changes of the view are reported.
    pub(super) is_wait_cancelled: bool,
    /// True if a lost wait may still run on the server.
    is_orphaned: bool,
    pub(super) tuning: WaitTuning,
    /// Time of the last check of the running wait.
    pub(super) checked_at: Instant,
    /// Spaces the waits under a stream of changes, so that the server merges changes of one object meanwhile.
    pace: TokenBucket,
    /// Consecutive truncated answers.
    truncated: u32,
    /// Time of the last complete answer.
    complete_at: Instant,
}

/// Tuning of waits kept while the collector is replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitTuning {
    /// Duration of waits.
    pub(super) wait: Duration,
    /// Consecutive failures.
    pub(super) failures: u32,
}

/// The next step after a failed wait.
#[derive(Debug)]
pub(super) enum AfterFailure {
    Continue,
    /// A new collector is needed.
    Replace,
    /// Tasks are to be polled.
    FallBack(Error),
    /// The connection has failed.
    Reconnect(Error),
}

impl LongPoll {
    pub(super) fn new(collector: TaskCollector, tuning: WaitTuning, now: Instant) -> Self {
        Self {
            collector: Arc::new(collector),
            version: CollectorVersion::default(),
            running: JoinSet::new(),
            waiting_since: None,
            next_wait: now,
            is_wait_cancelled: false,
            is_orphaned: false,
            tuning,
            checked_at: now,
            pace: TokenBucket::new(GATHER_INTERVAL, BURST, now),
            truncated: 0,
            complete_at: now,
        }
    }

    /// Starts a wait if it is due. `has_members` is true if the view has any.
    pub(super) fn start_wait(&mut self, has_members: bool, now: Instant) {
        if self.next_start(has_members).is_none_or(|start| start > now) {
            return;
        }
        self.waiting_since = Some(now);
        let is_orphaned = std::mem::take(&mut self.is_orphaned);
        let (collector, wait) = (self.collector.clone(), self.tuning.wait);
        let version = self.version.latest.clone();
        self.running.spawn(async move {
            if is_orphaned {
                // The server would finish the lost wait first.
                let _ = collector.cancel_wait().await;
            }
            collector.wait(&version, wait).await
        });
    }

    /// Returns the time of the next wait, if none is running and there is anything to wait for.
    pub(super) fn next_start(&self, has_members: bool) -> Option<Instant> {
        let has_work = has_members || self.collector.watches_recent();
        (self.waiting_since.is_none() && has_work).then_some(self.next_wait)
    }

    /// True if a wait runs that may be cancelled.
    pub(super) fn can_cancel(&self) -> bool {
        !self.is_wait_cancelled && self.waiting_since.is_some()
    }

    /// Returns the time of the next check of the silent running wait.
    pub(super) fn check_due(&self, interval: Duration) -> Option<Instant> {
        Some(self.waiting_since?.max(self.checked_at) + interval)
    }

    /// Abandons the running wait: it may go on on the server, and its answer is lost.
    pub(super) fn abandon_wait(&mut self) {
        self.running = JoinSet::new();
        self.is_wait_cancelled = false;
        if self.waiting_since.take().is_some() {
            self.is_orphaned = true;
            self.version.record_lost_answer();
        }
        self.next_wait = Instant::now();
    }

    /// True if changes may have been lost that this collector will not report again.
    pub(super) fn is_lossy(&self) -> bool {
        self.version.is_lost
    }

    /// True if the running wait has lasted long enough to show that waits work.
    pub(super) fn has_lasted(&self, now: Instant) -> bool {
        let enough = MIN_LONG_POLL.min(self.tuning.wait);
        self.waiting_since
            .is_some_and(|began| began + enough <= now)
    }

    /// Handles a wait without failure. Returns the earliest time at which its changes may have happened.
    pub(super) fn succeeded(&mut self, set: Option<&UpdateSet>, now: Instant) -> Instant {
        let began = self.waiting_since.take();
        let lasted = began.map(|began| now.duration_since(began));
        self.is_wait_cancelled = false;
        self.next_wait = now;
        // Changes that are reported at once happened while no wait was running.
        let since = match lasted {
            Some(lasted) if lasted > IMMEDIATE_ANSWER => now,
            _ => self.complete_at,
        };
        if set.is_none_or(|set| !set.truncated) {
            self.complete_at = now;
        }
        match set {
            Some(set) => {
                self.version.record_set(&set.version, set.truncated);
                if set.truncated {
                    self.truncated += 1;
                } else {
                    let answers = 1 + std::mem::take(&mut self.truncated);
                    // After many full answers the next ones will be full, too, so a longer pause would not merge anything.
                    self.next_wait = if answers > FULL_ANSWERS {
                        now + BURST_PAUSE
                    } else {
                        self.pace.reserve(now)
                    };
                }
            }
            None => {
                if let Some(began) = began {
                    self.next_wait = now.max(began + MIN_WAIT_GAP);
                }
            }
        }
        since
    }

    /// Handles a failed wait.
    pub(super) fn failed(&mut self, error: Error, now: Instant) -> AfterFailure {
        let began = self.waiting_since.take();
        let lasted = began.map(|began| now.duration_since(began));
        let was_cancelled = std::mem::take(&mut self.is_wait_cancelled);
        self.next_wait = now;
        if error.is_fault("RequestCanceled") && was_cancelled {
            return AfterFailure::Continue;
        }
        self.tuning.failures += 1;
        if self.tuning.failures >= MAX_WAIT_FAILURES {
            return AfterFailure::FallBack(error);
        }
        if error.is_fault("InvalidCollectorVersion") {
            self.version.restart();
            AfterFailure::Continue
        } else if error.is_fault("ManagedObjectNotFound") && self.tuning.failures == 1 {
            // The collector is gone although the session is valid. If that repeats itself, tasks are polled.
            AfterFailure::Replace
        } else if error.is_fault("RequestCanceled") {
            self.next_wait = now + CANCELLED_WAIT_DELAY;
            AfterFailure::Continue
        } else if error.is_transient() {
            self.handle_lost_wait(error, lasted.unwrap_or_default())
        } else {
            AfterFailure::FallBack(error)
        }
    }

    /// Handles a wait that ended without an answer. If a proxy cut it, the next one is shorter.
    fn handle_lost_wait(&mut self, error: Error, lasted: Duration) -> AfterFailure {
        self.is_orphaned = true;
        self.version.record_lost_answer();
        let is_connection = !matches!(error.kind, ErrorKind::Status { .. });
        if lasted >= MIN_LONG_POLL && error.retry_after().is_none() {
            self.tuning.wait = shorter(self.tuning.wait, lasted);
        } else if !is_connection || self.tuning.failures != 1 {
            return AfterFailure::Reconnect(error);
        }
        if self.is_lossy() {
            AfterFailure::Replace
        } else {
            AfterFailure::Continue
        }
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
