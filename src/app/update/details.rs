//! What is done about the details: showing, choosing a tab, scrolling.

use super::scrolled;
use crate::app::{
    action::Action,
    layout::ScreenLayout,
    state::{AppState, Focus, PaneMode, Tab},
};

/// Answers whether the action is one about the details.
pub(super) fn handle_action(state: &mut AppState, action: Action) -> bool {
    match action {
        Action::ToggleDetails => {
            state.panes = match state.panes {
                PaneMode::List => PaneMode::Both(Focus::List),
                PaneMode::Both(_) | PaneMode::Details => PaneMode::List,
            }
        }
        Action::Zoom => {
            state.panes = match state.panes {
                PaneMode::Details => PaneMode::Both(Focus::Details),
                PaneMode::List | PaneMode::Both(_) => PaneMode::Details,
            }
        }
        Action::NextTab => show(state, state.details.tab.turned(1)),
        Action::PreviousTab => show(state, state.details.tab.turned(Tab::ALL.len() - 1)),
        Action::Overview => show(state, Tab::Overview),
        Action::Lineage => show(state, Tab::Lineage),
        Action::Error => show(state, Tab::Error),
        Action::Result => show(state, Tab::Result),
        Action::Events => show(state, Tab::Events),
        Action::Json => show(state, Tab::Json),
        _ => return false,
    }
    state.cursor.hold(&state.outline);
    true
}

/// Shows a tab; the details come up if they were hidden.
pub(super) fn show(state: &mut AppState, tab: Tab) {
    if state.details.tab != tab {
        state.details.tab = tab;
        state.details.top = 0;
    }
    let hidden = ScreenLayout::of(state).details.height == 0;
    match state.panes {
        PaneMode::List => state.panes = PaneMode::Both(Focus::List),
        // On a low screen only the panel with the focus is seen.
        PaneMode::Both(Focus::List) if hidden => state.panes = PaneMode::Both(Focus::Details),
        _ => {}
    }
}

/// Gives the keys to the details.
pub(super) fn focus(state: &mut AppState) {
    if state.selected_row().is_some() {
        state.cursor.hold(&state.outline);
        state.panes = PaneMode::Both(Focus::Details);
    }
}

pub(super) fn scroll_by(state: &mut AppState, action: Action) {
    let page = usize::from(ScreenLayout::of(state).details.height.saturating_sub(1)).max(1);
    let end = state.drawn.details_end;
    state.details.top = scrolled(state.details.top, action, page, end);
}
