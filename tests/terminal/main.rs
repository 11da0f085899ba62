//! Tests of the built program in a pseudo-terminal.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod adding;
mod away_report;
mod filter;
mod history;
#[path = "../hostile_support/mod.rs"]
mod hostile_support;
mod hostile_text;
mod layouts;
mod leaving;
mod marks;
#[path = "../pty_support/mod.rs"]
mod pty_support;
mod rendering;
mod restoring;
mod sizes;
mod unknown_size;
