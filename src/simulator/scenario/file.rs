//! Format of scenario files.
//!
//! A scenario consists of an inventory and a schedule. Each `[[task]]` first starts at `at`, relative to the server's
//! start (negative: already started), and is repeated `every` interval, by default once per `day`. Durations are
//! written as `1h 20m`, `90s` or `-15m`; a duration may also be a range, `["40s", "2m"]`, from which a random value is
//! drawn.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::duration_range::DurationRange;
use crate::world::progress_plan::ProgressPlan;
use crate::world::task_plan::CancelBehavior;

/// Top level of a scenario file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    /// One-line description.
    #[expect(dead_code, reason = "describes a file to its readers")]
    about: String,
    /// Period after which the schedule repeats.
    #[serde(default = "two_hours")]
    pub(super) day: SignedDuration,
    /// Number of the first task.
    #[serde(default = "first_task")]
    pub(super) first_task: u64,
    #[serde(default)]
    pub(super) inventory: InventoryEntry,
    /// Named groups of entities, for `on = "@group"`.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Vec<String>>,
    #[serde(default, rename = "task")]
    pub(super) tasks: Vec<TaskEntry>,
    #[serde(default, rename = "stream")]
    pub(super) streams: Vec<Stream>,
    /// Synthetic history before the server's start.
    #[serde(default)]
    pub(super) history: HistoryEntry,
    pub(super) load: Option<LoadEntry>,
}

fn two_hours() -> SignedDuration {
    SignedDuration::from_hours(2)
}

fn first_task() -> u64 {
    100
}

/// Inventory with a single datacenter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct InventoryEntry {
    pub(super) datacenter: Option<String>,
    pub(super) datastores: Vec<String>,
    pub(super) networks: Vec<String>,
    pub(super) clusters: Vec<ClusterEntry>,
    pub(super) machine_folders: Vec<FolderEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterEntry {
    pub(super) name: String,
    pub(super) hosts: Vec<String>,
}

/// Folder of virtual machines, which are distributed over the hosts of a cluster.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FolderEntry {
    pub(super) name: String,
    pub(super) cluster: String,
    pub(super) machines: Vec<String>,
}

/// One name, or several that are used in turn.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

/// Recurring task.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskEntry {
    pub(super) at: SignedDuration,
    pub(super) every: Option<SignedDuration>,
    #[serde(default)]
    pub(super) jitter: SignedDuration,
    pub(super) what: PlanEntry,
}

/// Recurring choice of a random operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stream {
    pub(super) at: SignedDuration,
    pub(super) every: SignedDuration,
    #[serde(default)]
    pub(super) jitter: SignedDuration,
    pub(super) choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    pub(super) weight: u32,
    pub(super) what: PlanEntry,
}

/// Properties of a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits, as the file writes them")]
pub(super) struct PlanEntry {
    /// Key of the catalogue, or any other text for an operation without label.
    pub(super) operation: Spanned<String>,
    /// Method name if it differs from the catalogue; empty for none.
    pub(super) name: Option<String>,
    /// Entity, list of entities used in turn, or `@group`. Absent: the parent's entity, or none.
    pub(super) on: Option<Spanned<Names>>,
    /// Draw the entity at random instead of in turn.
    #[serde(default)]
    pub(super) any: bool,
    /// Initiator. Absent: that of the parent, or the system.
    pub(super) by: Option<ReasonEntry>,
    pub(super) queue: Option<DurationRange>,
    /// Running time. Absent: until the last child has ended.
    pub(super) takes: Option<DurationRange>,
    #[serde(default)]
    pub(super) progress: ProgressPlan,
    #[serde(default)]
    pub(super) phases: Vec<PhaseEntry>,
    /// Reaction to a cancellation request. Absent: not cancelable.
    #[serde(default)]
    pub(super) cancel: CancelBehavior,
    /// Points in time (percent of the duration) at which `cancelable` is toggled.
    #[serde(default)]
    pub(super) cancelable_turns: Vec<f64>,
    /// Time (percent of the duration) at which cancellation is requested.
    pub(super) cancel_requested: Option<f64>,
    #[serde(default)]
    pub(super) exclusive: bool,
    pub(super) locks: Option<Spanned<Vec<String>>>,
    /// Fault of a failed task.
    pub(super) error: Option<Spanned<Value>>,
    pub(super) result: Option<Spanned<Value>>,
    #[serde(default)]
    pub(super) tolerant: bool,
    #[serde(default)]
    pub(super) children: Vec<ChildEntry>,
    /// Maximum number of concurrently running children.
    pub(super) slots: Option<usize>,
    /// Time that the task object is kept after the end.
    pub(super) keep: Option<SignedDuration>,
    pub(super) tag: Option<String>,
    pub(super) activation: Option<String>,
    pub(super) question: Option<QuestionEntry>,
    pub(super) loses_host: Option<LosesHostEntry>,
    #[serde(default)]
    pub(super) details: bool,
    #[serde(default)]
    pub(super) names_itself_root: bool,
}

/// Child task, created this long after the start of its parent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChildEntry {
    pub(super) after: DurationRange,
    /// Create one child per entity, at intervals of `apart`.
    pub(super) for_each: Option<Spanned<Names>>,
    #[serde(default)]
    pub(super) apart: SignedDuration,
    pub(super) what: PlanEntry,
}

/// Initiator of a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum ReasonEntry {
    System,
    User(String),
    Alarm { name: String, entity: String },
    Schedule(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseEntry {
    /// Percent of the duration.
    pub(super) at: f64,
    pub(super) key: String,
    pub(super) text: String,
    /// Arguments of the message, as string `KeyAnyValue`s.
    #[serde(default)]
    pub(super) arg: BTreeMap<String, String>,
}

/// Part of the duration, in percent, in which the host does not respond.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LosesHostEntry {
    pub(super) from: f64,
    pub(super) until: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionEntry {
    pub(super) at: f64,
    pub(super) text: String,
    pub(super) choices: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoadEntry {
    pub(super) tasks: usize,
    pub(super) rate: u64,
    #[serde(default)]
    pub(super) at_once: bool,
    #[serde(default)]
    pub(super) finish: bool,
    pub(super) root: String,
    pub(super) child: String,
}

/// Settings of the synthetic history.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HistoryEntry {
    pub(super) days: u32,
    /// Root tasks per day.
    pub(super) per_day: u32,
    pub(super) operations: Vec<ProfileEntry>,
}

/// Statistics of a past operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileEntry {
    pub(super) operation: Spanned<String>,
    pub(super) on: Option<Spanned<Names>>,
    pub(super) by: Option<ReasonEntry>,
    pub(super) median: SignedDuration,
    /// Standard deviation of the logarithm of the duration.
    #[serde(default = "default_spread")]
    pub(super) spread: f64,
    #[serde(default = "one")]
    pub(super) weight: u32,
    /// Percentage of runs.
    #[serde(default)]
    pub(super) failures: f64,
    /// Percentage of runs.
    #[serde(default)]
    pub(super) cancellations: f64,
    pub(super) error: Option<Spanned<Value>>,
    #[serde(default)]
    pub(super) children: Vec<String>,
}

fn default_spread() -> f64 {
    0.45
}

fn one() -> u32 {
    1
}
