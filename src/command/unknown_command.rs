//! Words that are taken for a TASK of the screen, but were meant as a command.

use clap::CommandFactory;

use super::CommandError;
use crate::{cli::Cli, text::nearest};

/// Commands of other programs, and what vtask has instead.
const OTHER_NAMES: &[(&[&str], &str)] = &[
    (&["version"], "vtask --version"),
    (&["status", "show", "describe", "info"], "vtask get TASK"),
    (&["ps", "ls", "tasks", "history"], "vtask list"),
    (
        &["stop", "kill", "abort", "delete", "rm"],
        "vtask cancel TASK",
    ),
    (&["log", "logs"], "vtask events TASK"),
    (&["top", "ui", "screen", "dashboard"], "vtask"),
    (&["watch", "follow", "tail", "attach"], "vtask wait TASK"),
    (&["login"], "vtask --keep-session"),
    (&["completion"], "vtask completions SHELL"),
    (&["sim", "server"], "vtask simulate"),
];

/// Refuses TASKs that look like commands. No task ID consists of lower-case letters only.
///
/// # Errors
/// The error names the command.
pub(super) fn check(tasks: &[String]) -> Result<(), CommandError> {
    let command = Cli::command();
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    for (index, word) in tasks.iter().enumerate() {
        if word.is_empty() || !word.chars().all(|letter| letter.is_ascii_lowercase()) {
            continue;
        }
        let why = if names.contains(&word.as_str()) {
            let others: Vec<&str> = tasks
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != index)
                .map(|(_, word)| &**word)
                .collect();
            format!("commands come first: `vtask {word} {}`.", others.join(" "))
        } else if let Some((_, meant)) = OTHER_NAMES
            .iter()
            .find(|(words, _)| words.contains(&word.as_str()))
        {
            format!("there is no command “{word}”; use `{meant}`.")
        } else if let Some(near) = nearest(word, &names) {
            format!("“{word}” is neither a command nor a task; did you mean `vtask {near}`?")
        } else {
            continue;
        };
        return Err(CommandError::Usage(why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        check(&words).err().map(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_command_is_no_task() {
        for word in ["wiat", "lst", "cancle", "completion"] {
            assert!(refused(word).is_some(), "{word}");
        }
        for word in [
            "task-4711",
            "lab/task-1",
            "Task:task-1",
            "-",
            "xyzzy",
            "haTask-ha-host-1",
        ] {
            assert_eq!(refused(word), None, "{word}");
        }
    }

    #[test]
    fn commands_of_other_programs_are_explained() {
        for (word, meant) in [
            ("version", "vtask --version"),
            ("status", "vtask get TASK"),
            ("show", "vtask get TASK"),
            ("top", "`vtask`"),
            ("ps", "vtask list"),
            ("stop", "vtask cancel TASK"),
        ] {
            let why = refused(word).unwrap();
            assert!(why.contains(meant), "{why}");
        }
    }

    #[test]
    fn task_before_command_is_explained() {
        assert!(
            refused("task-1 get")
                .unwrap()
                .contains("`vtask get task-1`")
        );
    }
}
