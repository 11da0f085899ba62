//! Index of the active tasks by the entities that they operate on or lock.

use std::{collections::HashMap, sync::Arc};

use super::{Handle, TaskStore};
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

impl TaskStore {
    /// Returns the tasks that a queued one probably waits for: active on its entity or locking it,
    /// started or queued before it, and not among its ancestors.
    pub fn ahead_in_queue(&self, handle: Handle) -> impl Iterator<Item = Handle> {
        let info = self.get(handle).and_then(|record| record.info.as_ref());
        let entity = info.and_then(|info| info.entity.as_ref());
        let place = self
            .get(handle)
            .zip(entity)
            .map(|(record, entity)| (record.id.endpoint, entity.value.clone()));
        let at_work = place.and_then(|place| self.entity_index.0.get(&place));
        at_work.into_iter().flatten().copied().filter(move |other| {
            let before = self.get(*other).is_some_and(|record| {
                record.info.as_ref().zip(info).is_some_and(|(other, info)| {
                    other.start_time.is_some()
                        || other
                            .queue_time
                            .zip(info.queue_time)
                            .is_some_and(|(other, own)| other < own)
                })
            });
            before && !self.path(handle).any(|above| above == *other)
        })
    }
}
