//! The condition that ends the wait, and the result with which it ends. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{TaskOutcome, TrackedTask, WaitResult, WaitServer, WaitTracker};
use crate::{
    command::{Outcome, display_name},
    task::{Status, TaskId},
    vim::types::TaskInfo,
};

/// The condition that ends the wait.
#[derive(Debug, Clone)]
pub(in crate::command) struct WaitCondition {
    /// Any finished task is enough.
    pub(in crate::command) any: bool,
    /// The first failed or cancelled task is enough.
    pub(in crate::command) fail_fast: bool,
    /// Time without progress after which a task counts as stalled.
    pub(in crate::command) stalled: Option<SignedDuration>,
    /// Stop when a task stalls.
    pub(in crate::command) stop_on_stall: bool,
    /// Also wait for child tasks, and for this quiet period after the last change.
    pub(in crate::command) children: Option<SignedDuration>,
    /// Stop after this time.
    pub(in crate::command) timeout: Option<SignedDuration>,
    /// Stop waiting for a server after this time without a connection.
    pub(in crate::command) max_outage: SignedDuration,
}

impl WaitCondition {
    /// Returns the condition that all tasks have ended.
    pub(in crate::command) fn all_ended(max_outage: SignedDuration) -> Self {
        Self {
            any: false,
            fail_fast: false,
            stalled: None,
            stop_on_stall: false,
            children: None,
            timeout: None,
            max_outage,
        }
    }
}

impl WaitTracker {
    /// Returns the result once the wait has ended.
    pub(in crate::command) fn result(&self, now: Timestamp) -> Option<WaitResult> {
        if let Some((outcome, is_by_loss)) = self.outcome(now) {
            let reason = is_by_loss.then(|| self.losses()).flatten();
            return Some(WaitResult { outcome, reason });
        }
        let stalled = self.stalls.stalled().min();
        if let Some(stalled) = stalled.filter(|_| self.condition.stop_on_stall) {
            let limit = self.condition.stalled.unwrap_or_default();
            let name = self.display_name(stalled);
            return Some(WaitResult {
                outcome: Outcome::Stalled,
                reason: Some(format!("{name} has made no progress for {limit:#}.")),
            });
        }
        let is_over = |timeout| now.duration_since(self.began) >= timeout;
        if !self.condition.timeout.is_some_and(is_over) {
            return None;
        }
        let timeout = self.condition.timeout.unwrap_or_default();
        Some(self.stopped(&format!("timed out after {timeout:#}"), Outcome::TimedOut))
    }

    /// Returns the result of a wait that stops because of `why`, with the given outcome if tasks are open.
    pub(super) fn stopped(&self, why: &str, outcome: Outcome) -> WaitResult {
        let open = self.tasks.iter().filter(|task| !task.is_decided()).count();
        let away: Vec<String> = self.servers.iter().filter_map(WaitServer::away).collect();
        let is_settling = open == 0 && !self.tasks.is_empty() && away.is_empty();
        // Only the quiet period of --children is missing, so the known outcomes count.
        let outcome = if is_settling {
            self.outcome_of_all()
        } else {
            outcome
        };
        let state = match open {
            0 if self.tasks.is_empty() => "no task has started".to_owned(),
            0 if self.condition.children.is_none() => "no task is running".to_owned(),
            0 => {
                let all = display_name::tasks(self.tasks.len());
                format!("{all} ended; the quiet period of --settle had not passed")
            }
            open => format!("{} still running", display_name::tasks(open)),
        };
        let reasons = [format!("{why}; {state}.")].into_iter();
        let reasons = reasons.chain(away).chain(self.losses());
        WaitResult {
            outcome,
            reason: Some(reasons.collect::<Vec<_>>().join(" ")),
        }
    }

    /// Returns the outcome of all tasks and of servers that were given up.
    pub(super) fn outcome_of_all(&self) -> Outcome {
        let outcomes = self.tasks.iter().map(|task| match task.outcome {
            TaskOutcome::Ended(status) => Outcome::of(status),
            _ => Outcome::Unknown,
        });
        outcomes
            .chain(self.lost_outcomes())
            .fold(Outcome::Success, Outcome::and)
    }

    /// Returns the outcome, and true if servers that were given up contribute to it.
    fn outcome(&self, now: Timestamp) -> Option<(Outcome, bool)> {
        if self.condition.any {
            let ended = self.tasks.iter().filter_map(|task| match task.outcome {
                TaskOutcome::Ended(status) => Some((self.ended_at(&task.id), Outcome::of(status))),
                _ => None,
            });
            // Several tasks may have ended with the same update.
            if let Some((_, outcome)) = ended.min_by_key(|(at, _)| *at) {
                return Some((outcome, false));
            }
        }
        if self.condition.fail_fast {
            let ended = self.tasks.iter().filter_map(|task| match task.outcome {
                TaskOutcome::Ended(status @ (Status::Failed | Status::Cancelled)) => Some(status),
                _ => None,
            });
            let outcomes = ended.map(Outcome::of);
            if let Some(outcome) = outcomes.reduce(Outcome::and) {
                return Some((outcome, false));
            }
        }
        let all_given_up = self.servers.iter().all(|server| server.given_up.is_some());
        let is_there_any = all_given_up || !self.tasks.is_empty();
        if !is_there_any || !self.tasks.iter().all(TrackedTask::is_decided) {
            return None;
        }
        let is_settled = all_given_up
            || self.condition.children.is_none_or(|quiet| {
                let is_up = |server: &WaitServer| server.given_up.is_some() || server.is_up();
                self.servers.iter().all(is_up) && now.duration_since(self.last_change) >= quiet
            });
        is_settled.then(|| (self.outcome_of_all(), true))
    }

    /// Returns the outcomes of servers that were given up.
    fn lost_outcomes(&self) -> impl Iterator<Item = Outcome> {
        let given_up = self
            .servers
            .iter()
            .filter_map(|server| server.given_up.as_ref());
        given_up.map(|loss| loss.outcome)
    }

    /// Returns the reasons of servers that were given up.
    fn losses(&self) -> Option<String> {
        let given_up = self.servers.iter().filter_map(|server| {
            let reason = &server.given_up.as_ref()?.reason;
            Some(format!("{}{reason}", server.prefix()))
        });
        let given_up: Vec<String> = given_up.collect();
        (!given_up.is_empty()).then(|| given_up.join(" "))
    }

    fn ended_at(&self, id: &TaskId) -> Timestamp {
        let info = self.record(id).and_then(|record| record.info.as_deref());
        let complete = info.and_then(TaskInfo::complete_time);
        complete.unwrap_or(Timestamp::MAX)
    }

    /// Returns the time of the next scheduled action.
    pub(in crate::command) fn next_time(&self) -> Option<Timestamp> {
        let after = |from: Timestamp, span: SignedDuration| from.checked_add(span).ok();
        let searches = self.tasks.iter().filter_map(|task| match &task.outcome {
            TaskOutcome::Searching(search) if self.server(task.id.server)?.is_up() => {
                search.next_time()
            }
            _ => None,
        });
        let unreadable = self.tasks.iter().filter_map(|task| task.unreadable_since);
        let unreadable = unreadable.filter_map(|since| after(since, self.condition.max_outage));
        let given_up = self
            .servers
            .iter()
            .filter_map(|server| server.given_up_at(self.condition.max_outage));
        let timeout = self
            .condition
            .timeout
            .and_then(|timeout| after(self.began, timeout));
        let is_decided = self.tasks.iter().all(TrackedTask::is_decided);
        let quiet = self.condition.children.filter(|_| is_decided);
        let settled = quiet.and_then(|quiet| after(self.last_change, quiet));
        let dues = searches.chain(unreadable).chain(given_up);
        dues.chain(timeout).chain(settled).min()
    }
}
