//! Folding of families.
//! The user's choice takes precedence. Otherwise a family is open while a descendant is active or
//! failed, and while a filter is set.

use super::{RowId, RowModel, view::Layout};
use crate::task::{EvalContext, Handle, Status, TaskStore};

/// Fold state of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// No visible children.
    Leaf,
    /// The children are shown.
    Open,
    /// The children are hidden.
    Closed,
}

impl RowModel {
    /// Folds or unfolds a family or a group permanently. Does nothing without visible children.
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

    /// Toggles the fold of a family or a group.
    pub fn toggle_fold(&mut self, board: &TaskStore, id: impl Into<RowId>) {
        let id = id.into();
        let is_open = self.item(id).is_some_and(|item| item.open);
        self.set_folded(board, id, is_open);
    }

    /// Folds or unfolds all families or groups. Costs by the number of tasks.
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

    /// Unfolds all ancestors of a record.
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

    /// True if a record's children are shown.
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
