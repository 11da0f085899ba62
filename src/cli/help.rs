//! Usage lines, examples and exit codes of the commands, for `-h`, `--help` and the manual.
//!
//! `-h` is a summary: own options of a command. `--help` adds the rarely used and the global options, examples and exit
//! codes, one line per option.

mod command_texts;

use std::{ffi::OsString, fmt::Write as _};

use clap::Command;

pub use command_texts::COMMANDS;

/// The texts of a command in addition to its options.
#[derive(Debug)]
pub struct Texts {
    /// Words of the command, such as `config set`; empty for vtask itself.
    pub name: &'static str,
    /// Usage lines, without the name of the program.
    pub usage: &'static [&'static str],
    /// Examples with an explanation.
    pub examples: &'static [(&'static str, &'static str)],
    /// Exit codes in addition to 0.
    pub exit_codes: &'static [(u8, &'static str)],
    /// Further paragraphs.
    pub notes: &'static str,
    /// The global options that apply, by ID; empty for all.
    globals: &'static [&'static str],
}

/// Returns the texts of a command by its words.
pub fn texts(name: &str) -> Option<&'static Texts> {
    COMMANDS.iter().find(|texts| texts.name == name)
}

impl Texts {
    /// Formats the examples, a line each.
    pub fn example_lines(&self) -> String {
        let width = self
            .examples
            .iter()
            .map(|(line, _)| line.len())
            .filter(|width| *width < 60)
            .max()
            .unwrap_or(0);
        self.examples
            .iter()
            .fold(String::new(), |mut text, (line, purpose)| {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "  {line:width$}  # {purpose}");
                text
            })
    }

    /// Formats the exit codes, a line each.
    pub fn exit_code_lines(&self) -> String {
        let codes = self.exit_codes.iter();
        std::iter::once(&(0, "success")).chain(codes).fold(
            String::new(),
            |mut text, (code, meaning)| {
                let _ = writeln!(text, "  {code:<3}  {meaning}");
                text
            },
        )
    }

    fn after_long_help(&self) -> String {
        let mut text = format!(
            "Examples:\n{}\nExit codes:\n{}",
            self.example_lines(),
            self.exit_code_lines()
        );
        if !self.notes.is_empty() {
            let _ = write!(text, "\n{}", self.notes);
        }
        text
    }
}

/// Adds the texts to the definition.
pub(super) fn describe(command: Command) -> Command {
    let globals: Vec<clap::Arg> = command
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .cloned()
        .collect();
    let command = with_texts(command, "");
    command.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        let mut command = with_texts(command, &name);
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
    let usage: Vec<String> = texts
        .usage
        .iter()
        .map(|line| format!("{before} {line}"))
        .collect();
    command
        .override_usage(usage.join("\n       "))
        .after_long_help(texts.after_long_help())
}

/// Returns true if the command line asks for the full help.
pub(super) fn is_full_wanted(words: &[OsString]) -> bool {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    let first = words.next();
    first.is_some_and(|word| word == "help" || word == "--help")
        || words.any(|word| word == "--help")
}

/// Turns the long texts into the texts of the compact layout, which has one line per option.
pub fn full(command: Command) -> Command {
    let about = command.get_long_about().cloned();
    let after = command.get_after_long_help().cloned();
    let mut command = command.mut_args(full_arg).mut_subcommands(full);
    if let Some(about) = about {
        command = command.about(about).long_about(None::<&str>);
    }
    if let Some(after) = after {
        command = command.after_help(after).after_long_help(None::<&str>);
    }
    command
}

fn full_arg(arg: clap::Arg) -> clap::Arg {
    let long = arg.get_long_help().cloned();
    // Values with their own help would switch to the layout with several lines per option.
    let values = arg.get_possible_values();
    let are_described = values.iter().any(|value| value.get_help().is_some());
    let arg = arg
        .hide_short_help(false)
        .hide_env(true)
        .hide_possible_values(are_described);
    match long {
        Some(long) => arg.help(long).long_help(None::<&str>),
        None => arg,
    }
}

#[cfg(test)]
mod tests;
