//! What can be said of a task beyond what its server says: the time left, and what deserves a second look.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{
    layout::ScreenLayout,
    state::{AppState, Popup},
};
use crate::task::{
    Handle, Record, Rule, Status, TimeLeft, Warning,
    estimate::{Basis, estimate},
    row_model::Row,
    rules::{self, RuleContext},
};

/// What can be said of a task that waits or runs.
#[derive(Debug, Default)]
pub struct TaskInsight {
    /// The time left of a running task, or what a queued one will usually take; nothing where that is no question.
    pub left: Option<TimeLeft>,
    /// What the time left rests on.
    pub basis: Option<Basis>,
    /// What deserves a second look, the most urgent first.
    pub findings: Vec<Warning>,
}

impl TaskInsight {
    /// The insight of a task. `now` is this machine's time.
    pub fn of(state: &AppState, handle: Handle, now: Timestamp) -> Self {
        let record = state.store.get(handle);
        let Some(record) = record.filter(|record| record.status().is_active()) else {
            return Self::default();
        };
        let around = rule_context(state, handle, record);
        let now = state.time(record, now);
        let findings = state.store.findings(handle, around, now);
        let estimate = match record.status() {
            // Whoever stands still has no pace, and what was usual is no longer to be had.
            Status::Running if is_stalled(&findings) => None,
            Status::Running => state.store.estimate(handle, around, now),
            _ => estimate(now, None, around.typical, now),
        };
        let is_asked = record.status() == Status::Running || estimate.is_some();
        Self {
            left: is_asked.then(|| TimeLeft::of(estimate, around.typical)),
            basis: estimate.map(|estimate| estimate.basis),
            findings,
        }
    }

    /// Whether nothing moves: it stands still, or waits for somebody's answer.
    pub fn is_stalled(&self) -> bool {
        is_stalled(&self.findings)
    }
}

fn is_stalled(findings: &[Warning]) -> bool {
    let halts = |finding: &Warning| matches!(finding.rule, Rule::Stalled | Rule::Question);
    findings.iter().any(halts)
}

/// The insights of the rows that are seen. An insight costs some hundred times what drawing its cell does, and rarely
/// changes: it is kept for a second whatever comes, and longer while its task stays as it is.
#[derive(Debug, Default)]
pub struct InsightCache(HashMap<Handle, CacheEntry>);

#[derive(Debug)]
struct CacheEntry {
    insight: Arc<TaskInsight>,
    status: Status,
    seen: Option<Timestamp>,
    made: Timestamp,
    /// When time alone may change it.
    changes: Option<Timestamp>,
}

impl CacheEntry {
    const MIN_REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(1);
    /// A finding may rest on other tasks, too.
    const MAX_REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(5);

    fn new(state: &AppState, handle: Handle, record: &Record, now: Timestamp) -> Self {
        let insight = TaskInsight::of(state, handle, now);
        Self {
            changes: until_change(state, handle, &insight, now)
                .and_then(|span| now.checked_add(span).ok()),
            insight: Arc::new(insight),
            status: record.status(),
            seen: record.seen,
            made: now,
        }
    }

    fn holds(&self, record: &Record, now: Timestamp) -> bool {
        let age = now.duration_since(self.made);
        let is_settled = self.seen == record.seen
            && age < Self::MAX_REFRESH_INTERVAL
            && self.changes.is_none_or(|at| now < at);
        self.status == record.status() && (is_settled || age < Self::MIN_REFRESH_INTERVAL)
    }
}

impl AppState {
    /// The insight of a task: the kept one while it holds.
    pub fn insight(&self, handle: Handle, now: Timestamp) -> Arc<TaskInsight> {
        let kept = self.insights.0.get(&handle);
        let record = self.store.get(handle);
        match kept
            .zip(record)
            .filter(|(kept, record)| kept.holds(record, now))
        {
            Some((kept, _)) => kept.insight.clone(),
            None => Arc::new(TaskInsight::of(self, handle, now)),
        }
    }

    /// Looks ahead for the tasks that are seen, before they are drawn.
    pub fn refresh_insights(&mut self, now: Timestamp) {
        let mut before = std::mem::take(&mut self.insights.0);
        for handle in seen(self, now) {
            let Some(record) = self.store.get(handle) else {
                continue;
            };
            let kept = before.remove(&handle);
            let kept = kept
                .filter(|kept| kept.holds(record, now))
                .unwrap_or_else(|| CacheEntry::new(self, handle, record, now));
            self.insights.0.insert(handle, kept);
        }
    }

    /// When a task's insight may next be written differently by time alone.
    pub(super) fn insight_changes_at(&self, handle: Handle, now: Timestamp) -> Option<Timestamp> {
        if let Some(kept) = self.insights.0.get(&handle) {
            return kept.changes.map(|at| at.max(now));
        }
        let insight = TaskInsight::of(self, handle, now);
        until_change(self, handle, &insight, now).and_then(|span| now.checked_add(span).ok())
    }
}

/// The tasks that are seen: in the rows, and in the details; or in the summary. `now` is the moment that is shown.
pub(super) fn seen(state: &AppState, now: Timestamp) -> Vec<Handle> {
    if let Some(Popup::Summary(page)) = &state.popup {
        return page.tasks(state, now);
    }
    let areas = ScreenLayout::of(state);
    let rows = state.selection.visible(&state.row_model, areas.list.height);
    let details = (areas.details.height > 0).then(|| state.selected());
    let rows = rows.iter().filter_map(Row::task);
    rows.chain(details.flatten()).collect()
}

/// When a task's insight may next be written differently by time alone, from now.
fn until_change(
    state: &AppState,
    handle: Handle,
    insight: &TaskInsight,
    now: Timestamp,
) -> Option<SignedDuration> {
    let record = state.store.get(handle)?;
    let there = state.time(record, now);
    let left = insight.left.and_then(until_left_changes);
    let finding = rules::next_change(
        &state.store,
        handle,
        rule_context(state, handle, record),
        there,
    );
    // A finding is there once its time is exceeded, not when it is reached.
    let finding = finding.map(|at| at.duration_since(there) + SignedDuration::from_nanos(1));
    left.into_iter().chain(finding).min()
}

/// How soon the time left may be written differently: it is shown in steps.
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

pub(super) fn rule_context<'a>(
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
        question: state.questions.get(&handle),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        app::test_support::{HERE, apply_update, climbed, empty, find, now, task, tasks},
        task::{FinishedRun, PendingQuestion, fixture::at},
        watch::Update,
    };

    #[test]
    fn who_moves_has_an_end_in_sight_and_who_stands_still_has_none() {
        let state = climbed(50, 60);
        let handle = find(&state, "task-1");
        let moving = TaskInsight::of(&state, handle, now());
        assert!(
            matches!(
                moving.left,
                Some(TimeLeft::About(_) | TimeLeft::Between(..))
            ),
            "{moving:?}"
        );
        assert_eq!(moving.basis, Some(Basis::Pace));
        assert!(moving.findings.is_empty());
        let still = TaskInsight::of(&state, handle, at(3720 + 3600));
        assert!(still.is_stalled());
        assert_eq!(still.left, Some(TimeLeft::Unknown));
    }

    #[test]
    fn who_waits_for_an_answer_has_no_end_in_sight() {
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
            assert_eq!(insight.left == Some(TimeLeft::Unknown), is_there);
        }
    }

    #[test]
    fn the_finished_have_no_outlook_and_the_queued_only_where_it_is_known() {
        let mut state = empty(80, 24);
        let done = json!({"state": "success", "completeTime": at(60).to_string()});
        let queued =
            json!({"state": "queued", "startTime": null, "queueTime": at(3719).to_string()});
        apply_update(
            &mut state,
            tasks(vec![task("done", &done), task("queued", &queued)]),
        );
        let left = |state: &AppState, name| TaskInsight::of(state, find(state, name), now()).left;
        assert_eq!(left(&state, "done"), None);
        assert_eq!(left(&state, "queued"), None);
        let runs = (800..).step_by(50).take(5).map(|seconds| FinishedRun {
            operation: "VirtualMachine.relocate".into(),
            entity: None,
            took: std::time::Duration::from_secs(seconds),
        });
        state.typical.add_runs(HERE, runs);
        assert_eq!(left(&state, "done"), None);
        let queued = left(&state, "queued").unwrap();
        assert_eq!(queued.to_string(), "typ 15m");
    }
}
