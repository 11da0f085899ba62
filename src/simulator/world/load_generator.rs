//! Creates the tasks of the load generator and changes their progress.

use std::sync::Arc;

use fastrand::Rng;

use super::event_queue::WorldEvent;
use super::load_profile::LINEAGE;
use super::task::{Execution, Field, TaskId, TaskState};
use super::task_plan::PlannedOutcome;
use super::time::WorldTime;
use super::{World, replace};

impl World {
    /// Creates the tasks of the load generator and schedules the first batch.
    pub(super) fn start_load_generator(&mut self) {
        let Some(load) = &self.load else { return };
        let (tasks, rate, first) = (load.tasks, load.rate, load.due(0));
        self.now = self.now.max(WorldTime::START);
        for index in 0..tasks {
            let spread = u8::try_from(index * 37 % 100).unwrap_or(0);
            let id = self.fill_slot(index, spread);
            if let Some(load) = &mut self.load {
                load.task_slots.push(id);
            }
        }
        if rate > 0 && tasks > 0 {
            self.events.schedule(first, WorldEvent::LoadBatch);
        }
    }

    fn fill_slot(&mut self, index: usize, percent: u8) -> TaskId {
        let Some(load) = &self.load else {
            return TaskId(0);
        };
        let plan = Arc::new(load.plan(index));
        let target = load.targets.get(index % load.targets.len().max(1)).copied();
        // Tasks 1 and 2 of a lineage are children of task 0, tasks 3 and 4 of task 1.
        let start = index - index % LINEAGE;
        let parent = [None, Some(0), Some(0), Some(1), Some(1)][index % LINEAGE]
            .and_then(|index: usize| load.task_slots.get(start + index).copied());
        let rng = Rng::with_seed(self.seed ^ index as u64);
        let id = self.create(plan.clone(), parent, index as u64, rng.clone());
        if let Some(task) = self.tasks.get_mut(&id) {
            task.execution = Execution::new(plan, target, rng);
            task.record.entity =
                target.map(|target| self.inventory.entity(target).reference.clone());
            task.record.entity_name =
                target.map(|target| self.inventory.entity(target).name.clone());
        }
        self.start(id);
        self.report(id, percent);
        id
    }

    pub(super) fn run_load_batch(&mut self) {
        let Some(load) = &self.load else { return };
        let (batch, finish, task_slots) = (load.batch_size(), load.finish, load.task_slots.len());
        for _ in 0..batch {
            let Some(load) = &mut self.load else { return };
            let index = load.cursor;
            load.cursor = (load.cursor + 1) % task_slots;
            let id = load.task_slots[index];
            let percent = self.tasks.get(&id).and_then(|task| task.record.progress);
            let ended = self.state(id).is_none_or(TaskState::is_final);
            match percent {
                // Cancelled by a client: replace it to keep the number of tasks.
                _ if ended => self.replace_task(index),
                Some(percent) if percent >= 99 && finish => {
                    self.complete(id, PlannedOutcome::Success(None));
                    self.replace_task(index);
                }
                Some(percent) if percent >= 99 => self.report(id, 0),
                percent => self.report(id, percent.map_or(0, |percent| percent + 1)),
            }
        }
        if let Some(load) = &mut self.load {
            load.batches += 1;
            let next = load.due(load.batches);
            self.events.schedule(next, WorldEvent::LoadBatch);
        }
    }

    fn replace_task(&mut self, index: usize) {
        let id = self.fill_slot(index, 0);
        if let Some(load) = &mut self.load {
            load.task_slots[index] = id;
        }
    }

    fn report(&mut self, id: TaskId, percent: u8) {
        self.update(id, Field::Progress, |record| {
            replace(&mut record.progress, Some(percent))
        });
    }
}
