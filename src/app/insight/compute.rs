//! Computes the derived facts.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{CacheEntry, TaskInsight};
use crate::{
    app::state::AppState,
    task::{Forecaster, Handle, TaskRecord, TaskStore, TimeLeft, row_model::Row, warnings},
};

impl TaskInsight {
    /// Computes the facts for a task. `now` is by the local clock.
    pub fn of(state: &AppState, handle: Handle, now: Timestamp) -> Self {
        let Some(record) = state.view().store.get(handle) else {
            return Self::default();
        };
        let server_now = state.time(record, now);
        Self::with(
            state,
            handle,
            &mut forecaster(state, server_now),
            server_now,
        )
    }

    /// Computes the facts for a task, with forecasts of the same time.
    fn with(
        state: &AppState,
        handle: Handle,
        forecaster: &mut Forecaster<'_>,
        server_now: Timestamp,
    ) -> Self {
        let forecast = forecaster.forecast(handle);
        let store = &state.view().store;
        let (blocker_store, known) = blocker_source(state, handle);
        let blocker = forecast.and_then(|_| blocker_store.blocker(known));
        Self {
            forecast,
            blocker: blocker.map(|blocker| blocker_store.blocker_text(known, blocker)),
            blocker_kind: blocker.map(|blocker| blocker.kind),
            time_left: forecast.map(|forecast| forecast.time_left()),
            warnings: store.warnings(handle, Some(&state.typical), server_now),
        }
    }
}

/// Returns the store to look for the blocker of a task. The history may lack the task ahead in the queue, which the live
/// view knows.
fn blocker_source(state: &AppState, handle: Handle) -> (&TaskStore, Handle) {
    let store = &state.view().store;
    let live = &state.views.live.store;
    let id = store.get(handle).map(|record| &record.id);
    let known = id.filter(|_| state.views.history().is_some());
    match known.and_then(|id| live.find(id)) {
        Some(known) => (live, known),
        None => (store, handle),
    }
}

fn forecaster(state: &AppState, server_now: Timestamp) -> Forecaster<'_> {
    Forecaster::new(&state.view().store, Some(&state.typical), server_now)
}

impl CacheEntry {
    fn new(
        state: &AppState,
        handle: Handle,
        record: &TaskRecord,
        insight: TaskInsight,
        now: Timestamp,
    ) -> Self {
        Self {
            changes_at: until_change(state, handle, &insight, now)
                .and_then(|span| now.checked_add(span).ok()),
            insight: Arc::new(insight),
            status: record.status(),
            seen: record.observed_at(),
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

    /// Returns the tasks in the visible rows and in the details.
    pub(in crate::app) fn visible_tasks(&self) -> Vec<Handle> {
        let (view, areas) = (self.view(), self.layout());
        let rows = view.selection.visible(&view.row_model, areas.list.height);
        let details = (areas.details.height > 0).then(|| view.selected());
        let rows = rows.iter().filter_map(Row::task);
        rows.chain(details.flatten()).collect()
    }

    /// Updates the cache for the visible tasks. Tasks below the same visible one are computed together,
    /// so that no child is shown to end after a parent that waits for it.
    pub(in crate::app) fn refresh_insights(&mut self, visible: &[Handle], now: Timestamp) {
        let mut before = std::mem::take(&mut self.view_mut().insights.0);
        let mut after = HashMap::with_capacity(before.len());
        for members in self.families(visible) {
            let store = &self.view().store;
            let known = |handle: &Handle| Some((*handle, store.get(*handle)?));
            let members: Vec<(Handle, &TaskRecord)> = members.iter().filter_map(known).collect();
            let is_fresh = members.iter().all(|(handle, record)| {
                let kept = before.get(handle);
                kept.is_some_and(|kept| kept.is_fresh(record, now))
            });
            let Some((_, first)) = members.first() else {
                continue;
            };
            let server_now = self.time(first, now);
            let mut forecaster = forecaster(self, server_now);
            for (handle, record) in members {
                let kept = before.remove(&handle).filter(|_| is_fresh);
                let entry = kept.unwrap_or_else(|| {
                    let insight = TaskInsight::with(self, handle, &mut forecaster, server_now);
                    CacheEntry::new(self, handle, record, insight, now)
                });
                after.insert(handle, entry);
            }
        }
        self.view_mut().insights.0 = after;
    }

    /// Returns the visible tasks, those below the same visible one together.
    fn families(&self, visible: &[Handle]) -> impl Iterator<Item = Vec<Handle>> + use<> {
        let visible_set: HashSet<Handle> = visible.iter().copied().collect();
        let mut families: BTreeMap<Handle, Vec<Handle>> = BTreeMap::new();
        for handle in visible_set.iter().copied() {
            let path = self.view().store.path(handle);
            let top = path.filter(|above| visible_set.contains(above)).last();
            families
                .entry(top.unwrap_or(handle))
                .or_default()
                .push(handle);
        }
        families.into_values()
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

/// Returns the time until the displayed facts change by time alone.
fn until_change(
    state: &AppState,
    handle: Handle,
    insight: &TaskInsight,
    now: Timestamp,
) -> Option<SignedDuration> {
    let record = state.view().store.get(handle)?;
    let server_now = state.time(record, now);
    let left = insight.time_left.and_then(until_left_changes);
    let warning = warnings::next_change(
        &state.view().store,
        handle,
        Some(&state.typical),
        server_now,
    );
    // A warning appears once its threshold is exceeded, not when it is reached.
    let warning = warning.map(|at| at.duration_since(server_now) + SignedDuration::from_nanos(1));
    left.into_iter().chain(warning).min()
}

/// Returns the step in which the remaining time is displayed.
fn until_left_changes(left: TimeLeft) -> Option<SignedDuration> {
    let TimeLeft::About(span) = left else {
        return None;
    };
    Some(SignedDuration::from_secs(match span.as_secs() {
        ..130 => 5,
        _ => 60,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::test_support::{apply_update, climbed, find, now},
        task::{EntityState, PendingQuestion, estimate::Basis, fixture::at, forecast::Reason},
        watch::Update,
    };

    #[test]
    fn running_tasks_have_an_estimate_and_stalled_ones_do_not() {
        let state = climbed(50, 60);
        let handle = find(&state, "task-1");
        let moving = TaskInsight::of(&state, handle, now());
        assert!(
            matches!(moving.time_left, Some(TimeLeft::About(_))),
            "{moving:?}"
        );
        let reason = moving.forecast.map(|forecast| forecast.reason);
        assert_eq!(reason, Some(Reason::Own(Basis::Pace)));
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
            apply_update(
                &mut state,
                Update::EntityState {
                    mo_id,
                    state: EntityState {
                        question,
                        lost_host: None,
                    },
                },
            );
            let insight = TaskInsight::of(&state, find(&state, "task-1"), now());
            assert_eq!(insight.is_stalled(), is_there);
            assert_eq!(insight.time_left == Some(TimeLeft::Unknown), is_there);
        }
    }
}
