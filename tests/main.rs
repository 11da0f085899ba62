//! Tests of the library and of the built program, in one binary: each further binary links the whole library again.

#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed; JSON reads best where it is passed"
)]

mod command;
mod properties;
mod simulator;
mod support;
#[cfg(unix)]
mod terminal;
mod watch;
