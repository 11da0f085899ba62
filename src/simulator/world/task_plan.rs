//! Plan of a task as defined by a scenario, before random values are drawn.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::inventory::EntityId;
use super::progress_plan::ProgressPlan;
use super::time::WorldTime;
use crate::duration_range::DurationRange;

/// Phase of a task with its description.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phase {
    /// Start, as a fraction of the duration (0–1).
    pub at: f64,
    /// A `LocalizableMessage`.
    pub description: Value,
}

/// Reaction to a cancellation request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum CancelBehavior {
    /// Refused with `NotSupported`.
    #[default]
    #[serde(skip)]
    Refused,
    /// Accepted; the task ends this long after the request.
    #[serde(rename = "after")]
    Acts(DurationRange),
    /// Accepted but never executed.
    Ignored,
}

/// Question of a virtual machine while the task runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    /// Time of the question as a fraction of the duration (0–1); it is pending until the task ends.
    pub at: f64,
    /// A `VirtualMachineQuestionInfo`.
    pub info: Value,
}

/// Outcome of a task that is not cancelled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlannedOutcome {
    /// Success, with a result for a field of type `Any`.
    Success(Option<Value>),
    /// Failure, with a fault in bare form.
    Failure(Value),
}

impl Default for PlannedOutcome {
    fn default() -> Self {
        Self::Success(None)
    }
}

/// Rule for the end of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlannedEnd {
    /// After this running time.
    After(DurationRange),
    /// This long after its last child has ended.
    AfterChildren(DurationRange),
}

impl Default for PlannedEnd {
    fn default() -> Self {
        Self::After(DurationRange::default())
    }
}

/// Plan of a task, shared by all its occurrences. The default one succeeds at once and leaves no task object.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits of a plan")]
pub(crate) struct TaskPlan {
    /// Key of the operation.
    pub description_id: Arc<str>,
    /// Method name; `None` for internal operations.
    pub name: Option<Arc<str>>,
    /// Candidate entities for the target, used in turn; empty: no target.
    pub targets: Vec<EntityId>,
    /// Draw the target at random instead of in turn.
    pub any_target: bool,
    /// A `TaskReason`; `None`: that of the parent.
    pub reason: Option<Value>,
    /// Minimum time in the queue.
    pub queue: DurationRange,
    pub end: PlannedEnd,
    pub progress: ProgressPlan,
    pub phases: Vec<Phase>,
    /// Changes of `cancelable` (fraction of the duration, value); the entry at 0 is the initial value.
    pub cancelable: Vec<(f64, bool)>,
    pub cancel: CancelBehavior,
    /// Fraction of the duration at which cancellation is requested.
    pub cancel_requested: Option<f64>,
    /// Requires exclusive access to its entity; other task families wait.
    pub exclusive: bool,
    /// Additional entities locked while it runs.
    pub locks: Vec<EntityId>,
    pub outcome: PlannedOutcome,
    /// Succeeds even if a child fails.
    pub tolerant: bool,
    /// Children with their offset from the start of the task.
    pub children: Vec<(DurationRange, Arc<TaskPlan>)>,
    /// Maximum number of concurrently running children.
    pub slots: Option<usize>,
    /// Time that the task object is kept after the end.
    pub keep: Duration,
    pub change_tag: Option<Arc<str>>,
    pub activation_id: Option<Arc<str>>,
    pub question: Option<Question>,
    /// Part of the duration (0–1) in which the host that the task operates on does not respond.
    pub loses_host: Option<(f64, f64)>,
    /// Reports `progressDetails` along with its progress.
    pub details: bool,
    /// Root task with its own key in `rootTaskKey`.
    pub names_itself_root: bool,
}

/// Recurring plan.
#[derive(Clone, Debug)]
pub(crate) struct ScheduleEntry {
    /// First time, relative to the world's start; may be negative.
    pub first: WorldTime,
    /// Interval between occurrences.
    pub every: Duration,
    /// Maximum random delay of an occurrence.
    pub jitter: Duration,
    /// Alternatives with their weights; each occurrence draws one.
    pub choices: Vec<(u32, Arc<TaskPlan>)>,
}
