//! Folding of families.
//! The user's choice takes precedence. Otherwise a family is open while a descendant is active or
//! failed, and while a filter is set or the tasks are restricted.

use super::{RowId, RowModel, view::Layout};
use crate::{EvalContext, Handle, Status, TaskStore};

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
    pub fn set_folded(&mut self, store: &TaskStore, id: impl Into<RowId>, folded: bool) {
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
        self.reposition(store.into(), id, false);
    }

    /// Toggles the fold of a family or a group.
    pub fn toggle_fold(&mut self, store: &TaskStore, id: impl Into<RowId>) {
        let id = id.into();
        let is_open = self.item(id).is_some_and(|item| item.open);
        self.set_folded(store, id, is_open);
    }

    /// Folds or unfolds all families or groups. Takes time proportional to the number of tasks.
    pub fn set_all_folded<'a>(&mut self, context: impl Into<EvalContext<'a>>, folded: bool) {
        let context = context.into();
        let store = context.store;
        if let Some(next) = &mut self.next {
            next.set_all_folded(context, folded);
        }
        if self.view.layout == Layout::Flat {
            let groups = self.groups.values();
            let folds = groups.map(|group| (group.key.clone(), folded));
            self.group_folds.extend(folds);
        } else {
            for (handle, _) in store.iter() {
                if !store.children(handle).is_empty() {
                    self.folds.insert(handle, folded);
                }
            }
        }
        self.mark_outdated(store, true, true);
    }

    /// Takes over the folds of other rows; `find` returns the handle that a task has here. Takes time proportional to the
    /// number of tasks.
    pub fn adopt_folds(
        &mut self,
        from: &Self,
        store: &TaskStore,
        find: impl Fn(Handle) -> Option<Handle>,
    ) {
        let folds = from.folds.iter();
        let folds = folds.filter_map(|(handle, folded)| Some((find(*handle)?, *folded)));
        self.folds.extend(folds);
        self.group_folds.extend(from.group_folds.clone());
        self.mark_outdated(store, true, true);
    }

    /// Unfolds all ancestors of a record.
    pub fn reveal(&mut self, store: &TaskStore, handle: Handle) {
        let mut next = self.above(handle);
        while let Some(above) = next
            && let Some(item) = self.item(above)
        {
            next = item.parent;
            if !item.open {
                self.set_folded(store, above, false);
            }
        }
    }

    /// True if a record's children are shown.
    pub(super) fn should_be_open(&self, store: &TaskStore, handle: Handle) -> bool {
        if let Some(folded) = self.folds.get(&handle) {
            return !folded;
        }
        if !self.view.filter.is_empty() || self.only.is_some() {
            return true;
        }
        let mut below = store.family(handle);
        if let Some(record) = store.get(handle) {
            below.remove(record.status());
        }
        [Status::Running, Status::Queued, Status::Failed]
            .into_iter()
            .any(|status| below[status] > 0)
    }
}
