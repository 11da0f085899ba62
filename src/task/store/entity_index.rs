//! Index of tasks by entity.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use vtask_vim::types::{CompactTimestamp, TaskInfo};

use super::handle::Handle;
use crate::{id::ServerId, task_record::TaskRecord};

/// An entity of a server, by its moId.
pub(super) type EntityKey = (ServerId, Arc<str>);

/// Use of an entity by a task, in the order of the entity's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntityUse {
    /// An active task that started.
    Started,
    /// A task that has not started, by queue time.
    Queued(Option<CompactTimestamp>),
    /// A task that is no longer active.
    Finished,
}

/// Tasks by entity, each entity's in the order of its queue.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityIndex(HashMap<EntityKey, Vec<(EntityUse, Handle)>>);

/// The entities that an active task operates on or locks, or the former target of any other, and its use of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EntityUses {
    entities: Vec<EntityKey>,
    entity_use: Option<EntityUse>,
}

/// Returns the entity that a task operates on.
pub(super) fn target_of(record: &TaskRecord) -> Option<EntityKey> {
    let entity = record.info.as_ref()?.entity.as_ref()?;
    Some((record.id.server, entity.value.clone()))
}

impl EntityUses {
    /// Returns the uses of entities by a task.
    pub(super) fn of(record: &TaskRecord) -> Self {
        let Some(info) = &record.info else {
            return Self::default();
        };
        let is_active = record.status().is_active();
        let locked: &[_] = if is_active { &info.locked } else { &[] };
        let mut entities: Vec<EntityKey> = info
            .entity
            .iter()
            .chain(locked)
            .map(|entity| (record.id.server, entity.value.clone()))
            .collect();
        entities.sort();
        entities.dedup();
        Self {
            entities,
            entity_use: Some(EntityUse::of(info, is_active)),
        }
    }

    /// Returns the entities of an active task.
    pub(super) fn in_use(&self) -> &[EntityKey] {
        match self.entity_use {
            Some(EntityUse::Started | EntityUse::Queued(_)) => &self.entities,
            Some(EntityUse::Finished) | None => &[],
        }
    }
}

impl EntityUse {
    fn of(info: &TaskInfo, is_active: bool) -> Self {
        if !is_active {
            Self::Finished
        } else if info.start_time().is_some() {
            Self::Started
        } else {
            Self::Queued(info.queue_time().map(Into::into))
        }
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
        let tasks = self.tasks_of(entity);
        let end = EntityUse::Queued(queued.map(Into::into));
        let end = tasks.partition_point(|(entity_use, _)| *entity_use < end);
        tasks[..end]
            .iter()
            .filter(|(entity_use, _)| *entity_use != EntityUse::Queued(None))
            .map(|(_, handle)| *handle)
    }

    /// Returns the tasks in the queue of an entity.
    pub(super) fn queued(&self, entity: &EntityKey) -> impl Iterator<Item = Handle> + use<'_> {
        let is_queued = |(entity_use, _): &&_| matches!(entity_use, EntityUse::Queued(_));
        let tasks = self.tasks_of(entity).iter();
        let queued = tasks.skip_while(move |task| !is_queued(task));
        queued.take_while(is_queued).map(|(_, handle)| *handle)
    }

    /// Returns the tasks that operate on an entity, and the active ones that lock it, with their use of it.
    pub(super) fn tasks_of(&self, entity: &EntityKey) -> &[(EntityUse, Handle)] {
        self.0.get(entity).map_or(&[], Vec::as_slice)
    }

    /// Updates the index after a task's entity uses changed.
    pub(super) fn change(&mut self, handle: Handle, before: &EntityUses, after: &EntityUses) {
        if let Some(entity_use) = before.entity_use {
            for entity in &before.entities {
                self.remove(entity, (entity_use, handle));
            }
        }
        if let Some(entity_use) = after.entity_use {
            for entity in &after.entities {
                self.insert(entity, (entity_use, handle));
            }
        }
    }

    fn insert(&mut self, entity: &EntityKey, task: (EntityUse, Handle)) {
        let tasks = self.0.entry(entity.clone()).or_default();
        if let Err(index) = tasks.binary_search(&task) {
            // Most entities have one task, and there are thousands of them.
            if tasks.len() == tasks.capacity() {
                tasks.reserve_exact(1 + tasks.len() / 4);
            }
            tasks.insert(index, task);
        }
    }

    fn remove(&mut self, entity: &EntityKey, task: (EntityUse, Handle)) {
        if let Some(tasks) = self.0.get_mut(entity)
            && let Ok(index) = tasks.binary_search(&task)
        {
            tasks.remove(index);
            if tasks.is_empty() {
                self.0.remove(entity);
            }
        }
    }
}
