//! Changes of tasks in the live view.

use jiff::Timestamp;

use super::summary_page;
use crate::{
    app::{
        event::Effect,
        notifications::Severity,
        server_state::{ServerClocks, ServerState},
        state::{AppState, Popup},
    },
    task::{ChangeSet, EndpointId, Handle, TaskChange},
};

/// Applies changes to the live view, also while another view is shown.
pub(in crate::app) fn apply(
    state: &mut AppState,
    endpoint: EndpointId,
    changes: Vec<TaskChange>,
    now: Timestamp,
) -> Vec<Effect> {
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
    if state.views.is_live() {
        summary_page::touch(&mut state.popup, &state.views.live.store, &touched);
        for removed in touched.removed {
            forget_in_dialog(state, removed);
        }
    }
    effects
}

fn forget_in_dialog(state: &mut AppState, removed: Handle) {
    if let Some(Popup::CancelDialog(dialog)) = &mut state.popup {
        if dialog.root == removed {
            state.popup = None;
        } else if dialog.highlighted == removed {
            dialog.highlighted = dialog.root;
            dialog.confirmation = None;
        }
    }
}
