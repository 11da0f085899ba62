//! The task of a row with its derived values.

use std::sync::Arc;

use jiff::Timestamp;

use super::{RenderContext, theme::Role};
use crate::{
    app::{Column, TaskInsight},
    task::{BlockerKind, Progress, Rule, TaskRecord, TimeLeft, row_model::Row},
};

/// The task of a row and its derived values.
pub(super) struct RowContext<'a> {
    pub(super) row: &'a Row,
    pub(super) record: &'a TaskRecord,
    pub(super) progress: Progress,
    /// Current time by the clock of the task's server.
    pub(super) now: Timestamp,
    pub(super) is_stale: bool,
    pub(super) insight: Arc<TaskInsight>,
    /// The column that shows what the task waits for.
    pub(super) blocker_column: Option<Column>,
    /// The column that shows the most urgent warning.
    pub(super) warning_column: Option<Column>,
}

impl<'a> RowContext<'a> {
    /// Returns the context of a task row; `None` for a group.
    pub(super) fn new<'c: 'a>(
        ctx: &RenderContext<'c>,
        row: &'a Row,
        columns: &[Column],
    ) -> Option<Self> {
        let state = ctx.state;
        let handle = row.task()?;
        let record = state.view().store.get(handle)?;
        let insight = state.insight(handle, ctx.now);
        let mut candidates = [Column::Phase, Column::Progress].into_iter();
        let candidate = candidates.find(|column| columns.contains(column));
        Some(Self {
            warning_column: warning_column(&insight).filter(|column| columns.contains(column)),
            blocker_column: candidate.filter(|_| insight.blocker.is_some()),
            row,
            record,
            progress: state.view().store.progress(handle),
            now: state.time(record, ctx.now),
            is_stale: state.is_stale(record),
            insight,
        })
    }
}

/// Returns the column with space for the most urgent warning; `None` for a blocked task, which shows its blocker.
fn warning_column(insight: &TaskInsight) -> Option<Column> {
    if insight.blocker.is_some() {
        return None;
    }
    match insight.warnings.first()?.rule {
        Rule::QueuedLong => Some(Column::Progress),
        Rule::Stalled if !matches!(insight.time_left, Some(TimeLeft::About(_))) => {
            Some(Column::Left)
        }
        _ => None,
    }
}

impl RowContext<'_> {
    /// True if the task ended with an error.
    pub(super) fn has_error(&self) -> bool {
        let info = self.record.info.as_ref();
        self.record.status().is_finished() && info.is_some_and(|info| info.error.is_some())
    }

    /// Returns the warning that this column shows.
    pub(super) fn warning(&self, column: Column) -> Option<&'static str> {
        let warning = self.insight.warnings.first()?;
        (self.warning_column == Some(column)).then(|| warning.rule.label())
    }

    /// Returns what the task waits for, with its role. Waiting in a queue is normal and not drawn as a warning.
    pub(super) fn blocker(&self) -> Option<(&str, Role)> {
        let text = self.insight.blocker.as_deref()?;
        Some(match self.insight.blocker_kind? {
            BlockerKind::Queue => (text, Role::Queued),
            BlockerKind::Question | BlockerKind::LostHost => (text, Role::Warning),
        })
    }
}
