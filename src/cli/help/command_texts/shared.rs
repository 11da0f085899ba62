//! Exit codes and options that several commands have.

/// Exit codes of commands that read from servers or records.
pub(super) const READING: &[(u8, &str)] = &[
    (2, "wrong usage or configuration"),
    (4, "server unreachable, or task not found"),
    (5, "login refused"),
    (124, "timed out"),
];
/// Exit codes of commands that need no server.
pub(super) const LOCAL: &[(u8, &str)] = &[(2, "wrong usage or configuration")];
/// Global options of commands that need no server.
pub(super) const NO_SERVER: &[&str] = &["color", "verbose", "log_file", "log_format"];
