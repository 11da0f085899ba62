//! The form of a scenario file.
//!
//! A scenario is an estate and a timetable. Each `[[task]]` begins `at` a time relative to the server's start
//! (negative: it was under way already) and again `every` so often, by default once a `day`. Durations are written
//! as `1h 20m`, `90s`, `-15m`; where chance is welcome, as a pair: `["40s", "2m"]`.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What it shows, in a line.
    pub(super) about: String,
    /// After this time the timetable repeats.
    #[serde(default = "two_hours")]
    pub(super) day: SignedDuration,
    /// The number of the first task.
    #[serde(default = "first_task")]
    pub(super) first_task: u64,
    /// The estate.
    #[serde(default)]
    pub(super) estate: InventoryEntry,
    /// Named groups of entities, for `on = "@group"`.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Vec<String>>,
    /// The timetable.
    #[serde(default, rename = "task")]
    pub(super) tasks: Vec<TaskEntry>,
    /// Streams of small operations.
    #[serde(default, rename = "stream")]
    pub(super) streams: Vec<Stream>,
    /// What was before the server's start.
    #[serde(default)]
    pub(super) history: HistoryEntry,
    /// A load generator.
    pub(super) load: Option<LoadEntry>,
}

fn two_hours() -> SignedDuration {
    SignedDuration::from_hours(2)
}

fn first_task() -> u64 {
    100
}

/// The estate, one data centre.
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

/// A folder of virtual machines; they are spread over the hosts of a cluster.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FolderEntry {
    pub(super) name: String,
    pub(super) cluster: String,
    pub(super) machines: Vec<String>,
}

/// One value, or a range to draw from.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum SpanEntry {
    Exact(SignedDuration),
    Between([SignedDuration; 2]),
}

/// One name, or several to take in turn.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

/// When and what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskEntry {
    pub(super) at: SignedDuration,
    pub(super) every: Option<SignedDuration>,
    #[serde(default)]
    pub(super) jitter: SignedDuration,
    pub(super) what: PlanEntry,
}

/// Operations by weight, again and again.
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

/// What a task does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent traits, as the file writes them"
)]
pub(super) struct PlanEntry {
    /// A key of the catalogue, or any other (an operation that the server has no label for).
    pub(super) operation: Spanned<String>,
    /// The method's name, where it is not the catalogue's; empty: none.
    pub(super) name: Option<String>,
    /// The entity, several in turn, or `@group`. Absent: the parent's, or none.
    pub(super) on: Option<Spanned<Names>>,
    /// Draws the entity by chance.
    #[serde(default)]
    pub(super) any: bool,
    /// A root without an entity although it has children that have.
    pub(super) by: Option<Reason>,
    pub(super) queue: Option<SpanEntry>,
    /// Absent: until the last child has ended.
    pub(super) takes: Option<SpanEntry>,
    #[serde(default)]
    pub(super) progress: ProgressEntry,
    #[serde(default)]
    pub(super) phases: Vec<PhaseEntry>,
    /// How long after a request it is cancelled; absent: it cannot be.
    pub(super) cancel: Option<CancelEntry>,
    /// Shares of its time (percent) at which `cancelable` turns over.
    #[serde(default)]
    pub(super) cancelable_turns: Vec<f64>,
    /// The share of its time (percent) at which somebody asks for its cancellation.
    pub(super) cancel_requested: Option<f64>,
    #[serde(default)]
    pub(super) exclusive: bool,
    pub(super) locks: Option<Spanned<Vec<String>>>,
    /// The fault it ends with.
    pub(super) error: Option<Spanned<Value>>,
    pub(super) result: Option<Spanned<Value>>,
    #[serde(default)]
    pub(super) tolerant: bool,
    #[serde(default)]
    pub(super) children: Vec<ChildEntry>,
    /// Most children running at a time.
    pub(super) slots: Option<usize>,
    /// How long the object stays after the end.
    pub(super) keep: Option<SignedDuration>,
    pub(super) tag: Option<String>,
    pub(super) activation: Option<String>,
    pub(super) question: Option<QuestionEntry>,
    #[serde(default)]
    pub(super) details: bool,
    #[serde(default)]
    pub(super) names_itself_root: bool,
}

/// A child, and how long after its parent's start it is created. `for_each` makes one for each of several entities.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChildEntry {
    pub(super) after: SpanEntry,
    /// One child for each entity, each this much later than the one before.
    pub(super) for_each: Option<Spanned<Names>>,
    #[serde(default)]
    pub(super) apart: SignedDuration,
    pub(super) what: PlanEntry,
}

/// Who or what started it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Reason {
    System,
    User(String),
    Alarm { name: String, entity: String },
    Schedule(String),
}

/// How progress goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum ProgressEntry {
    /// Reports none.
    #[default]
    None,
    Linear,
    Slowing,
    Noisy,
    /// Finished children over all.
    Children,
    /// `[percent of time, percent]`, evenly in between.
    Points(Vec<(f64, u8)>),
    /// `[percent of time, percent]`, jumping.
    Steps(Vec<(f64, u8)>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseEntry {
    /// Percent of its time.
    pub(super) at: f64,
    pub(super) key: String,
    pub(super) text: String,
    /// Arguments of the message, as `KeyAnyValue`s of strings.
    #[serde(default)]
    pub(super) arg: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum CancelEntry {
    /// Accepted, and nothing happens.
    Ignored,
    After(SpanEntry),
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

/// The time before the server's start.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HistoryEntry {
    pub(super) days: u32,
    /// Tasks a day, children aside.
    pub(super) per_day: u32,
    pub(super) operations: Vec<ProfileEntry>,
}

/// An operation as it went in the past.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileEntry {
    pub(super) operation: Spanned<String>,
    pub(super) on: Option<Spanned<Names>>,
    pub(super) by: Option<Reason>,
    pub(super) median: SignedDuration,
    /// Standard deviation of the duration's logarithm.
    #[serde(default = "middling")]
    pub(super) spread: f64,
    #[serde(default = "one")]
    pub(super) weight: u32,
    /// Percent of runs.
    #[serde(default)]
    pub(super) failures: f64,
    /// Percent of runs.
    #[serde(default)]
    pub(super) cancellations: f64,
    pub(super) error: Option<Spanned<Value>>,
    #[serde(default)]
    pub(super) children: Vec<String>,
}

fn middling() -> f64 {
    0.45
}

fn one() -> u32 {
    1
}
