//! Scroll positions.

use super::action::Action;

/// Number of rows that a page key moves the selection in popups and on the summary page.
pub(super) const PAGE_ROWS: usize = 10;

/// Returns the number of rows that a page key moves in an area of this height.
pub(super) fn page(height: u16) -> usize {
    usize::from(height.saturating_sub(1)).max(1)
}

/// True for the actions that [`scrolled`] handles.
pub(super) fn is_move(action: Action) -> bool {
    matches!(
        action,
        Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
    )
}

/// Returns the new position after a scroll action; other actions do not change it.
pub(super) fn scrolled(top: usize, action: Action, page: usize, end: usize) -> usize {
    let top = top.min(end);
    let next = match action {
        Action::Up => top.saturating_sub(1),
        Action::Down => top + 1,
        Action::PageUp => top.saturating_sub(page),
        Action::PageDown => top + page,
        Action::First => 0,
        Action::Last => end,
        _ => top,
    };
    next.min(end)
}
