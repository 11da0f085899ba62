//! Discrete-event model of the tasks on a simulated inventory.
//!
//! The model is pure: it has no clock and no network. Time is an argument of [`World::advance_to`], randomness comes
//! from a seed, and the steps of a task are fixed when it starts. The same scenario with the same seed gives the same
//! tasks with the same ids at the same times, however coarsely or finely time is advanced.

pub(crate) mod archive;
pub(super) mod changes;
mod completion;
mod event_queue;
pub(super) mod inventory;
mod lifecycle;
mod load_generator;
pub(super) mod load_profile;
mod locks;
pub(super) mod playback;
pub(super) mod progress_plan;
mod recorded_inventory;
mod recorded_tasks;
pub(super) mod task;
pub(super) mod task_plan;
mod task_script;
pub(super) mod time;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;

use fastrand::Rng;
use serde_json::Value;

use archive::ArchiveSpec;
use changes::{ChangeIndex, ChangedObject};
use event_queue::{EventQueue, WorldEvent};
use inventory::{EntityId, Inventory};
use load_profile::LoadGenerator;
use locks::Locks;
use playback::Playback;
use task::{Field, Record, Task, TaskId, TaskState};
use task_plan::ScheduleEntry;
use time::WorldTime;

/// Reasons for refusing to cancel a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CancelRefusal {
    NotFound,
    /// The task has finished, or its cancellation was already requested.
    InvalidState,
    /// The task is not cancelable at the moment.
    NotSupported,
}

/// Input of [`World::new`].
#[derive(Debug)]
pub(super) struct WorldConfig {
    pub inventory: Inventory,
    /// Recurring plans.
    pub entries: Vec<ScheduleEntry>,
    /// Load generator, in addition to the entries.
    pub load: Option<LoadGenerator>,
    /// Number of the first task created after the start.
    pub first_task: u64,
    /// Synthetic history before the start.
    pub history: ArchiveSpec,
}

/// Maximum number of finished records kept for the history.
const MAX_RECORDS: usize = 20_000;

/// Maximum number of completed tasks in `recentTask`.
const MAX_RECENT_COMPLETED: usize = 200;

/// State of the simulated inventory and its tasks.
#[derive(Debug)]
pub(super) struct World {
    now: WorldTime,
    seed: u64,
    events: EventQueue,
    changes: ChangeIndex,
    tasks: BTreeMap<TaskId, Task>,
    unfinished: BTreeSet<TaskId>,
    completed_ids: VecDeque<TaskId>,
    completed_tasks: VecDeque<Record>,
    inventory: Inventory,
    locks: Locks,
    entries: Vec<ScheduleEntry>,
    occurrences: Vec<u64>,
    load: Option<LoadGenerator>,
    next_task: u64,
    next_chain: i32,
    history: ArchiveSpec,
    first_task: u64,
    /// Records of the synthetic history, generated on first use.
    archive: OnceLock<Vec<Record>>,
    playback: Option<Box<Playback>>,
}

impl World {
    /// Creates a world and advances it to its start; entries scheduled earlier have already happened.
    pub(super) fn new(config: WorldConfig, seed: u64) -> Self {
        let WorldConfig {
            inventory,
            entries,
            load,
            first_task,
            history,
        } = config;
        let start = entries
            .iter()
            .map(|entry| entry.first)
            .min()
            .unwrap_or_default()
            .min(WorldTime::START);
        let mut world = Self {
            now: start,
            seed,
            events: EventQueue::default(),
            changes: ChangeIndex::default(),
            tasks: BTreeMap::new(),
            unfinished: BTreeSet::new(),
            completed_ids: VecDeque::new(),
            completed_tasks: VecDeque::new(),
            inventory,
            locks: Locks::default(),
            occurrences: vec![0; entries.len()],
            entries,
            load,
            next_task: first_task,
            next_chain: i32::try_from(archive::FIRST_CHAIN + first_task).unwrap_or(1),
            history,
            first_task,
            archive: OnceLock::new(),
            playback: None,
        };
        for index in 0..world.entries.len() {
            world.schedule_occurrence(index);
        }
        world.start_load_generator();
        world.advance_to(WorldTime::START);
        world
    }

    pub(super) fn now(&self) -> WorldTime {
        self.now
    }

    /// Returns the version of the newest change.
    pub(super) fn version(&self) -> u64 {
        self.changes.version()
    }

    pub(super) fn changes(&self) -> &ChangeIndex {
        &self.changes
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Returns the time of the next scheduled event.
    pub(super) fn next_due(&mut self) -> Option<WorldTime> {
        let recorded = self.playback.as_mut();
        let recorded = recorded.and_then(|playback| playback.next_time());
        self.events.next_time().into_iter().chain(recorded).min()
    }

    /// Processes all events due until `until`, in order. Time never goes back.
    pub(super) fn advance_to(&mut self, until: WorldTime) {
        while let Some((at, due)) = self.events.pop_due(until) {
            self.now = self.now.max(at);
            self.process(due);
        }
        self.play_until(until);
        self.now = self.now.max(until);
    }

    fn process(&mut self, due: WorldEvent) {
        match due {
            WorldEvent::StartOccurrence(index) => self.start_occurrence(index),
            WorldEvent::TryStart(id) => self.try_start(id),
            WorldEvent::Step(id) => self.step(id),
            WorldEvent::Spawn(id, child) => self.spawn(id, child),
            WorldEvent::Complete(id) => self.complete_as_planned(id),
            WorldEvent::Cancel(id) => self.cancel_now(id),
            WorldEvent::RemoveObject(id) => self.remove_object(id),
            WorldEvent::LoadBatch => self.run_load_batch(),
        }
    }

    /// Returns a task while its object exists.
    pub(super) fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id)
    }

    /// Returns all tasks whose object exists, ordered by number.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// Returns records of finished tasks in completion order, including tasks whose object is gone.
    pub(super) fn finished_records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.completed_tasks.iter()
    }

    /// Returns the synthetic tasks from before the start, oldest first.
    pub(super) fn archive(&self) -> &[Record] {
        self.archive.get_or_init(|| {
            self.history
                .generate(&self.inventory, self.first_task, self.seed)
        })
    }

    /// Returns queued and running tasks and the last completed ones, as listed in `recentTask`.
    pub(super) fn recent(&self) -> Vec<TaskId> {
        let newest = self
            .completed_ids
            .len()
            .saturating_sub(MAX_RECENT_COMPLETED);
        let mut recent: Vec<TaskId> = self
            .completed_ids
            .range(newest..)
            .copied()
            .chain(self.unfinished.iter().copied())
            .collect();
        recent.sort_unstable();
        recent
    }

    /// Requests the cancellation of a task.
    pub(super) fn request_cancel(&mut self, id: TaskId) -> Result<(), CancelRefusal> {
        let task = self.tasks.get(&id).ok_or(CancelRefusal::NotFound)?;
        if task.record.state.is_final() || task.record.cancelled {
            return Err(CancelRefusal::InvalidState);
        }
        if !task.record.cancelable {
            return Err(CancelRefusal::NotSupported);
        }
        self.schedule_cancel(id);
        Ok(())
    }

    /// Removes a task's object, finished or not. Returns true if it existed.
    pub(super) fn remove_task(&mut self, id: TaskId) -> bool {
        let existed = self.tasks.contains_key(&id);
        self.unfinished.remove(&id);
        self.remove_object(id);
        existed
    }

    /// Clears the pending question of a virtual machine. Returns true if there was one.
    pub(super) fn answer_question(&mut self, machine: EntityId) -> bool {
        let had = self.inventory.entity(machine).question.is_some();
        if had {
            self.set_question(machine, None);
        }
        had
    }

    fn set_question(&mut self, machine: EntityId, question: Option<Value>) {
        let now = self.now();
        let entity = self.inventory.entity_mut(machine);
        let since = entity.question.as_ref().map(|(_, since)| since);
        if since != question.as_ref() {
            entity.question = question.map(|question| (now, question));
            entity.last_change = self
                .changes
                .record(ChangedObject::Entity(machine), entity.last_change);
        }
    }

    /// Loses or restores the connection to a host. Its virtual machines are disconnected with it.
    fn set_host_lost(&mut self, host: EntityId, is_lost: bool) {
        if self.inventory.entity(host).is_lost == is_lost {
            return;
        }
        self.inventory.entity_mut(host).is_lost = is_lost;
        let affected = self.inventory.machines_on(host);
        for id in affected.into_iter().chain([host]) {
            let entity = self.inventory.entity_mut(id);
            entity.last_change = self
                .changes
                .record(ChangedObject::Entity(id), entity.last_change);
        }
    }

    /// Moves a virtual machine to the next host of its cluster, as vMotion does.
    fn move_to_next_host(&mut self, machine: EntityId) {
        let Some(host) = self.inventory.next_host(machine) else {
            return;
        };
        let entity = self.inventory.entity_mut(machine);
        entity.host = Some(host);
        entity.last_change = self
            .changes
            .record(ChangedObject::Entity(machine), entity.last_change);
    }

    /// Changes a field of a task and records a new version if `change` returns true.
    fn update(&mut self, id: TaskId, field: Field, change: impl FnOnce(&mut Record) -> bool) {
        if let Some(task) = self.tasks.get_mut(&id)
            && change(&mut task.record)
        {
            task.last_change = self
                .changes
                .record(ChangedObject::Task(id), task.last_change);
            task.versions.set(field, task.last_change);
        }
    }

    /// Returns a separate random source per occurrence of an entry, so that a cancellation by a client does not
    /// affect later occurrences.
    fn occurrence_rng(&self, entry: usize, occurrence: u64) -> Rng {
        let mixed = self
            .seed
            .wrapping_add((entry as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_add((occurrence + 1).wrapping_mul(0xD1B5_4A32_D192_ED03));
        Rng::with_seed(mixed)
    }

    fn keep_record(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.get(&id) {
            self.completed_tasks.push_back(task.record.clone());
            if self.completed_tasks.len() > MAX_RECORDS {
                self.completed_tasks.pop_front();
            }
        }
    }

    fn state(&self, id: TaskId) -> Option<TaskState> {
        self.tasks.get(&id).map(|task| task.record.state)
    }
}

/// Sets `target` and returns true if the value changed.
fn replace<T: PartialEq>(target: &mut T, value: T) -> bool {
    let differs = *target != value;
    *target = value;
    differs
}

#[cfg(test)]
mod demo_tests;
#[cfg(test)]
mod tests;
