//! The screen of the session so far: a copy of the live one, which is kept up to date behind it.

use jiff::Timestamp;

use crate::{
    app::{insight::InsightCache, popups::Popup, screen::Screen, state::AppState},
    task::TaskStore,
};

/// Returns a copy of the live screen, on which earlier times are played.
pub fn look_back(live: &mut Screen) -> Screen {
    let state = &live.state;
    let servers = state.servers.iter();
    let servers = servers.map(|server| (server.id, server.name.clone()));
    let mut screen = Screen::new(state.options.clone(), servers);
    let past = &mut screen.state;
    past.finish_tracker = None;
    past.servers.clone_from(&state.servers);
    past.typical = state.typical.clone();
    past.views.live = state.views.live.clone();
    copy_panes(state, past);
    screen.popup = live.popup.take_if(|popup| is_timeline(popup));
    screen
}

/// Updates the live screen when the user returns to it from `past`: selection, marks, order, folds, filter, columns and
/// layout stay as they are there.
pub fn return_to_now(live: &mut Screen, past: Screen, now: Timestamp) {
    let Screen { state, popup, .. } = past;
    let view = &state.views.live;
    let arrangement = view.row_model.requested_view();
    let found = |handle, to: &TaskStore| to.find(&view.store.get(handle)?.id);
    live.state.with_live_rows(now, |rows, context| {
        rows.set_view(arrangement.clone(), context);
        rows.finish(context);
        let find = |handle| found(handle, context.store);
        rows.adopt_folds(&view.row_model, context.store, find);
        rows.finish(context);
    });
    let shown = &mut live.state.views.live;
    shown.selection = view.selection.clone();
    shown
        .selection
        .translate_group(&view.row_model, &shown.row_model);
    if let Some(selected) = view
        .selected()
        .and_then(|handle| found(handle, &shown.store))
        && view.selection.is_pinned()
    {
        shown.selection.select(selected);
    }
    let marked = view.existing_marks();
    shown.marks = marked
        .filter_map(|handle| found(handle, &shown.store))
        .collect();
    shown.columns = view.columns.clone();
    shown
        .filter_before_status
        .clone_from(&view.filter_before_status);
    shown.insights = InsightCache::default();
    copy_panes(&state, &mut live.state);
    live.popup = popup.filter(is_timeline);
    live.follow_changes(None);
    live.state.sync_selection();
    live.state.note_input(now);
}

fn is_timeline(popup: &Popup) -> bool {
    matches!(popup, Popup::Timeline(_))
}

fn copy_panes(from: &AppState, to: &mut AppState) {
    to.size = from.size;
    to.options.background = from.options.background;
    to.options.saved_filters = from.options.saved_filters.clone();
    to.options.user_filters = from.options.user_filters.clone();
    to.options
        .typed_filters
        .clone_from(&from.options.typed_filters);
    to.pane_mode = from.pane_mode;
    to.unzoomed = from.unzoomed;
    to.pane_layout = from.pane_layout.clone();
    to.tab = from.tab;
}

impl AppState {
    /// Records an input of the user while the session so far is shown, so that it does not count as an absence.
    pub fn note_input(&mut self, now: Timestamp) {
        self.away.last_input = Some(now);
    }
}
