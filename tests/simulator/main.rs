//! Tests of the simulated vCenter by a plain VI JSON client.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    clippy::panic,
    reason = "JSON reads best where it is passed; a test that cannot go on has failed"
)]

mod around;
mod events;
mod faults;
mod front;
mod history;
mod retrieve;
mod sessions;
mod support;
mod tasks;
mod third_party;
mod updates;
