//! `vtask config`: checks the config file and manages passwords in the keyring.

use std::io::BufRead;

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::{CommandError, Outcome, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs},
    text::sanitize,
};

/// Manage the config file
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    /// Check the config file without connecting to a server; exit code 0 if valid, else 2
    Check,
    /// Store a password in the system keyring, for profiles with password-keyring = true
    ///
    /// Prompts without echo, or reads the first line of standard input.
    SetPassword(PasswordArgs),
    /// Remove the password of an account from the system keyring
    ForgetPassword(PasswordArgs),
}

#[derive(Debug, Clone, Args)]
struct PasswordArgs {
    /// Profile of the account
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
}

/// Runs `vtask config`.
///
/// # Errors
/// Fails if the config file is unreadable or invalid, standard output cannot be written, or the keyring fails.
pub fn run(
    args: &ConfigArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    match &args.command {
        ConfigCommand::Check => check(connection, io),
        ConfigCommand::SetPassword(args) => set_password(args, connection, io),
        ConfigCommand::ForgetPassword(args) => forget_password(args, connection, io),
    }
}

fn set_password(
    args: &PasswordArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (entry, whose) = entry(args, connection, io)?;
    let (mut input, is_terminal) = (io.input)();
    let password = if is_terminal {
        config::ask_password(&whose)?
    } else {
        let mut line = String::new();
        input.read_line(&mut line).map_err(|error| {
            CommandError::Usage(format!("standard input cannot be read: {error}."))
        })?;
        let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
        line.zeroize();
        password
    };
    if password.expose_secret().is_empty() {
        let why = format!("no password for {whose} was given; nothing is changed.");
        return Err(CommandError::Usage(why));
    }
    entry.set(&password)?;
    io.say(&format!("the keyring has the password for {whose}."));
    Ok(Outcome::Success)
}

fn forget_password(
    args: &PasswordArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (entry, whose) = entry(args, connection, io)?;
    let said = if entry.remove()? {
        "the keyring has no longer a"
    } else {
        "the keyring had no"
    };
    io.say(&format!("{said} password for {whose}."));
    Ok(Outcome::Success)
}

fn entry(
    args: &PasswordArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<(config::KeyringEntry, String), CommandError> {
    let connection = match &args.name {
        Some(name) => connection.of_profile(name),
        None => connection.clone(),
    };
    if let Some(conflict) = config::server_conflict(&connection, io.environment)? {
        io.say(&conflict);
    }
    Ok(config::keyring_entry(&connection, io.environment)?)
}

fn check(connection: &ConnectionArgs, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let report = config::check(connection.config.as_deref(), io.environment)?;
    let lines: Vec<_> = report
        .text
        .lines()
        .map(|line| format!("{}\n", sanitize(line)))
        .collect();
    io.print(&lines.concat())?;
    for warning in &report.warnings {
        io.say(&format!("warning: {warning}"));
    }
    match report.problems.split_last() {
        None => Ok(Outcome::Success),
        Some((last, others)) => {
            for problem in others {
                io.say(problem);
            }
            Err(CommandError::Usage(last.clone()))
        }
    }
}
