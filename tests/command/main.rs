//! The command line, as scripts and people use it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod built;
#[path = "../built_support/mod.rs"]
mod built_support;
#[path = "../command_support/mod.rs"]
mod command_support;
mod line;
mod list;
mod session;
mod several;
mod wait;
