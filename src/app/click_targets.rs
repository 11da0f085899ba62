//! Click targets and scroll limits of the last frame.

use ratatui::layout::Rect;

use super::{action::Action, columns::ColumnArea, panes::Tab};
use crate::task::{
    Status,
    row_model::{RowId, SortColumn},
};

/// The target of a mouse click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClickTarget {
    Row(RowId),
    /// The fold marker of a row.
    FoldMark(RowId),
    /// A column header.
    Column(SortColumn),
    Tab(Tab),
    Details,
    /// The border between list and details.
    Border,
    /// The number of tasks in a status.
    Count(Status),
    /// An entry of the popup.
    PopupEntry(usize),
    /// A key hint.
    Action(Action),
}

/// Click targets and scroll limits of the last frame.
#[derive(Debug, Default)]
pub struct FrameMap {
    /// Click targets; later ones are on top.
    pub targets: Vec<(Rect, ClickTarget)>,
    /// Maximum scroll position of the details.
    pub details_end: usize,
    /// Maximum scroll position of the popup.
    pub popup_end: usize,
    /// Number of visible entries of the popup.
    pub popup_page: usize,
    /// The columns of the list.
    pub columns: Vec<ColumnArea>,
}
