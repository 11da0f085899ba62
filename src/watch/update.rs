//! What the fetch loop tells.

use std::{sync::Arc, time::Instant};

use jiff::Timestamp;

use crate::{
    task::{FinishedRun, Labels, PendingQuestion, ServerClock, TaskChange},
    vim::types::{About, TaskEvent, TaskInfo},
};

use super::Link;

/// One piece of news from an endpoint. Only what changed is told.
#[derive(Debug)]
pub enum Update {
    /// The connection's state changed.
    Link(Link),
    /// What the server is and who is signed in; after each sign-in.
    Server(Box<ServerFacts>),
    /// How far the server's clock is from ours.
    Clock(ServerClock),
    /// What operations are called; comes once, some time after sign-in.
    Labels(Labels),
    /// Changes of tasks.
    Tasks {
        /// The changes, in order.
        changes: Vec<TaskChange>,
        /// When the oldest of them may have happened, at the earliest, as far as can be told from here.
        since: Instant,
    },
    /// The server's answer to a request for cancellation.
    Cancel {
        /// The task.
        mo_id: Arc<str>,
        /// What the server said.
        answer: CancelResponse,
    },
    /// Whether the account may cancel a task.
    Privilege {
        /// The task.
        mo_id: Arc<str>,
        /// What the server said.
        privilege: Privilege,
    },
    /// What the history says of a task that vanished; what it tells of the task came before, as a change.
    LookedUp {
        /// The task.
        mo_id: Arc<str>,
        /// What the history said.
        answer: HistoryLookup,
    },
    /// How far the search for a task's family is; what it finds comes before, as changes.
    Family {
        /// The task whose family is followed.
        mo_id: Arc<str>,
        /// How far it is.
        state: FamilyState,
    },
    /// The family of a task that is not watched, from the server's history: one of the past. Nor is the family watched.
    Relatives {
        /// The task whose family is followed.
        mo_id: Arc<str>,
        /// All that the history knows of it.
        members: Vec<TaskInfo>,
    },
    /// The events of a task, all of them; after the first time only when they changed.
    Events {
        /// The task whose events are followed.
        mo_id: Arc<str>,
        /// Oldest first; or why they cannot be told, for people.
        events: Result<Arc<[TaskEvent]>, Arc<str>>,
    },
    /// A page of the search of the server's history.
    Past {
        /// The search that it belongs to.
        search: u32,
        /// The page; or why there is none, for people. After a failure the search can be asked for more again.
        page: Result<HistoryPage, Arc<str>>,
    },
    /// Successful runs that were not told before, the oldest first: from the server's history, and as tasks are seen
    /// to finish.
    Typical(Vec<FinishedRun>),
    /// How long operations usually take cannot be learned from the server's history: why, for people.
    TypicalUnknown(Arc<str>),
    /// What the virtual machine of a task asks, or that it asks nothing any more.
    Question {
        /// The task.
        mo_id: Arc<str>,
        /// The question that waits for an answer.
        question: Option<PendingQuestion>,
    },
    /// Something worth a line on the screen, for people.
    Notice(Arc<str>),
}

/// What the server is and who is signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// Host and port, as people know it.
    pub host: String,
    /// Name, version, build.
    pub about: About,
    /// The release of the API in use, such as `8.0.3.0`.
    pub release: String,
    /// The account as the server names it; empty where a session or `Authorization` was handed in and the server
    /// did not say.
    pub user: String,
    /// Whether the certificate is not checked.
    pub insecure: bool,
}

/// What the server said to a request for cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelResponse {
    /// Taken; the task ends when the server gets to it.
    Accepted,
    /// `NotSupported`: this operation cannot be cancelled.
    NotSupported,
    /// `InvalidState`: it was cancelled already, or is finished.
    InvalidState,
    /// `NoPermission`: the account lacks this privilege.
    NoPermission {
        /// Usually `Global.CancelTask`.
        privilege: String,
    },
    /// `ManagedObjectNotFound`: the task is no longer on the server.
    Gone,
    /// The request did not get an answer: what went wrong, for people.
    Failed(Arc<str>),
}

/// What the history says of a task that vanished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryLookup {
    /// How it ended.
    Found,
    /// Nothing; it may lag behind.
    NotFound,
    /// No usable answer came, and asking again may help: what went wrong, for people.
    Unanswered(Arc<str>),
    /// It cannot be asked: why, for people.
    Failed(Arc<str>),
}

/// How far the search for a family is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FamilyState {
    /// The server is being asked.
    Searching,
    /// All that the server knows was found.
    Found {
        /// When, by the server's clock.
        at: Timestamp,
    },
    /// The history cannot be asked: why, for people. What is watched of the family is there all the same.
    Failed(Arc<str>),
}

/// A page of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// Tasks that did not come before in this search, newest first.
    pub tasks: Vec<TaskInfo>,
    /// How many records of this page are no tasks that could be read.
    pub unreadable: usize,
    /// Whether there are no more.
    pub is_end: bool,
    /// Whether the server does not know the entity that was asked for (any more): tasks of all entities come then.
    pub without_entity: bool,
}

/// Whether the account holds `Global.CancelTask` on a task's entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Privilege {
    /// It does.
    Granted,
    /// It does not.
    Denied,
    /// The server does not tell: why, for people.
    Unknown(Arc<str>),
}
