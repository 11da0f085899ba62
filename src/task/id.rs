//! What a task is called, across all servers.

use std::{fmt, sync::Arc};

/// One vCenter, by the order in which it was named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub u16);

/// A task's identity: the server and the moId there. Two servers use the same moIds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The server.
    pub endpoint: EndpointId,
    /// The moId, such as `task-4711`.
    pub mo_id: Arc<str>,
}

impl TaskId {
    /// The task of that moId on that server.
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
