//! `vtask config`: the config file.

use std::{io::BufRead, path::PathBuf};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::{CommandError, Outcome, io_context::CommandIo};
use crate::{
    config::{self, ConnectionArgs},
    text::sanitize,
};

/// Look after the config file
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    command: ConfigCommand,
}

/// What to do with the config file.
#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    /// Look the config file over, without asking any server: exit code 0 if it will do, else 2
    Check(CheckArgs),
    /// Put a password into the system's keyring, where a profile with password-keyring = true finds it
    ///
    /// It is asked for without echo, or read from standard input (its first line).
    SetPassword(PasswordArgs),
    /// Take the password of an account out of the system's keyring
    ForgetPassword(PasswordArgs),
}

/// Whose password it is.
#[derive(Debug, Clone, Args)]
struct PasswordArgs {
    /// The profile whose account it is
    #[arg(value_name = "PROFILE")]
    name: Option<String>,

    /// Which server, and which account.
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Which config file to look over.
#[derive(Debug, Clone, Args)]
struct CheckArgs {
    /// Config file to read instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// When the config file cannot be read or understood, has a problem in it, standard output cannot be written, or the
/// keyring does not answer.
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
