//! The texts of each command.

mod general;
mod records;
mod services;
mod setup;
mod simulation;
mod tasks;

use super::Texts;

/// Exit codes of commands that read from servers or records.
const READING: &[(u8, &str)] = &[
    (2, "wrong usage or configuration"),
    (4, "server unreachable, or task not found"),
    (5, "login refused"),
    (124, "timed out"),
];
/// Exit codes of commands that need no server.
const LOCAL: &[(u8, &str)] = &[(2, "wrong usage or configuration")];
/// Global options of commands that need no server.
const NO_SERVER: &[&str] = &["color", "verbose", "log_file", "log_format"];

/// Returns the texts of all commands.
pub(super) fn all() -> impl Iterator<Item = &'static Texts> {
    [
        general::TEXTS,
        tasks::TEXTS,
        records::TEXTS,
        services::TEXTS,
        simulation::TEXTS,
        setup::TEXTS,
    ]
    .into_iter()
    .flatten()
}
