//! Outcome of a command and its exit code.

use super::signals::StopSignal;
use crate::{task::Status, vim};

/// The result of a command, which determines its exit code. Of several, the greatest counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything succeeded.
    #[default]
    Success,
    /// The result of a task is unknown: the server is unreachable, or the task has expired.
    Unknown,
    /// A task was cancelled.
    Cancelled,
    /// A task failed.
    Failed,
    /// A task made no progress for the time of `--stalled`.
    Stalled,
    /// The deadline of the command passed.
    TimedOut,
    /// The server refused the login.
    Refused,
    /// The user or the system interrupted the command.
    Interrupted(StopSignal),
}

impl Outcome {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Cancelled => 3,
            Self::Unknown => 4,
            Self::Refused => 5,
            Self::Stalled => 6,
            Self::TimedOut => 124,
            Self::Interrupted(signal) => signal.exit_code(),
        }
    }

    /// Returns the name of the outcome in messages and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Stalled => "stalled",
            Self::TimedOut => "timeout",
            Self::Interrupted(_) => "interrupted",
        }
    }

    /// Returns the outcome of a task's status; a running task counts as success.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Lost | Status::Placeholder => Self::Unknown,
            Status::Running | Status::Queued | Status::Success | Status::Unknown => Self::Success,
        }
    }

    /// Returns the outcome of an error of a server.
    pub(crate) fn of_error(error: &vim::Error) -> Self {
        if error.is_auth_failure() {
            Self::Refused
        } else {
            Self::Unknown
        }
    }

    /// Returns the outcome of two together: a failure counts more than a cancellation, and that more than what is not
    /// known.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_decides() {
        use Outcome::{Cancelled, Failed, Success, Unknown};
        assert_eq!(Success.and(Unknown).and(Cancelled).and(Success), Cancelled);
        assert_eq!(Failed.and(Cancelled), Failed);
        assert_eq!(Success.and(Success).code(), 0);
    }
}
