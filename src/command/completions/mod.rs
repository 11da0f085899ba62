//! `vtask completions`: shell completion.
//!
//! The shell script is small: it passes the line to vtask, which prints the candidates ([`answer`]). Every shell is
//! completed by the same code: flags and fixed values from the command definition, values from the config file or the
//! server by [`values`].

mod bash;
mod server;
mod values;

use std::{ffi::OsStr, sync::OnceLock};

use clap::{Args, ValueEnum};
use clap_complete::{
    CompleteEnv,
    engine::ArgValueCompleter,
    env::{Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh},
};

use super::{CommandError, Outcome, io_context::CommandIo};

/// Set by the completion script to the name of the shell.
const COMPLETE_VARIABLE: &str = "VTASK_COMPLETE";

const LONG_ABOUT: &str = "\
bash: in ~/.bashrc: source <(vtask completions bash)
zsh: in ~/.zshrc, after compinit: source <(vtask completions zsh)
fish: in ~/.config/fish/config.fish: vtask completions fish | source
elvish: in ~/.config/elvish/rc.elv: eval (vtask completions elvish | slurp)
PowerShell: in $PROFILE: vtask completions powershell | Out-String | Invoke-Expression

The ids of running tasks are asked of the server that the line names so far (or the environment, or the profile): \
where no password has to be typed, and for two seconds at most. --keep-session spares the sign-in.";

/// Print the completion script of a shell, which also completes running tasks
#[derive(Debug, Clone, Args)]
#[command(after_help = LONG_ABOUT)]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Runs `vtask completions`.
///
/// # Errors
/// Fails if standard output cannot be written.
pub fn run(args: &CompletionsArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let shell: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &bash::Bash,
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::Powershell => &Powershell,
        Shell::Zsh => &Zsh,
    };
    let mut script = Vec::new();
    shell
        .write_registration(COMPLETE_VARIABLE, "vtask", "vtask", "vtask", &mut script)
        .map_err(|error| CommandError::Local(error.into()))?;
    let script = String::from_utf8_lossy(&script);
    stage.print(&format!("{}\n", script.trim()))?;
    Ok(Outcome::Success)
}

/// The shell that requests candidates.
static PROGRAM_NAME: OnceLock<String> = OnceLock::new();

/// Prints candidates and exits if called by a completion script. Must run before anything else.
pub fn answer(definition: fn() -> clap::Command) {
    if let Some(shell) = std::env::var_os(COMPLETE_VARIABLE) {
        // Set only once.
        let _ = PROGRAM_NAME.set(shell.to_string_lossy().into_owned());
    }
    CompleteEnv::with_factory(move || with_values(definition()))
        .var(COMPLETE_VARIABLE)
        .shells(Shells(&[&bash::Bash, &Elvish, &Fish, &Powershell, &Zsh]))
        .complete();
}

type Completer = fn() -> ArgValueCompleter;

/// Arguments that are completed from the config file or the server, by ID.
const VALUES: [(&str, Completer); 9] = [
    ("tasks", values::tasks),
    ("task", values::tasks),
    ("profile", values::profiles),
    ("theme", values::themes),
    ("sort", values::sorts),
    ("filter", values::filters),
    ("entity", values::entities),
    ("user", values::users),
    ("operation", values::operations),
];

/// Adds the completers to all subcommands.
fn with_values(command: clap::Command) -> clap::Command {
    let completer = |id: &str| VALUES.iter().find(|(known, _)| *known == id);
    command
        .mut_args(|arg| match completer(arg.get_id().as_str()) {
            Some((_, completer)) => arg.add(completer()),
            None => arg,
        })
        .mut_subcommands(with_values)
}

/// True if the shell takes the candidate literally. A name sent by the server must never be interpreted by the shell.
fn is_safe(text: &str) -> bool {
    let quotes_by_itself = matches!(PROGRAM_NAME.get().map(String::as_str), Some("fish" | "zsh"));
    if text.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
        return false;
    }
    let in_quotes = std::env::var_os(bash::QUOTED).is_some_and(|quoted| quoted == OsStr::new("1"));
    if quotes_by_itself {
        true
    } else if in_quotes {
        !text.contains(['\'', '"', '\\', '$', '`', '!'])
    } else {
        text.chars().all(|letter| {
            letter.is_alphanumeric()
                || matches!(
                    letter,
                    '-' | '_' | '.' | ',' | ':' | '/' | '@' | '+' | '=' | '%'
                )
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::Cli;
    use std::collections::BTreeSet;

    use super::*;

    /// Collects the IDs of arguments with a completer.
    fn completed(command: &clap::Command, ids: &mut BTreeSet<String>) {
        let args = command.get_arguments();
        let with = args.filter(|arg| arg.get::<ArgValueCompleter>().is_some());
        ids.extend(with.map(|arg| arg.get_id().to_string()));
        for command in command.get_subcommands() {
            completed(command, ids);
        }
    }

    #[test]
    fn every_completer_has_its_argument() {
        let mut ids = BTreeSet::new();
        completed(&with_values(Cli::command()), &mut ids);
        let known = VALUES.iter().map(|(id, _)| (*id).to_owned());
        assert_eq!(ids, known.collect());
    }

    #[test]
    fn a_name_that_a_shell_would_act_on_is_not_offered() {
        for text in [
            "task-1",
            "lab/task-1",
            "web-01.lab",
            "state:running",
            "データ",
        ] {
            assert!(is_safe(text), "{text}");
        }
        for text in [
            "",
            "-rf",
            "a b",
            "$(reboot)",
            "`reboot`",
            "a;b",
            "a|b",
            "a>b",
            "a'b",
            "a\\b",
            "a\nb",
            "a*",
            "~",
            "a&b",
            "\u{1b}[2J",
        ] {
            assert!(!is_safe(text), "{text:?}");
        }
    }
}
