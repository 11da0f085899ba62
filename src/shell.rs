//! Runs command lines of the user in the system's shell.

use std::process::Command;

/// Returns a command that runs `line` in the shell: `sh -c`, or `cmd /C` on Windows.
pub(crate) fn command(line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut command = Command::new(shell);
    command.args([flag, line]);
    command
}
