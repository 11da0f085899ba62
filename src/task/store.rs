//! The store of all tasks with their hierarchy.
//! Derived data (parent links, counts per family, the mean of the children's progress) is updated
//! incrementally along the path to the root: a change costs its depth, independent of the number of
//! tasks.

mod blockers;
mod entity_index;
mod handle;
mod hierarchy;
mod locations;
mod new_failures;
mod node;
mod root_cause;
mod task_index;
mod undo;

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;
use vtask_vim::types::{EntityLocation, Malformed, TaskInfo};

pub use self::{blockers::Blocker, handle::Handle, node::BlockerKind};

use self::{
    entity_index::{EntityIndex, EntityKey, EntityUses},
    node::Node,
    task_index::{Nodes, TaskIndex},
};
use super::{
    change::TaskChange,
    id::{ServerId, TaskId},
    labels::Labels,
    location::LocationField,
    progress::Progress,
    status::{Status, StatusCounts},
    task_record::{Presence, TaskRecord},
};

/// Handles of the rows that a change affects.
#[derive(Debug, Default)]
pub struct ChangeSet {
    /// Records that are new, changed, or whose family changed. May contain duplicates.
    pub changed: Vec<Handle>,
    /// Removed records.
    pub removed: Vec<Handle>,
}

type TaskKey = (ServerId, Arc<str>);

/// All known tasks of all servers.
#[derive(Debug, Clone, Default)]
pub struct TaskStore {
    nodes: Nodes,
    by_id: TaskIndex,
    /// Records whose key, as used by lineage fields, is not their moId.
    by_other_key: HashMap<TaskKey, Vec<Handle>>,
    /// Records whose parent or root is not in the store, by that task's key.
    orphans: HashMap<TaskKey, Vec<Handle>>,
    counts: StatusCounts,
    entity_index: EntityIndex,
    /// Locations of entities, as far as read. Those without tasks are kept: a new task may operate on them.
    locations: HashMap<EntityKey, EntityLocation>,
    /// Fields that at least one location has had.
    known_location_fields: Vec<LocationField>,
    labels: HashMap<ServerId, Labels>,
    /// Names of the servers, if there are several.
    servers: HashMap<ServerId, Arc<str>>,
    /// Server time until which the user knows the failures of a server; `None` if no failure is new.
    known_failures: Option<HashMap<ServerId, Timestamp>>,
}

impl TaskStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True if there are no records.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the number of tasks in each status.
    pub fn counts(&self) -> StatusCounts {
        self.counts
    }

    /// Returns a record.
    pub fn get(&self, handle: Handle) -> Option<&TaskRecord> {
        self.nodes.get(handle).map(|node| &node.record)
    }

    /// Returns the handle of a task.
    pub fn find(&self, id: &TaskId) -> Option<Handle> {
        self.by_id.get(&self.nodes, id)
    }

    /// Returns the handle of the task with this `TaskInfo.key`. If a server uses a key for several tasks, the one whose
    /// moId it is takes precedence, else the first.
    pub fn find_key(&self, server: ServerId, key: &str) -> Option<Handle> {
        self.find_task_key(&(server, Arc::from(key)))
    }

    fn find_task_key(&self, key: &TaskKey) -> Option<Handle> {
        let by_mo_id = self.find(&TaskId::new(key.0, key.1.clone()));
        let is_its_key = |handle: &Handle| {
            self.get(*handle)
                .is_some_and(|record| record.key() == key.1)
        };
        let others = self.by_other_key.get(key);
        by_mo_id
            .filter(is_its_key)
            .or_else(|| others?.first().copied())
    }

    /// Returns all records, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &TaskRecord)> {
        self.nodes
            .iter()
            .map(|(handle, node)| (handle, &node.record))
    }

    /// Returns a server's operation labels.
    pub fn labels(&self, server: ServerId) -> Labels {
        self.labels.get(&server).cloned().unwrap_or_default()
    }

    /// Sets a server's operation labels.
    pub fn set_labels(&mut self, server: ServerId, labels: Labels) {
        self.labels.insert(server, labels);
    }

    /// Returns the short name of a server; `None` with a single server.
    pub fn server_name(&self, server: ServerId) -> Option<&str> {
        self.servers.get(&server).map(AsRef::as_ref)
    }

    /// Sets the short name of a server.
    pub fn set_server_name(&mut self, server: ServerId, name: impl Into<Arc<str>>) {
        self.servers.insert(server, name.into());
    }

    /// Returns the label of a record's operation; a placeholder has none.
    pub fn operation<'a>(&'a self, record: &'a TaskRecord) -> Cow<'a, str> {
        match (&record.info, self.labels.get(&record.id.server)) {
            (Some(info), Some(labels)) => labels.operation(info),
            (Some(info), None) => Labels::default().operation(info).into_owned().into(),
            (None, _) => "Unknown task".into(),
        }
    }

    /// Returns a task's progress: the reported one, else the mean of its children.
    pub fn progress(&self, handle: Handle) -> Progress {
        let Some(node) = self.nodes.get(handle) else {
            return Progress::None;
        };
        match node.record.progress() {
            Progress::None => node
                .derived_percent()
                .map_or(Progress::None, Progress::Derived),
            own => own,
        }
    }

    /// Pins or unpins a record. Returns false if there is no such record.
    pub fn set_pinned(&mut self, handle: Handle, pinned: bool) -> bool {
        match self.nodes.get_mut(handle) {
            Some(node) => {
                node.record.pinned = pinned;
                true
            }
            None => false,
        }
    }

    /// Applies one change and adds the affected rows to `touched`.
    /// # Errors
    /// Returns an error if a field's value does not fit; the field keeps its value, all others are
    /// applied.
    pub fn apply(
        &mut self,
        server: ServerId,
        change: TaskChange,
        touched: &mut ChangeSet,
    ) -> Result<(), Malformed> {
        match change {
            TaskChange::Full { info, at } => {
                self.upsert(server, info, at, touched);
                Ok(())
            }
            TaskChange::FromHistory { info, at } => {
                self.merge_from_history(server, info, at, touched);
                Ok(())
            }
            TaskChange::Fields { mo_id, fields, at } => {
                match self.find(&TaskId { server, mo_id }) {
                    Some(handle) => self.assign(handle, fields, at, touched),
                    None => Ok(()),
                }
            }
            TaskChange::Gone { mo_id, at } => {
                self.set_presence(&TaskId { server, mo_id }, Presence::Gone(at), touched);
                Ok(())
            }
            TaskChange::Unreadable { mo_id, reason, .. } => {
                let presence = Presence::Unreadable(reason);
                self.set_presence(&TaskId { server, mo_id }, presence, touched);
                Ok(())
            }
            TaskChange::Placeholder { key, reason } => {
                let presence = Presence::Unreadable(reason);
                match self.find_key(server, &key) {
                    Some(handle) if self.get(handle).is_some_and(|r| r.info.is_some()) => {}
                    _ => self.set_presence(&TaskId::new(server, key), presence, touched),
                }
                Ok(())
            }
            TaskChange::Unwatched { mo_id } => {
                self.remove(&TaskId { server, mo_id }, touched);
                Ok(())
            }
        }
    }

    fn upsert(
        &mut self,
        server: ServerId,
        info: Box<TaskInfo>,
        at: Timestamp,
        touched: &mut ChangeSet,
    ) {
        let id = TaskId::new(server, info.mo_id().clone());
        let key = (server, info.key.clone());
        // A placeholder was created by key; the task itself may have another moId.
        let handle = match self.find(&id).or_else(|| self.find_placeholder(&key)) {
            Some(handle) => handle,
            None => self.insert(TaskRecord::placeholder(id.clone(), Presence::Present)),
        };
        let Some(Node { record, .. }) = self.nodes.get(handle).map(Box::as_ref) else {
            return;
        };
        let (key_before, entity_uses) = (record.key(), EntityUses::of(record));
        self.by_id.remove(&self.nodes, &record.id);
        if let Some(Node { record, .. }) = self.nodes.get_mut(handle).map(Box::as_mut) {
            record.replace(info, at);
            record.id = id.clone();
        }
        self.by_id.insert(&self.nodes, &id, handle);
        self.update_key(handle, key_before);
        self.relink(handle, touched);
        self.attach_orphans(&key, touched);
        self.recount(handle, touched);
        self.reindex(handle, &entity_uses, touched);
        touched.changed.push(handle);
    }

    /// Merges a finished task from the server's history if its end was not observed.
    fn merge_from_history(
        &mut self,
        server: ServerId,
        info: Box<TaskInfo>,
        at: Timestamp,
        touched: &mut ChangeSet,
    ) {
        let id = TaskId::new(server, info.mo_id().clone());
        let known = self
            .find(&id)
            .or_else(|| self.find_placeholder(&(server, info.key.clone())));
        if !info.state.is_finished() || !known.is_none_or(|known| self.outcome_is_unknown(known)) {
            return;
        }
        self.upsert(server, info, at, touched);
        if let Some(node) = self.find(&id).and_then(|handle| self.nodes.get_mut(handle)) {
            node.record.presence = Presence::HistoryOnly;
        }
    }

    /// True if a task has ended or disappeared with an unknown outcome.
    pub(super) fn outcome_is_unknown(&self, handle: Handle) -> bool {
        let status = self.get(handle).map(TaskRecord::status);
        matches!(status, Some(Status::Placeholder | Status::Lost))
    }

    fn assign(
        &mut self,
        handle: Handle,
        fields: Vec<(Cow<'static, str>, Value)>,
        at: Timestamp,
        touched: &mut ChangeSet,
    ) -> Result<(), Malformed> {
        let Some(node) = self.nodes.get_mut(handle) else {
            return Ok(());
        };
        let lineage = fields
            .iter()
            .any(|(field, _)| matches!(&**field, "parentTaskKey" | "rootTaskKey" | "key"));
        let before = node.record.key();
        let moves = |field: &str| {
            matches!(
                field,
                "entity" | "locked" | "state" | "startTime" | "queueTime"
            )
        };
        let moves = lineage || fields.iter().any(|(field, _)| moves(field));
        let entity_uses = moves.then(|| EntityUses::of(&node.record));
        let outcome = node.record.assign(fields, at);
        if lineage {
            let key = (node.record.id.server, node.record.key());
            self.update_key(handle, before);
            self.relink(handle, touched);
            self.attach_orphans(&key, touched);
        }
        self.recount(handle, touched);
        if let Some(entity_uses) = entity_uses {
            self.reindex(handle, &entity_uses, touched);
        }
        touched.changed.push(handle);
        outcome
    }

    /// Sets a task's presence; creates a placeholder if the task is not in the store.
    fn set_presence(&mut self, id: &TaskId, presence: Presence, touched: &mut ChangeSet) {
        let mut entity_uses = EntityUses::default();
        let handle = if let Some(handle) = self.find(id) {
            if let Some(node) = self.nodes.get_mut(handle) {
                entity_uses = EntityUses::of(&node.record);
                node.record.presence = presence;
            }
            handle
        } else {
            let handle = self.insert(TaskRecord::placeholder(id.clone(), presence));
            self.attach_orphans(&(id.server, id.mo_id.clone()), touched);
            handle
        };
        self.recount(handle, touched);
        self.reindex(handle, &entity_uses, touched);
        touched.changed.push(handle);
    }

    /// Returns the placeholder with this key.
    pub(super) fn find_placeholder(&self, key: &TaskKey) -> Option<Handle> {
        let found = self.find_task_key(key);
        found.filter(|found| self.get(*found).is_some_and(|record| record.info.is_none()))
    }

    /// Updates the index of a record whose key may have changed.
    fn update_key(&mut self, handle: Handle, before: Arc<str>) {
        let Some(record) = self.nodes.get(handle).map(|node| &node.record) else {
            return;
        };
        let (server, key) = (record.id.server, record.key());
        if before != key {
            self.unindex_key(&(server, before), handle);
        }
        self.index_key((server, key), handle);
    }

    /// Adds a record's key to the index.
    fn index_key(&mut self, key: TaskKey, handle: Handle) {
        let record = self.get(handle);
        if record.is_some_and(|record| record.id.mo_id != key.1) {
            let records = self.by_other_key.entry(key).or_default();
            if !records.contains(&handle) {
                records.push(handle);
            }
        }
    }

    /// Removes a record's key from the index.
    fn unindex_key(&mut self, key: &TaskKey, handle: Handle) {
        if let Some(records) = self.by_other_key.get_mut(key) {
            records.retain(|other| *other != handle);
            if records.is_empty() {
                self.by_other_key.remove(key);
            }
        }
    }

    fn insert(&mut self, record: TaskRecord) -> Handle {
        let status = record.status();
        let id = record.id.clone();
        self.counts.add(status);
        let handle = self.nodes.insert(Box::new(Node {
            record,
            parent: None,
            subtree: None,
            status,
            percent: None,
            entity_state: None,
            blocked: None,
            is_acknowledged: false,
            is_new_failure: false,
        }));
        self.by_id.insert(&self.nodes, &id, handle);
        handle
    }

    fn remove(&mut self, id: &TaskId, touched: &mut ChangeSet) {
        let Some(handle) = self.find(id) else {
            return;
        };
        self.set_parent(handle, None, touched);
        let children = self.children(handle).to_vec();
        for &child in &children {
            self.set_parent(child, None, touched);
        }
        self.by_id.remove(&self.nodes, id);
        let Some(node) = self.nodes.remove(handle) else {
            return;
        };
        self.counts.remove(node.status);
        self.reindex(handle, &EntityUses::of(&node.record), touched);
        self.unindex_key(&(id.server, node.record.key()), handle);
        self.remove_orphan(&node, handle);
        for child in children {
            self.relink(child, touched);
        }
        touched.changed.retain(|changed| *changed != handle);
        touched.removed.push(handle);
    }
}

#[cfg(test)]
mod tests;
