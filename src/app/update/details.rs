//! What is done about the details: showing, choosing a tab, scrolling.

use super::scrolled;
use crate::app::{
    action::Action,
    geometry::Areas,
    state::{Focus, Panes, State, Tab},
};

/// Answers whether the action is one about the details.
pub(super) fn act(state: &mut State, action: Action) -> bool {
    match action {
        Action::ToggleDetails => {
            state.panes = match state.panes {
                Panes::List => Panes::Both(Focus::List),
                Panes::Both(_) | Panes::Details => Panes::List,
            }
        }
        Action::Zoom => {
            state.panes = match state.panes {
                Panes::Details => Panes::Both(Focus::Details),
                Panes::List | Panes::Both(_) => Panes::Details,
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
pub(super) fn show(state: &mut State, tab: Tab) {
    if state.details.tab != tab {
        state.details.tab = tab;
        state.details.top = 0;
    }
    let hidden = Areas::of(state).details.height == 0;
    match state.panes {
        Panes::List => state.panes = Panes::Both(Focus::List),
        // On a low screen only the panel with the focus is seen.
        Panes::Both(Focus::List) if hidden => state.panes = Panes::Both(Focus::Details),
        _ => {}
    }
}

/// Gives the keys to the details.
pub(super) fn focus(state: &mut State) {
    if state.selected_row().is_some() {
        state.cursor.hold(&state.outline);
        state.panes = Panes::Both(Focus::Details);
    }
}

pub(super) fn scroll_by(state: &mut State, action: Action) {
    let page = usize::from(Areas::of(state).details.height.saturating_sub(1)).max(1);
    let end = state.drawn.details_end;
    state.details.top = scrolled(state.details.top, action, page, end);
}
