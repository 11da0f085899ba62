//! Full rebuild of the row model, for another view or after a change that affects all rows.

use slotmap::{SecondaryMap, secondary::Entry as SlotEntry};

use super::{
    GroupId, Item, RowId, RowModel,
    group::Group,
    order_tree::{Entry, OrderTree},
    sort_key::SortKey,
    view::{Layout, View},
};
use crate::task::{EvalContext, Handle, TaskStore};

impl RowModel {
    /// Changes the view. If only the filter changes, no row is moved.
    pub fn arrange<'a>(&mut self, view: View, scene: impl Into<EvalContext<'a>>) {
        let scene = scene.into();
        let before = std::mem::replace(&mut self.view, view);
        let moves = before.layout != self.view.layout
            || before.sort != self.view.sort
            || before.group_by != self.view.group_by;
        if before.layout != self.view.layout || before.group_by != self.view.group_by {
            self.ungroup();
        }
        if moves || self.items.len() != scene.board.len() {
            self.rebuild(scene);
        } else if before.filter != self.view.filter {
            self.refilter(scene, &before.filter);
        }
    }

    /// Rebuilds all rows, for example after new operation labels. Keeps folds.
    pub fn rebuild<'a>(&mut self, scene: impl Into<EvalContext<'a>>) {
        let scene = scene.into();
        let board = scene.board;
        self.folds.retain(|handle, _| board.get(*handle).is_some());
        self.items.clear();
        for group in self.groups.values_mut() {
            group.item = Item::blank();
        }
        self.due.clear();
        self.matching = 0;
        let order = self.downwards(board);
        for &handle in &order {
            self.add_item(scene, handle);
        }
        // In reverse, because a record's height depends on its descendants.
        let mut top = Vec::new();
        let mut below: SecondaryMap<Handle, Vec<Entry<SortKey, RowId>>> = SecondaryMap::new();
        let mut grouped: SecondaryMap<GroupId, Vec<Entry<SortKey, RowId>>> = SecondaryMap::new();
        for &handle in order.iter().rev() {
            let children = below.remove(handle);
            let Some(item) = self.items.get_mut(handle) else {
                continue;
            };
            item.children = children.map(|children| Box::new(OrderTree::from_unsorted(children)));
            item.rows = item.height();
            item.key = SortKey::of(scene, handle, self.view.layout, &self.view.sort);
            let (parent, matched) = (item.parent, item.matched);
            if let Some(key) = item.key.clone() {
                let entry = Entry {
                    key,
                    id: handle.into(),
                    weight: item.rows,
                };
                let siblings = match parent {
                    Some(RowId::Task(parent)) => below.entry(parent).map(SlotEntry::or_default),
                    Some(RowId::Group(group)) => grouped.entry(group).map(SlotEntry::or_default),
                    None => None,
                };
                siblings.unwrap_or(&mut top).push(entry);
            }
            if let Some(parent) = parent.and_then(|parent| self.item_mut(parent)) {
                parent.matched += matched;
            }
        }
        for (group, members) in grouped {
            if let Some(group) = self.groups.get_mut(group) {
                group.item.children = Some(Box::new(OrderTree::from_unsorted(members)));
            }
        }
        top.extend(self.rank_groups());
        self.top = OrderTree::from_unsorted(top);
    }

    /// Returns the entries of all groups, from their current members.
    pub(super) fn rank_groups(&mut self) -> Vec<Entry<SortKey, RowId>> {
        let groups: Vec<GroupId> = self.groups.keys().collect();
        let mut entries = Vec::with_capacity(groups.len());
        for id in groups {
            // The previous key is invalid.
            if let Some(group) = self.groups.get_mut(id) {
                group.item.key = None;
            }
            let Some(key) = self.regroup(id) else {
                continue;
            };
            if let Some(Group { item, .. }) = self.groups.get_mut(id) {
                item.rows = item.height();
                item.key = Some(key.clone());
                entries.push(Entry {
                    key,
                    id: id.into(),
                    weight: item.rows,
                });
            }
        }
        entries
    }

    /// Returns all records, parents before their children.
    pub(super) fn downwards(&self, board: &TaskStore) -> Vec<Handle> {
        let handles = board.iter().map(|(handle, _)| handle);
        if self.view.layout == Layout::Flat {
            return handles.collect();
        }
        let mut order = Vec::with_capacity(board.len());
        order.extend(handles.filter(|handle| board.parent(*handle).is_none()));
        let mut next = 0;
        while let Some(&handle) = order.get(next) {
            order.extend_from_slice(board.children(handle));
            next += 1;
        }
        order
    }

    fn add_item(&mut self, scene: EvalContext<'_>, handle: Handle) {
        let board = scene.board;
        let Some(record) = board.get(handle) else {
            return;
        };
        let parent = self.parent_on(board, handle);
        let item = Item {
            parent,
            status: record.status(),
            open: self.is_to_be_open(board, handle),
            ..Item::blank()
        };
        self.items.insert(handle, item);
        let matches = self.judge(scene, handle);
        if let Some(item) = self.items.get_mut(handle) {
            item.matches = matches;
            item.matched = item.own_match();
            self.matching += usize::from(matches);
        }
    }
}
