//! Selection and scroll position of the list.

use super::{action::Action, scroll::scrolled};
use crate::task::row_model::{Row, RowId, RowModel};

/// Minimum number of rows shown above and below the selected one.
const SCROLL_MARGIN: usize = 2;

/// Selection and scroll position of the list. The selection follows its task when rows move.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The selected task or group; `None` selects the first row.
    pinned: Option<RowId>,
    /// Index of the selected row at the last sync.
    row: usize,
    /// Index of the first visible row.
    top: usize,
}

impl Selection {
    pub fn row(&self) -> usize {
        self.row
    }

    pub fn top(&self) -> usize {
        self.top
    }

    pub fn selected(&self, row_model: &RowModel) -> Option<RowId> {
        row_model.row(self.row)
    }

    /// Returns the visible rows.
    pub fn visible(&self, row_model: &RowModel, height: u16) -> Vec<Row> {
        let end = (self.top + usize::from(height)).min(row_model.len());
        row_model.rows(self.top.min(end)..end)
    }

    pub fn select(&mut self, id: impl Into<RowId>) {
        self.pinned = Some(id.into());
    }

    /// True if a row was selected, and not just the first one is by default.
    pub fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    /// Pins the selection to the current task or group, even if the user has not selected one.
    pub fn pin_current(&mut self, row_model: &RowModel) {
        self.pinned = self.pinned.or_else(|| self.selected(row_model));
    }

    /// Moves a selected group to the same group of another row model.
    pub(super) fn translate_group(&mut self, from: &RowModel, to: &RowModel) {
        if let Some(RowId::Group(group)) = self.pinned {
            self.pinned = to.same_group(from, group).map(RowId::Group);
        }
    }

    /// Moves the selection by a scroll action.
    pub fn scroll(&mut self, row_model: &RowModel, action: Action, page: usize) {
        let last = row_model.len().saturating_sub(1);
        self.pinned = row_model.row(scrolled(self.row, action, page, last));
    }

    /// Finds the selected task again after rows moved and scrolls it into view. If it is in a folded family, selects
    /// the folded row; if it was removed, the row now at its place.
    pub fn update(&mut self, row_model: &RowModel, height: u16) {
        let height = usize::from(height);
        let last = row_model.len().saturating_sub(1);
        if let Some(pinned) = self.pinned
            && !row_model.is_empty()
        {
            let found = row_model.position(pinned);
            let row = found.or_else(|| row_model.nearest_visible(pinned));
            self.row = row.unwrap_or(self.row.min(last));
            if found.is_none() {
                self.pinned = row_model.row(self.row);
            }
        } else {
            self.row = 0;
        }
        let margin = SCROLL_MARGIN.min(height.saturating_sub(1) / 2);
        self.top = self
            .top
            .max((self.row + margin + 1).saturating_sub(height))
            .min(self.row.saturating_sub(margin))
            .min(row_model.len().saturating_sub(height));
    }
}
