//! The task hierarchy.
//! A link that would close a cycle is not made, so that every walk up or down ends.

use std::sync::Arc;

use super::{
    ChangeSet, Handle, TaskKey, TaskStore,
    node::{Node, Subtree, SubtreeCounts},
};
use crate::{progress::Progress, status::StatusCounts};

impl TaskStore {
    /// Returns the parent, if it is in the store.
    pub fn parent(&self, handle: Handle) -> Option<Handle> {
        self.nodes.get(handle)?.parent
    }

    /// Returns the children, in the order in which they became known.
    pub fn children(&self, handle: Handle) -> &[Handle] {
        self.nodes.get(handle).map_or(&[], |node| node.children())
    }

    /// Returns the record and its ancestors, nearest first.
    pub fn path(&self, handle: Handle) -> impl Iterator<Item = Handle> {
        std::iter::successors(Some(handle), |handle| self.parent(*handle))
    }

    /// Returns the records of a subtree, parents first; branches that are not entered are left out.
    pub(super) fn subtree(
        &self,
        top: Handle,
        enters: impl Fn(&Node) -> bool,
    ) -> impl Iterator<Item = (Handle, &Node)> {
        let mut stack = vec![top];
        std::iter::from_fn(move || {
            while let Some(handle) = stack.pop() {
                let node: Option<&Node> = self.nodes.get(handle).map(AsRef::as_ref);
                if let Some(node) = node.filter(|node| enters(node)) {
                    stack.extend(node.children().iter().rev());
                    return Some((handle, node));
                }
            }
            None
        })
    }

    /// Returns the root of the record's family.
    pub fn root(&self, handle: Handle) -> Handle {
        self.path(handle).last().unwrap_or(handle)
    }

    /// Returns the number of tasks in each status in the subtree, including the record.
    pub fn family(&self, handle: Handle) -> StatusCounts {
        let node = self.nodes.get(handle);
        node.map_or_else(StatusCounts::default, |node| node.counts().statuses)
    }

    /// True if the linked parent is not the direct one: the tasks between are unknown.
    pub fn has_gap_above(&self, handle: Handle) -> bool {
        let Some(node) = self.nodes.get(handle) else {
            return false;
        };
        let Some(parent) = node.parent.and_then(|parent| self.nodes.get(parent)) else {
            return false;
        };
        let direct = node.record.info.as_ref().and_then(|info| info.parent_key());
        match (&parent.record.info, direct) {
            (Some(info), Some(direct)) => info.key != *direct,
            (None, Some(direct)) => parent.record.id.mo_id != *direct,
            (_, None) => true,
        }
    }

    /// Links a record to its parent or root, if either is in the store.
    pub(super) fn relink(&mut self, handle: Handle, touched: &mut ChangeSet) {
        let Some(node) = self.nodes.get(handle) else {
            return;
        };
        let server = node.record.id.server;
        let (direct, root) = node.lineage();
        let (direct, root) = (direct.cloned(), root.cloned());
        let mut parent = None;
        for key in [&direct, &root].into_iter().flatten() {
            let key = (server, key.clone());
            match self.find_task_key(&key) {
                Some(found) if !self.is_in_path(found, handle) => {
                    parent = Some(found);
                    break;
                }
                Some(_) => {}
                None => {
                    let waiting = self.orphans.entry(key).or_default();
                    if !waiting.contains(&handle) {
                        waiting.push(handle);
                    }
                }
            }
        }
        self.set_parent(handle, parent, touched);
        self.set_root_hint(parent, direct.as_ref(), root);
        if let Some(placeholder) = parent.filter(|parent| self.is_detached_placeholder(*parent)) {
            self.relink(placeholder, touched);
        }
    }

    /// Stores the root key of a child in its placeholder parent, which has no lineage of its own.
    fn set_root_hint(
        &mut self,
        parent: Option<Handle>,
        direct: Option<&Arc<str>>,
        root: Option<Arc<str>>,
    ) {
        if let Some(node) = parent.and_then(|parent| self.nodes.get_mut(parent))
            && node.record.info.is_none()
            && root.as_ref() != direct
        {
            node.subtree.get_or_insert_default().root_hint = root;
        }
    }

    fn is_detached_placeholder(&self, handle: Handle) -> bool {
        self.nodes.get(handle).is_some_and(|node| {
            node.record.info.is_none() && node.parent.is_none() && node.root_hint().is_some()
        })
    }

    /// Links the records that waited for a key to the record that has it now.
    pub(super) fn attach_orphans(&mut self, key: &TaskKey, touched: &mut ChangeSet) {
        for orphan in self.orphans.remove(key).unwrap_or_default() {
            self.relink(orphan, touched);
        }
    }

    /// Removes a record from those that wait for their parent or root.
    pub(super) fn remove_orphan(&mut self, node: &Node, handle: Handle) {
        let (direct, root) = node.lineage();
        for key in [direct, root].into_iter().flatten() {
            let key = (node.record.id.server, key.clone());
            if let Some(waiting) = self.orphans.get_mut(&key) {
                waiting.retain(|waiting| *waiting != handle);
                if waiting.is_empty() {
                    self.orphans.remove(&key);
                }
            }
        }
    }

    /// True if `ancestor` is `from` or one of its ancestors.
    fn is_in_path(&self, from: Handle, ancestor: Handle) -> bool {
        self.path(from).any(|handle| handle == ancestor)
    }

    pub(super) fn set_parent(
        &mut self,
        handle: Handle,
        parent: Option<Handle>,
        touched: &mut ChangeSet,
    ) {
        let Some(node) = self.nodes.get_mut(handle) else {
            return;
        };
        let before = std::mem::replace(&mut node.parent, parent);
        if before == parent {
            return;
        }
        let (percent, subtree, nothing) = (node.percent, node.counts(), SubtreeCounts::default());
        if let Some(old) = before {
            self.edit_subtree(old, |subtree| {
                subtree.children.retain(|child| *child != handle);
            });
            self.change_counts(before, &subtree, &nothing, touched);
            self.shift_percent(old, percent, None, touched);
        }
        if let Some(new) = parent {
            self.edit_subtree(new, |subtree| subtree.children.push(handle));
            self.change_counts(parent, &nothing, &subtree, touched);
            self.shift_percent(new, None, percent, touched);
        }
        self.refresh_blockers_below(handle, touched);
        touched.changed.push(handle);
    }

    fn edit_subtree(&mut self, handle: Handle, edit: impl FnOnce(&mut Subtree)) {
        if let Some(node) = self.nodes.get_mut(handle) {
            edit(node.subtree.get_or_insert_default());
        }
    }

    /// Changes what is counted of a record, here and up the path.
    pub(super) fn change_counted(
        &mut self,
        handle: Handle,
        touched: &mut ChangeSet,
        change: impl FnOnce(&mut Node),
    ) {
        let Some(node) = self.nodes.get_mut(handle) else {
            return;
        };
        let before = node.own_counts();
        change(node);
        let (parent, after) = (node.parent, node.own_counts());
        if before != after {
            touched.changed.push(handle);
            self.change_counts(parent, &before, &after, touched);
        }
    }

    /// Replaces the counts of a subtree in those of its ancestors, from the nearest one on.
    fn change_counts(
        &mut self,
        from: Option<Handle>,
        before: &SubtreeCounts,
        after: &SubtreeCounts,
        touched: &mut ChangeSet,
    ) {
        let mut next = from;
        while let Some(handle) = next
            && let Some(node) = self.nodes.get_mut(handle)
        {
            node.subtree
                .get_or_insert_default()
                .counts
                .change(before, after);
            touched.changed.push(handle);
            next = node.parent;
        }
    }

    /// Updates the status counts and the percentage, here and up the path.
    pub(super) fn recount(&mut self, handle: Handle, touched: &mut ChangeSet) {
        let Some(node) = self.nodes.get(handle) else {
            return;
        };
        let (before, after) = (node.status, node.record.status());
        if before != after {
            self.counts.remove(before);
            self.counts.add(after);
            self.change_counted(handle, touched, |node| node.status = after);
        }
        self.refresh_new_failure(handle, touched);
        self.refresh_percent(handle, touched);
    }

    /// Updates a record's percentage in its parent's mean, and so on up as long as values change.
    fn refresh_percent(&mut self, handle: Handle, touched: &mut ChangeSet) {
        let Some(node) = self.nodes.get_mut(handle) else {
            return;
        };
        let after = node.percent();
        let before = std::mem::replace(&mut node.percent, after);
        if before != after
            && let Some(parent) = node.parent
        {
            self.shift_percent(parent, before, after, touched);
        }
    }

    fn shift_percent(
        &mut self,
        parent: Handle,
        before: Option<u8>,
        after: Option<u8>,
        touched: &mut ChangeSet,
    ) {
        let Some(node) = self.nodes.get_mut(parent) else {
            return;
        };
        let shown = node.derived_percent();
        let (sum, count) = &mut node.subtree.get_or_insert_default().children_percent;
        if let Some(before) = before {
            *sum = sum.saturating_sub(u32::from(before));
            *count = count.saturating_sub(1);
        }
        if let Some(after) = after {
            *sum += u32::from(after);
            *count += 1;
        }
        if node.derived_percent() != shown && node.record.progress() == Progress::None {
            touched.changed.push(parent);
        }
        self.refresh_percent(parent, touched);
    }
}
