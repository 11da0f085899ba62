//! Groups of the flat list: tasks of the same family, target, user or operation below a common row.
//! A group is handled like a parent, except that its sort key is that of its first member and that
//! it exists only while it has members.

use super::{
    GroupBy, GroupId, RowModel, SortKey,
    grouping::GroupKey,
    item::{Group, Item},
};
use crate::{Handle, Status, StatusCounts, TaskStore};

/// The content of a group's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupView {
    /// Number of matching members in each status.
    pub counts: StatusCounts,
    /// The first member, to display the shared property.
    pub first_member: Handle,
}

impl RowModel {
    /// Returns the grouping criterion. Only a flat list is grouped.
    pub fn grouped_by(&self) -> Option<GroupBy> {
        self.view.grouped_by()
    }

    /// Returns a group, if it exists.
    pub fn group(&self, id: GroupId) -> Option<GroupView> {
        let item = &self.groups.get(id)?.item;
        Some(GroupView {
            counts: item.matched(),
            first_member: item.children()?.first_entry()?.id.task()?,
        })
    }

    /// Returns the matching members of a group in their order.
    pub fn members(&self, id: GroupId) -> impl Iterator<Item = Handle> {
        let siblings = self.groups.get(id).and_then(|g| g.item.children());
        let first = siblings.and_then(super::order_tree::OrderTree::first);
        let positions = std::iter::successors(first, move |position| siblings?.after(*position));
        positions.filter_map(move |position| siblings?.get(position)?.id.task())
    }

    /// Returns the group that corresponds to a group of another row model of the same tasks.
    pub fn same_group(&self, other: &Self, id: GroupId) -> Option<GroupId> {
        let key = &other.groups.get(id)?.key;
        self.group_ids.get(key).copied()
    }

    /// Returns the group of a record; creates it for the first member.
    pub(super) fn group_of(&mut self, store: &TaskStore, handle: Handle) -> Option<GroupId> {
        let key = GroupKey::of(store, handle, self.grouped_by()?)?;
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
    pub(super) fn update_group(&mut self, id: GroupId) -> Option<SortKey> {
        let group = self.groups.get(id)?;
        let members = group.item.children();
        let Some(best) = members.and_then(|members| members.first_entry()) else {
            self.detach_row(id.into());
            if let Some(group) = self.groups.remove(id) {
                self.group_ids.remove(&group.key);
            }
            return None;
        };
        let (key, open) = (best.key.clone(), self.should_group_be_open(group));
        if let Some(group) = self.groups.get_mut(id) {
            group.item.open = open;
        }
        Some(key)
    }

    /// True if a group's members are shown. The user's choice takes precedence.
    fn should_group_be_open(&self, group: &Group) -> bool {
        if let Some(folded) = self.group_folds.get(&group.key) {
            return !folded;
        }
        let important = [Status::Running, Status::Queued, Status::Failed];
        let matched = group.item.matched();
        !self.view.filter.is_empty() || important.into_iter().any(|s| matched[s] > 0)
    }
}
