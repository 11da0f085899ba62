//! Changes that the watcher sends to the task store.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;
use vtask_vim::types::TaskInfo;

/// A change to one task. `at` is by the server's clock.
#[derive(Debug, Clone)]
pub enum TaskChange {
    /// A complete `TaskInfo`, new or changed.
    Full {
        /// The task as sent by the server.
        info: Box<TaskInfo>,
        /// Time of the observation.
        at: Timestamp,
    },
    /// A finished task from the server's history. Ignored if the task is active or its end was
    /// observed, because the record is then at least as complete.
    FromHistory {
        /// The task as stored in the history.
        info: Box<TaskInfo>,
        /// Time of the query.
        at: Timestamp,
    },
    /// Changed fields of a known task, in the order in which they were sent.
    Fields {
        /// The task's moId.
        mo_id: Arc<str>,
        /// `TaskInfo` field names with their new values; `null` unsets.
        fields: Vec<(Cow<'static, str>, Value)>,
        /// Time of the observation.
        at: Timestamp,
    },
    /// The task object was removed from the server; the last known values are kept.
    Gone {
        /// The task's moId.
        mo_id: Arc<str>,
        /// Time at which the removal was noticed.
        at: Timestamp,
    },
    /// A task of which only the key is known.
    Placeholder {
        /// The key, which is also used as the moId.
        key: Arc<str>,
        /// Reason to display.
        reason: Arc<str>,
    },
    /// A task that could not be read; the last known values are kept.
    Unreadable {
        /// The task's moId.
        mo_id: Arc<str>,
        /// Reason to display.
        reason: Arc<str>,
        /// True if a retry may help: the response was lost or damaged, not refused.
        is_transient: bool,
    },
    /// A task that is no longer watched and leaves the store.
    Unwatched {
        /// The task's moId.
        mo_id: Arc<str>,
    },
}

impl TaskChange {
    /// Returns the moId of the changed task.
    pub fn mo_id(&self) -> &Arc<str> {
        match self {
            Self::Full { info, .. } | Self::FromHistory { info, .. } => info.mo_id(),
            Self::Placeholder { key, .. } => key,
            Self::Fields { mo_id, .. }
            | Self::Gone { mo_id, .. }
            | Self::Unreadable { mo_id, .. }
            | Self::Unwatched { mo_id } => mo_id,
        }
    }
}
