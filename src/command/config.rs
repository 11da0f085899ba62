//! `vtask config`: checks the config file and manages passwords in the keyring.

use std::{io::BufRead, path::PathBuf};

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
    Check(CheckArgs),
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

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Clone, Args)]
struct CheckArgs {
    /// Config file to read instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs `vtask config`.
///
/// # Errors
/// Fails if the config file is unreadable or invalid, standard output cannot be written, or the keyring fails.
pub fn run(args: &ConfigArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    match &args.command {
        ConfigCommand::Check(args) => check(args, stage),
        ConfigCommand::SetPassword(args) => set_password(args, stage),
        ConfigCommand::ForgetPassword(args) => forget_password(args, stage),
    }
}

fn set_password(args: &PasswordArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let (entry, whose) = entry(args, stage)?;
    let (mut input, is_terminal) = (stage.input)();
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
    stage.say(&format!("the keyring has the password for {whose}."));
    Ok(Outcome::Success)
}

fn forget_password(
    args: &PasswordArgs,
    stage: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (entry, whose) = entry(args, stage)?;
    let said = if entry.remove()? {
        "the keyring has no longer a"
    } else {
        "the keyring had no"
    };
    stage.say(&format!("{said} password for {whose}."));
    Ok(Outcome::Success)
}

fn entry(
    args: &PasswordArgs,
    stage: &mut CommandIo<'_>,
) -> Result<(config::KeyringEntry, String), CommandError> {
    let connection = match &args.name {
        Some(name) => args.connection.of_profile(name),
        None => args.connection.clone(),
    };
    if let Some(conflict) = config::server_conflict(&connection, stage.environment)? {
        stage.say(&conflict);
    }
    Ok(config::keyring_entry(&connection, stage.environment)?)
}

fn check(args: &CheckArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let report = config::check(args.config.as_deref(), stage.environment)?;
    let lines: Vec<_> = report
        .text
        .lines()
        .map(|line| format!("{}\n", sanitize(line)))
        .collect();
    stage.print(&lines.concat())?;
    for warning in &report.warnings {
        stage.say(&format!("warning: {warning}"));
    }
    match report.problems.split_last() {
        None => Ok(Outcome::Success),
        Some((last, others)) => {
            for problem in others {
                stage.say(problem);
            }
            Err(CommandError::Usage(last.clone()))
        }
    }
}
