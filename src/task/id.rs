//! Task identity across all servers.

use std::{fmt, sync::Arc};

/// Index of a vCenter in the order given on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub u16);

/// Identifies a task by server and moId, because two servers may use the same moIds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The server.
    pub endpoint: EndpointId,
    /// The moId, such as `task-4711`.
    pub mo_id: Arc<str>,
}

impl TaskId {
    /// Creates an id from a server and a moId.
    pub fn new(endpoint: EndpointId, mo_id: impl Into<Arc<str>>) -> Self {
        Self {
            endpoint,
            mo_id: mo_id.into(),
        }
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.mo_id, self.endpoint.0)
    }
}
