//! vtask: the terminal monitor for long vSphere operations.
//!
//! Data goes one way: `vim` (the wire) → `watch` (the fetch loop) → `task` (the domain) → `app` (state and
//! update) → `ui` (drawing). `command` holds what each subcommand does; `simulator` is an embedded vCenter that
//! shares nothing with the client.

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod figures;
pub mod simulator;
pub mod task;
pub mod text;
pub mod ui;
pub mod vim;
pub mod watch;
