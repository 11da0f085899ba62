//! Rows as stored in the row model: identity, state and siblings.

use jiff::Timestamp;

use super::{grouping::GroupKey, order_tree::OrderTree, sort_key::SortKey};
use crate::{Handle, ServerId, Status, StatusCounts};

slotmap::new_key_type! {
    /// Handle of a group: valid while the group has members.
    pub struct GroupId;
}

/// Identifies a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowId {
    /// A task.
    Task(Handle),
    /// A group of tasks.
    Group(GroupId),
}

impl RowId {
    /// Returns the task, if it is one.
    pub fn task(self) -> Option<Handle> {
        match self {
            Self::Task(handle) => Some(handle),
            Self::Group(_) => None,
        }
    }
}

impl From<Handle> for RowId {
    fn from(handle: Handle) -> Self {
        Self::Task(handle)
    }
}

impl From<GroupId> for RowId {
    fn from(group: GroupId) -> Self {
        Self::Group(group)
    }
}

/// Records with the same parent, in order.
pub(super) type Siblings = OrderTree<SortKey, RowId>;

/// The time at which a record must be evaluated again.
pub(super) type Recheck = (ServerId, Timestamp, Handle);

/// State of a record or a group in the row model.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) parent: Option<RowId>,
    pub(super) status: Status,
    pub(super) matches: bool,
    /// Its entry in `RowModel::due`.
    pub(super) due: Option<Box<Recheck>>,
    /// True if its children are shown, if it has visible ones.
    pub(super) open: bool,
    /// Sort key among its siblings; `None` while it is moved.
    pub(super) key: Option<SortKey>,
    /// Number of visible rows of the subtree; 0 if the filter excludes it. The entry keeps its
    /// position among its siblings, so that another filter moves nothing.
    pub(super) rows: u32,
    /// The subtree without this record. Most records have none.
    pub(super) subtree: Option<Box<Subtree>>,
}

/// The subtree of a record or a group without the record itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Subtree {
    /// Direct children.
    pub(super) children: Siblings,
    /// Number of matching tasks in each status.
    pub(super) matched: StatusCounts,
}

impl Item {
    /// Creates an item that is not inserted and not counted.
    pub(super) fn blank() -> Self {
        Self {
            parent: None,
            status: Status::Placeholder,
            matches: false,
            due: None,
            open: true,
            key: None,
            rows: 0,
            subtree: None,
        }
    }

    /// Returns the number of matching tasks in each status in the subtree, including this record.
    pub(super) fn matched(&self) -> StatusCounts {
        let mut matched = self.own_match();
        matched += self.matched_below();
        matched
    }

    /// Returns the number of matching tasks in each status in the subtree, without this record.
    pub(super) fn matched_below(&self) -> StatusCounts {
        self.subtree
            .as_ref()
            .map_or_else(StatusCounts::default, |subtree| subtree.matched)
    }

    /// Returns the record's own contribution to the matches of its family.
    pub(super) fn own_match(&self) -> StatusCounts {
        let mut own = StatusCounts::default();
        if self.matches {
            own.add(self.status);
        }
        own
    }

    /// True if it has a row, possibly in a closed fold.
    pub(super) fn is_shown(&self) -> bool {
        self.matches || self.matched_below().total() > 0
    }

    /// Returns the number of visible rows of the subtree.
    pub(super) fn height(&self) -> u32 {
        if self.is_shown() {
            let subtree = self.open_children().map_or(0, OrderTree::total);
            1 + u32::try_from(subtree).unwrap_or(u32::MAX - 1)
        } else {
            0
        }
    }

    /// Returns the children.
    pub(super) fn children(&self) -> Option<&Siblings> {
        self.subtree.as_ref().map(|subtree| &subtree.children)
    }

    /// Returns the children, if any is visible.
    pub(super) fn shown_children(&self) -> Option<&Siblings> {
        self.children().filter(|children| !children.is_empty())
    }

    /// Returns the children, if the fold is open and any is visible.
    pub(super) fn open_children(&self) -> Option<&Siblings> {
        self.shown_children().filter(|_| self.open)
    }
}

/// A group with its members.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) key: GroupKey,
    pub(super) item: Item,
}

/// Rows that are out of date after a change of the view.
#[derive(Debug, Clone, Default)]
pub(super) struct OutdatedRows {
    /// The rows, the next one last. Their records may have been removed or updated in the meantime.
    pub(super) rows: Vec<RowId>,
    /// True if the filter became narrower: records that did not match need no evaluation.
    pub(super) keeps_excluded: bool,
    /// True if the filter became wider: records that matched need no evaluation.
    pub(super) keeps_matches: bool,
}
