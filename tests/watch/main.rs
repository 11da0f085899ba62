//! The fetch loop against the embedded vCenter over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod bad_input;
mod demo_figures;
mod discovery;
mod end_to_end;
mod families;
mod faults;
mod history;
#[path = "../inventory_support/mod.rs"]
mod inventory_support;
mod labels;
mod limits;
mod locations;
mod lookups;
mod lookups_pace;
mod lost_session;
mod missing_objects;
mod new_tasks;
mod optional_calls;
mod persistent_failures;
mod push;
mod read_only;
mod support;
