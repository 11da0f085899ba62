//! Index of the active tasks by the entities that they operate on or lock.

use std::{collections::HashMap, sync::Arc};

use super::handle::Handle;
use crate::task::{id::EndpointId, record::Record};

/// An entity of an endpoint, by its moId.
type EntityKey = (EndpointId, Arc<str>);

/// The active tasks by entity.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityIndex(HashMap<EntityKey, Vec<Handle>>);

/// Returns the entities that an active task operates on or locks; empty for a finished task.
pub(super) fn entities_of(record: &Record) -> Vec<EntityKey> {
    let Some(info) = record.info.as_ref().filter(|_| record.status().is_active()) else {
        return Vec::new();
    };
    let entities = info.entity.iter().chain(&info.locked);
    let mut held: Vec<EntityKey> = entities
        .map(|entity| (record.id.endpoint, entity.value.clone()))
        .collect();
    held.sort();
    held.dedup();
    held
}

impl EntityIndex {
    /// Returns the active tasks on an entity.
    pub(super) fn tasks_of(&self, entity: &EntityKey) -> &[Handle] {
        self.0.get(entity).map_or(&[], Vec::as_slice)
    }

    /// Updates the index after a task's entities changed.
    pub(super) fn change(&mut self, handle: Handle, before: &[EntityKey], after: &[EntityKey]) {
        if before == after {
            return;
        }
        for place in before.iter().filter(|place| !after.contains(place)) {
            if let Some(handles) = self.0.get_mut(place) {
                handles.retain(|other| *other != handle);
                if handles.is_empty() {
                    self.0.remove(place);
                }
            }
        }
        for place in after.iter().filter(|place| !before.contains(place)) {
            self.0.entry(place.clone()).or_default().push(handle);
        }
    }
}
