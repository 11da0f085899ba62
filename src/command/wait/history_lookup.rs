//! Schedules history lookups for the outcome of a task that vanished. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::{vim::types::TaskLocator, watch::HistoryLookup};

/// Delays before each lookup in seconds, since the history lags behind.
const RETRY_DELAYS_SECONDS: [i64; 4] = [0, 2, 5, 12];
/// Delay before a failed lookup is repeated.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// A lookup with its schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::command) struct LookupSchedule {
    locator: TaskLocator,
    /// The reason for the lookup, reported if it fails.
    reason: Arc<str>,
    attempts: usize,
    /// Maximum number of lookups.
    max_attempts: usize,
    /// Time of the next lookup; `None` while one is in progress.
    next: Option<Timestamp>,
    /// Start of a series of failed lookups.
    unanswered_since: Option<Timestamp>,
}

/// The next step after a response.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::command) enum LookupStep {
    Continue,
    /// Stop, for this reason.
    GiveUp(Arc<str>),
}

impl LookupSchedule {
    /// For a task that was seen before it vanished; it may have ended just now.
    pub(in crate::command) fn for_vanished(locator: TaskLocator, now: Timestamp) -> Self {
        let reason = "it disappeared from the server before its end was seen";
        Self::new(locator, reason.into(), RETRY_DELAYS_SECONDS.len(), now)
    }

    /// For a task that was never seen; if it existed, it ended long ago.
    pub(super) fn for_unseen(locator: TaskLocator, reason: Arc<str>, now: Timestamp) -> Self {
        Self::new(locator, reason, 1, now)
    }

    fn new(locator: TaskLocator, reason: Arc<str>, max_attempts: usize, now: Timestamp) -> Self {
        Self {
            locator,
            reason,
            attempts: 0,
            max_attempts,
            next: Some(now),
            unanswered_since: None,
        }
    }

    /// Returns the lookup to send if one is due, and marks it as sent.
    pub(in crate::command) fn due(&mut self, now: Timestamp) -> Option<TaskLocator> {
        if self.next.is_none_or(|next| next > now) {
            return None;
        }
        self.next = None;
        self.attempts += 1;
        Some(self.locator.clone())
    }

    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.next
    }

    /// Repeats a lookup in progress, whose response may be lost.
    pub(in crate::command) fn resend(&mut self, now: Timestamp) {
        if self.next.is_none() {
            self.attempts = self.attempts.saturating_sub(1);
            self.next = Some(now);
        }
    }

    /// Handles a response. Failed lookups are repeated for up to `max_outage`.
    pub(in crate::command) fn handle_answer(
        &mut self,
        answer: HistoryLookup,
        max_outage: SignedDuration,
        now: Timestamp,
    ) -> LookupStep {
        let give_up = |why: &str| {
            let reason = self.reason.trim_end_matches('.');
            LookupStep::GiveUp(format!("{reason}. {why}").into())
        };
        let unanswered_since = self.unanswered_since.take().unwrap_or(now);
        match answer {
            HistoryLookup::Unanswered(_) if now.duration_since(unanswered_since) < max_outage => {
                self.unanswered_since = Some(unanswered_since);
                self.attempts = self.attempts.saturating_sub(1);
                self.next = now.checked_add(RETRY_AFTER).ok();
                LookupStep::Continue
            }
            // The outcome arrives as a task change.
            HistoryLookup::Found => LookupStep::Continue,
            HistoryLookup::NotFound(_) if self.attempts < self.max_attempts => {
                let pause = SignedDuration::from_secs(
                    RETRY_DELAYS_SECONDS
                        .get(self.attempts)
                        .copied()
                        .unwrap_or(0),
                );
                self.next = now.checked_add(pause).ok();
                LookupStep::Continue
            }
            HistoryLookup::NotFound(searched) => give_up(&searched),
            HistoryLookup::Unanswered(why) | HistoryLookup::Failed(why) => {
                give_up(&format!("The server's history cannot be read: {why}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::{at, info};

    const OUTAGE: SignedDuration = SignedDuration::from_mins(10);

    #[test]
    fn failed_lookup_is_repeated_within_max_outage() {
        let mut search = LookupSchedule::for_unseen(
            TaskLocator::named("task-1".into()),
            "no such task.".into(),
            at(0),
        );
        let lost = || HistoryLookup::Unanswered("cut off.".into());
        for second in [0, 5, 300, 599] {
            assert!(search.due(at(second)).is_some(), "{second}");
            assert_eq!(
                search.handle_answer(lost(), OUTAGE, at(second)),
                LookupStep::Continue
            );
        }
        assert!(search.due(at(604)).is_some());
        let LookupStep::GiveUp(why) = search.handle_answer(lost(), OUTAGE, at(604)) else {
            panic!("the outage lasts too long");
        };
        assert!(why.contains("cut off"), "{why}");
    }

    #[test]
    fn lagging_history_is_read_again_with_delays() {
        let locator = TaskLocator::of(&info("task-1", &serde_json::json!({})));
        let mut search = LookupSchedule::for_vanished(locator, at(0));
        let mut now = at(0);
        for pause in [2, 5, 12] {
            assert!(search.due(now).is_some());
            assert!(search.due(now).is_none(), "one question at a time");
            assert_eq!(
                search.handle_answer(
                    HistoryLookup::NotFound("There is no record.".into()),
                    OUTAGE,
                    now
                ),
                LookupStep::Continue
            );
            now = now.checked_add(SignedDuration::from_secs(pause)).unwrap();
            assert_eq!(search.next_time(), Some(now));
        }
        assert!(search.due(now).is_some());
        let LookupStep::GiveUp(why) = search.handle_answer(
            HistoryLookup::NotFound("There is no record.".into()),
            OUTAGE,
            now,
        ) else {
            panic!("that was the last question");
        };
        assert!(why.contains("There is no record."), "{why}");
    }

    #[test]
    fn unknown_name_is_looked_up_once() {
        let mut search = LookupSchedule::for_unseen(
            TaskLocator::named("task-1".into()),
            "no such task.".into(),
            at(0),
        );
        assert!(search.due(at(0)).is_some());
        search.resend(at(5));
        assert!(search.due(at(5)).is_some());
        let answer = search.handle_answer(
            HistoryLookup::NotFound("There is no record.".into()),
            OUTAGE,
            at(5),
        );
        assert!(matches!(answer, LookupStep::GiveUp(_)));
    }
}
