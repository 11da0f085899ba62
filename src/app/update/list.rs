//! What is done in the list: moving, folding, ordering, filtering, pinning.

use jiff::Timestamp;

use super::details;
use crate::{
    app::{
        action::Action,
        event::Effect,
        filter_prompt::ServerClocks,
        layout::ScreenLayout,
        notifications::Severity,
        state::{AppState, Focus, PaneMode},
    },
    task::{
        Filter, Handle,
        row_model::{Fold, GroupBy, Layout, RowId, View},
    },
    watch::Command,
};

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) {
    let page = isize::try_from(ScreenLayout::of(state).list.height.saturating_sub(1)).unwrap_or(1);
    match action {
        Action::Up => state.cursor.step(&state.outline, -1),
        Action::Down => state.cursor.step(&state.outline, 1),
        Action::PageUp => state.cursor.step(&state.outline, -page.max(1)),
        Action::PageDown => state.cursor.step(&state.outline, page.max(1)),
        Action::First => state.cursor.step(&state.outline, isize::MIN),
        Action::Last => state.cursor.step(&state.outline, isize::MAX),
        Action::Open => match fold_of_selected(state) {
            Some((id @ RowId::Group(_), Fold::Open | Fold::Closed)) => toggle_fold(state, id),
            _ => details::focus(state),
        },
        Action::Fold => fold_or_climb(state),
        Action::Unfold => match fold_of_selected(state) {
            Some((id, Fold::Closed)) => state.outline.set_folded(&state.board, id, false),
            _ => details::focus(state),
        },
        Action::ToggleFold => {
            if let Some((id, Fold::Open | Fold::Closed)) = fold_of_selected(state) {
                toggle_fold(state, id);
            }
        }
        Action::FoldAll => {
            state.cursor.hold(&state.outline);
            fold_all(state, true, now);
        }
        Action::UnfoldAll => {
            state.cursor.hold(&state.outline);
            fold_all(state, false, now);
        }
        _ => {}
    }
}

pub(super) fn toggle_fold(state: &mut AppState, id: RowId) {
    state.cursor.choose(id);
    state.outline.toggle_fold(&state.board, id);
}

fn fold_of_selected(state: &AppState) -> Option<(RowId, Fold)> {
    let row = state.cursor.row();
    let row = state.outline.rows(row..row + 1).pop()?;
    Some((row.id, row.fold))
}

fn fold_or_climb(state: &mut AppState) {
    match fold_of_selected(state) {
        Some((id, Fold::Open)) => {
            state.cursor.choose(id);
            state.outline.set_folded(&state.board, id, true);
        }
        Some((id, _)) => {
            if let Some(above) = state.outline.above(id) {
                state.cursor.choose(above);
            }
        }
        None => {}
    }
}

/// Puts the tasks of a flat list into groups, or no longer. A tree becomes a flat list for that.
pub(super) fn group(state: &mut AppState, by: Option<GroupBy>, now: Timestamp) {
    hold_selection(state);
    rearrange(state, now, |view| {
        if by.is_some() {
            view.layout = Layout::Flat;
        }
        view.group_by = by;
    });
}

/// Stays on the task that is selected, or on the best one of the group: other groups are others.
fn hold_selection(state: &mut AppState) {
    state.cursor.hold(&state.outline);
    if let Some(RowId::Group(group)) = state.selected_row()
        && let Some(group) = state.outline.group(group)
    {
        state.cursor.choose(group.best);
    }
}

/// The next way of grouping; after the last, none.
pub(super) fn next_group(state: &mut AppState, now: Timestamp) {
    let by = match state.outline.grouped_by() {
        Some(by) => by.next(),
        None => GroupBy::ALL.first().copied(),
    };
    group(state, by, now);
}

/// Changes the view, with the selection held to its task.
pub(super) fn rearrange(state: &mut AppState, now: Timestamp, change: impl FnOnce(&mut View)) {
    let mut outline = std::mem::take(&mut state.outline);
    let mut view = outline.view().clone();
    change(&mut view);
    let clocks = ServerClocks::of(&state.servers, now);
    outline.arrange(view, state.scene(&clocks));
    state.outline = outline;
}

fn fold_all(state: &mut AppState, folded: bool, now: Timestamp) {
    let mut outline = std::mem::take(&mut state.outline);
    let clocks = ServerClocks::of(&state.servers, now);
    outline.set_all_folded(state.scene(&clocks), folded);
    state.outline = outline;
}

pub(super) fn filter(state: &mut AppState, filter: Filter, now: Timestamp) {
    let filter = match &mut state.history {
        Some(history) => history.windowed(filter),
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
        .and_then(|selected| state.address(selected))
    else {
        return Vec::new();
    };
    state.cursor.hold(&state.outline);
    let text = format!("{mo_id} is watched no more");
    state.notices.say(Severity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Unwatch(vec![mo_id]))]
}

pub(super) fn pin(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(selected) = state.selected() else {
        return Vec::new();
    };
    let Some(record) = state.board.get(selected) else {
        return Vec::new();
    };
    let pinned = !record.pinned;
    let (endpoint, mo_id) = (record.id.endpoint, record.id.mo_id.clone());
    state.cursor.choose(selected);
    state.board.set_pinned(selected, pinned);
    let word = if pinned { "pinned" } else { "no longer pinned" };
    let text = format!("{mo_id} is {word}");
    state.notices.say(Severity::Info, text, now);
    vec![Effect::Send(endpoint, Command::Pin(vec![mo_id], pinned))]
}

/// Selects a task wherever it is: folds that hide it are opened, and a filter that does is taken off.
pub(super) fn reveal(state: &mut AppState, handle: Handle, now: Timestamp) {
    if state.outline.nearest_visible(handle).is_none() && !state.outline.view().filter.is_empty() {
        filter(state, Filter::default(), now);
        let text = "The filter is off: it hid this task";
        state.notices.say(Severity::Info, text, now);
    }
    state.outline.reveal(&state.board, handle);
    state.cursor.choose(handle);
}

/// Selects a row by a click.
pub(super) fn select(state: &mut AppState, id: RowId) {
    state.cursor.choose(id);
    if state.panes == PaneMode::Both(Focus::Details) {
        state.panes = PaneMode::Both(Focus::List);
    }
}
