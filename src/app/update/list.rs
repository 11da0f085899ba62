//! Actions of the list: moving, folding, grouping, filtering, pinning.

use jiff::Timestamp;

use super::details;
use crate::{
    app::{
        action::Action,
        event::Effect,
        notifications::Severity,
        panes::{Focus, PaneMode},
        server_state::ServerClocks,
        state::AppState,
    },
    task::{
        Filter, Handle,
        row_model::{Fold, GroupBy, Layout, RowId, View},
    },
    watch::Command,
};

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) {
    let page = isize::try_from(state.layout().list.height.saturating_sub(1)).unwrap_or(1);
    match action {
        Action::Up => state.selection.move_by(&state.row_model, -1),
        Action::Down => state.selection.move_by(&state.row_model, 1),
        Action::PageUp => state.selection.move_by(&state.row_model, -page.max(1)),
        Action::PageDown => state.selection.move_by(&state.row_model, page.max(1)),
        Action::First => state.selection.move_by(&state.row_model, isize::MIN),
        Action::Last => state.selection.move_by(&state.row_model, isize::MAX),
        Action::Open => match fold_of_selected(state) {
            Some((id @ RowId::Group(_), Fold::Open | Fold::Closed)) => toggle_fold(state, id),
            _ => details::focus(state),
        },
        Action::Fold => fold_or_climb(state),
        Action::Unfold => match fold_of_selected(state) {
            Some((id, Fold::Closed)) => state.row_model.set_folded(&state.store, id, false),
            _ => details::focus(state),
        },
        Action::ToggleFold => {
            if let Some((id, Fold::Open | Fold::Closed)) = fold_of_selected(state) {
                toggle_fold(state, id);
            }
        }
        Action::FoldAll => {
            state.selection.pin_current(&state.row_model);
            fold_all(state, true, now);
        }
        Action::UnfoldAll => {
            state.selection.pin_current(&state.row_model);
            fold_all(state, false, now);
        }
        _ => {}
    }
}

pub(super) fn toggle_fold(state: &mut AppState, id: RowId) {
    state.selection.select(id);
    state.row_model.toggle_fold(&state.store, id);
}

fn fold_of_selected(state: &AppState) -> Option<(RowId, Fold)> {
    let row = state.selection.row();
    let row = state.row_model.rows(row..row + 1).pop()?;
    Some((row.id, row.fold))
}

fn fold_or_climb(state: &mut AppState) {
    match fold_of_selected(state) {
        Some((id, Fold::Open)) => {
            state.selection.select(id);
            state.row_model.set_folded(&state.store, id, true);
        }
        Some((id, _)) => {
            if let Some(above) = state.row_model.above(id) {
                state.selection.select(above);
            }
        }
        None => {}
    }
}

/// Groups the flat list, or ungroups it. A tree becomes a flat list.
pub(super) fn group(state: &mut AppState, by: Option<GroupBy>, now: Timestamp) {
    hold_selection(state);
    rearrange(state, now, |view| {
        if by.is_some() {
            view.layout = Layout::Flat;
        }
        view.group_by = by;
    });
}

/// Keeps the selected task, or the first task of a selected group, because group rows differ between groupings.
fn hold_selection(state: &mut AppState) {
    state.selection.pin_current(&state.row_model);
    if let Some(RowId::Group(group)) = state.selected_row()
        && let Some(group) = state.row_model.group(group)
    {
        state.selection.select(group.best);
    }
}

/// Switches to the next grouping; after the last one, to none.
pub(super) fn next_group(state: &mut AppState, now: Timestamp) {
    let by = match state.row_model.grouped_by() {
        Some(by) => by.next(),
        None => GroupBy::ALL.first().copied(),
    };
    group(state, by, now);
}

/// Changes the view and keeps the selected task.
pub(super) fn rearrange(state: &mut AppState, now: Timestamp, change: impl FnOnce(&mut View)) {
    let mut row_model = std::mem::take(&mut state.row_model);
    let mut view = row_model.view().clone();
    change(&mut view);
    let clocks = ServerClocks::of(&state.servers, now);
    row_model.set_view(view, state.eval_context(&clocks));
    state.row_model = row_model;
}

fn fold_all(state: &mut AppState, folded: bool, now: Timestamp) {
    let mut row_model = std::mem::take(&mut state.row_model);
    let clocks = ServerClocks::of(&state.servers, now);
    row_model.set_all_folded(state.eval_context(&clocks), folded);
    state.row_model = row_model;
}

pub(super) fn filter(state: &mut AppState, filter: Filter, now: Timestamp) {
    let filter = match &mut state.history {
        Some(history) => history.window_filter(filter),
        None => filter,
    };
    rearrange(state, now, |view| view.filter = filter);
}

pub(super) fn switch_layout(state: &mut AppState, now: Timestamp) {
    hold_selection(state);
    rearrange(state, now, |view| {
        view.layout = match view.layout {
            Layout::Tree => Layout::Flat,
            Layout::Flat => Layout::Tree,
        }
    });
}

pub(super) fn unwatch(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some((endpoint, mo_id)) = state
        .selected()
        .and_then(|selected| state.endpoint_and_id(selected))
    else {
        return Vec::new();
    };
    state.selection.pin_current(&state.row_model);
    let text = format!("{mo_id} was removed");
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Unwatch(vec![mo_id]))]
}

pub(super) fn pin(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(selected) = state.selected() else {
        return Vec::new();
    };
    let Some(record) = state.store.get(selected) else {
        return Vec::new();
    };
    let pinned = !record.pinned;
    let (endpoint, mo_id) = (record.id.endpoint, record.id.mo_id.clone());
    state.selection.select(selected);
    state.store.set_pinned(selected, pinned);
    let verb = if pinned { "Pinned" } else { "Unpinned" };
    let text = format!("{verb} {mo_id}");
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Pin(vec![mo_id], pinned))]
}

/// Selects a task: unfolds its ancestors and clears the filter if they hide it.
pub(super) fn reveal(state: &mut AppState, handle: Handle, now: Timestamp) {
    if state.row_model.nearest_visible(handle).is_none()
        && !state.row_model.view().filter.is_empty()
    {
        filter(state, Filter::default(), now);
        let text = "Filter cleared: it hid this task";
        state.notifications.push(Severity::Info, text, now);
    }
    state.row_model.reveal(&state.store, handle);
    state.selection.select(handle);
}

/// Selects a row.
pub(super) fn select(state: &mut AppState, id: RowId) {
    state.selection.select(id);
    if state.pane_mode == PaneMode::Both(Focus::Details) {
        state.pane_mode = PaneMode::Both(Focus::List);
    }
}
