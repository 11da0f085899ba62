//! Changes of tasks in the live view.

use jiff::Timestamp;

use crate::{
    app::{
        event::Effect,
        notifications::Severity,
        server_state::{ServerClocks, ServerState},
        state::AppState,
    },
    task::{ChangeSet, EndpointId, TaskChange},
};

/// Applies changes to the live view, also while another view is shown. Returns what changed.
pub(in crate::app) fn apply(
    state: &mut AppState,
    endpoint: EndpointId,
    changes: Vec<TaskChange>,
    now: Timestamp,
) -> (Vec<Effect>, ChangeSet) {
    let mut touched = ChangeSet::default();
    for change in changes {
        let mo_id = change.mo_id().clone();
        let store = &mut state.views.live.store;
        state.undo_log.note(store, endpoint, &change, now);
        if let Err(malformed) = store.apply(endpoint, change, &mut touched) {
            let host = state
                .server(endpoint)
                .map_or("the server", ServerState::host);
            let text = format!("{host} sent invalid data for {mo_id}: {malformed}");
            state.notifications.push(Severity::Warning, text, now);
        }
    }
    let clocks = ServerClocks::of(&state.servers, now);
    let live = &mut state.views.live;
    if let Some(period) = &mut state.away.period {
        period.follow(&live.store, &touched, &state.typical, &clocks);
        for &handle in &touched.changed {
            live.row_model
                .restrict_task(handle, period.contains(handle));
        }
    }
    // A failure moves to the top. The row that is selected by default must not change while the user reads it.
    let mut tasks = touched.changed.iter();
    if tasks.any(|task| live.store.is_new_failure(*task) && live.row_model.was_active(*task)) {
        live.pin_selection();
    }
    live.with_rows(&state.typical, &clocks, |rows, eval_context| {
        rows.update(eval_context, &touched);
    });
    let mut effects = Vec::new();
    if let Some(tracker) = &mut state.finish_tracker {
        let finished = tracker.finished(&live.store, &touched, &clocks).into_iter();
        effects.extend(finished.map(Effect::Notify));
        effects.extend(tracker.changed_counts(&live.store).map(Effect::ShowCounts));
    }
    for &removed in &touched.removed {
        live.forget(removed);
    }
    (effects, touched)
}
