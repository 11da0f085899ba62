//! Results of requests to the history.

use serde_json::Value;

use crate::vim::{Error, types::ManagedObjectReference};

#[derive(Debug)]
pub(in crate::watch) enum Answer {
    Page {
        /// The number of the search.
        search: u32,
        /// The collector created for it, if any.
        made: Option<ManagedObjectReference>,
        /// The records as sent, newest first.
        page: Result<Vec<Value>, Error>,
    },
    /// An unneeded collector was destroyed, or cannot be.
    Left(ManagedObjectReference),
}
