//! Usage lines, examples and exit codes of the commands, for `-h`, `--help` and the manual.
//!
//! `-h` is a summary: own options of a command. `--help` adds the rarely used options, examples and exit codes, one line
//! per option, within one screen. `vtask options` lists the global options. The manual has all of it, and the notes.

mod command_texts;
mod texts;

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

use texts::OPTIONS;
pub use texts::Texts;

/// Commands that are listed only in the full help: they are rarely needed.
const HIDDEN_IN_SUMMARY: [&str; 4] = ["completions", "logout", "man", "simulate"];
/// IDs of options that `--help` names in the line of another option, to save theirs.
const DESCRIBED_WITH_ANOTHER: [&str; 6] = [
    "light",
    "notify",
    "record_at",
    "record_vcenter",
    "redact_record",
    "version",
];

/// Returns the texts of a command by its words.
pub fn texts(name: &str) -> Option<&'static Texts> {
    command_texts::all().find(|texts| texts.name == name)
}

/// Adds the texts to the definition.
pub(super) fn describe(command: Command) -> Command {
    let globals: Vec<Arg> = command
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .cloned()
        .collect();
    // In the summary its line is needed for a command.
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .hide_short_help(true)
        .help_heading(None)
        .help("Print version");
    let command = with_texts(command, "")
        .disable_version_flag(true)
        .arg(version);
    command.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        let mut command = with_texts(command, &name);
        if name == OPTIONS {
            // Elsewhere `--help` hides them.
            return command.args(globals.clone());
        }
        let kept = texts(&name).map_or(&[][..], |texts| texts.globals);
        if !kept.is_empty() {
            let others = globals
                .iter()
                .filter(|arg| !kept.contains(&arg.get_id().as_str()));
            let own: Vec<_> = command
                .get_arguments()
                .map(|arg| arg.get_id().clone())
                .collect();
            let others = others.filter(|arg| !own.contains(arg.get_id()));
            // An argument of the same ID takes the place of the global one.
            command = command.args(others.map(|arg| arg.clone().hide(true)).collect::<Vec<_>>());
        }
        command.mut_subcommands(|command| {
            let name = format!("{name} {}", command.get_name());
            with_texts(command, &name)
        })
    })
}

fn with_texts(command: Command, name: &str) -> Command {
    let Some(texts) = texts(name) else {
        return command;
    };
    let before = if name.is_empty() {
        "vtask".to_owned()
    } else {
        format!("vtask {name}")
    };
    let lines = texts.usage.iter();
    let usage: Vec<String> = lines
        .map(|line| format!("{before} {line}").trim_end().to_owned())
        .collect();
    command
        .override_usage(usage.join("\n       "))
        .after_long_help(texts.after_long_help())
}

/// Returns true if the command line requests the full help.
pub(super) fn is_full_wanted(words: &[OsString]) -> bool {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    words.any(|word| word == "help" || word == "--help")
}

/// Returns the definition for the summary that `-h` prints.
pub(super) fn summary(command: Command) -> Command {
    HIDDEN_IN_SUMMARY.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| command.hide(true))
    })
}

/// Returns the description of the global options.
pub(crate) fn global_options(definition: Command) -> String {
    let mut command = full(definition);
    command.build();
    let options = command.find_subcommand_mut(OPTIONS);
    options.map_or_else(String::new, |options| options.render_help().to_string())
}

/// Returns the definition with the compact layout of `--help`: one line per option. Global options are hidden, except in
/// `vtask options`; long texts are for the manual.
pub fn full(command: Command) -> Command {
    let is_options = command.get_name() == OPTIONS;
    let about = command.get_long_about().cloned();
    let after = command.get_after_long_help().cloned();
    let command = command.mut_args(|arg| full_arg(arg, is_options));
    let mut command = command.mut_subcommands(full);
    if let Some(about) = about {
        command = command.about(about).long_about(None::<&str>);
    }
    if let Some(after) = after {
        command = command.after_help(after).after_long_help(None::<&str>);
    }
    command
}

fn full_arg(arg: Arg, shows_globals: bool) -> Arg {
    let is_hidden = arg.is_hide_set()
        || arg.is_global_set() && !shows_globals
        || DESCRIBED_WITH_ANOTHER.contains(&arg.get_id().as_str());
    // Values with their own help would switch to the layout with several lines per option.
    let values = arg.get_possible_values();
    let are_described = values.iter().any(|value| value.get_help().is_some());
    let hides_values = are_described || arg.is_hide_possible_values_set();
    arg.hide(is_hidden)
        .hide_short_help(false)
        .hide_env(true)
        .hide_possible_values(hides_values)
        .long_help(None::<&str>)
}

#[cfg(test)]
mod tests;
