//! The fetch loop: follows tasks on a server and reports changes.
//!
//! One async task per endpoint owns the session, the set of watched tasks, reconnection and pacing. It sends
//! [`Update`]s, which carry changes only, and accepts [`Command`]s. Consumers never wait for the network.

#![warn(missing_docs)]

mod backoff;
mod collector_version;
mod command;
mod discovery;
mod endpoint;
mod failure_detector;
mod history_query;
mod label_wait;
mod link;
mod lookups;
mod options;
mod pending_members;
mod poll_throttle;
mod push;
mod queue;
mod rate_limiter;
mod read_loop;
mod renewals;
mod responses;
mod translate;
mod update;
mod updates;
mod watch_set;

pub use command::{Command, HistoryRequest};
pub use endpoint::Watcher;
pub use history_query::history_query;
pub use link::Link;
pub use options::{FetchMode, Tempo, WatchOptions};
pub use update::{FamilyState, HistoryLookup, HistoryPage, ServerFacts, Update};

pub use crate::task::cancellation::{CancelResponse, Privilege};
