//! Locations of the entities that tasks operate on.

use vtask_vim::types::{EntityLocation, ManagedObjectReference};

use super::{ChangeSet, TaskStore, entity_index};
use crate::{LocationField, ServerId, TaskRecord};

/// Maximum number of locations kept; beyond it, those of entities without tasks are forgotten.
const MAX_LOCATIONS: usize = 40_000;

impl TaskStore {
    /// Returns the location of a task's entity; `None` if it was not read.
    pub fn location(&self, record: &TaskRecord) -> Option<&EntityLocation> {
        if self.locations.is_empty() {
            return None;
        }
        self.locations.get(&entity_index::target_of(record)?)
    }

    /// True if this field of any location was read.
    pub fn knows_location(&self, field: LocationField) -> bool {
        self.known_location_fields.contains(&field)
    }

    /// Takes over the locations that another store knows.
    pub fn copy_locations(&mut self, other: &Self) {
        self.known_location_fields
            .clone_from(&other.known_location_fields);
        self.locations.clone_from(&other.locations);
    }

    /// Sets locations of entities.
    pub fn set_locations(
        &mut self,
        server: ServerId,
        locations: Vec<(ManagedObjectReference, EntityLocation)>,
        touched: &mut ChangeSet,
    ) {
        for (entity, location) in locations {
            let key = (server, entity.value);
            if self.locations.get(&key) != Some(&location) {
                let tasks = self.entity_index.tasks_of(&key).iter();
                touched.changed.extend(tasks.map(|(_, task)| *task));
                for field in LocationField::ALL {
                    if !self.knows_location(field) && field.of(Some(&location)).is_some() {
                        self.known_location_fields.push(field);
                    }
                }
                self.locations.insert(key, location);
            }
        }
        if self.locations.len() > MAX_LOCATIONS {
            let Self {
                locations,
                entity_index,
                ..
            } = self;
            locations.retain(|entity, _| !entity_index.tasks_of(entity).is_empty());
        }
    }
}
