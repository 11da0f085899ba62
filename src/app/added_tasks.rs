//! Tasks added on the screen that were not read yet.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::task::{TaskChange, TaskId};

/// A task that was added and not read yet, or removed and can be added again.
#[derive(Debug, Default)]
pub(super) struct AddedTask {
    /// Time at which it was added.
    pub(super) at: Timestamp,
    /// The placeholder that the server's answer led to, held back while the history is searched.
    pub(super) placeholder: Option<TaskChange>,
    /// True if it was pinned when it was removed.
    pub(super) is_pinned: bool,
    /// True if it was marked when it was removed.
    pub(super) is_marked: bool,
}

/// Tasks added on the screen that were not read yet.
#[derive(Debug, Default)]
pub struct AddedTasks(pub(super) HashMap<TaskId, AddedTask>);
