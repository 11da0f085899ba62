//! The selected row and the part of the list that is seen.

use crate::task::row_model::{Row, RowId, RowModel};

/// How many rows stay in sight above and below the selected one.
const SCROLL_MARGIN: usize = 2;

/// The selected row and the part of the list that is seen. The selection stays on the task while rows move.
#[derive(Debug, Default)]
pub struct Selection {
    /// The selected task or group; none until one was chosen, and then the first row counts.
    chosen: Option<RowId>,
    /// Where the selected task was when it was looked for last.
    row: usize,
    /// The first row that is seen.
    top: usize,
}

impl Selection {
    /// The selected row.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The first row that is seen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The selected task or group.
    pub fn selected(&self, row_model: &RowModel) -> Option<RowId> {
        row_model.row(self.row)
    }

    /// The rows that are seen.
    pub fn visible(&self, row_model: &RowModel, height: u16) -> Vec<Row> {
        let end = (self.top + usize::from(height)).min(row_model.len());
        row_model.rows(self.top.min(end)..end)
    }

    /// Selects a task or a group.
    pub fn choose(&mut self, id: impl Into<RowId>) {
        self.chosen = Some(id.into());
    }

    /// Stays on the task that is selected, also where that was nobody's choice.
    pub fn hold(&mut self, row_model: &RowModel) {
        self.chosen = self.chosen.or_else(|| self.selected(row_model));
    }

    /// Stays on its group, if it is on one, where that is another one in another row_model.
    pub(super) fn translate(&mut self, from: &RowModel, to: &RowModel) {
        if let Some(RowId::Group(group)) = self.chosen {
            self.chosen = to.same_group(from, group).map(RowId::Group);
        }
    }

    /// Selects the row so many further down or, with a negative number, up.
    pub fn step(&mut self, row_model: &RowModel, rows: isize) {
        let last = row_model.len().saturating_sub(1);
        self.chosen = row_model.row(self.row.saturating_add_signed(rows).min(last));
    }

    /// Finds the selected task again after rows moved, and brings it into sight. Where it is hidden in a fold, the
    /// fold is selected; where it left the list, whoever took its row.
    pub fn settle(&mut self, row_model: &RowModel, height: u16) {
        let height = usize::from(height);
        let last = row_model.len().saturating_sub(1);
        if let Some(chosen) = self.chosen
            && !row_model.is_empty()
        {
            let found = row_model.position(chosen);
            let row = found.or_else(|| row_model.nearest_visible(chosen));
            self.row = row.unwrap_or(self.row.min(last));
            if found.is_none() {
                self.chosen = row_model.row(self.row);
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
