//! Which families are closed.
//!
//! A person's choice wins. Without one a family is open while something in it is going on or has failed, and while
//! a filter looks for something in it.

use super::{Outline, view::Layout};
use crate::task::{Board, Handle, Scene, Status};

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

impl Outline {
    /// Closes or opens a record's family, for good. Does nothing where there is no family to show.
    pub fn set_folded(&mut self, board: &Board, handle: Handle, folded: bool) {
        let Some(item) = self.items.get_mut(handle) else {
            return;
        };
        if item.shown_children().is_some() {
            item.open = !folded;
            self.folds.insert(handle, folded);
            self.settle(board.into(), handle, false);
        }
    }

    /// Closes a record's family if it is open, and opens it if it is closed.
    pub fn toggle_fold(&mut self, board: &Board, handle: Handle) {
        let is_open = self.items.get(handle).is_some_and(|item| item.open);
        self.set_folded(board, handle, is_open);
    }

    /// Closes or opens all families that there are. Costs by the board's size.
    pub fn set_all_folded<'a>(&mut self, scene: impl Into<Scene<'a>>, folded: bool) {
        let scene = scene.into();
        let board = scene.board;
        if self.view.layout == Layout::Flat {
            return;
        }
        for (handle, _) in board.iter() {
            if !board.children(handle).is_empty() {
                self.folds.insert(handle, folded);
            }
        }
        self.rebuild(scene);
    }

    /// Opens every closed fold above a record.
    pub fn reveal(&mut self, board: &Board, handle: Handle) {
        let mut next = self.items.get(handle).and_then(|item| item.parent);
        while let Some(above) = next
            && let Some(item) = self.items.get(above)
        {
            next = item.parent;
            if !item.open {
                self.set_folded(board, above, false);
            }
        }
    }

    /// Whether a record's children are to be shown.
    pub(super) fn is_to_be_open(&self, board: &Board, handle: Handle) -> bool {
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
