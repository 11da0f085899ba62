//! The fetch loop: follows tasks on a server and reports changes.
//!
//! One async task per endpoint owns the session, the set of watched tasks, reconnection and pacing. It sends
//! [`Update`]s, which carry changes only, and accepts [`Command`]s. Consumers never wait for the network.

#![warn(missing_docs)]

mod backoff;
mod collector_version;
mod command;
mod connection;
mod discovery;
mod endpoint;
mod failure_detector;
mod fetch;
mod history_query;
mod in_flight;
mod label_cache;
mod label_wait;
mod link;
mod long_poll;
mod lookups;
mod options;
mod outbox;
mod pending_members;
mod poll_throttle;
mod pushed_changes;
mod queue;
mod rate_limiter;
mod read_loop;
pub mod recording;
mod renewals;
mod responses;
mod stop_reason;
mod task_feed;
mod translate;
mod update;
mod view_members;
mod watch_set;

pub(crate) use backoff::Backoff;
pub use command::{Command, HistoryRequest};
pub use endpoint::Watcher;
pub use history_query::history_query;
pub use label_cache::{LabelCache, operation_labels};
pub use link::Link;
pub use options::{FetchMode, Intervals, WatchOptions};
pub use update::{FamilyState, HistoryLookup, HistoryPage, ServerFacts, Update};

pub use crate::task::cancellation::{CancelResponse, Privilege};
