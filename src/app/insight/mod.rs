//! Derived facts about a task: remaining time and warnings.

mod compute;

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::task::{BlockerKind, Forecast, Handle, Rule, Status, TaskRecord, TimeLeft, Warning};

/// Derived facts about a queued or running task.
#[derive(Debug, Default)]
pub struct TaskInsight {
    /// Expected end.
    pub forecast: Option<Forecast>,
    /// The expected end in the form in which a row shows it.
    pub time_left: Option<TimeLeft>,
    /// The blocker of the task or of one of its descendants.
    pub blocker: Option<String>,
    pub blocker_kind: Option<BlockerKind>,
    /// Warnings, most urgent first.
    pub warnings: Vec<Warning>,
}

impl TaskInsight {
    /// True if the task makes no progress: it is stalled, or waits for an answer to a question.
    pub fn is_stalled(&self) -> bool {
        let halts = |warning: &Warning| matches!(warning.rule, Rule::Stalled | Rule::Question);
        self.warnings.iter().any(halts)
    }
}

/// Cached facts for the visible tasks. Computing them costs some hundred times as much as drawing a cell, so an entry
/// is kept for at least a second, and longer while the task does not change.
#[derive(Debug, Clone, Default)]
pub struct InsightCache(HashMap<Handle, CacheEntry>);

#[derive(Debug, Clone)]
struct CacheEntry {
    insight: Arc<TaskInsight>,
    status: Status,
    seen: Option<Timestamp>,
    computed_at: Timestamp,
    /// The time at which the entry changes without an update.
    changes_at: Option<Timestamp>,
}

impl CacheEntry {
    const MIN_REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(1);
    /// Warnings may depend on other tasks, too.
    const MAX_REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(5);

    fn is_fresh(&self, record: &TaskRecord, now: Timestamp) -> bool {
        let age = now.duration_since(self.computed_at);
        let is_settled = self.seen == record.observed_at()
            && age < Self::MAX_REFRESH_INTERVAL
            && self.changes_at.is_none_or(|at| now < at);
        self.status == record.status() && (is_settled || age < Self::MIN_REFRESH_INTERVAL)
    }
}
