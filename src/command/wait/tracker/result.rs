//! Decides when the waiting ends and with which result. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{TaskOutcome, TrackedTask, WaitResult, WaitServer, WaitTracker};
use crate::{
    command::{Outcome, display_name},
    task::{Status, TaskId},
};

impl WaitTracker {
    /// Returns the result once the waiting has ended.
    pub(in crate::command) fn conclusion(&self, now: Timestamp) -> Option<WaitResult> {
        if let Some((outcome, is_by_loss)) = self.outcome(now) {
            let reason = is_by_loss.then(|| self.losses()).flatten();
            return Some(WaitResult { outcome, reason });
        }
        let stalled = self.stalls.stalled().min();
        if let Some(stalled) = stalled.filter(|_| self.goal.stop_on_stall) {
            let limit = self.goal.stalled.unwrap_or_default();
            let name = self.called(stalled);
            return Some(WaitResult {
                outcome: Outcome::Stalled,
                reason: Some(format!("{name} has made no progress for {limit:#}.")),
            });
        }
        let is_over = |timeout| now.duration_since(self.began) >= timeout;
        if !self.goal.timeout.is_some_and(is_over) {
            return None;
        }
        let open = self
            .awaited
            .iter()
            .filter(|task| !task.is_decided())
            .count();
        let away: Vec<String> = self.places.iter().filter_map(WaitServer::away).collect();
        let outcome = if open == 0 && !self.awaited.is_empty() && away.is_empty() {
            // Only the quiet period of --children is missing, so the known outcomes count.
            self.outcome_of_all()
        } else {
            Outcome::TimedOut
        };
        let state = match open {
            0 if self.awaited.is_empty() => "no task has started".to_owned(),
            0 => {
                let all = display_name::tasks(self.awaited.len());
                format!("{all} known so far, all ended; --settle was not over yet")
            }
            open => format!("{} still running", display_name::tasks(open)),
        };
        let timeout = self.goal.timeout.unwrap_or_default();
        let why = format!("timed out after {timeout:#}; {state}.");
        let reasons = [Some(why)]
            .into_iter()
            .flatten()
            .chain(away)
            .chain(self.losses());
        Some(WaitResult {
            outcome,
            reason: Some(reasons.collect::<Vec<_>>().join(" ")),
        })
    }

    /// Returns the outcome of all tasks and lost servers.
    fn outcome_of_all(&self) -> Outcome {
        let outcomes = self.awaited.iter().map(|task| match task.fate {
            TaskOutcome::Ended(status) => Outcome::of(status),
            _ => Outcome::Unknown,
        });
        outcomes
            .chain(self.lost())
            .fold(Outcome::Success, Outcome::and)
    }

    /// Returns the outcome, and true if lost servers contribute to it.
    fn outcome(&self, now: Timestamp) -> Option<(Outcome, bool)> {
        if self.goal.any {
            let ended = self.awaited.iter().filter_map(|task| match task.fate {
                TaskOutcome::Ended(status) => Some((self.ended_at(&task.id), Outcome::of(status))),
                _ => None,
            });
            // Several tasks may have ended with the same update.
            if let Some((_, outcome)) = ended.min_by_key(|(at, _)| *at) {
                return Some((outcome, false));
            }
        }
        if self.goal.fail_fast {
            let ended = self.awaited.iter().filter_map(|task| match task.fate {
                TaskOutcome::Ended(status @ (Status::Failed | Status::Cancelled)) => Some(status),
                _ => None,
            });
            let outcomes = ended.map(Outcome::of);
            if let Some(outcome) = outcomes.reduce(Outcome::and) {
                return Some((outcome, false));
            }
        }
        let all_lost = self.places.iter().all(|place| place.lost.is_some());
        let is_there_any = all_lost || !self.awaited.is_empty();
        if !is_there_any || !self.awaited.iter().all(TrackedTask::is_decided) {
            return None;
        }
        let is_settled = all_lost
            || self.goal.children.is_none_or(|quiet| {
                let is_up = |place: &WaitServer| place.lost.is_some() || place.is_up();
                self.places.iter().all(is_up) && now.duration_since(self.stirred) >= quiet
            });
        is_settled.then(|| (self.outcome_of_all(), true))
    }

    /// Returns the outcomes of lost servers.
    fn lost(&self) -> impl Iterator<Item = Outcome> {
        let lost = self.places.iter().filter_map(|place| place.lost.as_ref());
        lost.map(|loss| loss.outcome)
    }

    /// Returns the reasons of lost servers.
    fn losses(&self) -> Option<String> {
        let lost = self.places.iter().filter_map(|place| {
            let reason = &place.lost.as_ref()?.reason;
            Some(format!("{}{reason}", place.before()))
        });
        let lost: Vec<String> = lost.collect();
        (!lost.is_empty()).then(|| lost.join(" "))
    }

    fn ended_at(&self, id: &TaskId) -> Timestamp {
        let info = self.record(id).and_then(|record| record.info.as_ref());
        let complete = info.and_then(|info| info.complete_time);
        complete.unwrap_or(Timestamp::MAX)
    }

    /// Returns the time of the next scheduled action.
    pub(in crate::command) fn next_time(&self) -> Option<Timestamp> {
        let after = |from: Timestamp, span: SignedDuration| from.checked_add(span).ok();
        let searches = self.awaited.iter().filter_map(|task| match &task.fate {
            TaskOutcome::Sought(search) if self.place(task.id.endpoint)?.is_up() => {
                search.next_time()
            }
            _ => None,
        });
        let unreadable = self.awaited.iter().filter_map(|task| task.unreadable_since);
        let unreadable = unreadable.filter_map(|since| after(since, self.goal.max_outage));
        let given_up = self
            .places
            .iter()
            .filter_map(|place| place.given_up_at(self.goal.max_outage));
        let timeout = self
            .goal
            .timeout
            .and_then(|timeout| after(self.began, timeout));
        let is_decided = self.awaited.iter().all(TrackedTask::is_decided);
        let quiet = self.goal.children.filter(|_| is_decided);
        let settled = quiet.and_then(|quiet| after(self.stirred, quiet));
        let dues = searches.chain(unreadable).chain(given_up);
        dues.chain(timeout).chain(settled).min()
    }
}
