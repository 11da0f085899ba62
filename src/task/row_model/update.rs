//! Incremental updates from the store.
//! Moved records are first all removed from their old positions and then inserted at the new ones:
//! in between, the model's hierarchy is a part of the store's, so that no walk upwards can be a
//! cycle, even if parent and child have changed places.

use super::{GroupBy, Item, RowId, RowModel, sort_key::SortKey};
use crate::task::{ChangeSet, EvalContext, Handle, StatusCounts};

impl RowModel {
    /// Applies changes of the store. Costs by the number of changes.
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

    /// Removes a record whose parent changed. Children of a record that move with it to another
    /// family group are removed too and added to `moved`.
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

    /// Removes a record that left the store. Its children are moved by their own changes.
    fn forget(&mut self, scene: EvalContext<'_>, handle: Handle) {
        self.folds.remove(&handle);
        self.set_due(handle, None);
        self.hang(scene, handle, None);
        self.move_row(handle.into());
        if let Some(item) = self.items.remove(handle) {
            self.matching -= usize::from(item.matches);
        }
    }

    /// Updates parent, match, fold and position of a record.
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

    /// Moves a record with its subtree to another parent, without a position until it is placed.
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

    /// Removes a row from its siblings.
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

    /// Updates the matches of the ancestors.
    fn count(&mut self, from: Option<RowId>, before: StatusCounts, after: StatusCounts) {
        let mut next = from;
        while let Some(item) = next.and_then(|id| self.item_mut(id)) {
            item.matched -= before;
            item.matched += after;
            next = item.parent;
        }
    }

    /// Places a row among its siblings, then its ancestors as far up as anything changes.
    /// Recomputes only the row's own key; an ancestor whose key changes is updated itself.
    pub(super) fn settle(&mut self, scene: EvalContext<'_>, id: RowId, mut rekey: bool) {
        let mut next = Some(id);
        while let Some(id) = next
            && self.place(scene, id, rekey)
        {
            next = self.above(id);
            rekey = false;
        }
    }

    /// Places a row among its siblings. Returns true if that may affect its ancestors.
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
        // A group's position depends on its first member, which may have changed.
        rows != before || matches!(parent, Some(RowId::Group(_)))
    }
}
