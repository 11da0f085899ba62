//! Undoing changes, to show the store at an earlier time.

use std::borrow::Cow;

use serde_json::json;

use super::{ChangeSet, TaskStore, entity_index::EntityUses};
use crate::{
    Handle, Presence, ProgressHistory, TaskRecord,
    undo_log::{ChangedFields, OldState, OldValue},
};

impl TaskStore {
    /// Restores a task to its state before a change. Returns the state that redoes the change.
    pub fn undo(&mut self, before: OldState, touched: &mut ChangeSet) -> OldState {
        let OldState {
            id,
            last_change,
            replaced,
        } = before;
        let handle = self.find(&id);
        let record = handle.and_then(|handle| self.get(handle));
        let last_change_now = record.and_then(TaskRecord::last_change).map(Into::into);
        let replaced_now = match (replaced, handle) {
            (OldValue::Record(old), _) => {
                let now = record.cloned().map(Box::new);
                if handle.is_some() {
                    self.remove(&id, touched);
                }
                let renamed = old.as_ref().map_or(&id, |old| &old.id).clone();
                if let Some(old) = old {
                    self.restore(*old, touched);
                }
                return OldState {
                    id: now.as_ref().map_or(renamed, |now| now.id.clone()),
                    last_change: last_change_now,
                    replaced: OldValue::Record(now),
                };
            }
            (replaced, None) => replaced,
            (OldValue::Progress(percent), Some(handle)) => {
                let now = record.and_then(|record| record.info.as_ref()?.progress);
                self.reassign(handle, vec![("progress".into(), json!(percent))], touched);
                OldValue::Progress(now)
            }
            (OldValue::Fields(fields), Some(handle)) => {
                let info = record.and_then(|record| record.info.as_deref());
                let now = fields.iter().map(|(name, _)| {
                    let value = info.and_then(|info| info.leaf(name));
                    (name.clone(), value.unwrap_or_default())
                });
                let now: ChangedFields = now.collect();
                self.reassign(handle, *fields, touched);
                OldValue::Fields(Box::new(now))
            }
            (OldValue::Presence(presence), Some(handle)) => {
                let now = record.map_or(Presence::Present, |record| record.presence.clone());
                self.set_presence(&id, *presence, touched);
                touched.changed.push(handle);
                OldValue::Presence(Box::new(now))
            }
        };
        if let Some(node) = handle.and_then(|handle| self.nodes.get_mut(handle)) {
            node.record.set_last_change(last_change);
        }
        OldState {
            id,
            last_change: last_change_now,
            replaced: replaced_now,
        }
    }

    /// Assigns fields without changing the observation times. The values were valid before, so
    /// errors cannot occur.
    fn reassign(
        &mut self,
        handle: Handle,
        fields: Vec<(Cow<'static, str>, serde_json::Value)>,
        touched: &mut ChangeSet,
    ) {
        let Some(record) = self.get(handle) else {
            return;
        };
        let (presence, history) = (record.presence.clone(), record.history.clone());
        let (seen, requested) = (record.observed_at(), record.cancel_observation());
        let at = seen.unwrap_or_default();
        let _ = self.assign(handle, fields, at, touched);
        if let Some(node) = self.nodes.get_mut(handle) {
            let record = &mut node.record;
            (record.presence, record.history) = (presence, history);
            record.set_cancel_observation(requested);
        }
    }

    /// Inserts a record unchanged.
    fn restore(&mut self, record: TaskRecord, touched: &mut ChangeSet) {
        let id = record.id.clone();
        let key = record.key();
        let handle = self.insert(TaskRecord::placeholder(id.clone(), Presence::Present));
        let Some(node) = self.nodes.get_mut(handle) else {
            return;
        };
        node.record = record;
        self.index_key((id.server, key.clone()), handle);
        self.relink(handle, touched);
        self.attach_orphans(&(id.server, key), touched);
        self.recount(handle, touched);
        self.reindex(handle, &EntityUses::default(), touched);
        touched.changed.push(handle);
    }

    /// Replaces a task's progress history with the part observed by the displayed time.
    pub fn set_progress_history(&mut self, handle: Handle, history: Option<Box<ProgressHistory>>) {
        if let Some(node) = self.nodes.get_mut(handle) {
            node.record.history = history;
        }
    }
}
