//! The way tasks are followed: all running ones with one long poll, or each by polling.

mod new_tasks;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::{Error, ReportedFields, TaskCollector, types::TaskInfo};

use super::{
    ConnectionState,
    concurrent_requests::{ConcurrentRequests, RequestResult},
    intervals::Intervals,
    long_poll::{AfterFailure, LongPoll, WaitAnswer, WaitTuning},
    options::{FetchMode, WatchOptions},
    rate_limiter::TokenBucket,
    session_renewals::{Call, SessionRenewals},
    stop_reason::{LoopExit, StopReason},
    task_feed::TaskFeed,
    view_members::ViewMembers,
};

/// Maximum consecutive reads of members that the server never reports.
const MAX_SILENT_WAITS: u32 = 3;
/// Maximum duration of polling after a failure of the long poll that may pass.
const PUSH_RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// Number of tasks read to check a silent wait.
const CHECK_BATCH_SIZE: usize = 4;
/// Consecutive failures of such reads after which they stop for this session.
const MAX_CHECK_FAILURES: u32 = 8;
/// Consecutive refusals by the server after which `FetchMode::Push` ends.
const MAX_REFUSALS: u32 = 3;

#[derive(Debug)]
pub(super) struct Fetch {
    mode: FetchMode,
    /// Duration of polling before the long poll is tried again.
    push_retry: Duration,
    intervals: Intervals,
    state: FetchState,
    /// Tuning learned by the previous long poll.
    wait_tuning: Option<WaitTuning>,
    /// Abandoned collectors that may still exist on the server until the session ends.
    stale_collectors: Vec<Arc<TaskCollector>>,
    /// The fields that collectors report.
    pub(super) fields: ReportedFields,
    /// Rate limit of reading tasks one by one.
    rate: TokenBucket,
    /// Consecutive failed reads of several tasks at once.
    batch_failures: u32,
    /// Consecutive failures to change the view of the long poll.
    view_failures: u32,
    /// Consecutive failed reads that were to check the long poll, in this session.
    check_failures: u32,
    /// Consecutive times that push was given up, and how many of them because it was refused.
    fallbacks: u32,
    refusals: u32,
}

#[derive(Debug)]
enum FetchState {
    /// One long poll for all.
    Push(Box<LongPoll>),
    /// Polling.
    Poll {
        /// The reason if the long poll was tried, for display.
        reason: Option<Arc<str>>,
        /// Time of the next attempt of the long poll.
        push_at: Option<Instant>,
    },
}

impl Fetch {
    pub(super) fn new(options: &WatchOptions, now: Instant) -> Self {
        Self {
            mode: options.fetch,
            push_retry: options.push_retry,
            intervals: options.intervals,
            state: FetchState::initial(options.fetch, now),
            wait_tuning: None,
            stale_collectors: Vec::new(),
            fields: ReportedFields::default(),
            batch_failures: 0,
            rate: TokenBucket::per_second(options.max_reads_per_second, now),
            view_failures: 0,
            check_failures: 0,
            fallbacks: 0,
            refusals: 0,
        }
    }

    /// Returns the state of a working connection.
    pub(super) fn connection(&self) -> ConnectionState {
        match &self.state {
            FetchState::Push(_) => ConnectionState::Live,
            FetchState::Poll { reason, .. } => ConnectionState::Polling {
                reason: reason.clone(),
            },
        }
    }

    /// True if the long poll should be started.
    pub(super) fn is_push_due(&self, now: Instant) -> bool {
        matches!(&self.state, FetchState::Poll { push_at: Some(at), .. } if *at <= now)
    }

    /// Starts the long poll with a new collector.
    pub(super) fn begin_push(
        &mut self,
        feed: &mut TaskFeed,
        collector: TaskCollector,
        now: Instant,
    ) {
        let tuning = self.wait_tuning.take().unwrap_or(WaitTuning {
            wait: self.intervals.long_poll,
            failures: 0,
        });
        feed.view = Some(ViewMembers::new(collector.fields()));
        self.state = FetchState::Push(Box::new(LongPoll::new(collector, tuning, now)));
        feed.watched.set_polling(false, now);
    }

    /// Switches to polling with a reason; the long poll is retried later.
    pub(super) fn fall_back(&mut self, feed: &mut TaskFeed, error: &Error) -> Result<(), LoopExit> {
        self.drop_collector(feed);
        self.wait_tuning = None;
        let is_transient = error.is_transient() || error.is_session_dead();
        if self.mode == FetchMode::Push {
            // An answer without a fault may come from a proxy, and the next one from the server.
            self.refusals += u32::from(!is_transient && error.fault().is_some());
            if self.refusals < MAX_REFUSALS {
                return Err(LoopExit::failed(error.clone()));
            }
            let reason = format!(
                "tasks cannot be followed by push here, and --fetch push allows nothing else: {error} Use --fetch \
                 auto or --fetch poll."
            );
            return Err(StopReason::Refused(reason.into()).into());
        }
        let now = Instant::now();
        let mut retry = self.push_retry;
        if is_transient {
            let longer = 2_u32.saturating_pow(self.fallbacks);
            retry = retry.min(PUSH_RETRY_INTERVAL.saturating_mul(longer));
        }
        self.fallbacks = self.fallbacks.saturating_add(1);
        self.state = FetchState::Poll {
            reason: Some(error.reason().into()),
            push_at: Some(now + retry),
        };
        feed.watched.set_polling(true, now);
        Ok(())
    }

    /// Abandons collector and view: new ones are created.
    pub(super) fn drop_collector(&mut self, feed: &mut TaskFeed) {
        if !matches!(self.state, FetchState::Push(_)) {
            return;
        }
        let next = FetchState::initial(self.mode, Instant::now());
        if let FetchState::Push(poll) = std::mem::replace(&mut self.state, next) {
            self.wait_tuning = Some(poll.tuning);
            self.stale_collectors.push(poll.collector);
        }
        feed.view = None;
    }

    /// Takes the collectors that are to be destroyed.
    pub(super) fn take_stale(&mut self) -> Vec<Arc<TaskCollector>> {
        std::mem::take(&mut self.stale_collectors)
    }

    /// Forgets all that belonged to the previous session.
    pub(super) fn session_ended(&mut self, feed: &mut TaskFeed) {
        self.drop_collector(feed);
        self.stale_collectors.clear();
        self.check_failures = 0;
        self.fields = ReportedFields::default();
    }

    /// Resets what was in flight before an outage.
    pub(super) fn interrupted(&mut self, feed: &mut TaskFeed) {
        let (FetchState::Push(poll), Some(view)) = (&mut self.state, &mut feed.view) else {
            return;
        };
        poll.abandon_wait();
        let is_lossy = poll.is_lossy();
        view.interrupted();
        if is_lossy {
            self.drop_collector(feed);
        }
    }

    /// Returns the time of the next request.
    pub(super) fn next_time(
        &self,
        requests: &ConcurrentRequests,
        feed: &TaskFeed,
    ) -> Option<Instant> {
        let task = feed.watched.next_time();
        let (FetchState::Push(poll), Some(view)) = (&self.state, &feed.view) else {
            let task = task.filter(|_| requests.has_capacity());
            let task = task.map(|due| due.max(self.rate.next()));
            return [task, self.push_at()].into_iter().flatten().min();
        };
        let due = [
            task.filter(|_| !view.is_modifying() && requests.has_capacity()),
            poll.next_start(!view.is_empty()),
            view.wake_due().filter(|_| poll.can_cancel()),
            view.pending.read_due(self.intervals.report_timeout),
            self.check_due(poll, view),
        ];
        due.into_iter().flatten().min()
    }

    fn push_at(&self) -> Option<Instant> {
        match &self.state {
            FetchState::Push(_) => None,
            FetchState::Poll { push_at, .. } => *push_at,
        }
    }

    /// Returns the time of the next check of the silent long poll.
    fn check_due(&self, poll: &LongPoll, view: &ViewMembers) -> Option<Instant> {
        let due = poll.check_due(self.intervals.check);
        due.filter(|_| self.check_failures < MAX_CHECK_FAILURES && !view.is_empty())
    }

    /// Starts due requests.
    pub(super) fn start_requests(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        now: Instant,
    ) {
        if !matches!(self.state, FetchState::Push(_)) {
            while requests.has_capacity()
                && feed.watched.next_time().is_some_and(|due| due <= now)
                && self.rate.take(now)
                && let Some((mo_id, known)) = feed.watched.next_due(now)
            {
                requests.read(mo_id, known);
            }
            return;
        }
        self.add_new_tasks(requests, feed, now);
        if let (FetchState::Push(poll), Some(view)) = (&mut self.state, &feed.view) {
            poll.start_wait(!view.is_empty(), now);
        }
    }

    /// Reads or reports members that are overdue, and checks a silent long poll.
    pub(super) fn check_pending(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        now: Instant,
    ) -> Result<(), LoopExit> {
        let (FetchState::Push(poll), Some(view)) = (&mut self.state, &mut feed.view) else {
            return Ok(());
        };
        if poll.can_cancel() && view.take_wake(now) {
            poll.is_wait_cancelled = true;
            let collector = poll.collector.clone();
            requests.start(|_| async move {
                let _ = collector.cancel_wait().await;
                RequestResult::WaitCancelled
            });
        }
        let late = view
            .pending
            .take_overdue(self.intervals.report_timeout, now);
        if view.pending.consecutive_timeouts > MAX_SILENT_WAITS {
            let action = || "waiting for changes".to_owned();
            let why = "the server never reports the watched tasks.";
            let error = requests.client.unsupported(&action, why);
            return self.fall_back(feed, &error);
        }
        for mo_id in late {
            feed.watched.schedule_at(&mo_id, now);
        }
        self.check_silent_poll(requests, feed, now);
        Ok(())
    }

    /// Reads some tasks while the long poll is silent: it may hang although its session has ended.
    fn check_silent_poll(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        now: Instant,
    ) {
        let (FetchState::Push(poll), Some(view)) = (&self.state, &feed.view) else {
            return;
        };
        if self.check_due(poll, view).is_none_or(|due| due > now) {
            return;
        }
        if let FetchState::Push(poll) = &mut self.state {
            poll.checked_at = now;
        }
        for mo_id in feed.watched.take_checks(CHECK_BATCH_SIZE, now) {
            requests.start(|client| async move {
                let answer = client.task_info(&mo_id).await;
                RequestResult::Check(mo_id, answer.map(Box::new))
            });
        }
    }

    /// Waits for the answer of the long poll; `None` if none is running. Cancel safe.
    pub(super) async fn next_answer(&mut self) -> Option<WaitAnswer> {
        match &mut self.state {
            FetchState::Push(poll) => poll.running.join_next().await?.ok(),
            FetchState::Poll { .. } => None,
        }
    }

    /// Handles the answer of the long poll.
    pub(super) fn handle_wait(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        answer: WaitAnswer,
    ) -> Result<(), LoopExit> {
        let FetchState::Push(poll) = &mut self.state else {
            return Ok(());
        };
        let now = Instant::now();
        let error = match answer {
            Ok(set) => {
                requests.failures.record_success(now);
                // The first answer of a collector comes at once, even if its view is empty.
                let view = feed.view.as_ref().zip(set.as_ref());
                if poll.has_lasted(now) || view.is_some_and(|(view, set)| view.has_update_in(set)) {
                    renewals.succeeded(&Call::Wait);
                    renewals.succeeded(&Call::Collector);
                    poll.tuning.failures = 0;
                    (self.fallbacks, self.refusals) = (0, 0);
                }
                let since = poll.succeeded(set.as_ref(), now);
                let Some(set) = set else {
                    return Ok(());
                };
                feed.note_change_time(since);
                if set.truncated
                    && let Some(view) = &mut feed.view
                {
                    view.pending.truncated_at = Some(now);
                }
                renewals.was_read = true;
                return requests.handle_updates(feed, renewals, set);
            }
            Err(error) => error,
        };
        if renewals.ends_session(Call::Wait, &error) {
            return Err(LoopExit::dead(error));
        }
        match poll.failed(error, now) {
            AfterFailure::Continue => Ok(()),
            AfterFailure::Replace => {
                self.drop_collector(feed);
                Ok(())
            }
            AfterFailure::FallBack(error) => self.fall_back(feed, &error),
            AfterFailure::Reconnect(error) => Err(LoopExit::failed(error)),
        }
    }

    /// Handles a task that was read because the long poll is silent. A state that the poll did not report shows that
    /// the poll is dead: it is restarted.
    pub(super) fn handle_check(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        mo_id: &Arc<str>,
        requested_at: Instant,
        answer: Result<Box<TaskInfo>, Error>,
    ) -> Result<(), LoopExit> {
        let is_missed = match answer {
            Ok(info) => {
                renewals.succeeded(&Call::Check);
                self.check_failures = 0;
                !feed.watched.is_stale(mo_id, requested_at)
                    && feed.watched.has_other_state(mo_id, &info.state)
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => true,
            Err(error) if renewals.ends_session(Call::Check, &error) => {
                return Err(LoopExit::dead(error));
            }
            Err(_) => {
                self.check_failures += 1;
                false
            }
        };
        if let FetchState::Push(poll) = &mut self.state
            && is_missed
        {
            feed.watched.schedule_at(mo_id, Instant::now());
            poll.abandon_wait();
            if poll.is_lossy() {
                self.drop_collector(feed);
            }
        }
        Ok(())
    }
}

impl FetchState {
    fn initial(mode: FetchMode, now: Instant) -> Self {
        Self::Poll {
            reason: None,
            push_at: (mode != FetchMode::Poll).then_some(now),
        }
    }
}
