//! Classifies a failed request as a task error or a connection error. Pure: `now` is an argument.
//!
//! A truncated or damaged answer or a proxy's page must not interrupt the watching of all tasks. The connection counts as
//! failed if the server says so, if it cannot be reached, if several task reads in a row fail, or if it does not answer
//! the simplest request either (the current time).

use std::{collections::HashMap, sync::Arc};

use tokio::time::Instant;
use vtask_vim::{Error, ErrorKind};

/// Consecutive failed task reads after which the connection counts as failed.
const MAX_CONSECUTIVE_FAILURES: usize = 3;
/// Consecutive failed reads of the list of recent tasks after which the connection counts as failed.
const MAX_LIST_FAILURES: u32 = 3;

/// Recent successes and failures of the connection.
#[derive(Debug, Default)]
pub(super) struct FailureDetector {
    /// Time of the last good answer.
    last_success: Option<Instant>,
    /// Tasks whose read failed since the last successful task read.
    record_failure: Vec<Arc<str>>,
    /// Consecutive failures per task.
    times: HashMap<Arc<str>, u32>,
    /// Consecutive failed reads of the list of recent tasks.
    lists: u32,
}

/// The scope of a failed task read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The whole connection failed.
    Connection,
    /// Only this task failed.
    Task {
        /// True if another request is to show whether the server answers.
        needs_probe: bool,
        /// Consecutive failures, at least one.
        times: u32,
    },
}

impl FailureDetector {
    /// Records a good answer of any kind.
    pub(super) fn record_success(&mut self, now: Instant) {
        self.last_success = Some(now);
    }

    /// Records a successful task read.
    pub(super) fn record_task_success(&mut self, mo_id: &str) {
        self.record_failure.clear();
        if !self.times.is_empty() {
            self.times.remove(mo_id);
        }
    }

    /// Records a successful read of the list of recent tasks.
    pub(super) fn record_list_success(&mut self) {
        self.lists = 0;
    }

    /// True if a good answer came after this time.
    pub(super) fn succeeded_since(&self, requested_at: Instant) -> bool {
        self.last_success.is_some_and(|good| good > requested_at)
    }

    /// Records a failed task read and returns its scope.
    pub(super) fn record_task_failure(
        &mut self,
        mo_id: &Arc<str>,
        error: &Error,
        requested_at: Instant,
    ) -> Failure {
        if !self.record_failure.contains(mo_id) {
            self.record_failure.push(mo_id.clone());
        }
        let needs_probe = !self.succeeded_since(requested_at);
        let is_mute = needs_probe && matches!(error.kind, ErrorKind::TimedOut(_));
        if concerns_all(error) || is_mute || self.record_failure.len() >= MAX_CONSECUTIVE_FAILURES {
            return Failure::Connection;
        }
        let times = self.times.entry(mo_id.clone()).or_default();
        *times += 1;
        Failure::Task {
            needs_probe,
            times: *times,
        }
    }

    /// Records a failed read of the list of recent tasks. Returns true if the connection counts as failed.
    pub(super) fn record_list_failure(&mut self, error: &Error) -> bool {
        self.lists += 1;
        concerns_all(error) || self.lists >= MAX_LIST_FAILURES
    }
}

/// True if an error concerns more than one request.
pub(super) fn concerns_all(error: &Error) -> bool {
    match &error.kind {
        ErrorKind::UnknownHost
        | ErrorKind::Refused
        | ErrorKind::Proxy { .. }
        | ErrorKind::Certificate(_)
        | ErrorKind::TlsRequired
        | ErrorKind::NotHttp
        | ErrorKind::Handshake(_)
        | ErrorKind::Status { status: 429, .. } => true,
        _ => error.retry_after().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn damaged() -> Error {
        Error::fixture(ErrorKind::Damaged("at its end".to_owned()))
    }

    fn task_failure(needs_probe: bool, times: u32) -> Failure {
        Failure::Task { needs_probe, times }
    }

    #[tokio::test(start_paused = true)]
    async fn three_consecutive_task_failures_are_a_connection_failure() {
        let requested_at = Instant::now();
        let tasks: [Arc<str>; 3] = ["task-1", "task-2", "task-3"].map(Arc::from);
        let mut failures = FailureDetector::default();
        assert_eq!(
            failures.record_task_failure(&tasks[0], &damaged(), requested_at),
            task_failure(true, 1)
        );
        failures.record_success(requested_at + Duration::from_millis(1));
        assert_eq!(
            failures.record_task_failure(&tasks[0], &damaged(), requested_at),
            task_failure(false, 2)
        );
        assert_eq!(
            failures.record_task_failure(&tasks[1], &damaged(), requested_at),
            task_failure(false, 1)
        );
        assert_eq!(
            failures.record_task_failure(&tasks[2], &damaged(), requested_at),
            Failure::Connection
        );
        failures.record_task_success("task-3");
        assert_eq!(
            failures.record_task_failure(&tasks[2], &damaged(), requested_at),
            task_failure(false, 1)
        );
        failures.record_task_success("task-1");
        assert_eq!(
            failures.record_task_failure(&tasks[0], &damaged(), requested_at),
            task_failure(false, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn some_errors_are_connection_failures() {
        let requested_at = Instant::now();
        let task = Arc::from("task-1");
        let wait = ErrorKind::Status {
            status: 503,
            retry_after: Some(Duration::from_secs(1)),
        };
        let limit = ErrorKind::Status {
            status: 429,
            retry_after: None,
        };
        let mute = ErrorKind::TimedOut(Duration::from_secs(30));
        for kind in [ErrorKind::Refused, wait, limit, mute.clone()] {
            assert_eq!(
                FailureDetector::default().record_task_failure(
                    &task,
                    &Error::fixture(kind),
                    requested_at
                ),
                Failure::Connection
            );
        }
        let mut failures = FailureDetector::default();
        failures.record_success(requested_at + Duration::from_secs(1));
        assert_eq!(
            failures.record_task_failure(&task, &Error::fixture(mute), requested_at),
            task_failure(false, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_third_list_failure_is_a_connection_failure() {
        let mut failures = FailureDetector::default();
        assert!(
            !failures.record_list_failure(&damaged())
                && !failures.record_list_failure(&damaged())
                && failures.record_list_failure(&damaged())
        );
        failures.record_list_success();
        assert!(!failures.record_list_failure(&damaged()));
    }
}
