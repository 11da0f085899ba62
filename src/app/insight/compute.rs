//! Computes the derived facts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{CacheEntry, TaskInsight, is_stalled};
use crate::{
    app::state::{AppState, Popup},
    task::{
        Handle, Record, Status, TimeLeft,
        estimate::estimate,
        row_model::Row,
        rules::{self, RuleContext},
    },
};

impl TaskInsight {
    /// Computes the facts for a task. `now` is by the local clock.
    pub fn of(state: &AppState, handle: Handle, now: Timestamp) -> Self {
        let record = state.view().store.get(handle);
        let Some(record) = record.filter(|record| record.status().is_active()) else {
            return Self::default();
        };
        let around = rule_context(state, handle, record);
        let now = state.time(record, now);
        let warnings = state.view().store.warnings(handle, around, now);
        let estimate = match record.status() {
            // A stalled task has no rate, and its typical duration no longer applies.
            Status::Running if is_stalled(&warnings) => None,
            Status::Running => state.view().store.estimate(handle, around, now),
            _ => estimate(now, None, around.typical, now),
        };
        let is_asked = record.status() == Status::Running || estimate.is_some();
        Self {
            time_left: is_asked.then(|| TimeLeft::of(estimate, around.typical)),
            basis: estimate.map(|estimate| estimate.basis),
            warnings,
        }
    }
}

impl CacheEntry {
    fn new(state: &AppState, handle: Handle, record: &Record, now: Timestamp) -> Self {
        let insight = TaskInsight::of(state, handle, now);
        Self {
            changes_at: until_change(state, handle, &insight, now)
                .and_then(|span| now.checked_add(span).ok()),
            insight: Arc::new(insight),
            status: record.status(),
            seen: record.seen,
            computed_at: now,
        }
    }
}

impl AppState {
    /// Returns the facts for a task, from the cache if fresh.
    pub fn insight(&self, handle: Handle, now: Timestamp) -> Arc<TaskInsight> {
        let kept = self.view().insights.0.get(&handle);
        let record = self.view().store.get(handle);
        match kept
            .zip(record)
            .filter(|(kept, record)| kept.is_fresh(record, now))
        {
            Some((kept, _)) => kept.insight.clone(),
            None => Arc::new(TaskInsight::of(self, handle, now)),
        }
    }

    /// Updates the cache for the visible tasks before drawing.
    pub fn refresh_insights(&mut self, now: Timestamp) {
        let mut before = std::mem::take(&mut self.view_mut().insights.0);
        for handle in seen(self, now) {
            let Some(record) = self.view().store.get(handle) else {
                continue;
            };
            let kept = before.remove(&handle);
            let kept = kept
                .filter(|kept| kept.is_fresh(record, now))
                .unwrap_or_else(|| CacheEntry::new(self, handle, record, now));
            self.view_mut().insights.0.insert(handle, kept);
        }
    }

    /// Returns when the displayed facts of a task next change by time alone.
    pub(in crate::app) fn insight_changes_at(
        &self,
        handle: Handle,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if let Some(kept) = self.view().insights.0.get(&handle) {
            return kept.changes_at.map(|at| at.max(now));
        }
        let insight = TaskInsight::of(self, handle, now);
        until_change(self, handle, &insight, now).and_then(|span| now.checked_add(span).ok())
    }
}

/// Returns the visible tasks: rows and details, or those of the summary. `now` is the displayed time.
pub(in crate::app) fn seen(state: &AppState, now: Timestamp) -> Vec<Handle> {
    if let Some(Popup::Summary(page)) = &state.popup {
        return page.tasks(state, now);
    }
    let areas = state.layout();
    let view = state.view();
    let rows = view.selection.visible(&view.row_model, areas.list.height);
    let details = (areas.details.height > 0).then(|| state.selected());
    let rows = rows.iter().filter_map(Row::task);
    rows.chain(details.flatten()).collect()
}

/// Returns the time until the displayed facts change by time alone.
fn until_change(
    state: &AppState,
    handle: Handle,
    insight: &TaskInsight,
    now: Timestamp,
) -> Option<SignedDuration> {
    let record = state.view().store.get(handle)?;
    let there = state.time(record, now);
    let left = insight.time_left.and_then(until_left_changes);
    let warning = rules::next_change(
        &state.view().store,
        handle,
        rule_context(state, handle, record),
        there,
    );
    // A warning appears once its threshold is exceeded, not when it is reached.
    let warning = warning.map(|at| at.duration_since(there) + SignedDuration::from_nanos(1));
    left.into_iter().chain(warning).min()
}

/// Returns the step in which the remaining time is displayed.
fn until_left_changes(left: TimeLeft) -> Option<SignedDuration> {
    let (TimeLeft::About(span) | TimeLeft::Between(span, _)) = left else {
        return None;
    };
    Some(SignedDuration::from_secs(match span.as_secs() {
        ..20 => 1,
        20..130 => 5,
        _ => 60,
    }))
}

pub(in crate::app) fn rule_context<'a>(
    state: &'a AppState,
    handle: Handle,
    record: &Record,
) -> RuleContext<'a> {
    let typical = record.info.as_ref().and_then(|info| {
        let entity = info.entity.as_ref().map(|entity| &*entity.value);
        let endpoint = record.id.endpoint;
        state.typical.get(endpoint, &info.description_id, entity)
    });
    RuleContext {
        typical,
        question: state.view().questions.get(&handle),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        app::test_support::{HERE, apply_update, climbed, empty, find, now, task, tasks},
        task::{FinishedRun, PendingQuestion, estimate::Basis, fixture::at},
        watch::Update,
    };

    #[test]
    fn running_tasks_have_an_estimate_and_stalled_ones_do_not() {
        let state = climbed(50, 60);
        let handle = find(&state, "task-1");
        let moving = TaskInsight::of(&state, handle, now());
        assert!(
            matches!(
                moving.time_left,
                Some(TimeLeft::About(_) | TimeLeft::Between(..))
            ),
            "{moving:?}"
        );
        assert_eq!(moving.basis, Some(Basis::Pace));
        assert!(moving.warnings.is_empty());
        let still = TaskInsight::of(&state, handle, at(3720 + 3600));
        assert!(still.is_stalled());
        assert_eq!(still.time_left, Some(TimeLeft::Unknown));
    }

    #[test]
    fn tasks_with_a_pending_question_have_no_estimate() {
        let mut state = climbed(50, 60);
        let question = PendingQuestion {
            text: "Moved or copied?".to_owned(),
            choices: Vec::new(),
        };
        let mo_id: Arc<str> = "task-1".into();
        for (question, is_there) in [(Some(question), true), (None, false)] {
            let mo_id = mo_id.clone();
            apply_update(&mut state, Update::Question { mo_id, question });
            let insight = TaskInsight::of(&state, find(&state, "task-1"), now());
            assert_eq!(insight.is_stalled(), is_there);
            assert_eq!(insight.time_left == Some(TimeLeft::Unknown), is_there);
        }
    }

    #[test]
    fn queued_tasks_have_an_estimate_if_typical_durations_are_known() {
        let mut state = empty(80, 24);
        let done = json!({"state": "success", "completeTime": at(60).to_string()});
        let queued =
            json!({"state": "queued", "startTime": null, "queueTime": at(3719).to_string()});
        apply_update(
            &mut state,
            tasks(vec![task("done", &done), task("queued", &queued)]),
        );
        let left =
            |state: &AppState, name| TaskInsight::of(state, find(state, name), now()).time_left;
        assert_eq!(left(&state, "done"), None);
        assert_eq!(left(&state, "queued"), None);
        let runs = (800..).step_by(50).take(5).map(|seconds| FinishedRun {
            operation: "VirtualMachine.relocate".into(),
            entity: None,
            duration: std::time::Duration::from_secs(seconds),
        });
        state.typical.add_runs(HERE, runs);
        assert_eq!(left(&state, "done"), None);
        let queued = left(&state, "queued").unwrap();
        assert_eq!(queued.to_string(), "typ 15m");
    }
}
