//! The rows of the list: which tasks are shown, in which order, and how they hang together.
//!
//! The outline is kept in order while the board changes. Siblings are ranked by their sort keys, each with the
//! number of rows that its subtree shows, so that a change costs what it touches along one path to the root, and
//! drawing costs the rows that are on the screen: with a hundred thousand tasks as with a hundred.
//!
//! It remembers by itself where it put everything, for by the time it hears of a change the board has moved on.

mod build;
mod fold;
mod group;
mod order_tree;
mod refilter;
mod rows;
mod sort;
mod sort_key;
mod update;
mod view;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use slotmap::{SecondaryMap, SlotMap};

use self::{
    group::{Group, GroupKey},
    order_tree::OrderTree,
};
use super::{EndpointId, Handle, Status, StatusCounts, TaskStore};

pub use fold::Fold;
pub use group::{GroupBy, GroupId, GroupView, RowId};
pub use rows::Row;
pub use sort::{ParseSortError, Sort, SortBy, SortColumn};
pub use sort_key::SortKey;
pub use view::{Layout, View};

/// Records that hang under the same parent, in order.
type Siblings = OrderTree<SortKey, RowId>;

/// The rows of the list, kept in order.
#[derive(Debug, Clone, Default)]
pub struct RowModel {
    view: View,
    items: SecondaryMap<Handle, Item>,
    groups: SlotMap<GroupId, Group>,
    group_ids: HashMap<GroupKey, GroupId>,
    /// Those without a parent; in the flat layout, all, or their groups.
    top: Siblings,
    /// How many records match the filter.
    matching: usize,
    /// Where a person chose that a family be closed, or open.
    folds: HashMap<Handle, bool>,
    group_folds: HashMap<GroupKey, bool>,
    /// When time alone may change whether a record matches, by its server's clock, the soonest of a server first.
    due: BTreeSet<Recheck>,
}

/// When to look at a record again.
type Recheck = (EndpointId, Timestamp, Handle);

/// What the outline knows of a record, or of a group.
#[derive(Debug, Clone)]
struct Item {
    parent: Option<RowId>,
    status: Status,
    matches: bool,
    /// Its entry among what is due.
    due: Option<Recheck>,
    /// How many of each status match the filter, of this record and all below it.
    matched: StatusCounts,
    /// Whether its children are shown, if there are any to show.
    open: bool,
    /// By which it stands among its siblings; none while it is being moved.
    key: Option<SortKey>,
    /// How many rows it and those below it show; none where the filter wants none of them. Then it still stands among
    /// its siblings, so that another filter moves nothing.
    rows: usize,
    /// Those right below it.
    children: Option<Box<Siblings>>,
}

impl Item {
    /// One that stands nowhere and is not counted yet.
    fn blank() -> Self {
        Self {
            parent: None,
            status: Status::Ghost,
            matches: false,
            due: None,
            matched: StatusCounts::default(),
            open: true,
            key: None,
            rows: 0,
            children: None,
        }
    }

    /// What the record itself adds to the matches of its family.
    fn own_match(&self) -> StatusCounts {
        let mut own = StatusCounts::default();
        if self.matches {
            own.add(self.status);
        }
        own
    }

    /// Whether there is a row for it, be it in a closed fold.
    fn is_shown(&self) -> bool {
        self.matched.total() > 0
    }

    /// How many rows it and those below it show.
    fn height(&self) -> usize {
        if self.is_shown() {
            1 + self.open_children().map_or(0, OrderTree::total)
        } else {
            0
        }
    }

    /// Its children, as far as there are any to show.
    fn shown_children(&self) -> Option<&Siblings> {
        self.children
            .as_deref()
            .filter(|children| !children.is_empty())
    }

    /// Its children, as far as they are shown.
    fn open_children(&self) -> Option<&Siblings> {
        self.shown_children().filter(|_| self.open)
    }
}

impl RowModel {
    /// An outline without rows; call [`rebuild`](Self::rebuild) for those of a board that is not empty.
    pub fn new(view: View) -> Self {
        Self {
            view,
            ..Self::default()
        }
    }

    /// What is shown.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// How many rows are visible.
    pub fn len(&self) -> usize {
        self.top.total()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.top.is_empty()
    }

    /// How many records match the filter, visible or in closed folds.
    pub fn matching(&self) -> usize {
        self.matching
    }

    /// What a row hangs under: a parent, or a group.
    pub fn above(&self, id: impl Into<RowId>) -> Option<RowId> {
        self.item(id.into())?.parent
    }

    /// Where a record hangs in the chosen layout.
    fn parent_on(&mut self, board: &TaskStore, handle: Handle) -> Option<RowId> {
        match self.view.layout {
            Layout::Tree => board.parent(handle).map(RowId::Task),
            Layout::Flat => self.group_of(board, handle).map(RowId::Group),
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

    /// Those among whom the children of a row stand, or those without a parent.
    fn siblings(&self, parent: Option<RowId>) -> Option<&Siblings> {
        match parent {
            Some(parent) => self.item(parent)?.children.as_deref(),
            None => Some(&self.top),
        }
    }

    /// The same, to be changed; none if the parent has left.
    fn siblings_mut(&mut self, parent: Option<RowId>) -> Option<&mut Siblings> {
        match parent {
            Some(parent) => Some(self.item_mut(parent)?.children.get_or_insert_default()),
            None => Some(&mut self.top),
        }
    }
}

#[cfg(test)]
mod tests;
