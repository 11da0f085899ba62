//! Changes of tasks in the live view.

use jiff::Timestamp;

use crate::{
    app::{
        event::Effect,
        notification_log::Severity,
        progress_curve_file::KnownCurve,
        server_state::{ServerClocks, ServerState},
        state::AppState,
    },
    task::{ChangeSet, ServerId, Status, TaskChange, TaskId},
};

/// Applies changes to the live view, also while another view is shown. Returns what changed.
pub(in crate::app) fn apply(
    state: &mut AppState,
    server: ServerId,
    changes: Vec<TaskChange>,
    now: Timestamp,
) -> (Vec<Effect>, ChangeSet) {
    let mut touched = ChangeSet::default();
    for change in changes {
        let mo_id = change.mo_id().clone();
        let store = &mut state.views.live.store;
        state.undo_log.note(store, server, &change, now);
        let id = TaskId::new(server, mo_id.clone());
        let handle = store.find(&id);
        let record = handle.and_then(|handle| store.get(handle));
        let was_running = record.is_some_and(|record| record.status() == Status::Running);
        if let Err(malformed) = store.apply(server, change, &mut touched) {
            let host = state.server(server).map_or("the server", ServerState::host);
            let text = format!("{host} sent invalid data for {mo_id}: {malformed}");
            state.notifications.push(Severity::Warning, text, now);
        }
        let store = &state.views.live.store;
        if let Some(record) = handle
            .filter(|_| was_running)
            .and_then(|handle| store.get(handle))
        {
            state.typical.learn(record);
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
    live.update_rows(&touched, &state.typical, &clocks);
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

impl AppState {
    /// Adds the progress curves learned in earlier runs.
    pub fn restore_progress_curves(&mut self) {
        for known in &self.options.progress_curves {
            let mut servers = self.servers.iter();
            if let Some(server) = servers.find(|server| server.base_url == known.server) {
                self.typical
                    .add_curve(server.id, &known.operation, known.curve);
            }
        }
    }

    /// Returns the progress curves of the runs that finished since the start, to be saved for the next run.
    pub fn learned_curves(&self) -> Vec<KnownCurve> {
        let learned = self.servers.iter().flat_map(|server| {
            let curves = self.typical.watched(server.id);
            curves.map(|(operation, curve)| KnownCurve {
                server: server.base_url.clone(),
                operation: operation.to_owned(),
                curve,
            })
        });
        learned.collect()
    }
}
