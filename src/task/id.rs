//! Task identity across all servers.

use std::{fmt, sync::Arc};

/// Index of a vCenter in the order given on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub u16);

/// Identifies a task by server and moId, because two servers may use the same moIds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The server.
    pub server: ServerId,
    /// The moId, such as `task-4711`.
    pub mo_id: Arc<str>,
}

impl TaskId {
    /// Creates an id from a server and a moId.
    pub fn new(server: ServerId, mo_id: impl Into<Arc<str>>) -> Self {
        Self {
            server,
            mo_id: mo_id.into(),
        }
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.mo_id, self.server.0)
    }
}
