//! Groups of the flat list: tasks of the same family, target, user or operation below a common row.
//! A group is handled like a parent, except that its sort key is that of its first member and that
//! it exists only while it has members.

use std::sync::Arc;

use super::{Item, RowModel, SortKey, view::Layout};
use crate::task::{EndpointId, Handle, Status, StatusCounts, TaskStore, search_text};

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

/// Grouping criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// The root of the family.
    Root,
    /// The entity.
    Target,
    /// The user, alarm or schedule that started the task.
    User,
    /// The operation.
    Operation,
}

impl GroupBy {
    /// All values, in the order in which a key cycles through them.
    pub const ALL: [Self; 4] = [Self::Root, Self::Target, Self::User, Self::Operation];

    /// Returns the name, as in “by user”.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "family",
            Self::Target => "target",
            Self::User => "user",
            Self::Operation => "operation",
        }
    }

    /// Returns the next value; `None` after the last.
    pub fn next(self) -> Option<Self> {
        let mut all = Self::ALL.into_iter().skip_while(|by| *by != self);
        all.nth(1)
    }
}

/// Identity of a group. Entities of two servers are different; users and operations are shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum GroupKey {
    Root(Handle),
    Target(EndpointId, Arc<str>),
    User(Arc<str>),
    Operation(Arc<str>),
    /// The criterion is unknown.
    Unknown,
}

impl GroupKey {
    /// Returns the group key of a record; `None` if it is not in the store.
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

/// A group with its members.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) key: GroupKey,
    pub(super) item: Item,
}

/// The content of a group's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupView {
    /// Number of matching members in each status.
    pub counts: StatusCounts,
    /// The first member, to display the shared property.
    pub best: Handle,
}

impl RowModel {
    /// Returns the grouping criterion. Only a flat list is grouped.
    pub fn grouped_by(&self) -> Option<GroupBy> {
        let view = self.view();
        view.group_by.filter(|_| view.layout == Layout::Flat)
    }

    /// Returns a group, if it exists.
    pub fn group(&self, id: GroupId) -> Option<GroupView> {
        let item = &self.groups.get(id)?.item;
        Some(GroupView {
            counts: item.matched,
            best: item.children.as_ref()?.leader()?.id.task()?,
        })
    }

    /// Returns the matching members of a group in their order.
    pub fn members(&self, id: GroupId) -> impl Iterator<Item = Handle> {
        let siblings = self.groups.get(id).and_then(|g| g.item.children.as_deref());
        let first = siblings.and_then(super::OrderTree::first);
        let places = std::iter::successors(first, move |place| siblings?.after(*place));
        places.filter_map(move |place| siblings?.get(place)?.id.task())
    }

    /// Returns the group that corresponds to a group of another row model of the same tasks.
    pub fn same_group(&self, other: &Self, id: GroupId) -> Option<GroupId> {
        let key = &other.groups.get(id)?.key;
        self.group_ids.get(key).copied()
    }

    /// Returns the group of a record; creates it for the first member.
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

    /// Updates fold and sort key of a group. Removes a group without members.
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

    /// True if a group's members are shown. The user's choice takes precedence.
    fn is_group_to_be_open(&self, group: &Group) -> bool {
        if let Some(folded) = self.group_folds.get(&group.key) {
            return !folded;
        }
        let news = [Status::Running, Status::Queued, Status::Failed];
        !self.view.filter.is_empty() || news.into_iter().any(|s| group.item.matched[s] > 0)
    }

    /// Removes all groups and their folds.
    pub(super) fn ungroup(&mut self) {
        self.groups.clear();
        self.group_ids.clear();
        self.group_folds.clear();
    }
}
