//! Lookups in flight.

use std::{future::Future, sync::Arc};

use serde_json::Value;
use tokio::task::JoinSet;
use vtask_task::{EntityState, cancellation::Privilege};
use vtask_vim::{
    Client, Error,
    types::{ManagedObjectReference, TaskEvent},
};

use super::{family::FamilyFound, locations::LocationsFound, privileges::Subject, typical::Runs};

/// Result of a lookup.
#[derive(Debug)]
pub(crate) enum LookupResult {
    Family(Box<FamilyFound>),
    Locations(LocationsFound),
    Events(u32, Result<Vec<TaskEvent>, Error>),
    History(HistoryAnswer),
    Typical(Result<Runs, Error>),
    Privilege(
        Subject,
        Result<(Option<ManagedObjectReference>, Privilege), Error>,
    ),
    EntityState(ManagedObjectReference, Result<EntityState, Error>),
}

/// Results of requests to the history.
#[derive(Debug)]
pub(crate) enum HistoryAnswer {
    Page {
        /// The number of the search.
        search: u32,
        /// The collector created for it, if any.
        new_collector: Option<ManagedObjectReference>,
        /// The records as sent, newest first.
        page: Result<Vec<Value>, Error>,
    },
    /// An unneeded collector was destroyed, or cannot be.
    Left(ManagedObjectReference),
}

/// Lookups in flight over the present connection, if there is one.
#[derive(Debug, Default)]
pub(super) struct RunningLookups {
    client: Option<Arc<Client>>,
    tasks: JoinSet<LookupResult>,
}

impl RunningLookups {
    pub(super) fn connected(&mut self, client: Arc<Client>) {
        self.client = Some(client);
    }

    /// Aborts all lookups: the connection is gone.
    pub(super) fn interrupted(&mut self) {
        *self = Self::default();
    }

    pub(super) fn start<F>(&mut self, lookup: impl FnOnce(Arc<Client>) -> F)
    where
        F: Future<Output = LookupResult> + Send + 'static,
    {
        if let Some(client) = &self.client {
            self.tasks.spawn(lookup(client.clone()));
        }
    }

    /// Waits for the next result; `None` if nothing is in flight. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<LookupResult> {
        while let Some(done) = self.tasks.join_next().await {
            // A lookup that panicked has no result.
            if let Ok(result) = done {
                return Some(result);
            }
        }
        None
    }
}
