//! Reads new tasks and adds them to the view of the long poll.
//!
//! The collector reports only the fields that change, so the whole `info` of a new task is read before it joins the
//! view. Many are read with one request.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::{Error, ReportedFields, types::ManagedObjectReference};

use super::{Fetch, FetchState};
use crate::{
    concurrent_requests::{ConcurrentRequests, NewTasksAnswer, RequestResult},
    failure_detector::concerns_all,
    session_renewals::{Call, SessionRenewals},
    stop_reason::LoopExit,
    task_feed::TaskFeed,
};

/// Maximum number of tasks added to the view with one request.
const MAX_JOIN_BATCH: usize = 2_000;
/// Number of tasks that are added to the view although others are still being read.
const MAX_POSTPONED: usize = 10_000;
/// Number of new tasks read with one request: the number of objects that a vCenter returns at a time.
const MAX_READ_BATCH: usize = 100;
/// Consecutive failed reads of several tasks after which the collector reports all fields.
const MAX_BATCH_FAILURES: u32 = 3;
/// Delay before a member is read again for which there was no space.
const BUSY_DELAY: Duration = Duration::from_millis(100);
/// Consecutive failures to change the view after which tasks are polled.
const MAX_VIEW_FAILURES: u32 = 3;

impl Fetch {
    /// Reads due tasks that are new, and adds those that were read to the view. Reads members that are due, too.
    pub(super) fn add_new_tasks(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        now: Instant,
    ) {
        let (FetchState::Push(poll), Some(view)) = (&mut self.state, &mut feed.view) else {
            return;
        };
        if view.is_modifying() {
            return;
        }
        let mut unread = Vec::new();
        while requests.has_capacity()
            && let Some((mo_id, _)) = feed.watched.next_due(now)
        {
            if view.contains(&mo_id) || feed.watched.is_polled_individually(&mo_id) {
                if self.rate.take(now) {
                    requests.read(mo_id, None);
                } else {
                    feed.watched.schedule_at(&mo_id, now + BUSY_DELAY);
                }
            } else if view.fields == ReportedFields::All || feed.watched.state(&mo_id).is_some() {
                view.join(&mo_id);
            } else {
                unread.push(mo_id);
                if unread.len() == MAX_READ_BATCH {
                    requests.read_batch(std::mem::take(&mut unread));
                }
            }
        }
        if !unread.is_empty() {
            requests.read_batch(unread);
        }
        // All tasks are shown before the server reports the changing fields of each once more.
        if (requests.batches == 0 || view.adding() >= MAX_POSTPONED)
            && let Some(change) = view.modify(MAX_JOIN_BATCH, now)
        {
            let collector = poll.collector.clone();
            requests.start(|_| async move {
                let unresolved = collector
                    .modify_view(&change.adding, &change.removing)
                    .await;
                RequestResult::View(unresolved)
            });
        }
    }

    /// Handles new tasks that were read together. Those left out are read one by one; if the server refuses such reads,
    /// the collector reports all fields instead.
    pub(crate) fn handle_new_tasks(
        &mut self,
        requests: &mut ConcurrentRequests,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        tasks: &[Arc<str>],
        answer: NewTasksAnswer,
    ) -> Result<(), LoopExit> {
        requests.batches = requests.batches.saturating_sub(1);
        let error = match answer {
            Ok(infos) => {
                self.batch_failures = 0;
                renewals.succeeded(&Call::NewTasks);
                requests.handle_batch(feed, renewals, tasks, infos);
                return Ok(());
            }
            Err(error) => error,
        };
        let retry = Instant::now() + self.intervals.retry.initial;
        for mo_id in tasks {
            requests.finish(mo_id);
            feed.watched.schedule_at(mo_id, retry);
        }
        if renewals.ends_session(Call::NewTasks, &error) {
            return Err(LoopExit::dead(error));
        }
        if concerns_all(&error) {
            return Err(LoopExit::failed(error));
        }
        self.batch_failures += 1;
        if error.is_transient() && self.batch_failures < MAX_BATCH_FAILURES {
            requests.probe();
        } else {
            self.fields = ReportedFields::All;
            self.drop_collector(feed);
        }
        Ok(())
    }

    /// Handles the result of adding tasks to the view. A failure concerns those tasks, unless it repeats itself.
    pub(crate) fn handle_view_change(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        answer: Result<Vec<ManagedObjectReference>, Error>,
    ) -> Result<(), LoopExit> {
        let view = feed.view.as_mut();
        let adding = view.map(|view| view.modified(answer.is_err()));
        let error = match answer {
            Ok(unresolved) => {
                renewals.succeeded(&Call::View);
                self.view_failures = 0;
                for task in unresolved {
                    let reason = "the task does not exist on the server, or no longer exists.";
                    feed.mark_expired(&task.value, reason.to_owned());
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if let Some(adding) = adding {
            let retry = if error.is_session_dead() {
                Instant::now()
            } else {
                Instant::now() + self.intervals.retry.initial
            };
            for mo_id in &adding {
                feed.watched.schedule_at(mo_id, retry);
            }
        }
        if renewals.ends_session(Call::View, &error) {
            return Err(LoopExit::dead(error));
        }
        self.view_failures += 1;
        // The view may have been destroyed although the session is valid: then a new one is created.
        let is_gone = error.is_fault("ManagedObjectNotFound");
        let is_transient = is_gone || error.is_transient();
        if !is_transient || self.view_failures >= MAX_VIEW_FAILURES {
            return self.fall_back(feed, &error);
        }
        if is_gone {
            self.drop_collector(feed);
        } else if concerns_all(&error) {
            return Err(LoopExit::failed(error));
        }
        Ok(())
    }
}
