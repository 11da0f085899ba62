//! Following the board, change by change.
//!
//! Records that moved are first taken from where they stood, all of them, and only then put where they belong now:
//! in between, what the outline remembers is a part of what the board says, and so no walk upwards can run in a
//! circle, even when parent and child have changed places.

use super::{GroupBy, Item, RowId, RowModel, sort_key::SortKey};
use crate::task::{ChangeSet, EvalContext, Handle, StatusCounts};

impl RowModel {
    /// Follows what changed on the board. Costs by what changed.
    pub fn touch<'a>(&mut self, scene: impl Into<EvalContext<'a>>, touched: &ChangeSet) {
        let scene = scene.into();
        let board = scene.board;
        for &handle in &touched.removed {
            self.forget(scene, handle);
        }
        for &handle in &touched.changed {
            if board.get(handle).is_none() {
                self.forget(scene, handle);
            } else if !self.items.contains_key(handle) {
                self.items.insert(handle, Item::blank());
            }
        }
        let mut moved = Vec::new();
        for &handle in &touched.changed {
            self.detach(scene, handle, &mut moved);
        }
        let asks_for_parent = self.view.filter.asks_for_parent();
        for &handle in &touched.changed {
            self.refresh(scene, handle);
            if asks_for_parent {
                for &child in board.children(handle) {
                    self.refresh(scene, child);
                }
            }
        }
        for handle in moved {
            self.refresh(scene, handle);
        }
    }

    /// Takes a record from where it stood, if it belongs somewhere else now. Where families are groups, those below it
    /// have moved with it: they are taken, too, and noted.
    fn detach(&mut self, scene: EvalContext<'_>, handle: Handle, moved: &mut Vec<Handle>) {
        let mut next = vec![handle];
        while let Some(handle) = next.pop() {
            let parent = self.parent_on(scene.board, handle);
            let item = self.items.get(handle);
            if item.is_none_or(|item| item.parent == parent) {
                continue;
            }
            self.hang(scene, handle, None);
            if self.grouped_by() == Some(GroupBy::Root) {
                let below = scene.board.children(handle);
                next.extend_from_slice(below);
                moved.extend_from_slice(below);
            }
        }
    }

    /// Drops a record that left the board. Those below it are on the board still, and moved by their own change.
    fn forget(&mut self, scene: EvalContext<'_>, handle: Handle) {
        self.folds.remove(&handle);
        self.set_due(handle, None);
        self.hang(scene, handle, None);
        self.move_row(handle.into());
        if let Some(item) = self.items.remove(handle) {
            self.matching -= usize::from(item.matches);
        }
    }

    /// Looks at a record again: where it hangs, whether it matches, whether it is open, and where it stands.
    pub(super) fn refresh(&mut self, scene: EvalContext<'_>, handle: Handle) {
        let board = scene.board;
        let Some(record) = board.get(handle) else {
            return;
        };
        let (status, matches) = (record.status(), self.judge(scene, handle));
        let open = self.is_to_be_open(board, handle);
        let parent = self.parent_on(board, handle);
        if self
            .items
            .get(handle)
            .is_none_or(|item| item.parent != parent)
        {
            self.hang(scene, handle, parent);
        }
        let Some(item) = self.items.get_mut(handle) else {
            return;
        };
        let before = item.own_match();
        self.matching -= usize::from(item.matches);
        self.matching += usize::from(matches);
        (item.status, item.matches, item.open) = (status, matches, open);
        let after = item.own_match();
        if before != after {
            self.count(Some(handle.into()), before, after);
        }
        self.settle(scene, handle.into(), true);
    }

    /// Moves a record with all below it under another parent. It stands nowhere until it is settled.
    fn hang(&mut self, scene: EvalContext<'_>, handle: Handle, parent: Option<RowId>) {
        let Some(item) = self.items.get(handle) else {
            return;
        };
        let (old, matched) = (item.parent, item.matched);
        self.move_row(handle.into());
        self.count(old, matched, StatusCounts::default());
        if let Some(old) = old {
            self.settle(scene, old, false);
        }
        if let Some(item) = self.items.get_mut(handle) {
            item.parent = parent;
        }
        self.count(parent, StatusCounts::default(), matched);
    }

    /// Takes a row from among its siblings.
    pub(super) fn move_row(&mut self, id: RowId) {
        let Some(item) = self.item_mut(id) else {
            return;
        };
        item.rows = 0;
        let (parent, key) = (item.parent, item.key.take());
        if let (Some(key), Some(siblings)) = (key, self.siblings_mut(parent)) {
            siblings.remove(&key, id);
        }
    }

    /// Counts other matches than before, from here up.
    fn count(&mut self, from: Option<RowId>, before: StatusCounts, after: StatusCounts) {
        let mut next = from;
        while let Some(item) = next.and_then(|id| self.item_mut(id)) {
            item.matched -= before;
            item.matched += after;
            next = item.parent;
        }
    }

    /// Brings a row into its place among its siblings, and then what is above it, as far up as anything changes. The
    /// row's own key may be another than before; the keys of the records above are not looked at, for whose key has
    /// changed was touched itself.
    pub(super) fn settle(&mut self, scene: EvalContext<'_>, id: RowId, mut rekey: bool) {
        let mut next = Some(id);
        while let Some(id) = next
            && self.place(scene, id, rekey)
        {
            next = self.above(id);
            rekey = false;
        }
    }

    /// Brings a row into its place among its siblings. Answers whether that may change anything for those above.
    fn place(&mut self, scene: EvalContext<'_>, id: RowId, rekey: bool) -> bool {
        let fresh = match id {
            RowId::Task(handle) => {
                let Some(item) = self.items.get(handle) else {
                    return false;
                };
                (rekey || item.key.is_none())
                    .then(|| SortKey::of(scene, handle, self.view.layout, &self.view.sort))
                    .flatten()
            }
            RowId::Group(group) => self.regroup(group),
        };
        let Some(item) = self.item_mut(id) else {
            return false;
        };
        let fresh = fresh.filter(|fresh| item.key.as_ref() != Some(fresh));
        let (parent, rows) = (item.parent, item.height());
        let before = std::mem::replace(&mut item.rows, rows);
        match (item.key.clone(), fresh) {
            (Some(key), None) => {
                if rows != before
                    && let Some(siblings) = self.siblings_mut(parent)
                {
                    siblings.set_weight(&key, id, rows);
                }
            }
            (_, Some(fresh)) => {
                self.move_row(id);
                if let Some(item) = self.item_mut(id) {
                    (item.key, item.rows) = (Some(fresh.clone()), rows);
                }
                if let Some(siblings) = self.siblings_mut(parent) {
                    siblings.insert(fresh, id, rows);
                }
            }
            (None, None) => {}
        }
        // A group goes by its best member, which may be this one, or no more.
        rows != before || matches!(parent, Some(RowId::Group(_)))
    }
}
