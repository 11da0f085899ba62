//! The reasons why reading or a step of the loop ends.

use std::sync::Arc;

use vtask_vim::Error;

/// The reason why a step of the loop stopped.
#[derive(Debug)]
pub(super) enum StopReason {
    /// The user or the end of the program stops the loop.
    Stopped,
    /// The server refuses the account; a retry would not help.
    Refused(Arc<str>),
    /// A failure that may pass.
    Failed(Box<Error>),
}

impl StopReason {
    pub(super) fn refused_or_failed(error: Error) -> Self {
        if error.is_auth_failure() {
            Self::Refused(error.to_string().into())
        } else {
            Self::Failed(Box::new(error))
        }
    }

    /// Returns the reason to stop after the end of a session that cannot be renewed.
    pub(super) fn session_ended(error: &Error) -> Self {
        let reason =
            format!("{error} The given session or Authorization value is invalid or has expired.");
        Self::Refused(reason.into())
    }
}

/// The reason why reading ended.
#[derive(Debug)]
pub(super) enum LoopExit {
    /// The session is dead; tasks being read become due again.
    SessionDead(Box<Error>),
    Halted(StopReason),
}

impl LoopExit {
    pub(super) fn dead(error: Error) -> Self {
        Self::SessionDead(Box::new(error))
    }

    pub(super) fn failed(error: Error) -> Self {
        Self::Halted(StopReason::Failed(Box::new(error)))
    }
}

impl From<StopReason> for LoopExit {
    fn from(reason: StopReason) -> Self {
        Self::Halted(reason)
    }
}
