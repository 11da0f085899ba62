//! The fetch loop: between the wire and the domain.
//!
//! One async task per endpoint owns the session, the set of watched tasks, reconnection and pacing. It sends
//! [`Update`]s, which carry changes only, and takes [`Command`]s; whoever holds the other ends never waits for the
//! network.

mod answers;
mod backoff;
mod command;
mod discovery;
mod doubts;
mod endpoint;
mod joining;
mod label_wait;
mod link;
mod lookups;
mod options;
mod pace;
mod past_query;
mod push;
mod queue;
mod rate;
mod reading;
mod renewals;
mod translate;
mod update;
mod updates;
mod version;
mod watched;

pub use command::{Command, PastRequest};
pub use endpoint::Watcher;
pub use link::Link;
pub use options::{FetchMode, Tempo, WatchOptions};
pub use past_query::past_query;
pub use update::{
    CancelAnswer, FamilyState, LookUpAnswer, PastPage, Privilege, ServerFacts, Update,
};
