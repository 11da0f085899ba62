//! Context in which a filter is evaluated.

use jiff::{SignedDuration, Timestamp};

use crate::{Handle, ServerId, TaskRecord, TaskStore, TypicalDurations};

/// The resolution of timestamps.
pub(super) const ONE_NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// Properties of the servers.
pub trait ServerContext {
    /// Returns the server's time.
    fn time(&self, server: ServerId) -> Timestamp;
    /// Returns the server's host name.
    fn name(&self, server: ServerId) -> Option<&str>;
    /// Returns the name under which the user configured the server.
    fn configured_name(&self, _server: ServerId) -> Option<&str> {
        None
    }
}

/// Context in which a filter is evaluated. Built from a store alone it has no time and no names.
#[derive(Clone, Copy)]
pub struct EvalContext<'a> {
    /// The tasks.
    pub store: &'a TaskStore,
    /// Typical durations of the operations.
    pub typical: Option<&'a TypicalDurations>,
    /// The servers.
    pub servers: Option<&'a dyn ServerContext>,
}

impl<'a> From<&'a TaskStore> for EvalContext<'a> {
    fn from(store: &'a TaskStore) -> Self {
        Self {
            store,
            typical: None,
            servers: None,
        }
    }
}

impl<'a> EvalContext<'a> {
    /// Returns a server's time.
    pub fn time(&self, server: ServerId) -> Timestamp {
        self.servers
            .map_or(Timestamp::MIN, |servers| servers.time(server))
    }

    /// Returns a server's names: on the screen, as configured, and its host name.
    pub(super) fn server_names(&self, server: ServerId) -> impl Iterator<Item = &'a str> {
        let servers = self.servers;
        let names = [
            self.store.server_name(server),
            servers.and_then(|servers| servers.configured_name(server)),
            servers.and_then(|servers| servers.name(server)),
        ];
        names.into_iter().flatten()
    }

    /// Returns all tasks with their handles.
    pub(super) fn handles(&self) -> impl Iterator<Item = (Handle, &'a TaskRecord)> {
        self.store.iter()
    }
}

/// The result of evaluating a filter for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchResult {
    /// True if the task matches.
    pub holds: bool,
    /// Time from which the result may change without new data, by the server's clock; `None` if
    /// never.
    pub until: Option<Timestamp>,
}

impl MatchResult {
    /// Creates a result that does not depend on time.
    pub fn always(holds: bool) -> Self {
        Self { holds, until: None }
    }
}

/// The task for which a filter is evaluated.
#[derive(Clone, Copy)]
pub(super) struct EvalTarget<'a> {
    pub(super) context: EvalContext<'a>,
    pub(super) handle: Handle,
    pub(super) record: &'a TaskRecord,
}

impl EvalTarget<'_> {
    /// Returns the time by the clock of the task's server.
    pub(super) fn now(&self) -> Timestamp {
        self.context.time(self.record.id.server)
    }
}
