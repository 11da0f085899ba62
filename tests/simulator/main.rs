//! Tests of the simulated vCenter by a plain VI JSON client.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    clippy::panic,
    reason = "JSON reads best where it is passed; a test that cannot go on has failed"
)]

mod events;
mod faults;
mod govc;
mod history;
mod managers;
mod proxy_and_tls;
mod retrieve;
mod sessions;
mod support;
mod tasks;
mod updates;
