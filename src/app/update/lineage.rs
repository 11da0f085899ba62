//! Actions of the Lineage tab: its cursor, and going to a member.

use jiff::Timestamp;

use super::list;
use crate::app::{
    action::Action,
    lineage::{LineageEntry, lineage},
    panes::{Focus, PaneMode, Tab},
    scroll::{self, is_move, scrolled},
    state::AppState,
};

/// Returns true if the action was handled.
pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> bool {
    let Some(selected) = state.selected() else {
        return false;
    };
    let Some(cursor) = state.lineage_cursor(selected) else {
        return false;
    };
    let view = state.view();
    match action {
        Action::Zoom => match cursor {
            LineageEntry::Task(handle) if handle == selected => return false,
            LineageEntry::Task(handle) => {
                list::reveal(state, handle, now);
                if state.pane_mode == PaneMode::Both(Focus::Details) {
                    state.pane_mode = PaneMode::Both(Focus::List);
                }
                state.tab = Tab::Lineage;
            }
            LineageEntry::Finished(_) => {
                let details = &mut state.view_mut().details;
                details.shows_finished = true;
                details.cursor = None;
            }
        },
        _ if is_move(action) => {
            let rows = lineage(&view.store, selected, view.details.shows_finished);
            let at = rows.iter().position(|row| row.entry == cursor);
            let page = scroll::page(state.layout().details.height);
            let last = rows.len().saturating_sub(1);
            let to = scrolled(at.unwrap_or_default(), action, page, last);
            state.view_mut().details.cursor = rows.get(to).map(|row| row.entry);
        }
        _ => return false,
    }
    state.view_mut().pin_selection();
    true
}
