//! The screen of a playback before and after a jump.

use jiff::Timestamp;

use crate::{
    app::{
        added_tasks::AddedTasks,
        insight::InsightCache,
        screen::Screen,
        server_state::ServerState,
        state::AppState,
        views::{TaskView, Views},
    },
    task::{TaskId, TaskStore, TypicalDurations, UndoLog, row_model::RowModel},
};

/// Removes all tasks, or sets those of `base`, so that a record can be played from another place. Filter, order, columns
/// and layout stay, and the selected task is selected again by [`arrive_at_position`].
pub fn restart_playback(screen: &mut Screen, base: Option<&TaskStore>, now: Timestamp) {
    let state = &mut screen.state;
    let selected = state.selected_record().map(|record| record.id.clone());
    if let Some(playback) = &mut state.playback
        && playback.selected.is_none()
    {
        playback.selected = selected.filter(|_| state.views.live.selection.is_pinned());
    }
    state.added_tasks = AddedTasks::default();
    state.notifications.hide();
    match base {
        Some(base) => {
            state.views.live.store = base.clone();
            state.with_live_rows(now, |rows, context| {
                rows.rebuild(context);
                // The previous rows are those of other tasks.
                rows.finish(context);
            });
        }
        None => empty(state),
    }
    screen.follow_changes(None);
}

/// Removes all tasks and all that was learned from them.
fn empty(state: &mut AppState) {
    let old = std::mem::take(&mut state.views.live);
    let mut live = TaskView::default();
    live.store.track_new_failures();
    if state.servers.len() > 1 {
        for server in &state.servers {
            live.store.set_server_name(server.id, server.name.as_str());
        }
    }
    live.row_model = RowModel::new(old.row_model.view().clone());
    live.columns = old.columns;
    state.views = Views {
        live,
        history: None,
    };
    state.undo_log = UndoLog::default();
    state.typical = TypicalDurations::default();
    state.typical_errors.clear();
    for server in &mut state.servers {
        let (base, read_only) = (std::mem::take(&mut server.base_url), server.read_only);
        *server = ServerState::new(server.id, std::mem::take(&mut server.name));
        (server.base_url, server.read_only) = (base, read_only);
    }
}

/// Called when the clock stops at a position. Selects the task that a jump has found, else the one that was selected
/// before.
pub fn arrive_at_position(screen: &mut Screen, found: Option<TaskId>) {
    let state = &mut screen.state;
    // They are computed again so that they do not depend on the way to this position.
    state.views.live.insights = InsightCache::default();
    let selected = state.playback.as_mut();
    let selected = selected.and_then(|playback| playback.selected.take());
    let selected = found.or(selected);
    if let Some(handle) = selected.and_then(|id| state.views.live.store.find(&id)) {
        state.views.live.selection.select(handle);
        state.sync_selection();
    }
}
