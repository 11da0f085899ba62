//! Runs command lines of the user in the system's shell.

use std::process::Command;

/// Returns a command that runs `line` in the shell: `sh -c`, or `cmd /C` on Windows.
#[cfg(not(windows))]
pub(crate) fn command(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

/// Returns a command that runs `line` in the shell: `sh -c`, or `cmd /C` on Windows.
#[cfg(windows)]
pub(crate) fn command(line: &str) -> Command {
    use std::os::windows::process::CommandExt;

    let mut command = Command::new("cmd");
    // `cmd` does not read the quoting of C programs. With /S it removes the outer quotes only and takes the rest as
    // typed; /D skips AutoRun commands.
    command
        .args(["/D", "/S", "/C"])
        .raw_arg(format!("\"{line}\""));
    command
}

/// Returns the value of an environment variable from an untrusted text.
///
/// NUL ends a value and is replaced. So are, on Windows, the characters with a meaning to `cmd`: it expands `%NAME%`
/// before it parses the line, so that they would be run as part of the command.
pub(crate) fn variable_value(text: &str) -> String {
    if cfg!(windows) {
        without_cmd_syntax(text)
    } else {
        text.replace('\0', "\u{fffd}")
    }
}

fn without_cmd_syntax(text: &str) -> String {
    text.replace(|c: char| c.is_control() || "\"&|<>^%!()".contains(c), "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cmd_syntax_is_removed_from_values() {
        assert_eq!(
            without_cmd_syntax("db\" & calc | a > b < c ^ %PATH% !x! (y)\r\n\0"),
            "db_ _ calc _ a _ b _ c _ _PATH_ _x_ _y____"
        );
        assert_eq!(
            without_cmd_syntax("größe 10,5 $x; 'y'"),
            "größe 10,5 $x; 'y'"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_nul_is_replaced_elsewhere() {
        assert_eq!(variable_value("a & \"b\"\0"), "a & \"b\"\u{fffd}");
    }
}
