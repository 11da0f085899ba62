//! `TaskInfoState`.

use std::fmt;

use serde_json::Value;

use super::any::{Malformed, string};

/// State of a task as reported by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting to run.
    Queued,
    /// Running.
    Running,
    /// Completed successfully.
    Success,
    /// Completed with a fault; includes cancelled tasks.
    Error,
    /// An unknown state.
    Other(Box<str>),
}

impl TaskState {
    /// Reads a state, bare or boxed; unknown states are kept.
    ///
    /// # Errors
    /// Returns an error if it is no string.
    pub fn from_json(field: &str, value: Value) -> Result<Self, Malformed> {
        Ok(match string(field, value)?.as_str() {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "success" => Self::Success,
            "error" => Self::Error,
            other => Self::Other(other.into()),
        })
    }

    /// Returns the name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
            Self::Other(name) => name,
        }
    }

    /// True if the task has completed.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
