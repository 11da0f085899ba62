//! Commands accepted by the fetch loop.

use std::sync::Arc;

use vtask_vim::types::{TaskLocator, TaskQuery};

/// A request of the screen or of a subcommand. Results arrive as updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Starts watching these tasks.
    Watch(Vec<Arc<str>>),
    /// Stops watching these tasks and removes them.
    Unwatch(Vec<Arc<str>>),
    /// Pins these tasks, which are then never evicted, or unpins them.
    Pin(Vec<Arc<str>>, bool),
    /// Reads these tasks at once. Empty: all watched tasks and the list of recent ones.
    Refresh(Vec<Arc<str>>),
    /// Checks whether the account may cancel this task.
    CheckPrivilege(TaskLocator),
    /// Requests the cancellation of this task.
    Cancel(Arc<str>),
    /// Looks an expired task up in the server's history.
    LookUp(TaskLocator),
    /// Looks for the ancestors, siblings and descendants of this task among the recent tasks and in the history,
    /// repeatedly while one of them runs; they arrive as changes of tasks. One family at a time; `None` stops.
    FollowFamily(Option<TaskLocator>),
    /// Reads the events of these tasks, and of no others, repeatedly while a task runs.
    FollowEvents(Vec<TaskLocator>),
    /// Starts or stops reading where the targets of tasks are in the inventory, and keeping that current.
    ReadLocations(bool),
    /// Searches the server's history.
    SearchHistory(HistoryRequest),
    /// Pauses or resumes reading.
    Pause(bool),
    /// Sends [`Update::Pong`](super::Update::Pong), which shows that the loop handles commands.
    Ping,
    /// Signs out and ends the loop.
    Stop,
}

/// A step of a search of the server's history, page by page, newest first. There is one search at a time; pages of an
/// earlier one are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryRequest {
    /// Starts a search, replacing the previous one, and reads its first page.
    Begin {
        /// The number that identifies the search.
        search: u32,
        /// The filter of the search.
        query: Box<TaskQuery>,
    },
    /// Read the next page.
    More {
        /// The number of the search.
        search: u32,
    },
    /// Ends the search.
    End {
        /// The number of the search.
        search: u32,
    },
}
