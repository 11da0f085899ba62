//! Index of tasks by entity.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::handle::Handle;
use crate::task::{id::EndpointId, record::Record};

/// An entity of an endpoint, by its moId.
pub(super) type EntityKey = (EndpointId, Arc<str>);

/// Tasks by entity.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityIndex {
    /// The active tasks that operate on an entity or lock it.
    active: HashMap<EntityKey, ActiveTasks>,
    /// All tasks that operate on an entity.
    targets: HashMap<EntityKey, Vec<Handle>>,
}

/// The active tasks on an entity.
#[derive(Debug, Clone, Default)]
struct ActiveTasks {
    started: Vec<Handle>,
    /// Tasks that have not started, by queue time.
    queued: BTreeSet<(Option<Timestamp>, Handle)>,
}

/// The entities that an active task operates on or locks, and its place in their queues; and the target of any task.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    entities: Vec<EntityKey>,
    has_started: bool,
    queued: Option<Timestamp>,
    target: Option<EntityKey>,
}

/// Returns the entity that a task operates on.
pub(super) fn target_of(record: &Record) -> Option<EntityKey> {
    let entity = record.info.as_ref()?.entity.as_ref()?;
    Some((record.id.endpoint, entity.value.clone()))
}

impl Footprint {
    /// Returns the footprint of a task; that of a finished task has only its target.
    pub(super) fn of(record: &Record) -> Self {
        let target = target_of(record);
        let Some(info) = record.info.as_ref().filter(|_| record.status().is_active()) else {
            return Self {
                target,
                ..Self::default()
            };
        };
        let entities = info.entity.iter().chain(&info.locked);
        let mut entities: Vec<EntityKey> = entities
            .map(|entity| (record.id.endpoint, entity.value.clone()))
            .collect();
        entities.sort();
        entities.dedup();
        Self {
            entities,
            has_started: info.start_time().is_some(),
            queued: info.queue_time(),
            target,
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
        let active = self.active.get(entity);
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
        let queued = self.active.get(entity).map(|active| &active.queued);
        queued.into_iter().flatten().map(|(_, handle)| *handle)
    }

    /// Returns all tasks that operate on an entity.
    pub(super) fn tasks_of(&self, entity: &EntityKey) -> &[Handle] {
        self.targets.get(entity).map_or(&[], Vec::as_slice)
    }

    /// Updates the index after a task's footprint changed.
    pub(super) fn change(&mut self, handle: Handle, before: &Footprint, after: &Footprint) {
        for entity in &before.entities {
            if let Some(active) = self.active.get_mut(entity) {
                if before.has_started {
                    active.started.retain(|other| *other != handle);
                } else {
                    active.queued.remove(&(before.queued, handle));
                }
                if active.started.is_empty() && active.queued.is_empty() {
                    self.active.remove(entity);
                }
            }
        }
        for entity in &after.entities {
            let active = self.active.entry(entity.clone()).or_default();
            if after.has_started {
                active.started.push(handle);
            } else {
                active.queued.insert((after.queued, handle));
            }
        }
        if before.target != after.target {
            self.retarget(handle, before.target.as_ref(), after.target.as_ref());
        }
    }

    fn retarget(&mut self, handle: Handle, before: Option<&EntityKey>, after: Option<&EntityKey>) {
        if let Some(entity) = before
            && let Some(handles) = self.targets.get_mut(entity)
        {
            handles.retain(|other| *other != handle);
            if handles.is_empty() {
                self.targets.remove(entity);
            }
        }
        if let Some(entity) = after {
            self.targets.entry(entity.clone()).or_default().push(handle);
        }
    }
}
