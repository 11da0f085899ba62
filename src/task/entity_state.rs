//! States of a task's entity that keep the task from progressing.

use std::sync::Arc;

pub use vtask_vim::types::PendingQuestion;

/// A host to which the server has no connection, from `runtime.connectionState`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostHost {
    /// Its name, else its moId.
    pub name: Arc<str>,
    /// True if it does not answer; else it was disconnected.
    pub is_silent: bool,
}

impl LostHost {
    /// Returns a sentence part such as `host esx-07 is disconnected`.
    pub fn text(&self) -> String {
        let state = if self.is_silent {
            "not responding"
        } else {
            "disconnected"
        };
        format!("host {} is {state}", self.name)
    }
}

/// State of the entity of a task that does not progress.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityState {
    /// The pending question of the virtual machine.
    pub question: Option<PendingQuestion>,
    /// The host, or that of the virtual machine, if the server has no connection to it.
    pub lost_host: Option<LostHost>,
}
