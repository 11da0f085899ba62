//! Actions of the details pane: tabs and scrolling.

use crate::{
    app::{
        action::Action,
        panes::{Focus, PaneMode, Tab},
        scroll::{self, scrolled},
        state::AppState,
    },
    task::Status,
};

/// Returns true if the action was handled.
pub(super) fn handle_action(state: &mut AppState, action: Action) -> bool {
    match action {
        Action::ToggleDetails => {
            state.pane_mode = match state.pane_mode {
                PaneMode::List => PaneMode::Both(Focus::List),
                PaneMode::Both(_) | PaneMode::Details => PaneMode::List,
            }
        }
        Action::Zoom => {
            state.pane_mode = match state.pane_mode {
                PaneMode::Details => {
                    let before = state.unzoomed.take();
                    before.unwrap_or(PaneMode::Both(Focus::Details))
                }
                before @ (PaneMode::List | PaneMode::Both(_)) => {
                    state.unzoomed = Some(before);
                    PaneMode::Details
                }
            }
        }
        Action::NextTab => show(state, state.tab.next_by(1)),
        Action::PreviousTab => show(state, state.tab.next_by(Tab::ALL.len() - 1)),
        Action::Overview => show(state, Tab::Overview),
        Action::Lineage => show(state, Tab::Lineage),
        Action::Error => show(state, Tab::Error),
        Action::Result => show(state, Tab::Result),
        Action::Events => show(state, Tab::Events),
        Action::Json => show(state, Tab::Json),
        _ => return false,
    }
    state.view_mut().pin_selection();
    true
}

/// Opens a tab, and the details pane if it was hidden.
pub(in crate::app) fn show(state: &mut AppState, tab: Tab) {
    if state.tab != tab {
        state.tab = tab;
        state.view_mut().details.top = 0;
    }
    let hidden = state.layout().details.height == 0;
    match state.pane_mode {
        PaneMode::List => state.pane_mode = PaneMode::Both(Focus::List),
        // On a low screen only the focused pane is visible.
        PaneMode::Both(Focus::List) if hidden => state.pane_mode = PaneMode::Both(Focus::Details),
        _ => {}
    }
}

/// Opens and focuses the details: of a failed task the error.
pub(super) fn open(state: &mut AppState) {
    if let Some(record) = state.view().selected_record() {
        let has_error = record
            .info
            .as_ref()
            .is_some_and(|info| info.error.is_some());
        match (record.status(), state.tab) {
            (Status::Failed, _) => show(state, Tab::Error),
            (_, Tab::Error) if !has_error => show(state, Tab::Overview),
            _ => {}
        }
    }
    focus(state);
}

/// Moves the focus to the details.
pub(super) fn focus(state: &mut AppState) {
    if state.selected_row().is_some() {
        state.view_mut().pin_selection();
        state.pane_mode = PaneMode::Both(Focus::Details);
    }
}

pub(super) fn scroll_by(state: &mut AppState, action: Action) {
    let page = scroll::page(state.layout().details.height);
    let end = state.frame.details_end;
    let top = &mut state.view_mut().details.top;
    *top = scrolled(*top, action, page, end);
}
