//! The outcome of one task that is waited for. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{super::history_lookup::LookupSchedule, server_state::WaitServer};
use crate::{
    task::{Presence, Status, TaskId, TaskRecord},
    vim::types::TaskLocator,
};

/// The outcome of a task.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::command) enum TaskOutcome {
    /// Not decided yet.
    Open,
    /// It vanished; its end is looked for.
    Searching(Box<LookupSchedule>),
    /// It ended.
    Ended(Status),
    /// Unknown, for this reason.
    Unknown(Arc<str>),
}

/// A task that is waited for.
#[derive(Debug, Clone)]
pub(in crate::command) struct TrackedTask {
    pub(in crate::command) id: TaskId,
    pub(in crate::command) outcome: TaskOutcome,
    /// The time since which the task cannot be read.
    pub(super) unreadable_since: Option<Timestamp>,
}

impl TrackedTask {
    pub(super) fn new(id: TaskId) -> Self {
        Self {
            id,
            outcome: TaskOutcome::Open,
            unreadable_since: None,
        }
    }

    /// True if the outcome is decided.
    pub(in crate::command) fn is_decided(&self) -> bool {
        matches!(
            self.outcome,
            TaskOutcome::Ended(_) | TaskOutcome::Unknown(_)
        )
    }

    /// Returns the next outcome and `unreadable_since`.
    pub(super) fn next(
        &self,
        record: Option<&TaskRecord>,
        server: &WaitServer,
        max_outage: SignedDuration,
        now: Timestamp,
    ) -> (TaskOutcome, Option<Timestamp>) {
        let mo_id = &self.id.mo_id;
        let open = (self.outcome.clone(), None);
        let Some(record) = record else {
            return open;
        };
        match record.status() {
            Status::Lost if self.outcome == TaskOutcome::Open => {
                let locator = record.info.as_deref().map(TaskLocator::of);
                let locator = locator.unwrap_or_else(|| TaskLocator::named(mo_id.clone()));
                (
                    TaskOutcome::Searching(Box::new(LookupSchedule::for_vanished(locator, now))),
                    None,
                )
            }
            Status::Placeholder => {
                match (server.missing.get(mo_id), server.unreadable.get(mo_id)) {
                    (Some(reason), _) if self.outcome == TaskOutcome::Open => {
                        let locator = TaskLocator::named(mo_id.clone());
                        let search = LookupSchedule::for_unseen(locator, reason.clone(), now);
                        (TaskOutcome::Searching(Box::new(search)), None)
                    }
                    (None, Some(reason)) => (TaskOutcome::Unknown(reason.clone()), None),
                    (None, None) => self.while_unreadable(record, max_outage, now),
                    _ => open,
                }
            }
            status if status.is_finished() && status != Status::Lost => {
                (TaskOutcome::Ended(status), None)
            }
            _ => self.while_unreadable(record, max_outage, now),
        }
    }

    /// A task becomes unknown only after it could not be read for `max_outage`.
    fn while_unreadable(
        &self,
        record: &TaskRecord,
        max_outage: SignedDuration,
        now: Timestamp,
    ) -> (TaskOutcome, Option<Timestamp>) {
        let Presence::Unreadable(reason) = &record.presence else {
            return (self.outcome.clone(), None);
        };
        let since = self.unreadable_since.unwrap_or(now);
        if now.duration_since(since) >= max_outage {
            (TaskOutcome::Unknown(reason.clone()), None)
        } else {
            (self.outcome.clone(), Some(since))
        }
    }
}
