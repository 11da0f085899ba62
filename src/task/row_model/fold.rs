//! Which families are closed.
//!
//! A person's choice wins. Without one a family is open while something in it is going on or has failed, and while
//! a filter looks for something in it.

use super::{RowId, RowModel, view::Layout};
use crate::task::{EvalContext, Handle, Status, TaskStore};

/// Whether a row has others below it, and whether they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// Nothing to show below it.
    Leaf,
    /// Those below it are shown.
    Open,
    /// Those below it are not shown.
    Closed,
}

impl RowModel {
    /// Closes or opens a family or a group, for good. Does nothing where there is none to show.
    pub fn set_folded(&mut self, board: &TaskStore, id: impl Into<RowId>, folded: bool) {
        let id = id.into();
        let Some(item) = self.item_mut(id) else {
            return;
        };
        if item.shown_children().is_none() {
            return;
        }
        item.open = !folded;
        match id {
            RowId::Task(handle) => {
                self.folds.insert(handle, folded);
            }
            RowId::Group(group) => {
                if let Some(group) = self.groups.get(group) {
                    self.group_folds.insert(group.key.clone(), folded);
                }
            }
        }
        self.settle(board.into(), id, false);
    }

    /// Closes a family or a group if it is open, and opens it if it is closed.
    pub fn toggle_fold(&mut self, board: &TaskStore, id: impl Into<RowId>) {
        let id = id.into();
        let is_open = self.item(id).is_some_and(|item| item.open);
        self.set_folded(board, id, is_open);
    }

    /// Closes or opens all families, or groups, that there are. Costs by the board's size.
    pub fn set_all_folded<'a>(&mut self, scene: impl Into<EvalContext<'a>>, folded: bool) {
        let scene = scene.into();
        let board = scene.board;
        if self.view.layout == Layout::Flat {
            let groups = self.groups.values();
            let folds = groups.map(|group| (group.key.clone(), folded));
            self.group_folds.extend(folds);
        } else {
            for (handle, _) in board.iter() {
                if !board.children(handle).is_empty() {
                    self.folds.insert(handle, folded);
                }
            }
        }
        self.rebuild(scene);
    }

    /// Opens every closed fold above a record.
    pub fn reveal(&mut self, board: &TaskStore, handle: Handle) {
        let mut next = self.above(handle);
        while let Some(above) = next
            && let Some(item) = self.item(above)
        {
            next = item.parent;
            if !item.open {
                self.set_folded(board, above, false);
            }
        }
    }

    /// Whether a record's children are to be shown.
    pub(super) fn is_to_be_open(&self, board: &TaskStore, handle: Handle) -> bool {
        if let Some(folded) = self.folds.get(&handle) {
            return !folded;
        }
        if !self.view.filter.is_empty() {
            return true;
        }
        let mut below = board.family(handle);
        if let Some(record) = board.get(handle) {
            below.remove(record.status());
        }
        [Status::Running, Status::Queued, Status::Failed]
            .into_iter()
            .any(|status| below[status] > 0)
    }
}
