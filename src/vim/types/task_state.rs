//! `TaskInfoState`.

use std::fmt;

use serde_json::Value;

use super::any::{Malformed, string};

/// Where a task is in its life, as the server says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting to be run.
    Queued,
    /// Being run.
    Running,
    /// Finished well.
    Success,
    /// Finished with a fault (a cancelled task too).
    Error,
    /// A state that this program does not know.
    Other(Box<str>),
}

impl TaskState {
    /// Reads a state, bare or boxed; unknown states are kept.
    ///
    /// # Errors
    /// When it is no string.
    pub fn from_json(field: &str, value: Value) -> Result<Self, Malformed> {
        Ok(match string(field, value)?.as_str() {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "success" => Self::Success,
            "error" => Self::Error,
            other => Self::Other(other.into()),
        })
    }

    /// The state's name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
            Self::Other(name) => name,
        }
    }

    /// Whether nothing more will happen to the task.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
