//! What the fetch loop tells the board.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use crate::vim::types::TaskInfo;

/// One change of what is known of one task. `at` is by the server's clock.
#[derive(Debug, Clone)]
pub enum TaskChange {
    /// A whole `TaskInfo`, new or changed.
    Whole {
        /// What the server said.
        info: Box<TaskInfo>,
        /// When it said so.
        at: Timestamp,
    },
    /// What the server's history has of a task that is over. Of one that was seen to end, or goes on as far as is known,
    /// more is known already: then this changes nothing.
    Past {
        /// What the history has.
        info: Box<TaskInfo>,
        /// When it said so.
        at: Timestamp,
    },
    /// Some fields of a task that is on the board already, in the order in which they were sent.
    Fields {
        /// The task.
        mo_id: Arc<str>,
        /// Field names of `TaskInfo` with their new values; `null` unsets.
        fields: Vec<(Cow<'static, str>, Value)>,
        /// When the server said so.
        at: Timestamp,
    },
    /// The object vanished from the server; what was seen last stays true.
    Gone {
        /// The task.
        mo_id: Arc<str>,
        /// When that was noticed.
        at: Timestamp,
    },
    /// A task of which no more than its key is known.
    Ghost {
        /// The key (and, as far as is known, the moId).
        key: Arc<str>,
        /// Why no more is known, for people.
        reason: Arc<str>,
    },
    /// A task that could not be read, though it may exist; what was seen last is kept.
    Unreadable {
        /// The task.
        mo_id: Arc<str>,
        /// Why, for people.
        reason: Arc<str>,
        /// Whether asking again may help: the answer was lost or damaged, not refused.
        may_pass: bool,
    },
    /// A task that is no longer watched; it leaves the board.
    Dropped {
        /// The task.
        mo_id: Arc<str>,
    },
}

impl TaskChange {
    /// The moId of the task that changed.
    pub fn mo_id(&self) -> &Arc<str> {
        match self {
            Self::Whole { info, .. } | Self::Past { info, .. } => info.mo_id(),
            Self::Ghost { key, .. } => key,
            Self::Fields { mo_id, .. }
            | Self::Gone { mo_id, .. }
            | Self::Unreadable { mo_id, .. }
            | Self::Dropped { mo_id } => mo_id,
        }
    }
}
