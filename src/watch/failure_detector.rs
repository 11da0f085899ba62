//! Classifies a failed request as a task error or a connection error. Pure: `now` is an argument.
//!
//! A truncated or damaged answer or a proxy's page must not stop the following of all tasks. The connection counts as
//! failed if the server says so, if it cannot be reached, if several task reads in a row fail, or if it does not answer
//! the simplest request either (the current time).

use std::{collections::HashMap, sync::Arc};

use tokio::time::Instant;

use crate::vim::{Error, ErrorKind};

/// Consecutive failed task reads after which the connection counts as failed.
const MAX_CONSECUTIVE_FAILURES: usize = 3;
/// Consecutive failed reads of the list of recent tasks after which the connection counts as failed.
const MAX_LIST_FAILURES: u32 = 3;

/// Recent successes and failures of the connection.
#[derive(Debug, Default)]
pub(super) struct FailureDetector {
    /// Time of the last good answer.
    good_at: Option<Instant>,
    /// Tasks whose read failed since the last successful task read.
    in_vain: Vec<Arc<str>>,
    /// Consecutive failures per task.
    times: HashMap<Arc<str>, u32>,
    /// Consecutive failed reads of the list of recent tasks.
    lists: u32,
}

/// The scope of a failed task read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The whole connection failed.
    All,
    /// The task, for the first time: it is read again soon.
    Once {
        /// True if another request is to show whether the server answers.
        ask: bool,
    },
    /// The task, again.
    Again {
        /// True if another request is to show whether the server answers.
        ask: bool,
        /// Consecutive failures.
        times: u32,
    },
}

impl FailureDetector {
    /// Records a good answer of any kind.
    pub(super) fn good(&mut self, now: Instant) {
        self.good_at = Some(now);
    }

    /// Records a successful task read.
    pub(super) fn read(&mut self, mo_id: &str) {
        self.in_vain.clear();
        if !self.times.is_empty() {
            self.times.remove(mo_id);
        }
    }

    /// Records a successful read of the list of recent tasks.
    pub(super) fn listed(&mut self) {
        self.lists = 0;
    }

    /// True if a good answer came after this time.
    pub(super) fn succeeded_since(&self, asked: Instant) -> bool {
        self.good_at.is_some_and(|good| good > asked)
    }

    /// Records a failed task read and returns its scope.
    pub(super) fn task(&mut self, mo_id: &Arc<str>, error: &Error, asked: Instant) -> Failure {
        if !self.in_vain.contains(mo_id) {
            self.in_vain.push(mo_id.clone());
        }
        let ask = !self.succeeded_since(asked);
        let is_mute = ask && matches!(error.kind, ErrorKind::TimedOut(_));
        if concerns_all(error) || is_mute || self.in_vain.len() >= MAX_CONSECUTIVE_FAILURES {
            return Failure::All;
        }
        let times = self.times.entry(mo_id.clone()).or_default();
        *times += 1;
        if *times == 1 {
            Failure::Once { ask }
        } else {
            Failure::Again { ask, times: *times }
        }
    }

    /// Records a failed read of the list of recent tasks. Returns true if the connection counts as failed.
    pub(super) fn list(&mut self, error: &Error) -> bool {
        self.lists += 1;
        concerns_all(error) || self.lists >= MAX_LIST_FAILURES
    }
}

/// True if an error concerns more than one request.
pub(super) fn concerns_all(error: &Error) -> bool {
    match &error.kind {
        ErrorKind::UnknownHost
        | ErrorKind::Refused
        | ErrorKind::Certificate(_)
        | ErrorKind::TlsRequired
        | ErrorKind::Handshake(_)
        | ErrorKind::Status { status: 429, .. } => true,
        _ => error.retry_after().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error {
            doing: "reading".to_owned(),
            server: "vc".to_owned(),
            kind,
        }
    }

    fn damaged() -> Error {
        error(ErrorKind::Damaged("at its end".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_answer_is_one_tasks_trouble_and_three_tasks_are_everybodys() {
        let asked = Instant::now();
        let tasks: [Arc<str>; 3] = ["task-1", "task-2", "task-3"].map(Arc::from);
        let mut doubts = FailureDetector::default();
        assert_eq!(
            doubts.task(&tasks[0], &damaged(), asked),
            Failure::Once { ask: true }
        );
        doubts.good(asked + Duration::from_millis(1));
        assert_eq!(
            doubts.task(&tasks[0], &damaged(), asked),
            Failure::Again {
                ask: false,
                times: 2
            }
        );
        assert_eq!(
            doubts.task(&tasks[1], &damaged(), asked),
            Failure::Once { ask: false }
        );
        assert_eq!(doubts.task(&tasks[2], &damaged(), asked), Failure::All);
        doubts.read("task-3");
        assert_eq!(
            doubts.task(&tasks[2], &damaged(), asked),
            Failure::Once { ask: false }
        );
        doubts.read("task-1");
        assert_eq!(
            doubts.task(&tasks[0], &damaged(), asked),
            Failure::Once { ask: false }
        );
    }

    #[tokio::test(start_paused = true)]
    async fn some_errors_speak_for_all() {
        let asked = Instant::now();
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
                FailureDetector::default().task(&task, &error(kind), asked),
                Failure::All
            );
        }
        let mut doubts = FailureDetector::default();
        doubts.good(asked + Duration::from_secs(1));
        assert_eq!(
            doubts.task(&task, &error(mute), asked),
            Failure::Once { ask: false }
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_may_fail_twice() {
        let mut doubts = FailureDetector::default();
        assert!(!doubts.list(&damaged()) && !doubts.list(&damaged()) && doubts.list(&damaged()));
        doubts.listed();
        assert!(!doubts.list(&damaged()));
    }
}
