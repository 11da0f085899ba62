//! Load generator: a constant number of running tasks in lineages of five, with a constant rate of progress changes.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::json;

use super::World;
use super::event_queue::Due;
use super::inventory::EntityId;
use super::plan::{CancelBehavior, Curve, Length, Outcome, Plan, Span};
use super::run::Run;
use super::task::{Field, TaskId};
use super::time::WorldTime;

/// Size of a lineage: a root, two children, two grandchildren below the first child.
const LINEAGE: usize = 5;

/// State and settings of the load generator.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Number of concurrently running tasks.
    pub tasks: usize,
    /// Progress changes per second over all tasks.
    pub rate: u64,
    /// Apply all changes of a second at once instead of evenly spread.
    pub at_once: bool,
    /// A task that reaches 100 % succeeds and is replaced by a new one. Otherwise its progress restarts at 0 and the
    /// same tasks run forever.
    pub finish: bool,
    /// Time that a finished task's object is kept.
    pub keep: Duration,
    /// Operations (key and method name) of the root and of the other tasks.
    pub operations: [(Arc<str>, Option<Arc<str>>); 2],
    /// Virtual machines, used in turn.
    pub targets: Vec<EntityId>,
    /// Current task of each place.
    pub(super) places: Vec<TaskId>,
    pub(super) batches: u64,
    pub(super) cursor: usize,
}

impl Load {
    /// Creates an idle generator.
    pub(crate) fn new(
        tasks: usize,
        rate: u64,
        operations: [(Arc<str>, Option<Arc<str>>); 2],
        targets: Vec<EntityId>,
    ) -> Self {
        Self {
            tasks,
            rate,
            at_once: false,
            finish: false,
            keep: Duration::from_secs(60),
            operations,
            targets,
            places: Vec::new(),
            batches: 0,
            cursor: 0,
        }
    }

    /// Returns the number of changes per batch.
    fn batch(&self) -> u64 {
        if self.at_once {
            self.rate.min(self.tasks as u64).max(1)
        } else {
            1
        }
    }

    /// Returns the due time of batch `number`, computed from the start so that rounding errors do not add up.
    fn due(&self, number: u64) -> WorldTime {
        let micros = u128::from(number + 1) * u128::from(self.batch()) * 1_000_000
            / u128::from(self.rate.max(1));
        WorldTime::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn plan(&self, place: usize) -> Plan {
        let (description_id, name) =
            self.operations[usize::from(!place.is_multiple_of(LINEAGE))].clone();
        Plan {
            description_id,
            name,
            targets: Vec::new(),
            any_target: false,
            reason: Some(json!({"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\load"})),
            queue: Span::exactly(Duration::ZERO),
            length: Length::UntilChildrenEnd(Span::exactly(Duration::ZERO)),
            curve: Curve::Absent,
            phases: Vec::new(),
            cancelable: vec![(0.0, true)],
            cancel: CancelBehavior::Acts(Span::exactly(Duration::from_secs(1))),
            exclusive: false,
            locks: Vec::new(),
            outcome: Outcome::Success(None),
            tolerant: true,
            children: Vec::new(),
            slots: None,
            keep: self.keep,
            change_tag: None,
            activation_id: None,
            question: None,
            cancel_requested: None,
            details: false,
            names_itself_root: false,
        }
    }
}

impl World {
    /// Creates the tasks of the load generator and schedules the first batch.
    pub(super) fn begin_load(&mut self) {
        let Some(load) = &self.load else { return };
        let (tasks, rate, first) = (load.tasks, load.rate, load.due(0));
        self.now = self.now.max(WorldTime::START);
        for place in 0..tasks {
            let spread = u8::try_from(place * 37 % 100).unwrap_or(0);
            let id = self.fill_place(place, spread);
            if let Some(load) = &mut self.load {
                load.places.push(id);
            }
        }
        if rate > 0 && tasks > 0 {
            self.agenda.arrange(first, Due::Load);
        }
    }

    fn fill_place(&mut self, place: usize, percent: u8) -> TaskId {
        let Some(load) = &self.load else {
            return TaskId(0);
        };
        let plan = Arc::new(load.plan(place));
        let target = load.targets.get(place % load.targets.len().max(1)).copied();
        let start = place - place % LINEAGE;
        let parent = [None, Some(0), Some(0), Some(1), Some(1)][place % LINEAGE]
            .and_then(|above: usize| load.places.get(start + above).copied());
        let chance = Rng::with_seed(self.seed ^ place as u64);
        let id = self.create(plan.clone(), parent, place as u64, chance.clone());
        if let Some(task) = self.tasks.get_mut(&id) {
            task.run = Run::new(plan, target, chance);
            task.record.entity =
                target.map(|target| self.inventory.entity(target).reference.clone());
            task.record.entity_name =
                target.map(|target| self.inventory.entity(target).name.clone());
        }
        self.start(id);
        self.report(id, percent);
        id
    }

    pub(super) fn load_batch(&mut self) {
        let Some(load) = &self.load else { return };
        let (batch, finish, places) = (load.batch(), load.finish, load.places.len());
        for _ in 0..batch {
            let Some(load) = &mut self.load else { return };
            let place = load.cursor;
            load.cursor = (load.cursor + 1) % places;
            let id = load.places[place];
            let percent = self.tasks.get(&id).and_then(|task| task.record.progress);
            let ended = self.state(id).is_none_or(super::task::TaskState::is_final);
            match percent {
                // Cancelled by a client: replace it to keep the number of tasks.
                _ if ended => self.replace_place(place),
                Some(percent) if percent >= 99 && finish => {
                    self.finish(id, Outcome::Success(None));
                    self.replace_place(place);
                }
                Some(percent) if percent >= 99 => self.report(id, 0),
                percent => self.report(id, percent.map_or(0, |percent| percent + 1)),
            }
        }
        if let Some(load) = &mut self.load {
            load.batches += 1;
            let next = load.due(load.batches);
            self.agenda.arrange(next, Due::Load);
        }
    }

    fn replace_place(&mut self, place: usize) {
        let id = self.fill_place(place, 0);
        if let Some(load) = &mut self.load {
            load.places[place] = id;
        }
    }

    fn report(&mut self, id: TaskId, percent: u8) {
        self.update(id, Field::Progress, |record| {
            super::replace(&mut record.progress, Some(percent))
        });
    }
}
