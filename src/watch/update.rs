//! What the fetch loop tells.

use std::{sync::Arc, time::Instant};

use crate::{
    task::{Labels, ServerClock, TaskChange},
    vim::types::About,
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
        answer: CancelAnswer,
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
        answer: LookUpAnswer,
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
pub enum CancelAnswer {
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
pub enum LookUpAnswer {
    /// How it ended.
    Found,
    /// Nothing; it may lag behind.
    NotFound,
    /// It cannot be asked: why, for people.
    Failed(Arc<str>),
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
