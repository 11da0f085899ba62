//! What can be asked of the fetch loop.

use std::sync::Arc;

use crate::vim::{TaskLocator, TaskQuery};

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
    CheckPrivilege(TaskLocator),
    /// Ask the server to cancel this task.
    Cancel(Arc<str>),
    /// Find out from the server's history what became of a task that vanished.
    LookUp(TaskLocator),
    /// Find the family of this task (ancestors, siblings, children) among the recent tasks and in the server's
    /// history, and keep looking while something in it goes on; what is found comes as ordinary changes of tasks.
    /// One family at a time; `None` ends it.
    FollowFamily(Option<TaskLocator>),
    /// Tell the events of this task, at once and again while it goes on. One task at a time; `None` ends it.
    FollowEvents(Option<TaskLocator>),
    /// Search the server's history.
    Past(HistoryRequest),
    /// Stop reading, or go on.
    Pause(bool),
    /// Sign out and end.
    Stop,
}

/// A step of a search of the server's history: page by page, newest first. There is one search at a time; what comes
/// for a number that is no longer searched is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryRequest {
    /// Begin a search, in place of the one before, and read its first page.
    Begin {
        /// The number by which it is known from now on.
        search: u32,
        /// What is searched for.
        query: Box<TaskQuery>,
    },
    /// Read the next page.
    More {
        /// The search.
        search: u32,
    },
    /// End the search.
    End {
        /// The search.
        search: u32,
    },
}
