//! Whether the waiting is over, how it ended, and when time alone may end it. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Awaited, Conclusion, Fate, Waiting};
use crate::{
    command::{Outcome, words},
    watch::Link,
};

impl Waiting {
    /// How the waiting ended, if it has.
    pub(in crate::command) fn conclusion(&self, now: Timestamp) -> Option<Conclusion> {
        if let Link::SignedOut { reason } = &self.link {
            return Some(Conclusion {
                outcome: Outcome::Refused,
                reason: Some(reason.to_string()),
            });
        }
        if let Some(outcome) = self.outcome(now) {
            return Some(Conclusion {
                outcome,
                reason: None,
            });
        }
        if self
            .goal
            .timeout
            .is_some_and(|timeout| now.duration_since(self.began) >= timeout)
        {
            let left = self
                .awaited
                .iter()
                .filter(|task| !task.is_decided())
                .count();
            let left = words::tasks(left);
            return Some(Conclusion {
                outcome: Outcome::TimedOut,
                reason: Some(format!(
                    "the time of --timeout is over; {left} not finished."
                )),
            });
        }
        let (since, reason) = self.down.as_ref()?;
        if now.duration_since(*since) < self.goal.max_outage {
            return None;
        }
        let reason = reason.as_deref().unwrap_or("the server does not answer.");
        Some(Conclusion {
            outcome: Outcome::Unknown,
            reason: Some(format!(
                "out of reach for longer than --max-outage allows: {reason}"
            )),
        })
    }

    fn outcome(&self, now: Timestamp) -> Option<Outcome> {
        let all_decided = !self.awaited.is_empty() && self.awaited.iter().all(Awaited::is_decided);
        if self.goal.any {
            let ended = self.awaited.iter().filter_map(|task| match task.fate {
                Fate::Ended(status) => Some((self.ended_at(&task.mo_id), Outcome::of(status))),
                _ => None,
            });
            // Several may have come to an end with the same update.
            let first = ended.min_by_key(|(at, _)| *at).map(|(_, outcome)| outcome);
            return first.or(all_decided.then_some(Outcome::Unknown));
        }
        let is_settled = match self.goal.children {
            Some(quiet) => self.down.is_none() && now.duration_since(self.stirred) >= quiet,
            None => true,
        };
        (all_decided && is_settled).then(|| {
            let outcomes = self.awaited.iter().map(|task| match task.fate {
                Fate::Ended(status) => Outcome::of(status),
                _ => Outcome::Unknown,
            });
            outcomes.fold(Outcome::Success, Outcome::and)
        })
    }

    fn ended_at(&self, mo_id: &Arc<str>) -> Timestamp {
        let info = self.record(mo_id).and_then(|record| record.info.as_ref());
        let complete = info.and_then(|info| info.complete_time);
        complete.unwrap_or(Timestamp::MAX)
    }

    /// When something is due, if nothing else happens.
    pub(in crate::command) fn next_time(&self) -> Option<Timestamp> {
        let after = |from: Timestamp, span: SignedDuration| from.checked_add(span).ok();
        let searches = self.awaited.iter().filter_map(|task| match &task.fate {
            Fate::Sought(search) => search.next_time(),
            _ => None,
        });
        let unreadable = self.awaited.iter().filter_map(|task| task.unreadable_since);
        let outages = unreadable.chain(self.down.iter().map(|(since, _)| *since));
        let outages = outages.filter_map(|since| after(since, self.goal.max_outage));
        let timeout = self
            .goal
            .timeout
            .and_then(|timeout| after(self.began, timeout));
        let settled = self
            .goal
            .children
            .and_then(|quiet| after(self.stirred, quiet));
        searches.chain(outages).chain(timeout).chain(settled).min()
    }
}
