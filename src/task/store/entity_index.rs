//! Index of the active tasks by the entities that they operate on or lock.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::handle::Handle;
use crate::task::{id::EndpointId, record::Record};

/// An entity of an endpoint, by its moId.
pub(super) type EntityKey = (EndpointId, Arc<str>);

/// The active tasks by entity.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityIndex(HashMap<EntityKey, ActiveTasks>);

/// The active tasks on an entity.
#[derive(Debug, Clone, Default)]
struct ActiveTasks {
    started: Vec<Handle>,
    /// Tasks that have not started, by queue time.
    queued: BTreeSet<(Option<Timestamp>, Handle)>,
}

/// The entities that an active task operates on or locks, and its place in their queues.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    entities: Vec<EntityKey>,
    has_started: bool,
    queued: Option<Timestamp>,
}

impl Footprint {
    /// Returns the footprint of a task; that of a finished task is empty.
    pub(super) fn of(record: &Record) -> Self {
        let Some(info) = record.info.as_ref().filter(|_| record.status().is_active()) else {
            return Self::default();
        };
        let entities = info.entity.iter().chain(&info.locked);
        let mut entities: Vec<EntityKey> = entities
            .map(|entity| (record.id.endpoint, entity.value.clone()))
            .collect();
        entities.sort();
        entities.dedup();
        Self {
            entities,
            has_started: info.start_time.is_some(),
            queued: info.queue_time,
        }
    }

    pub(super) fn entities(&self) -> &[EntityKey] {
        &self.entities
    }
}

impl EntityIndex {
    /// Returns the tasks on an entity that started, then those queued before a time, earliest
    /// first.
    pub(super) fn ahead(
        &self,
        entity: &EntityKey,
        queued: Option<Timestamp>,
    ) -> impl Iterator<Item = Handle> + use<'_> {
        let active = self.0.get(entity);
        let started = active.into_iter().flat_map(|active| &active.started);
        let before = active.zip(queued).map(|(active, queued)| {
            let earlier = active.queued.range(..(Some(queued), Handle::default()));
            earlier.filter(|(at, _)| at.is_some())
        });
        let before = before.into_iter().flatten().map(|(_, handle)| handle);
        started.chain(before).copied()
    }

    /// Returns the first tasks in the queue of an entity.
    pub(super) fn first_queued(&self, entity: &EntityKey) -> impl Iterator<Item = Handle> {
        let queued = self.0.get(entity).map(|active| &active.queued);
        queued.into_iter().flatten().map(|(_, handle)| *handle)
    }

    /// Updates the index after a task's footprint changed.
    pub(super) fn change(&mut self, handle: Handle, before: &Footprint, after: &Footprint) {
        for entity in &before.entities {
            if let Some(active) = self.0.get_mut(entity) {
                if before.has_started {
                    active.started.retain(|other| *other != handle);
                } else {
                    active.queued.remove(&(before.queued, handle));
                }
                if active.started.is_empty() && active.queued.is_empty() {
                    self.0.remove(entity);
                }
            }
        }
        for entity in &after.entities {
            let active = self.0.entry(entity.clone()).or_default();
            if after.has_started {
                active.started.push(handle);
            } else {
                active.queued.insert((after.queued, handle));
            }
        }
    }
}
