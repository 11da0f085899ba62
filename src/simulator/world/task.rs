//! One task as the server knows it: the record behind `TaskInfo`, and when each field last changed.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::run::Run;
use super::time::WorldTime;
use crate::simulator::value::MoRef;

/// A task's number; its moId and key are `task-` and the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(pub u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task-{}", self.0)
    }
}

impl TaskId {
    /// Reads a moId; only the form that the server itself writes counts.
    pub(crate) fn parse(id: &str) -> Option<Self> {
        let digits = id.strip_prefix("task-")?;
        let canonical =
            !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| canonical).map(Self)
    }

    /// The reference to the task.
    pub(crate) fn reference(self) -> MoRef {
        MoRef::new("Task", self.to_string())
    }
}

/// A task's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TaskState {
    /// Waits to start.
    Queued,
    /// Runs.
    Running,
    /// Ended well.
    Success,
    /// Ended with a fault, cancelled ones included.
    Error,
}

impl TaskState {
    /// The value on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
        }
    }

    /// Whether the task has ended.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }
}

/// Declares [`Field`] with the names of the wire.
macro_rules! fields {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// A property of `TaskInfo`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Field {
            $(#[doc = concat!("`", $name, "`")] $variant),+
        }

        impl Field {
            /// Every field, in the order of the wire.
            pub(crate) const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The field's name in `TaskInfo`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The field of this name.
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

/// The version at which each field last changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldVersions([u64; Field::ALL.len()]);

impl FieldVersions {
    /// All fields changed at `version`: the task is new.
    pub(crate) fn all(version: u64) -> Self {
        Self([version; Field::ALL.len()])
    }

    /// The version of the field's newest change.
    pub(crate) fn of(&self, field: Field) -> u64 {
        self.0[field as usize]
    }

    /// Notes a change.
    pub(crate) fn set(&mut self, field: Field, version: u64) {
        self.0[field as usize] = version;
    }
}

/// Everything of a task that the API shows.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The task's number.
    pub id: TaskId,
    /// The current phase, a `LocalizableMessage`.
    pub description: Option<Value>,
    /// The method that created it; internal tasks have none.
    pub name: Option<Arc<str>>,
    /// The operation's key in the task description.
    pub description_id: Arc<str>,
    /// What it works on.
    pub entity: Option<MoRef>,
    /// What that was called when the task was created.
    pub entity_name: Option<Arc<str>>,
    /// What it has locked; only while it runs.
    pub locked: Vec<MoRef>,
    /// The state.
    pub state: TaskState,
    /// Whether cancellation was requested.
    pub cancelled: bool,
    /// Whether it can be cancelled now.
    pub cancelable: bool,
    /// The fault it ended with, in the bare form.
    pub error: Option<Value>,
    /// The result, ready for a place of type `Any`.
    pub result: Option<Value>,
    /// Percent; `None`: the operation reports none.
    pub progress: Option<u8>,
    /// `KeyAnyValue`s.
    pub progress_details: Vec<Value>,
    /// A `TaskReason`.
    pub reason: Value,
    /// Created.
    pub queue_time: WorldTime,
    /// Started.
    pub start_time: Option<WorldTime>,
    /// Ended.
    pub complete_time: Option<WorldTime>,
    /// Leads to its events.
    pub event_chain_id: i32,
    /// The user's tag.
    pub change_tag: Option<Arc<str>>,
    /// The task that created it.
    pub parent: Option<TaskId>,
    /// The task that all of it began with.
    pub root: Option<TaskId>,
    /// The client's token.
    pub activation_id: Option<Arc<str>>,
    /// The phases that it went through, and when each began. Not part of `TaskInfo`; the events tell of it.
    pub phase_log: Vec<(WorldTime, Value)>,
}

/// A task in the world: what is shown, how it goes on, and when what changed.
#[derive(Debug)]
pub(crate) struct Task {
    /// What is shown.
    pub record: Record,
    /// How it goes on.
    pub(super) run: Run,
    /// When each field last changed.
    pub versions: FieldVersions,
    /// The version of the newest change.
    pub last_change: u64,
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
    fn fields_are_found_by_their_names() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(field));
        }
        assert_eq!(Field::ALL.len(), 24);
    }
}
