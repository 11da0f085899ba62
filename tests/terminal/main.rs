//! Tests of the built program in a pseudo-terminal.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod adding_tasks;
mod away_report;
mod basic_session;
mod filter;
mod history;
#[path = "../hostile_support/mod.rs"]
mod hostile_support;
mod hostile_text;
mod layouts;
mod marks;
#[path = "../pty_support/mod.rs"]
mod pty_support;
mod rendering;
mod sizes;
mod terminal_restore;
mod unknown_size;
