//! Drives the long poll: starts it, adds members, handles its answers, and abandons it.

use std::time::Duration;

use tokio::{task::JoinSet, time::Instant};

use super::{Fetch, Push, WAKE_AFTER, WaitTuning};
use crate::{
    vim::{Error, TaskCollector, types::UpdateSet},
    watch::{
        endpoint::{Endpoint, StopReason},
        options::FetchMode,
        read_loop::{InFlight, MAX_CONCURRENT_READS},
        renewals::Call,
        responses::{Completed, LoopExit},
    },
};

/// Maximum consecutive reads of members that the server never reports.
const MAX_SILENT_WAITS: u32 = 3;
/// Minimum time between waits that return nothing: a proxy may answer instead of the server.
const MIN_WAIT_GAP: Duration = Duration::from_millis(250);
/// Consecutive failed waits after which tasks are polled.
const MAX_WAIT_FAILURES: u32 = 3;
/// Maximum duration of polling after a failure of the long poll that may pass.
const PUSH_RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// A wait answered sooner than this had its answer ready.
const IMMEDIATE_ANSWER: Duration = Duration::from_millis(20);
/// Maximum number of tasks added to the view with one request.
const MAX_JOIN_BATCH: usize = 2_000;
/// Number of tasks read to check a silent wait.
const CHECKED_AT_ONCE: usize = 4;
/// Consecutive failures of such reads after which they stop for this session.
const MAX_CHECK_FAILURES: u32 = 8;
/// Consecutive refusals after which `FetchMode::Push` ends.
const MAX_REFUSALS: u32 = 3;

impl Endpoint {
    /// Starts the long poll if it is wanted and due. If the server refuses, tasks are polled.
    pub(in crate::watch) async fn start_push(
        &mut self,
        in_flight: &mut InFlight,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        match &self.fetch {
            Fetch::Poll {
                push_at: Some(at), ..
            } if *at <= now => {}
            _ => return Ok(()),
        }
        for collector in std::mem::take(&mut self.stale_collectors) {
            self.run_interruptible(async move { collector.destroy().await })
                .await?;
        }
        let creating = TaskCollector::create(in_flight.client.clone(), self.options.discover);
        match self.run_interruptible(creating).await? {
            Ok(collector) => {
                let push = Push::new(collector, self.options.tempo, self.wait_tuning.take(), now);
                self.fetch = Fetch::Push(Box::new(push));
                // A wait of the previous collector may still run.
                in_flight.waits = JoinSet::new();
                self.watched.set_paced(false, now);
            }
            Err(error) if self.ends_session(Call::Collector, &error) => {
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(error) => self.fall_back_to_polling(in_flight, error).await?,
        }
        self.show_link().await?;
        Ok(())
    }

    /// Switches to polling with a reason; the long poll is retried later.
    pub(in crate::watch) async fn fall_back_to_polling(
        &mut self,
        in_flight: &mut InFlight,
        error: Error,
    ) -> Result<(), LoopExit> {
        self.drop_collector();
        in_flight.waits = JoinSet::new();
        self.wait_tuning = None;
        let may_pass = error.is_transient() || error.is_session_dead();
        if self.options.fetch == FetchMode::Push {
            self.push_refusals += u32::from(!may_pass);
            if self.push_refusals < MAX_REFUSALS {
                return Err(StopReason::Failed(Box::new(error)).into());
            }
            let reason = format!(
                "tasks cannot be followed by push here, and --fetch push allows nothing else: {error} Use --fetch \
                 auto or --fetch poll."
            );
            return Err(StopReason::Refused(reason.into()).into());
        }
        let now = Instant::now();
        let mut again = self.options.push_retry;
        if may_pass {
            let longer = 2_u32.saturating_pow(self.fallbacks);
            again = again.min(PUSH_RETRY_INTERVAL.saturating_mul(longer));
        }
        self.fallbacks = self.fallbacks.saturating_add(1);
        self.fetch = Fetch::Poll {
            reason: Some(error.reason().into()),
            push_at: Some(now + again),
        };
        self.watched.set_paced(true, now);
        self.show_link().await?;
        Ok(())
    }

    /// Abandons collector and view: new ones are created.
    pub(in crate::watch) fn drop_collector(&mut self) {
        if matches!(self.fetch, Fetch::Push(_)) {
            let next = Fetch::new(self.options.fetch);
            if let Fetch::Push(push) = std::mem::replace(&mut self.fetch, next) {
                self.wait_tuning = Some(WaitTuning {
                    wait: push.wait,
                    failures: push.failures,
                });
                self.stale_collectors.push(push.collector);
            }
        }
    }

    /// Starts the requests of the long poll: changes of the view and the wait.
    pub(in crate::watch) fn start_push_requests(&mut self, in_flight: &mut InFlight) {
        let Fetch::Push(push) = &mut self.fetch else {
            return;
        };
        let now = Instant::now();
        if !push.is_modifying {
            let mut joining = Vec::new();
            while joining.len() < MAX_JOIN_BATCH
                && let Some((mo_id, _)) = self.watched.next_due(now)
            {
                if !push.members.contains(&mo_id) {
                    joining.push(mo_id);
                } else if in_flight.requests.len() < MAX_CONCURRENT_READS && self.rate.take(now) {
                    in_flight.read(mo_id, None);
                } else {
                    self.watched
                        .schedule_at(&mo_id, now + Duration::from_millis(100));
                }
            }
            if !joining.is_empty() || !push.leaving.is_empty() {
                push.is_modifying = true;
                push.members.extend(joining.iter().cloned());
                push.joining.add(&joining, now);
                let (collector, leaving) =
                    (push.collector.clone(), std::mem::take(&mut push.leaving));
                in_flight.start(|_| async move {
                    let unresolved = collector.modify_view(&joining, &leaving).await;
                    Completed::View(joining, unresolved)
                });
            }
        }
        push.start_wait(in_flight, now);
    }

    /// Reads or reports members that are overdue.
    pub(in crate::watch) async fn check_pending(
        &mut self,
        in_flight: &mut InFlight,
    ) -> Result<(), LoopExit> {
        let Fetch::Push(push) = &mut self.fetch else {
            return Ok(());
        };
        let now = Instant::now();
        if push.can_wake() && push.joining.take_wake(WAKE_AFTER, now) {
            push.is_wait_cancelled = true;
            let collector = push.collector.clone();
            in_flight.start(|_| async move {
                let _ = collector.cancel_wait().await;
                Completed::WaitCancelled
            });
        }
        let late = push.joining.take_overdue(push.report_timeout, now);
        if push.joining.consecutive_timeouts() > MAX_SILENT_WAITS {
            let doing = || "waiting for changes".to_owned();
            let why = "the server never tells of the tasks that it is to tell of.";
            let error = in_flight.client.unsupported(&doing, why);
            return self.fall_back_to_polling(in_flight, error).await;
        }
        for mo_id in late {
            self.watched.schedule_at(&mo_id, now);
        }
        if self.check_due().is_some_and(|due| due <= now) {
            self.check_wait(in_flight, now);
        }
        Ok(())
    }

    /// Returns the time at which the silent long poll is to be checked.
    pub(in crate::watch) fn check_due(&self) -> Option<Instant> {
        match &self.fetch {
            Fetch::Push(push) if self.check_failures < MAX_CHECK_FAILURES => {
                push.check_due(self.options.tempo.check)
            }
            _ => None,
        }
    }

    /// Reads some tasks while the long poll is silent: it may hang although its session has ended.
    fn check_wait(&mut self, in_flight: &mut InFlight, now: Instant) {
        if let Fetch::Push(push) = &mut self.fetch {
            push.checked_at = now;
        }
        for mo_id in self.watched.take_checks(CHECKED_AT_ONCE, now) {
            in_flight.start(|client| async move {
                let answer = client.task_info(&mo_id).await;
                Completed::Check(mo_id, answer.map(Box::new))
            });
        }
    }

    /// Handles the end of a wait.
    pub(in crate::watch) async fn handle_wait(
        &mut self,
        in_flight: &mut InFlight,
        answer: Result<Option<UpdateSet>, Error>,
    ) -> Result<(), LoopExit> {
        let Fetch::Push(push) = &mut self.fetch else {
            return Ok(());
        };
        let now = Instant::now();
        let began = push.waiting_since.take();
        let lasted = began.map(|began| now.duration_since(began));
        let was_nudged = std::mem::take(&mut push.is_wait_cancelled);
        let error = match answer {
            Ok(set) => {
                self.renewals.succeeded(&Call::Wait);
                self.renewals.succeeded(&Call::Collector);
                (self.fallbacks, self.push_refusals) = (0, 0);
                push.failures = 0;
                in_flight.failures.record_success(now);
                push.next_wait = now;
                // Changes that are reported at once happened while no wait was running.
                let since = match lasted {
                    Some(lasted) if lasted > IMMEDIATE_ANSWER => now,
                    _ => push.complete_at,
                };
                if set.as_ref().is_none_or(|set| !set.truncated) {
                    push.complete_at = now;
                }
                if let Some(set) = set {
                    in_flight.note_change_time(since);
                    push.version.arrived(&set.version, set.truncated);
                    if set.truncated {
                        push.truncated += 1;
                        push.joining.telling(now);
                    } else {
                        let answers = 1 + std::mem::take(&mut push.truncated);
                        push.next_wait = push.pace.next(now, answers);
                    }
                    self.session.was_good = true;
                    self.handle_updates(in_flight, set).await?;
                } else if let Some(began) = began {
                    push.next_wait = now.max(began + MIN_WAIT_GAP);
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if self.ends_session(Call::Wait, &error) {
            return Err(LoopExit::SessionDead(Box::new(error)));
        }
        let Fetch::Push(push) = &mut self.fetch else {
            return Ok(());
        };
        if error.is_fault("RequestCanceled") && was_nudged {
            push.next_wait = now;
            return Ok(());
        }
        push.failures += 1;
        if push.failures >= MAX_WAIT_FAILURES {
            return self.fall_back_to_polling(in_flight, error).await;
        }
        if error.is_fault("InvalidCollectorVersion") {
            push.version.restart();
            push.next_wait = now;
        } else if error.is_fault("ManagedObjectNotFound") {
            // The collector is gone although the session lives.
            self.drop_collector();
        } else if error.is_fault("RequestCanceled") {
            push.next_wait = now + Duration::from_millis(200);
        } else if error.is_transient() {
            push.handle_lost_wait(error, lasted.unwrap_or_default(), now)?;
            if push.is_lossy() {
                self.drop_collector();
            }
        } else {
            return self.fall_back_to_polling(in_flight, error).await;
        }
        Ok(())
    }
}
