//! Scroll positions.

use super::action::Action;

/// Number of rows that a page key moves the selection in popups and on the summary page.
pub(super) const PAGE_ROWS: usize = 10;

/// Returns the new position after a scroll action.
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
