//! The fetch loop over real HTTP against the embedded vCenter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod bad_input;
mod families;
mod faults;
mod labels;
mod limits;
mod lookups;
mod lookups_pace;
mod past;
mod push;
mod support;
mod whole;
