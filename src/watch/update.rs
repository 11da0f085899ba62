//! Updates sent by the fetch loop.

use std::{sync::Arc, time::Instant};

use jiff::Timestamp;
use vtask_task::{
    EntityState, FinishedRun, Labels, ServerClock, TaskChange,
    cancellation::{CancelResponse, Privilege},
};
use vtask_vim::types::{About, EntityLocation, ManagedObjectReference, TaskEvent, TaskInfo};

use super::ConnectionState;

/// An update from a server. Only changes are sent.
#[derive(Debug)]
pub enum Update {
    /// The connection's state changed.
    Connection(ConnectionState),
    /// Server and account, after each sign-in.
    Server(Box<ServerFacts>),
    /// Difference between the server's clock and the local one.
    Clock(ServerClock),
    /// Labels of operations; once, some time after sign-in.
    Labels(Labels),
    /// Everything watched has been read and sent for the first time; once.
    FirstList,
    /// Changes of tasks.
    Tasks {
        /// The changes, in order.
        changes: Vec<TaskChange>,
        /// The earliest time at which the oldest of them may have happened.
        since: Instant,
    },
    /// The server's answer to a cancel request.
    Cancel {
        /// The task.
        mo_id: Arc<str>,
        /// The answer.
        answer: CancelResponse,
    },
    /// Result of a privilege check.
    Privilege {
        /// The task.
        mo_id: Arc<str>,
        /// The result.
        privilege: Privilege,
    },
    /// Result of looking an expired task up in the history. Its data was sent before, as a change.
    LookedUp {
        /// The task.
        mo_id: Arc<str>,
        /// The result.
        answer: HistoryLookup,
    },
    /// State of the search for a task's family. Its members were sent before, as changes.
    Family {
        /// The task whose family is followed.
        mo_id: Arc<str>,
        /// The state.
        state: FamilyState,
    },
    /// Members of the family of a task from the history that is not watched. They are not watched either.
    Relatives {
        /// The task whose family is followed.
        mo_id: Arc<str>,
        /// All members known to the history.
        members: Vec<TaskInfo>,
    },
    /// The events of a task, complete; sent again only when they changed.
    Events {
        /// The task whose events are followed.
        mo_id: Arc<str>,
        /// The events, oldest first, or the reason why they cannot be read, for display.
        events: Result<Arc<[TaskEvent]>, Arc<str>>,
    },
    /// A page of a history search.
    HistoryPage {
        /// The number of the search.
        search: u32,
        /// The page, or the reason of the failure, for display. After a failure more can be requested.
        page: Result<HistoryPage, Arc<str>>,
    },
    /// Successful runs not sent before, oldest first: from the history, and as tasks finish.
    Typical(Vec<FinishedRun>),
    /// The reason why typical durations cannot be read from the history, for display.
    TypicalUnknown(Arc<str>),
    /// The state of a task's entity, if it may keep the task from progressing, or that it no longer does.
    EntityState {
        /// The task.
        mo_id: Arc<str>,
        /// State of the entity.
        state: EntityState,
    },
    /// Locations of entities that tasks operate on.
    Locations(Vec<(ManagedObjectReference, EntityLocation)>),
    /// The answer to a ping.
    Pong,
    /// A message for the user.
    Notice(Arc<str>),
    /// Nothing more is written to the record, for this reason, a message for the user. Watching goes on.
    RecordingStopped(Arc<str>),
    /// The list of recent tasks was refused several times in a row, so that new tasks cannot be discovered; contains
    /// the reason.
    RecentRefused(Arc<str>),
}

/// Server and account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// Host and port.
    pub host: String,
    /// Name, version and build.
    pub about: About,
    /// The API release in use, such as `8.0.3.0`.
    pub release: String,
    /// The account as the server names it; empty if unknown (a session or `Authorization` value was given).
    pub user: String,
    /// True if the certificate is not verified.
    pub insecure: bool,
}

/// Result of looking an expired task up in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryLookup {
    /// The history has its end.
    Found,
    /// The history has no end of it; it may lag behind. Contains a sentence with the extent of the search.
    NotFound(Arc<str>),
    /// No usable answer, but a retry may help: the failure, for display.
    Unanswered(Arc<str>),
    /// The history cannot be read: the reason, for display.
    Failed(Arc<str>),
}

/// State of the search for a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FamilyState {
    /// In progress.
    Searching,
    /// Complete.
    Found {
        /// Time of completion, by the server's clock.
        at: Timestamp,
    },
    /// The history cannot be read: the reason, for display. Watched members are available all the same.
    Failed(Arc<str>),
}

/// A page of the server's history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// Tasks not sent before in this search, newest first.
    pub tasks: Vec<TaskInfo>,
    /// Number of records of this page that could not be read.
    pub unreadable: usize,
    /// True for the last page.
    pub is_end: bool,
    /// True if the server no longer knows the requested entity and returns tasks of all entities.
    pub without_entity: bool,
}
