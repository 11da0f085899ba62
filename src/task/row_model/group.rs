//! Groups of the flat list: tasks of one family, on one target, by one person, of one operation, under a row of their
//! own.
//!
//! A group is in the outline what a family's head is, but for its key, which is that of its best member, and for its
//! coming and going: it is there as long as it has members.

use std::sync::Arc;

use super::{Item, RowModel, SortKey, view::Layout};
use crate::task::{EndpointId, Handle, Status, StatusCounts, TaskStore, search_text};

slotmap::new_key_type! {
    /// A group of an outline: valid as long as it has members.
    pub struct GroupId;
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowId {
    /// A task.
    Task(Handle),
    /// A group of tasks.
    Group(GroupId),
}

impl RowId {
    /// The task, if it is one.
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

/// By what tasks are put into groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// The top of the family.
    Root,
    /// The entity that they work on.
    Target,
    /// Who or what started them.
    User,
    /// The operation.
    Operation,
}

impl GroupBy {
    /// All of them, in the order of a key that goes through them.
    pub const ALL: [Self; 4] = [Self::Root, Self::Target, Self::User, Self::Operation];

    /// What it is called, as in “by user”.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "family",
            Self::Target => "target",
            Self::User => "user",
            Self::Operation => "operation",
        }
    }

    /// The next one; after the last, none.
    pub fn next(self) -> Option<Self> {
        let mut all = Self::ALL.into_iter().skip_while(|by| *by != self);
        all.nth(1)
    }
}

/// What tells one group from another. Entities of two servers are two, persons and operations are not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum GroupKey {
    Root(Handle),
    Target(EndpointId, Arc<str>),
    User(Arc<str>),
    Operation(Arc<str>),
    /// Of whom that is not known.
    Unknown,
}

impl GroupKey {
    /// The group of a record; none for one that is not on the board.
    pub(super) fn of(board: &TaskStore, handle: Handle, by: GroupBy) -> Option<Self> {
        let record = board.get(handle)?;
        let info = record.info.as_deref();
        let named = |name: Option<&str>, key: fn(Arc<str>) -> Self| {
            let name = name.filter(|name| !name.is_empty());
            name.map_or(Self::Unknown, |name| key(name.into()))
        };
        Some(match by {
            GroupBy::Root => Self::Root(board.root(handle)),
            GroupBy::Target => {
                let entity = info.and_then(|info| info.entity.as_ref());
                let entity = entity.map(|entity| &*entity.value);
                let target = entity.or_else(|| info.and_then(search_text::target));
                let target = target.filter(|target| !target.is_empty());
                target.map_or(Self::Unknown, |target| {
                    Self::Target(record.id.endpoint, target.into())
                })
            }
            GroupBy::User => {
                let user = info.map(|info| search_text::initiator(&info.reason));
                named(user.as_deref(), Self::User)
            }
            GroupBy::Operation => named(info.map(|info| &*info.description_id), Self::Operation),
        })
    }
}

/// A group of an outline.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) key: GroupKey,
    pub(super) item: Item,
}

/// What a group's row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupView {
    /// How many of each status it has; only those that match the filter.
    pub counts: StatusCounts,
    /// Its best member, which has in common with the others what they are grouped by.
    pub best: Handle,
}

impl RowModel {
    /// By what the rows are grouped. Only a flat list is.
    pub fn grouped_by(&self) -> Option<GroupBy> {
        let view = self.view();
        view.group_by.filter(|_| view.layout == Layout::Flat)
    }

    /// A group; none if it is gone.
    pub fn group(&self, id: GroupId) -> Option<GroupView> {
        let item = &self.groups.get(id)?.item;
        Some(GroupView {
            counts: item.matched,
            best: item.children.as_ref()?.leader()?.id.task()?,
        })
    }

    /// The members of a group that match the filter, in their order.
    pub fn members(&self, id: GroupId) -> impl Iterator<Item = Handle> {
        let siblings = self.groups.get(id).and_then(|g| g.item.children.as_deref());
        let first = siblings.and_then(super::OrderTree::first);
        let places = std::iter::successors(first, move |place| siblings?.after(*place));
        places.filter_map(move |place| siblings?.get(place)?.id.task())
    }

    /// The group that a group of another outline of the same tasks is here.
    pub fn same_group(&self, other: &Self, id: GroupId) -> Option<GroupId> {
        let key = &other.groups.get(id)?.key;
        self.group_ids.get(key).copied()
    }

    /// The group that a record belongs to, made if it is the first.
    pub(super) fn group_of(&mut self, board: &TaskStore, handle: Handle) -> Option<GroupId> {
        let key = GroupKey::of(board, handle, self.grouped_by()?)?;
        if let Some(id) = self.group_ids.get(&key) {
            return Some(*id);
        }
        let id = self.groups.insert(Group {
            key: key.clone(),
            item: Item::blank(),
        });
        self.group_ids.insert(key, id);
        Some(id)
    }

    /// Looks at a group again: whether it is open, and by what it stands. One without members is no more.
    pub(super) fn regroup(&mut self, id: GroupId) -> Option<SortKey> {
        let group = self.groups.get(id)?;
        let members = group.item.children.as_ref();
        let Some(best) = members.and_then(|members| members.leader()) else {
            self.move_row(id.into());
            if let Some(group) = self.groups.remove(id) {
                self.group_ids.remove(&group.key);
            }
            return None;
        };
        let (key, open) = (best.key.clone(), self.is_group_to_be_open(group));
        if let Some(group) = self.groups.get_mut(id) {
            group.item.open = open;
        }
        Some(key)
    }

    /// Whether a group's members are to be shown: as with families, a person's choice wins.
    fn is_group_to_be_open(&self, group: &Group) -> bool {
        if let Some(folded) = self.group_folds.get(&group.key) {
            return !folded;
        }
        let news = [Status::Running, Status::Queued, Status::Failed];
        !self.view.filter.is_empty() || news.into_iter().any(|s| group.item.matched[s] > 0)
    }

    /// Forgets all groups, and what was folded of them.
    pub(super) fn ungroup(&mut self) {
        self.groups.clear();
        self.group_ids.clear();
        self.group_folds.clear();
    }
}
