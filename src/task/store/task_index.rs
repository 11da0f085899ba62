//! Index of the tasks by their id. It stores handles only: the ids are those of the records.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use slotmap::SlotMap;

use super::node::Node;
use crate::{Handle, TaskId};

/// Nodes of all records, by handle. Boxed, so that the map has little spare capacity.
pub(super) type Nodes = SlotMap<Handle, Box<Node>>;

/// Handles of tasks by id. Every call gets the nodes that the handles refer to.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskIndex {
    handles: HashTable<Handle>,
    hasher: RandomState,
}

impl TaskIndex {
    /// Returns the handle of a task.
    pub(super) fn get(&self, nodes: &Nodes, id: &TaskId) -> Option<Handle> {
        let hash = self.hasher.hash_one(id);
        let found = self.handles.find(hash, |handle| has_id(nodes, *handle, id));
        found.copied()
    }

    /// Adds a task that is not in the index; its node has this id.
    pub(super) fn insert(&mut self, nodes: &Nodes, id: &TaskId, handle: Handle) {
        let Self { handles, hasher } = self;
        handles.insert_unique(hasher.hash_one(id), handle, |handle| {
            let node = nodes.get(*handle);
            node.map_or(0, |node| hasher.hash_one(&node.record.id))
        });
    }

    /// Removes a task. Its node must still have this id.
    pub(super) fn remove(&mut self, nodes: &Nodes, id: &TaskId) {
        let hash = self.hasher.hash_one(id);
        if let Ok(entry) = self
            .handles
            .find_entry(hash, |handle| has_id(nodes, *handle, id))
        {
            entry.remove();
        }
    }
}

fn has_id(nodes: &Nodes, handle: Handle, id: &TaskId) -> bool {
    nodes.get(handle).is_some_and(|node| node.record.id == *id)
}
