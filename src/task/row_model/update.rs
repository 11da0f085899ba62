//! Incremental updates from the store.
//! Moved records are first all removed from their old positions and then inserted at the new ones:
//! in between, the model's hierarchy is a part of the store's, so that no walk upwards can be a
//! cycle, even if parent and child have changed places.

use super::{GroupBy, RowId, RowModel, item::Item, sort_key::SortKey};
use crate::{ChangeSet, EvalContext, Handle, Status, StatusCounts, TaskStore};

impl RowModel {
    /// Applies changes of the store. Takes time proportional to the number of changes.
    pub fn update<'a>(&mut self, context: impl Into<EvalContext<'a>>, touched: &ChangeSet) {
        let context = context.into();
        let store = context.store;
        if let Some(next) = &mut self.next {
            next.update(context, touched);
        }
        for &handle in &touched.removed {
            self.forget(context, handle);
        }
        let mut moved = Vec::new();
        for &handle in &touched.changed {
            if store.get(handle).is_none() {
                self.forget(context, handle);
                continue;
            }
            for missing in store.path(handle) {
                if self.items.contains_key(missing) {
                    break;
                }
                self.items.insert(missing, Item::blank());
                if missing != handle {
                    moved.push(missing);
                }
            }
        }
        for &handle in &touched.changed {
            self.detach(context, handle, &mut moved);
        }
        let depends_on_parent = self.view.filter.depends_on_parent();
        for &handle in &touched.changed {
            self.refresh(context, handle);
            if depends_on_parent {
                for &child in store.children(handle) {
                    self.refresh(context, child);
                }
            }
        }
        for handle in moved {
            self.refresh(context, handle);
        }
    }

    /// Removes a record whose parent changed. Children of a record that move with it to another
    /// family group are removed too and added to `moved`.
    fn detach(&mut self, context: EvalContext<'_>, handle: Handle, moved: &mut Vec<Handle>) {
        let mut next = vec![handle];
        while let Some(handle) = next.pop() {
            let parent = self.parent_on(context.store, handle);
            let item = self.items.get(handle);
            if item.is_none_or(|item| item.parent == parent) {
                continue;
            }
            self.set_parent(context, handle, None);
            if self.grouped_by() == Some(GroupBy::Root) {
                let below = context.store.children(handle);
                next.extend_from_slice(below);
                moved.extend_from_slice(below);
            }
        }
    }

    /// Removes a record that left the store. Its children are moved by their own changes.
    fn forget(&mut self, context: EvalContext<'_>, handle: Handle) {
        self.folds.remove(&handle);
        self.set_due(handle, None);
        self.set_parent(context, handle, None);
        self.detach_row(handle.into());
        if let Some(item) = self.items.remove(handle) {
            self.matching -= usize::from(item.matches);
        }
    }

    /// Updates parent, match, fold and position of a record.
    pub(super) fn refresh(&mut self, context: EvalContext<'_>, handle: Handle) {
        let store = context.store;
        let Some(record) = store.get(handle) else {
            return;
        };
        let (status, matches) = (record.status(), self.evaluate(context, handle));
        let parent = self.parent_on(store, handle);
        if self
            .items
            .get(handle)
            .is_none_or(|item| item.parent != parent)
        {
            self.set_parent(context, handle, parent);
        }
        self.set_state(store, handle, status, matches);
        self.reposition(context, handle.into(), true);
    }

    /// Sets status, match and fold of a record. Returns true if its height may have changed.
    pub(super) fn set_state(
        &mut self,
        store: &TaskStore,
        handle: Handle,
        status: Status,
        matches: bool,
    ) -> bool {
        let open = self.should_be_open(store, handle);
        let Some(item) = self.items.get_mut(handle) else {
            return false;
        };
        let (before, was_open) = (item.own_match(), item.open);
        self.matching -= usize::from(item.matches);
        self.matching += usize::from(matches);
        (item.status, item.matches, item.open) = (status, matches, open);
        let (parent, after) = (item.parent, item.own_match());
        if before != after {
            self.count(parent, before, after);
        }
        before != after || was_open != open
    }

    /// Moves a record with its subtree to another parent, without a position until it is placed.
    fn set_parent(&mut self, context: EvalContext<'_>, handle: Handle, parent: Option<RowId>) {
        let Some(item) = self.items.get(handle) else {
            return;
        };
        let (old, matched) = (item.parent, item.matched());
        self.detach_row(handle.into());
        self.count(old, matched, StatusCounts::default());
        if let Some(old) = old {
            self.reposition(context, old, false);
        }
        if let Some(item) = self.items.get_mut(handle) {
            item.parent = parent;
        }
        self.count(parent, StatusCounts::default(), matched);
    }

    /// Removes a row from its siblings.
    pub(super) fn detach_row(&mut self, id: RowId) {
        let Some(item) = self.item_mut(id) else {
            return;
        };
        item.rows = 0;
        let (parent, key) = (item.parent, item.key.take());
        if let (Some(key), Some(siblings)) = (key, self.siblings_mut(parent)) {
            siblings.remove(&key, id);
        }
    }

    /// Updates the matches of the ancestors, nearest first.
    fn count(&mut self, from: Option<RowId>, before: StatusCounts, after: StatusCounts) {
        let mut next = from;
        while let Some(item) = next.and_then(|id| self.item_mut(id)) {
            let subtree = item.subtree.get_or_insert_default();
            subtree.matched -= before;
            subtree.matched += after;
            next = item.parent;
        }
    }

    /// Places a row among its siblings, then its ancestors as far up as anything changes.
    /// Recomputes only the row's own key; an ancestor whose key changes is updated itself.
    pub(super) fn reposition(&mut self, context: EvalContext<'_>, id: RowId, mut rekey: bool) {
        let mut next = Some(id);
        while let Some(id) = next
            && self.place_row(context, id, rekey)
        {
            next = self.above(id);
            rekey = false;
        }
    }

    /// Places a row among its siblings. Returns true if that may affect its ancestors.
    fn place_row(&mut self, context: EvalContext<'_>, id: RowId, rekey: bool) -> bool {
        let new_key = match id {
            RowId::Task(handle) => {
                let Some(item) = self.items.get(handle) else {
                    return false;
                };
                (rekey || item.key.is_none())
                    .then(|| SortKey::of(context, handle, self.view.layout, &self.view.sort))
                    .flatten()
            }
            RowId::Group(group) => self.update_group(group),
        };
        let Some(item) = self.item_mut(id) else {
            return false;
        };
        let new_key = new_key.filter(|new_key| item.key.as_ref() != Some(new_key));
        let (parent, rows) = (item.parent, item.height());
        let before = std::mem::replace(&mut item.rows, rows);
        match (item.key.clone(), new_key) {
            (Some(key), None) => {
                if rows != before
                    && let Some(siblings) = self.siblings_mut(parent)
                {
                    siblings.set_weight(&key, id, rows);
                }
            }
            (_, Some(new_key)) => {
                self.detach_row(id);
                if let Some(item) = self.item_mut(id) {
                    (item.key, item.rows) = (Some(new_key.clone()), rows);
                }
                if let Some(siblings) = self.siblings_mut(parent) {
                    siblings.insert(new_key, id, rows);
                }
            }
            (None, None) => {}
        }
        // A group's position depends on its first member, which may have changed.
        rows != before || matches!(parent, Some(RowId::Group(_)))
    }
}
