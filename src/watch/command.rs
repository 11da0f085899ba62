//! What can be asked of the fetch loop.

use std::sync::Arc;

use crate::vim::Trace;

/// A wish of the screen or of a subcommand. None of them is waited for; answers come as updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Watch these tasks until told otherwise.
    Watch(Vec<Arc<str>>),
    /// Watch these no more; they leave the board.
    Unwatch(Vec<Arc<str>>),
    /// Keep these whatever has to make room, or no longer.
    Pin(Vec<Arc<str>>, bool),
    /// Read these whole, at once. Empty: all that are watched, and what is recent on the server.
    Refresh(Vec<Arc<str>>),
    /// Find out whether the account may cancel this task.
    CheckPrivilege(Arc<str>),
    /// Ask the server to cancel this task.
    Cancel(Arc<str>),
    /// Find out from the server's history what became of a task that vanished.
    LookUp(Trace),
    /// Stop reading, or go on.
    Pause(bool),
    /// Sign out and end.
    Stop,
}
