//! Load generator: a constant number of running tasks in lineages of five, with a constant rate of progress changes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::inventory::EntityId;
use super::task::TaskId;
use super::task_plan::{CancelBehavior, PlannedEnd, TaskPlan};
use super::time::WorldTime;
use crate::duration_range::DurationRange;

/// Size of a lineage: a root, two children, two grandchildren below the first child.
pub(super) const LINEAGE: usize = 5;

/// State and settings of the load generator.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadGenerator {
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
    pub(super) task_slots: Vec<TaskId>,
    pub(super) batches: u64,
    pub(super) cursor: usize,
}

impl LoadGenerator {
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
            keep: Duration::from_secs(60),
            operations,
            targets,
            ..Self::default()
        }
    }

    /// Returns the number of changes per batch.
    pub(super) fn batch_size(&self) -> u64 {
        if self.at_once {
            self.rate.min(self.tasks as u64).max(1)
        } else {
            1
        }
    }

    /// Returns the due time of batch `number`, computed from the start so that rounding errors do not add up.
    pub(super) fn due(&self, number: u64) -> WorldTime {
        let micros = u128::from(number + 1) * u128::from(self.batch_size()) * 1_000_000
            / u128::from(self.rate.max(1));
        WorldTime::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    pub(super) fn plan(&self, index: usize) -> TaskPlan {
        let (description_id, name) =
            self.operations[usize::from(!index.is_multiple_of(LINEAGE))].clone();
        TaskPlan {
            description_id,
            name,
            reason: Some(json!({"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\load"})),
            end: PlannedEnd::AfterChildren(DurationRange::default()),
            cancelable: vec![(0.0, true)],
            cancel: CancelBehavior::Acts(DurationRange::exactly(Duration::from_secs(1))),
            tolerant: true,
            keep: self.keep,
            ..TaskPlan::default()
        }
    }
}
