//! `vtask completions`: shell completion.
//!
//! The shell script is small: it passes the line to vtask, which prints the candidates ([`complete_and_exit`]). Every
//! shell is completed by the same code: flags and fixed values from the command definition, values from the config file
//! or the server by [`values`].

mod script;
mod server;
mod shell_word;
mod values;

use std::ffi::OsStr;

use clap::{Args, builder::PossibleValuesParser};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
    env::{Elvish, Fish, Shells, Zsh},
};

use super::{CommandError, Outcome, io_context::CommandIo};

/// Set by the completion script to the name of the shell.
const COMPLETE_VARIABLE: &str = "VTASK_COMPLETE";

/// Print the completion script of a shell
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_parser = PossibleValuesParser::new(SHELLS.names()))]
    shell: String,
}

const SHELLS: Shells<'static> = Shells(&[&script::BASH, &Elvish, &Fish, &script::POWERSHELL, &Zsh]);

/// Runs `vtask completions`.
///
/// # Errors
/// Fails if standard output cannot be written.
pub fn run(args: &CompletionsArgs, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let mut script = Vec::new();
    if let Some(shell) = SHELLS.completer(&args.shell) {
        shell
            .write_registration(COMPLETE_VARIABLE, "vtask", "vtask", "vtask", &mut script)
            .map_err(|error| CommandError::Local(error.into()))?;
    }
    let script = String::from_utf8_lossy(&script);
    io.print(&format!("{}\n", script.trim()))?;
    Ok(Outcome::Success)
}

/// Prints candidates and exits if called by a completion script. Must run before anything else.
pub fn complete_and_exit(definition: fn() -> clap::Command) {
    if let Some(shell) = std::env::var_os(COMPLETE_VARIABLE) {
        shell_word::set_shell(&shell.to_string_lossy());
    }
    CompleteEnv::with_factory(move || with_values(definition()))
        .var(COMPLETE_VARIABLE)
        .shells(SHELLS)
        .complete();
}

/// Returns the candidates for the typed text.
type Completer = fn(&str) -> Vec<CompletionCandidate>;

/// Completers of argument values, by command and argument ID. An empty command matches all commands.
const COMPLETERS: [(&str, &str, Completer); 22] = [
    ("wait", "tasks", values::active_tasks),
    ("cancel", "tasks", values::active_tasks),
    ("", "tasks", values::tasks),
    ("", "profile", values::profiles),
    ("set-password", "name", values::profiles),
    ("forget-password", "name", values::profiles),
    ("set", "name", values::settings),
    ("", "theme", values::themes),
    ("list", "sort", values::list_fields),
    ("get", "sort", values::task_fields),
    ("events", "sort", values::event_fields),
    ("", "sort", values::sorts),
    ("vtask", "columns", values::screen_columns),
    ("demo", "columns", values::screen_columns),
    ("events", "columns", values::event_fields),
    ("", "columns", values::task_fields),
    ("", "output", values::formats),
    ("", "filter", values::filters),
    ("", "entity", values::entities),
    ("", "user", values::users),
    ("", "operation", values::operations),
    ("", "scenario", values::scenarios),
];

/// Adds the completers to a command and its subcommands.
fn with_values(command: clap::Command) -> clap::Command {
    let name = command.get_name().to_owned();
    let completer = |id: &str| {
        let mut values = COMPLETERS.iter();
        let known = values.find(|(of, known, _)| *known == id && (of.is_empty() || *of == name));
        known.map(|(.., completer)| *completer)
    };
    command
        .mut_args(|arg| match completer(arg.get_id().as_str()) {
            Some(completer) => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
                typed.to_str().map_or_else(Vec::new, completer)
            })),
            None => arg,
        })
        .mut_subcommands(with_values)
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
        let known = COMPLETERS.iter().map(|(_, id, _)| (*id).to_owned());
        assert_eq!(ids, known.collect());
    }
}
