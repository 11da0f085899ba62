//! The fetch loop: follows tasks on a server and reports changes.
//!
//! One async task per server owns the session, the set of watched tasks, reconnection and pacing. It sends
//! [`Update`]s, which carry changes only, and accepts [`Command`]s. Consumers never wait for the network.

#![warn(missing_docs)]

mod backoff;
mod collector_version;
mod command;
mod compact_instant;
mod concurrent_requests;
mod connection;
mod discovery;
mod failure_detector;
mod fetch;
mod fetch_loop;
mod intervals;
mod label_cache;
mod label_request;
mod long_poll;
mod lookups;
mod options;
mod pushed_changes;
mod queue;
mod rate_limiter;
mod read_loop;
pub mod recording_codec;
mod responses;
mod session_renewals;
mod stop_reason;
mod task_feed;
mod translate;
mod unreported_tasks;
mod update;
mod update_sender;
mod view_members;
mod watch_set;

pub use backoff::{Backoff, RetryDelays};
pub use command::{Command, HistoryRequest};
pub use concurrent_requests::MAX_CONCURRENT_READS;
pub use fetch_loop::Watcher;
pub use intervals::Intervals;
pub use label_cache::{LabelCache, operation_labels};
pub use options::{FetchMode, WatchOptions};
pub use update::{FamilyState, HistoryLookup, HistoryPage, ServerFacts, Update};

pub use vtask_recording::ConnectionState;
pub use vtask_task::cancellation::{CancelResponse, Privilege};
