//! What a task is going to do: the plan that a scenario gives it, with everything random still open.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use super::inventory::EntityId;

/// A span with room for chance: uniform between the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Shortest.
    pub least: Duration,
    /// Longest.
    pub most: Duration,
}

impl Span {
    /// Exactly this long.
    pub(crate) const fn exactly(span: Duration) -> Self {
        Self {
            least: span,
            most: span,
        }
    }

    /// Draws a span. Always takes exactly one number from the source, so that the rest of a run does not depend
    /// on whether the ends differ.
    pub(crate) fn draw(self, chance: &mut Rng) -> Duration {
        let share = chance.f64();
        self.least + self.most.saturating_sub(self.least).mul_f64(share)
    }
}

/// How progress goes from 0 to 100 as the task's time goes from 0 to its duration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Curve {
    /// The operation reports none.
    Absent,
    /// Evenly.
    Linear,
    /// Quick at first, then slower and slower.
    Slowing,
    /// Evenly on average, with a wobble that never falls.
    Noisy,
    /// Corner points: share of the duration (0–1), percent; in between evenly.
    Points(Vec<(f64, u8)>),
    /// Points at which the value jumps: share of the duration (0–1), percent.
    Steps(Vec<(f64, u8)>),
    /// Finished children over all children.
    Children,
}

/// A phase of a task: from a share of its duration on, its description says this.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phase {
    /// Share of the duration (0–1).
    pub at: f64,
    /// A `LocalizableMessage`.
    pub description: Value,
}

/// What cancellation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CancelBehavior {
    /// Refused with `NotSupported`.
    Refused,
    /// Accepted; the task ends this long after the request.
    Acts(Span),
    /// Accepted, and never acted on.
    Ignored,
}

/// A question that a virtual machine asks while the task runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    /// Share of the duration (0–1) at which it is asked; it stays until the task ends.
    pub at: f64,
    /// A `VirtualMachineQuestionInfo`.
    pub info: Value,
}

/// How a task ends that is not cancelled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Well, with a result for a place of type `Any`.
    Success(Option<Value>),
    /// With a fault, bare form.
    Failure(Value),
}

/// When a task is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// After this span of running.
    For(Span),
    /// This long after the last of its children ended.
    UntilChildrenEnd(Span),
}

/// What to call a task's target: the entities that its occurrences take in turn; empty: no entity at all.
pub(crate) type Targets = Vec<EntityId>;

/// A plan, shared by all its occurrences.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent traits of a plan"
)]
pub(crate) struct Plan {
    /// Key of the operation.
    pub description_id: Arc<str>,
    /// Method name; `None` for internal operations.
    pub name: Option<Arc<str>>,
    /// What it works on.
    pub targets: Targets,
    /// Whether the target is drawn by chance instead of in turn.
    pub any_target: bool,
    /// A `TaskReason`; `None`: the parent's.
    pub reason: Option<Value>,
    /// How long it is queued at least.
    pub queue: Span,
    /// How long it runs.
    pub length: Length,
    /// Its progress.
    pub curve: Curve,
    /// Its phases.
    pub phases: Vec<Phase>,
    /// Shares of the duration at which `cancelable` changes; the first at 0 is how it begins.
    pub cancelable: Vec<(f64, bool)>,
    /// What cancellation does.
    pub cancel: CancelBehavior,
    /// The share of the duration at which somebody asks for its cancellation.
    pub cancel_requested: Option<f64>,
    /// Whether it needs its entity for itself, and so waits for other families of tasks on it.
    pub exclusive: bool,
    /// What else it locks while it runs.
    pub locks: Vec<EntityId>,
    /// How it ends.
    pub outcome: Outcome,
    /// Whether it succeeds although a child failed.
    pub tolerant: bool,
    /// Its children: when after its start, and what.
    pub children: Vec<(Span, Arc<Plan>)>,
    /// How many children run at a time.
    pub slots: Option<usize>,
    /// How long the task object stays after the end.
    pub keep: Duration,
    /// `changeTag`.
    pub change_tag: Option<Arc<str>>,
    /// `activationId`.
    pub activation_id: Option<Arc<str>>,
    /// A question that its virtual machine asks.
    pub question: Option<Question>,
    /// Whether it reports `progressDetails` with its progress.
    pub details: bool,
    /// A root that names itself in `rootTaskKey`.
    pub names_itself_root: bool,
}

/// When a plan is carried out.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// First time, relative to the world's start; may be negative.
    pub first: super::time::WorldTime,
    /// Then again every so often.
    pub every: Duration,
    /// Each time later by up to this much.
    pub jitter: Duration,
    /// One of these, by weight.
    pub choices: Vec<(u32, Arc<Plan>)>,
}
