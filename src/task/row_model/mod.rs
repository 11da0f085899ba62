//! The rows of the list: the displayed tasks, their order and their hierarchy.
//! The model is updated incrementally with the store. Siblings are ordered by their sort keys, each
//! with the number of visible rows of its subtree, so that a change costs by the affected path to
//! the root and drawing by the number of visible rows, independent of the number of tasks.
//! The model stores the parent and sort key of each row, because the store has already changed when
//! an update arrives.

mod fold;
mod group;
mod grouping;
mod item;
mod order_tree;
mod refilter;
mod rows;
mod sort;
mod sort_column;
mod sort_key;
mod update;
mod view;
mod view_change;

use std::collections::{BTreeSet, HashMap, HashSet};

use slotmap::{SecondaryMap, SlotMap};

use self::{
    grouping::GroupKey,
    item::{Group, Item, OutdatedRows, Recheck, Siblings},
};
use super::{Handle, TaskStore};

pub use fold::Fold;
pub use group::GroupView;
pub use grouping::GroupBy;
pub use item::{GroupId, RowId};
pub use rows::Row;
pub use sort::{ParseSortError, Sort, SortBy};
pub use sort_column::SortColumn;
pub use sort_key::SortKey;
pub use view::{Layout, View};

/// The rows of the list, in order.
#[derive(Debug, Clone, Default)]
pub struct RowModel {
    view: View,
    items: SecondaryMap<Handle, Item>,
    groups: SlotMap<GroupId, Group>,
    group_ids: HashMap<GroupKey, GroupId>,
    /// Rows without a parent; in the flat layout, all tasks or their groups.
    top: Siblings,
    /// Number of records that match the filter.
    matching: usize,
    /// Folds chosen by the user; true if closed.
    folds: HashMap<Handle, bool>,
    group_folds: HashMap<GroupKey, bool>,
    /// The only tasks that match, if limited.
    only: Option<HashSet<Handle>>,
    /// Times at which a match may change without new data, by the server's clock, earliest first
    /// per server.
    due: BTreeSet<Recheck>,
    outdated: OutdatedRows,
    /// The rows of another order or layout, while they are being built.
    next: Option<Box<RowModel>>,
}

impl RowModel {
    /// Creates a model without rows; [`rebuild`](Self::rebuild) and [`advance`](Self::advance) fill it from a store.
    pub fn new(view: View) -> Self {
        Self {
            view,
            ..Self::default()
        }
    }

    /// Returns the view of the rows.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Returns the number of visible rows.
    pub fn len(&self) -> usize {
        self.top.total()
    }

    /// True if there are no visible rows.
    pub fn is_empty(&self) -> bool {
        self.top.is_empty()
    }

    /// Returns the number of records that match the filter, including those in closed folds.
    pub fn matching(&self) -> usize {
        self.matching
    }

    /// Returns the records that match the filter, including those in closed folds, in no particular order.
    pub fn matches(&self) -> impl Iterator<Item = Handle> {
        let matches = self.items.iter().filter(|(_, item)| item.matches);
        matches.map(|(handle, _)| handle)
    }

    /// Returns the parent or group of a row.
    pub fn above(&self, id: impl Into<RowId>) -> Option<RowId> {
        self.item(id.into())?.parent
    }

    /// Returns the parent of a record in the current layout.
    fn parent_on(&mut self, store: &TaskStore, handle: Handle) -> Option<RowId> {
        match self.view.layout {
            Layout::Tree => store.parent(handle).map(RowId::Task),
            Layout::Flat => self.group_of(store, handle).map(RowId::Group),
        }
    }

    fn item(&self, id: RowId) -> Option<&Item> {
        match id {
            RowId::Task(handle) => self.items.get(handle),
            RowId::Group(group) => self.groups.get(group).map(|group| &group.item),
        }
    }

    fn item_mut(&mut self, id: RowId) -> Option<&mut Item> {
        match id {
            RowId::Task(handle) => self.items.get_mut(handle),
            RowId::Group(group) => self.groups.get_mut(group).map(|group| &mut group.item),
        }
    }

    /// Returns the children of a row, or the top-level rows.
    fn siblings(&self, parent: Option<RowId>) -> Option<&Siblings> {
        match parent {
            Some(parent) => self.item(parent)?.children(),
            None => Some(&self.top),
        }
    }

    /// Returns the children for modification; `None` if the parent was removed.
    fn siblings_mut(&mut self, parent: Option<RowId>) -> Option<&mut Siblings> {
        match parent {
            Some(parent) => {
                let subtree = self.item_mut(parent)?.subtree.get_or_insert_default();
                Some(&mut subtree.children)
            }
            None => Some(&mut self.top),
        }
    }
}

#[cfg(test)]
mod tests;
