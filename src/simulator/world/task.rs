//! Task state: the record behind `TaskInfo` and the version of each field.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::inventory::EntityId;
use super::task_plan::TaskPlan;
use super::task_script::ScriptStep;
use super::time::WorldTime;
use crate::value::{MoRef, message};

/// Number of a task; its moId is `task-` followed by the number. Numbers from [`FIRST_OTHER`] on are those of
/// recorded tasks with another moId.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(pub u64);

/// The number of the first of [`OTHER_IDS`].
const FIRST_OTHER: u64 = 1 << 63;
/// Maximum number of [`OTHER_IDS`]. They are kept until the process ends.
const MAX_OTHER_IDS: usize = 200_000;
/// Maximum length of such an ID in bytes.
const MAX_ID_LENGTH: usize = 1024;

/// IDs of recorded tasks that are not `task-` and a number, such as `haTask-ha-host-vim.HostSystem.reboot-7` of ESXi.
static OTHER_IDS: LazyLock<RwLock<OtherIds>> = LazyLock::new(RwLock::default);

#[derive(Default)]
struct OtherIds {
    all: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u64>,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.other_id() {
            Some(id) => f.write_str(&id),
            None => write!(f, "task-{}", self.0),
        }
    }
}

impl TaskId {
    /// Parses a moId; accepts only the canonical form that the server writes, and moIds of recorded tasks.
    pub(crate) fn parse(id: &str) -> Option<Self> {
        Self::numbered(id).or_else(|| {
            let ids = OTHER_IDS.read().unwrap_or_else(PoisonError::into_inner);
            ids.numbers.get(id).copied().map(Self)
        })
    }

    /// Returns the ID of a recorded task. Returns `None` if there are too many, or this one is too long.
    pub(super) fn recorded(id: &str) -> Option<Self> {
        Self::parse(id).or_else(|| {
            let mut ids = OTHER_IDS.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(number) = ids.numbers.get(id) {
                return Some(Self(*number));
            }
            if id.len() > MAX_ID_LENGTH || ids.all.len() >= MAX_OTHER_IDS {
                return None;
            }
            let number = FIRST_OTHER + ids.all.len() as u64;
            let id = Arc::<str>::from(id);
            ids.all.push(id.clone());
            ids.numbers.insert(id, number);
            Some(Self(number))
        })
    }

    fn numbered(id: &str) -> Option<Self> {
        let digits = id.strip_prefix("task-")?;
        let canonical =
            !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| canonical);
        number.filter(|number| *number < FIRST_OTHER).map(Self)
    }

    fn other_id(self) -> Option<Arc<str>> {
        let index = usize::try_from(self.0.checked_sub(FIRST_OTHER)?).ok()?;
        let ids = OTHER_IDS.read().unwrap_or_else(PoisonError::into_inner);
        ids.all.get(index).cloned()
    }

    pub(crate) fn reference(self) -> MoRef {
        MoRef::new("Task", self.to_string())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum TaskState {
    #[default]
    Queued,
    Running,
    Success,
    /// Failed or cancelled.
    Error,
}

impl TaskState {
    const ALL: [Self; 4] = [Self::Queued, Self::Running, Self::Success, Self::Error];

    /// Returns the state with this `TaskInfoState` value.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Returns the `TaskInfoState` value.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
        }
    }

    /// Returns true if the task has ended.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }
}

/// Declares [`Field`] from variant names and `TaskInfo` property names.
macro_rules! fields {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// Property of `TaskInfo`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Field {
            $(#[doc = concat!("`", $name, "`")] $variant),+
        }

        impl Field {
            /// All fields in wire order.
            pub(crate) const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Returns the property name in `TaskInfo`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns the field with this property name.
            pub(crate) fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

fields! {
    Key "key", Task "task", Description "description", Name "name", DescriptionId "descriptionId", Entity "entity",
    EntityName "entityName", Locked "locked", State "state", Cancelled "cancelled", Cancelable "cancelable",
    Error "error", Result "result", Progress "progress", ProgressDetails "progressDetails", Reason "reason",
    QueueTime "queueTime", StartTime "startTime", CompleteTime "completeTime", EventChainId "eventChainId",
    ChangeTag "changeTag", ParentTaskKey "parentTaskKey", RootTaskKey "rootTaskKey", ActivationId "activationId",
}

/// Version of the newest change per field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldVersions([u64; Field::ALL.len()]);

impl FieldVersions {
    /// Sets all fields to `version`, for a new task.
    pub(crate) fn all(version: u64) -> Self {
        Self([version; Field::ALL.len()])
    }

    pub(crate) fn of(&self, field: Field) -> u64 {
        self.0[field as usize]
    }

    pub(crate) fn set(&mut self, field: Field, version: u64) {
        self.0[field as usize] = version;
    }
}

/// All data of a task that is visible through the API.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub id: TaskId,
    /// Key of a recorded task that is not its moId.
    pub key: Option<Arc<str>>,
    /// Current phase, a `LocalizableMessage`.
    pub description: Option<Value>,
    /// Method that created the task; `None` for internal tasks.
    pub name: Option<Arc<str>>,
    /// Key of the operation in the task description.
    pub description_id: Arc<str>,
    /// Target entity.
    pub entity: Option<MoRef>,
    /// Name of the entity when the task was created.
    pub entity_name: Option<Arc<str>>,
    /// Locked entities; empty unless running.
    pub locked: Vec<MoRef>,
    pub state: TaskState,
    /// Cancellation was requested.
    pub cancelled: bool,
    /// Cancellation is possible now.
    pub cancelable: bool,
    /// Fault of a failed task, in bare form.
    pub error: Option<Value>,
    /// Result, already boxed for a field of type `Any`.
    pub result: Option<Value>,
    /// Percent; `None` if the operation does not report progress.
    pub progress: Option<u8>,
    /// List of `KeyAnyValue`.
    pub progress_details: Vec<Value>,
    /// A `TaskReason`.
    pub reason: Value,
    /// Creation time.
    pub queue_time: WorldTime,
    pub start_time: Option<WorldTime>,
    pub complete_time: Option<WorldTime>,
    /// Event chain of the task's events.
    pub event_chain_id: i32,
    pub change_tag: Option<Arc<str>>,
    pub parent: Option<TaskId>,
    pub root: Option<TaskId>,
    pub activation_id: Option<Arc<str>>,
    /// Phases with their start times. Not part of `TaskInfo`; used for events.
    pub phase_log: Vec<(WorldTime, Value)>,
}

impl Record {
    /// Creates the record of a queued task that the server itself has started.
    pub(super) fn new(id: TaskId, queue_time: WorldTime) -> Self {
        Self {
            id,
            reason: json!({"_typeName": "TaskReasonSystem"}),
            queue_time,
            ..Self::default()
        }
    }
}

/// Execution state of a task.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) plan: Arc<TaskPlan>,
    pub(super) target: Option<EntityId>,
    pub(super) rng: Rng,
    pub(super) duration: Duration,
    pub(super) steps: Vec<ScriptStep>,
    pub(super) next_step: usize,
    /// Children that have not ended, including those not created yet.
    pub(super) open_children: usize,
    pub(super) ended_children: usize,
    pub(super) children: Vec<TaskId>,
    /// Slots used by running children, and the queue of children waiting for a slot.
    pub(super) used_slots: usize,
    pub(super) waiting_children: VecDeque<TaskId>,
    pub(super) child_failure: Option<Value>,
    /// True if a child was cancelled.
    pub(super) has_cancelled_child: bool,
    pub(super) holds_slot: bool,
    pub(super) holds_entity: bool,
}

impl Execution {
    /// Creates the initial execution state; duration and steps are set when the task starts.
    pub(super) fn new(plan: Arc<TaskPlan>, target: Option<EntityId>, rng: Rng) -> Self {
        let open_children = plan.children.len();
        Self {
            plan,
            target,
            rng,
            duration: Duration::ZERO,
            steps: Vec::new(),
            next_step: 0,
            open_children,
            ended_children: 0,
            children: Vec::new(),
            used_slots: 0,
            waiting_children: VecDeque::new(),
            child_failure: None,
            has_cancelled_child: false,
            holds_slot: false,
            holds_entity: false,
        }
    }
}

/// Task with its record, execution state and versions.
#[derive(Debug)]
pub(crate) struct Task {
    pub record: Record,
    /// Execution state.
    pub(super) execution: Execution,
    pub versions: FieldVersions,
    /// Version of the newest change of any field.
    pub last_change: u64,
}

/// Fault of a cancelled task.
pub(super) fn cancelled_fault() -> Value {
    json!({
        "_typeName": "RequestCanceled",
        "faultstring": "The task was canceled by a user.",
        "faultMessage": [message("com.vmware.vim.vpxd.vmomi.canceled", "The task was canceled by a user.")],
    })
}

/// Returns true if a fault is that of a cancelled task.
pub(super) fn is_cancelled_fault(fault: &Value) -> bool {
    fault.get("_typeName").and_then(Value::as_str) == Some("RequestCanceled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_of_an_id_is_a_task() {
        assert_eq!(TaskId::parse("task-4711"), Some(TaskId(4711)));
        for strange in [
            "task-",
            "task-01",
            "task-+1",
            "Task-1",
            "task-1 ",
            "task-18446744073709551616",
            "vm-1",
        ] {
            assert_eq!(TaskId::parse(strange), None, "{strange}");
        }
    }

    #[test]
    fn recorded_tasks_keep_their_ids() {
        let long = "x".repeat(MAX_ID_LENGTH + 1);
        assert_eq!(TaskId::recorded(&long), None);
        assert_eq!(TaskId::recorded("task-4711"), Some(TaskId(4711)));
        for id in [
            "haTask-ha-host-vim.HostSystem.reboot-7",
            "task-07",
            "Aufgabe ü",
        ] {
            assert_eq!(TaskId::parse(id), None, "{id}");
            let recorded = TaskId::recorded(id).unwrap();
            assert_eq!(recorded.to_string(), id);
            assert_eq!(TaskId::recorded(id), Some(recorded));
            assert_eq!(TaskId::parse(id), Some(recorded));
        }
    }

    #[test]
    fn fields_are_found_by_their_names() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(field));
        }
        assert_eq!(Field::ALL.len(), 24);
    }
}
