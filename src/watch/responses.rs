//! Handles the results of requests about single tasks.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::{Error, types::TaskInfo};

use super::{
    CancelResponse,
    concurrent_requests::{ConcurrentRequests, TaskAnswer},
    failure_detector::Failure,
    intervals::Intervals,
    session_renewals::{Call, SessionRenewals},
    stop_reason::LoopExit,
    task_feed::TaskFeed,
};

/// Delay before reading a task again whose answer was older than a pushed change.
const STALE_READ_DELAY: Duration = Duration::from_secs(1);

impl ConcurrentRequests {
    /// Handles a task as read.
    pub(super) fn handle_task(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        intervals: &Intervals,
        mo_id: &Arc<str>,
        answer: TaskAnswer,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        let requested_at = self.finish(mo_id).unwrap_or(now);
        if !feed.watched.contains(mo_id) {
            return Ok(());
        }
        let before = feed.watched.mark_requested(mo_id, requested_at);
        match answer {
            Ok(None) => feed.record_unchanged(mo_id, now),
            Ok(Some(_)) if feed.watched.is_stale(mo_id, requested_at) => {
                feed.watched.schedule_at(mo_id, now + STALE_READ_DELAY);
            }
            Ok(Some(answer)) => {
                let (info, digest) = *answer;
                feed.note_change_time(before.unwrap_or(requested_at));
                renewals.was_read = true;
                feed.record(mo_id, Box::new(info), Some(digest));
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => {
                renewals.was_read = true;
                feed.mark_expired(mo_id, error.reason());
            }
            Err(error) if renewals.ends_session(Call::Task(mo_id.clone()), &error) => {
                feed.watched.schedule_at(mo_id, now);
                return Err(LoopExit::dead(error));
            }
            Err(error) if error.is_transient() => {
                return self.handle_failed_read(feed, intervals, mo_id, error, requested_at);
            }
            Err(error) => {
                feed.mark_unreadable(mo_id, error.reason(), false);
                self.failures.record_task_success(mo_id);
                return Ok(());
            }
        }
        renewals.succeeded(&Call::Task(mo_id.clone()));
        self.failures.record_task_success(mo_id);
        Ok(())
    }

    /// Handles a failed read that may succeed later.
    fn handle_failed_read(
        &mut self,
        feed: &mut TaskFeed,
        intervals: &Intervals,
        mo_id: &Arc<str>,
        error: Error,
        requested_at: Instant,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        feed.watched.record_failure(mo_id);
        let failure = self
            .failures
            .record_task_failure(mo_id, &error, requested_at);
        let Failure::Task { needs_probe, times } = failure else {
            feed.watched.schedule_at(mo_id, now);
            return Err(LoopExit::failed(error));
        };
        // After a first failure the task is read again soon.
        if times > 1 {
            feed.mark_unreadable(mo_id, error.reason(), true);
        }
        let longer = 2_u32.saturating_pow(times - 1);
        let pause = intervals.retry.initial.saturating_mul(longer);
        feed.watched
            .schedule_at(mo_id, now + pause.min(intervals.unreadable));
        if needs_probe {
            self.probe();
        }
        Ok(())
    }

    /// Handles the tasks of a batch. Those that were left out are read one by one.
    pub(super) fn handle_batch(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        tasks: &[Arc<str>],
        infos: Vec<(Arc<str>, TaskInfo)>,
    ) {
        let now = Instant::now();
        let mut infos: HashMap<_, _> = infos.into_iter().collect();
        for mo_id in tasks {
            let requested_at = self.finish(mo_id).unwrap_or(now);
            if !feed.watched.contains(mo_id) || feed.watched.is_stale(mo_id, requested_at) {
                continue;
            }
            if let Some(info) = infos.remove(mo_id) {
                renewals.was_read = true;
                feed.watched.mark_requested(mo_id, requested_at);
                feed.note_change_time(requested_at);
                feed.record(mo_id, Box::new(info), None);
                self.failures.record_task_success(mo_id);
            } else {
                feed.watched.set_polled_individually(mo_id, true);
                feed.watched.schedule_at(mo_id, now);
            }
        }
    }

    /// Reads the clock to see whether the server answers.
    pub(super) fn probe(&mut self) {
        if !self.is_probing {
            self.is_probing = true;
            self.read_clock();
        }
    }
}

/// Converts the answer to a cancel request.
pub(super) fn cancel_response(answer: Result<(), Error>) -> CancelResponse {
    let Err(error) = answer else {
        return CancelResponse::Accepted;
    };
    match error.fault().map(|fault| (fault.type_name(), fault)) {
        Some(("NotSupported", _)) => CancelResponse::NotSupported,
        Some(("InvalidState", _)) => CancelResponse::InvalidState,
        Some(("ManagedObjectNotFound", _)) => CancelResponse::Gone,
        Some(("NoPermission", fault)) => CancelResponse::NoPermission {
            privilege: fault
                .field("privilegeId")
                .and_then(|privilege| privilege.as_str())
                .unwrap_or("Global.CancelTask")
                .to_owned(),
        },
        _ => CancelResponse::Failed(error.reason().into()),
    }
}
