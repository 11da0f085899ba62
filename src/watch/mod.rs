//! The fetch loop: between the wire and the domain.
//!
//! One async task per endpoint owns the session, the set of watched tasks, reconnection and pacing. It sends
//! [`Update`]s, which carry changes only, and takes [`Command`]s; whoever holds the other ends never waits for the
//! network.

mod command;
mod link;
mod update;

pub use command::Command;
pub use link::Link;
pub use update::{CancelAnswer, Privilege, ServerFacts, Update};
