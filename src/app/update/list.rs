//! Actions of the list: moving, folding, grouping, filtering, pinning.

use jiff::Timestamp;

use super::{away_report, details};
use crate::{
    app::{
        action::Action,
        added_tasks::AddedTask,
        event::Effect,
        keymap::Context,
        notification_log::Severity,
        panes::{Focus, PaneMode},
        scroll::{self, is_move},
        state::AppState,
    },
    task::{
        Filter, Handle, Status, TaskId,
        row_model::{Fold, GroupBy, Layout, RowId, Sort, SortColumn, View},
    },
    watch::Command,
};

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) {
    match action {
        _ if is_move(action) => {
            let page = scroll::page(state.layout().list.height);
            let view = state.view_mut();
            view.selection.scroll(&view.row_model, action, page);
        }
        Action::Open => match fold_of_selected(state) {
            Some((id @ RowId::Group(_), Fold::Open | Fold::Closed)) => toggle_fold(state, id),
            _ => details::open(state),
        },
        Action::Fold => fold_or_climb(state),
        Action::Unfold => match fold_of_selected(state) {
            Some((id, Fold::Closed)) => set_folded(state, id, false),
            _ => details::focus(state),
        },
        Action::ToggleFold => {
            if let Some((id, Fold::Open | Fold::Closed)) = fold_of_selected(state) {
                toggle_fold(state, id);
            }
        }
        Action::FoldAll | Action::UnfoldAll => {
            state.view_mut().pin_selection();
            state.with_rows(now, |rows, eval_context| {
                rows.set_all_folded(eval_context, action == Action::FoldAll);
            });
        }
        _ => {}
    }
}

pub(super) fn toggle_fold(state: &mut AppState, id: RowId) {
    let view = state.view_mut();
    view.selection.select(id);
    view.row_model.toggle_fold(&view.store, id);
}

fn set_folded(state: &mut AppState, id: RowId, folded: bool) {
    let view = state.view_mut();
    view.row_model.set_folded(&view.store, id, folded);
}

fn fold_of_selected(state: &AppState) -> Option<(RowId, Fold)> {
    let row = state.view().selection.row();
    let row = state.view().row_model.rows(row..row + 1).pop()?;
    Some((row.id, row.fold))
}

fn fold_or_climb(state: &mut AppState) {
    match fold_of_selected(state) {
        Some((id, Fold::Open)) => {
            state.view_mut().selection.select(id);
            set_folded(state, id, true);
        }
        Some((id, _)) => {
            if let Some(above) = state.view().row_model.above(id) {
                state.view_mut().selection.select(above);
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
    state.view_mut().pin_selection();
    if let Some(RowId::Group(group)) = state.selected_row()
        && let Some(group) = state.view().row_model.group(group)
    {
        state.view_mut().selection.select(group.first_member);
    }
}

/// Switches to the next grouping; after the last one, to none.
pub(super) fn next_group(state: &mut AppState, now: Timestamp) {
    let by = match state.view().row_model.requested_view().grouped_by() {
        Some(by) => by.next(),
        None => GroupBy::CYCLE.first().copied(),
    };
    group(state, by, now);
}

/// Changes the order of the rows and keeps the selected task.
fn rearrange(state: &mut AppState, now: Timestamp, change: impl FnOnce(&mut View)) {
    state.with_rows(now, |rows, eval_context| {
        let mut view = rows.requested_view().clone();
        change(&mut view);
        rows.set_view(view, eval_context);
    });
}

/// Changes the sort order.
pub(in crate::app) fn sort(state: &mut AppState, now: Timestamp, change: impl FnOnce(&mut Sort)) {
    rearrange(state, now, |view| change(&mut view.sort));
}

/// Sorts by a column only or, with a modifier key, by an additional one.
pub(super) fn sort_by_column(
    state: &mut AppState,
    column: SortColumn,
    is_further: bool,
    now: Timestamp,
) {
    state.view_mut().pin_selection();
    sort(state, now, |sort| {
        if is_further {
            sort.cycle(column);
        } else {
            sort.choose(column);
        }
    });
}

/// Reevaluates time-based filters.
pub(super) fn refresh_time_based(state: &mut AppState, now: Timestamp) {
    let servers: Vec<_> = state.servers.iter().map(|server| server.id).collect();
    state.with_rows(now, |rows, eval_context| {
        for server in servers {
            rows.reevaluate_due(eval_context, server);
        }
    });
}

pub(in crate::app) fn filter(state: &mut AppState, filter: Filter, now: Timestamp) {
    let filter = match state.views.history_mut() {
        Some(history) => history.window_filter(filter),
        None => filter,
    };
    rearrange(state, now, |view| view.filter = filter);
}

/// Shows only the tasks in a status, or those shown before.
pub(super) fn toggle_status(state: &mut AppState, status: Status, now: Timestamp) {
    state.view_mut().pin_selection();
    let before = state.filter().clone();
    if is_filter_of(&before, status) {
        let before = state.view_mut().filter_before_status.take();
        filter(state, before.unwrap_or_default(), now);
    } else if let Ok(parsed) = Filter::parse(&status_filter(status), &state.options.saved_filters) {
        if !Status::ALL
            .iter()
            .any(|other| is_filter_of(&before, *other))
        {
            state.view_mut().filter_before_status = Some(before);
        }
        filter(state, parsed, now);
    }
}

fn status_filter(status: Status) -> String {
    let word = match status {
        Status::Lost => "lost",
        status => status.word(),
    };
    format!("state:{word}")
}

fn is_filter_of(filter: &Filter, status: Status) -> bool {
    filter.text() == status_filter(status)
}

impl AppState {
    /// Returns the current filter as typed, without the period of the history view.
    pub(in crate::app) fn filter(&self) -> &Filter {
        match self.views.history() {
            Some(history) => history.filter(),
            None => &self.view().row_model.view().filter,
        }
    }

    /// True if the list shows only the tasks in a status.
    pub fn shows_only(&self, status: Status) -> bool {
        is_filter_of(self.filter(), status)
    }
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

/// Marks the task of a row, or removes its mark.
pub(in crate::app) fn toggle_mark(state: &mut AppState, row: Option<RowId>, now: Timestamp) {
    match row {
        Some(RowId::Task(handle)) => {
            let marks = &mut state.view_mut().marks;
            if !marks.remove(&handle) {
                marks.insert(handle);
            }
        }
        Some(RowId::Group(_)) => {
            let text = "This row is a group; select one of its tasks";
            state.notifications.push(Severity::Info, text, now);
        }
        None => {}
    }
}

/// Marks all tasks that match the filter, also those in closed folds; if all of them are marked already, removes all
/// marks. Without a match, keeps the marks.
pub(in crate::app) fn toggle_all_marks(state: &mut AppState, now: Timestamp) {
    state.finish_rows(now);
    let view = state.view_mut();
    let matching: Vec<Handle> = view.row_model.matches().collect();
    let mut rest = matching.iter();
    if !matching.is_empty() && rest.all(|handle| view.marks.contains(handle)) {
        view.marks.clear();
    } else {
        view.marks.extend(matching);
    }
}

pub(super) fn unwatch(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let subject = state.subject();
    let Some(record) = subject.and_then(|subject| state.view().store.get(subject)) else {
        return Vec::new();
    };
    let (server, mo_id) = (record.id.server, record.id.mo_id.clone());
    let removed = AddedTask {
        is_pinned: record.pinned,
        is_marked: subject.is_some_and(|subject| state.view().marks.contains(&subject)),
        ..AddedTask::default()
    };
    state.view_mut().pin_selection();
    let undo = state.key_label(Context::List, Action::UndoRemove);
    let undo = undo.map_or_else(String::new, |key| format!("; {key} undoes it"));
    let text = format!("Removed {}{undo}", state.full_id(server, &mo_id));
    state.notifications.push(Severity::Info, text, now);
    state
        .removed
        .push((TaskId::new(server, mo_id.clone()), removed));
    vec![Effect::Send(server, Command::Unwatch(vec![mo_id]))]
}

/// Watches the task again that was removed last.
pub(super) fn undo_unwatch(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some((id, removed)) = state.removed.pop() else {
        state
            .notifications
            .push(Severity::Info, "No removal to undo", now);
        return Vec::new();
    };
    let (server, mo_id) = (id.server, id.mo_id.clone());
    let text = format!("Watching {} again", state.full_id(server, &mo_id));
    state.notifications.push(Severity::Info, text, now);
    let mut commands = vec![Command::Watch(vec![mo_id.clone()])];
    commands.extend(removed.is_pinned.then(|| Command::Pin(vec![mo_id], true)));
    let added = AddedTask { at: now, ..removed };
    state.added_tasks.0.insert(id, added);
    let send = |command| Effect::Send(server, command);
    commands.into_iter().map(send).collect()
}

pub(super) fn pin(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(subject) = state.subject() else {
        return Vec::new();
    };
    let Some(record) = state.view().store.get(subject) else {
        return Vec::new();
    };
    let pinned = !record.pinned;
    let (server, mo_id) = (record.id.server, record.id.mo_id.clone());
    state.view_mut().pin_selection();
    state.view_mut().store.set_pinned(subject, pinned);
    let verb = if pinned { "Pinned" } else { "Unpinned" };
    let text = format!("{verb} {}", state.full_id(server, &mo_id));
    state.notifications.push(Severity::Info, text, now);
    vec![Effect::Send(server, Command::Pin(vec![mo_id], pinned))]
}

/// Selects a task: unfolds its ancestors and clears the filter if they hide it.
pub(in crate::app) fn reveal(state: &mut AppState, handle: Handle, now: Timestamp) {
    if state.views.is_live()
        && state.away.is_showing()
        && state.view().row_model.nearest_visible(handle).is_none()
    {
        away_report::dismiss(state, now);
    }
    if state.view().row_model.nearest_visible(handle).is_none()
        && !state.view().row_model.view().filter.is_empty()
    {
        filter(state, Filter::default(), now);
        let text = "Filter cleared: it hid this task";
        state.notifications.push(Severity::Info, text, now);
    }
    let view = state.view_mut();
    view.row_model.reveal(&view.store, handle);
    view.selection.select(handle);
}

/// Selects a row.
pub(super) fn select(state: &mut AppState, id: RowId) {
    state.view_mut().selection.select(id);
    if state.pane_mode == PaneMode::Both(Focus::Details) {
        state.pane_mode = PaneMode::Both(Focus::List);
    }
}
