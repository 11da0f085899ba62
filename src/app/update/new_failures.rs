//! New failures: marked in the live list and sorted first until the user has selected them.
//! A selected failure loses its mark at once, but keeps its place while the selection is on new failures: the row
//! would leave from under the cursor otherwise.

use jiff::Timestamp;

use crate::{
    app::{
        notification_log::Severity, server_state::ServerClocks, state::AppState, views::TaskView,
    },
    task::{
        ChangeSet, Handle,
        row_model::{Fold, Layout, Row},
    },
};

/// Marks the selected failure as seen. Called before a key or click is handled, because the user has seen what was
/// selected until then.
pub(super) fn before_input(state: &mut AppState) {
    if !state.views.is_live() {
        return;
    }
    let live = &mut state.views.live;
    let row = live.selection.row();
    if let Some(row) = live.row_model.rows(row..row + 1).pop() {
        let failures: Vec<Handle> = live.failures_of(&row).collect();
        live.seen_failures.extend(failures);
    }
}

/// Marks the failure that the user selected as seen. Moves those seen before to their usual place if the selection
/// has left the new ones.
pub(super) fn after_input(state: &mut AppState, now: Timestamp) {
    if state.views.live.selection.is_pinned() {
        before_input(state);
    }
    let live = &state.views.live;
    if live.seen_failures.is_empty() || live.selected().is_some_and(|at| is_first(state, at)) {
        return;
    }
    let seen = std::mem::take(&mut state.views.live.seen_failures);
    acknowledge(state, seen, now);
}

/// True if a task is sorted among the new failures.
fn is_first(state: &AppState, handle: Handle) -> bool {
    let store = &state.views.live.store;
    match state.views.live.row_model.view().layout {
        Layout::Tree => store.new_failure_count(store.root(handle)) > 0,
        Layout::Flat => store.is_new_failure(handle),
    }
}

/// Marks all failures as seen.
pub(super) fn acknowledge_all(state: &mut AppState, now: Timestamp) {
    let live = &mut state.views.live;
    live.pin_selection();
    let store = &live.store;
    let failures = store.iter().map(|(handle, _)| handle);
    let failures: Vec<Handle> = failures
        .filter(|handle| store.is_new_failure(*handle))
        .collect();
    let unseen = failures
        .iter()
        .filter(|handle| !live.seen_failures.contains(*handle))
        .count();
    live.seen_failures.clear();
    let text = match unseen {
        0 => "No new failures".to_owned(),
        1 => "1 failed task marked as seen".to_owned(),
        several => format!("{several} failed tasks marked as seen"),
    };
    state.notifications.push(Severity::Info, text, now);
    acknowledge(state, failures, now);
}

/// Makes failures known to the user and moves them to their usual place.
pub(in crate::app) fn acknowledge(
    state: &mut AppState,
    failures: impl IntoIterator<Item = Handle>,
    now: Timestamp,
) {
    let clocks = ServerClocks::of(&state.servers, now);
    let live = &mut state.views.live;
    let mut touched = ChangeSet::default();
    live.store.acknowledge_failures(failures, &mut touched);
    live.update_rows(&touched, &state.typical, &clocks);
}

impl TaskView {
    /// True if the task of a row failed and the user has not seen it, or a task that its closed fold hides.
    pub fn is_new(&self, row: &Row) -> bool {
        let count = row.task().map(|task| self.store.new_failure_count(task));
        count > Some(0)
            && self
                .failures_of(row)
                .any(|handle| !self.seen_failures.contains(&handle))
    }

    /// Returns the new failures that a row represents: the task itself, and those in its closed fold.
    fn failures_of(&self, row: &Row) -> impl Iterator<Item = Handle> {
        let task = row.task();
        let is_folded = row.fold == Fold::Closed;
        let failures = task
            .into_iter()
            .flat_map(|task| self.store.new_failures(task));
        failures.filter(move |failure| is_folded || Some(*failure) == task)
    }
}
