//! Full rebuild of the row model, for another view or after a change that affects all rows.

use slotmap::{SecondaryMap, secondary::Entry as SlotEntry};

use super::{
    GroupId, RowId, RowModel,
    item::{Group, Item},
    order_tree::{OrderTree, SequenceEntry},
    sort_key::SortKey,
    view::{Layout, View},
};
use crate::{EvalContext, Handle, TaskStore};

impl RowModel {
    /// Changes the view. If only the filter changes, no row is moved.
    pub fn set_view<'a>(&mut self, view: View, context: impl Into<EvalContext<'a>>) {
        let context = context.into();
        let before = std::mem::replace(&mut self.view, view);
        let moves = before.layout != self.view.layout
            || before.sort != self.view.sort
            || before.group_by != self.view.group_by;
        if before.layout != self.view.layout || before.group_by != self.view.group_by {
            self.clear_groups();
        }
        if moves || self.items.len() != context.store.len() {
            self.rebuild(context);
        } else if before.filter != self.view.filter {
            self.refilter(context, &before.filter);
        }
    }

    /// Rebuilds all rows, for example after new operation labels. Keeps folds.
    pub fn rebuild<'a>(&mut self, context: impl Into<EvalContext<'a>>) {
        let context = context.into();
        let store = context.store;
        self.folds.retain(|handle, _| store.get(*handle).is_some());
        self.items.clear();
        for group in self.groups.values_mut() {
            group.item = Item::blank();
        }
        self.due.clear();
        self.matching = 0;
        let order = self.parents_first(store);
        for &handle in &order {
            self.add_item(context, handle);
        }
        // In reverse, because a record's height depends on its descendants.
        let mut top = Vec::new();
        let mut below: SecondaryMap<Handle, Vec<SequenceEntry<SortKey, RowId>>> =
            SecondaryMap::new();
        let mut grouped: SecondaryMap<GroupId, Vec<SequenceEntry<SortKey, RowId>>> =
            SecondaryMap::new();
        for &handle in order.iter().rev() {
            let children = below.remove(handle);
            let Some(item) = self.items.get_mut(handle) else {
                continue;
            };
            if let Some(children) = children {
                item.subtree.get_or_insert_default().children = OrderTree::from_unsorted(children);
            }
            item.rows = item.height();
            item.key = SortKey::of(context, handle, self.view.layout, &self.view.sort);
            let (parent, matched) = (item.parent, item.matched());
            if let Some(key) = item.key.clone() {
                let entry = SequenceEntry {
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
                parent.subtree.get_or_insert_default().matched += matched;
            }
        }
        for (group, members) in grouped {
            if let Some(group) = self.groups.get_mut(group) {
                let subtree = group.item.subtree.get_or_insert_default();
                subtree.children = OrderTree::from_unsorted(members);
            }
        }
        top.extend(self.group_entries());
        self.top = OrderTree::from_unsorted(top);
    }

    /// Returns the entries of all groups, from their current members.
    pub(super) fn group_entries(&mut self) -> Vec<SequenceEntry<SortKey, RowId>> {
        let groups: Vec<GroupId> = self.groups.keys().collect();
        let mut entries = Vec::with_capacity(groups.len());
        for id in groups {
            // The previous key is invalid.
            if let Some(group) = self.groups.get_mut(id) {
                group.item.key = None;
            }
            let Some(key) = self.update_group(id) else {
                continue;
            };
            if let Some(Group { item, .. }) = self.groups.get_mut(id) {
                item.rows = item.height();
                item.key = Some(key.clone());
                entries.push(SequenceEntry {
                    key,
                    id: id.into(),
                    weight: item.rows,
                });
            }
        }
        entries
    }

    /// Returns all records, parents before their children.
    pub(super) fn parents_first(&self, store: &TaskStore) -> Vec<Handle> {
        let handles = store.iter().map(|(handle, _)| handle);
        if self.view.layout == Layout::Flat {
            return handles.collect();
        }
        let mut order = Vec::with_capacity(store.len());
        order.extend(handles.filter(|handle| store.parent(*handle).is_none()));
        let mut next = 0;
        while let Some(&handle) = order.get(next) {
            order.extend_from_slice(store.children(handle));
            next += 1;
        }
        order
    }

    fn add_item(&mut self, context: EvalContext<'_>, handle: Handle) {
        let store = context.store;
        let Some(record) = store.get(handle) else {
            return;
        };
        let parent = self.parent_on(store, handle);
        let item = Item {
            parent,
            status: record.status(),
            open: self.should_be_open(store, handle),
            ..Item::blank()
        };
        self.items.insert(handle, item);
        let matches = self.evaluate(context, handle);
        if let Some(item) = self.items.get_mut(handle) {
            item.matches = matches;
            self.matching += usize::from(matches);
        }
    }
}
