//! Whether a bad answer is the trouble of one task or of the whole connection. Pure: `now` is an argument.
//!
//! One answer that is cut off, damaged or a proxy's page must not stop the following of all others. It is everybody's
//! trouble where the server itself says so, where no connection comes about, where several tasks in a row are read in
//! vain, and where the server does not answer the simplest question either: what time it is.

use std::{collections::HashMap, sync::Arc};

use tokio::time::Instant;

use crate::vim::{Error, ErrorKind};

/// So many tasks in a row read in vain are everybody's trouble.
const MAX_CONSECUTIVE_FAILURES: usize = 3;
/// So many times in a row the list of recent tasks may be read in vain.
const MAX_LIST_FAILURES: u32 = 3;

/// What is held of the connection.
#[derive(Debug, Default)]
pub(super) struct FailureDetector {
    /// When the last good answer came.
    good_at: Option<Instant>,
    /// The tasks that were read in vain since one was read well.
    in_vain: Vec<Arc<str>>,
    /// How often each task was read in vain since it was read well.
    times: HashMap<Arc<str>, u32>,
    /// How often the list of recent tasks was read in vain since it was read well.
    lists: u32,
}

/// Whose trouble a bad answer about a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Everybody's.
    All,
    /// That task's, and the first time: it is read again soon.
    Once {
        /// Whether the server is to be asked for something else, to be sure.
        ask: bool,
    },
    /// That task's, again.
    Again {
        /// Whether the server is to be asked for something else, to be sure.
        ask: bool,
        /// How often in a row it was read in vain.
        times: u32,
    },
}

impl FailureDetector {
    /// A good answer came, whatever it was about.
    pub(super) fn good(&mut self, now: Instant) {
        self.good_at = Some(now);
    }

    /// A task was read well.
    pub(super) fn read(&mut self, mo_id: &str) {
        self.in_vain.clear();
        if !self.times.is_empty() {
            self.times.remove(mo_id);
        }
    }

    /// The list of recent tasks was read well.
    pub(super) fn listed(&mut self) {
        self.lists = 0;
    }

    /// Whether a good answer came after this one was asked for.
    pub(super) fn succeeded_since(&self, asked: Instant) -> bool {
        self.good_at.is_some_and(|good| good > asked)
    }

    /// A task was read in vain.
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

    /// The list of recent tasks was read in vain. Answers whether that is everybody's trouble.
    pub(super) fn list(&mut self, error: &Error) -> bool {
        self.lists += 1;
        concerns_all(error) || self.lists >= MAX_LIST_FAILURES
    }
}

/// Whether an error is about more than one request.
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
