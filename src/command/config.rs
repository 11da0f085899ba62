//! `vtask config`: checks the config file and manages passwords in the keyring.

use std::path::Path;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::{CommandError, Outcome, io_context::CommandIo, table};
use crate::{
    config::{self, ConnectionArgs},
    files::text_file,
    shell_command,
    text::{json_pretty, sanitize, toml_problem},
};

/// Manage the config file
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    /// Print the path of the config file
    Path,
    /// Print the settings in effect and where they come from, without passwords
    Show(ShowArgs),
    /// Write a config file with every setting commented out
    Init,
    /// Open the config file in $VISUAL or $EDITOR, then check it
    Edit,
    /// Change a setting of the config file, such as defaults.theme or profiles.lab.url
    Set(SetArgs),
    /// Check the config file without connecting to a server; exit code 0 if valid, else 2
    Check,
    /// Print the JSON schema of the config file, for editors
    Schema,
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

#[derive(Debug, Clone, Args)]
struct ShowArgs {
    /// Also print settings that are not set
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Args)]
struct SetArgs {
    /// Setting, as `vtask config show --all` prints it
    #[arg(value_name = "SETTING")]
    name: String,

    /// Value; a list is separated by commas
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
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
    let path = || config::config_path(connection.config.as_deref(), io.environment);
    match &args.command {
        ConfigCommand::Path => {
            let path = path()?;
            io.print(&format!("{}\n", path.display()))?;
            Ok(Outcome::Success)
        }
        ConfigCommand::Show(args) => show(args, &path()?, io),
        ConfigCommand::Init => {
            let path = path()?;
            config::init_config(&path)?;
            io.eprint(&format!("wrote {}.", path.display()));
            Ok(Outcome::Success)
        }
        ConfigCommand::Edit => {
            edit(&path()?, io)?;
            check(connection, io)
        }
        ConfigCommand::Set(args) => {
            config::set_config(&path()?, &args.name, &args.value)?;
            Ok(Outcome::Success)
        }
        ConfigCommand::Schema => {
            io.print(&format!("{}\n", json_pretty(&config::config_schema())))?;
            Ok(Outcome::Success)
        }
        ConfigCommand::Check => check(connection, io),
        ConfigCommand::SetPassword(args) => set_password(args, connection, io),
        ConfigCommand::ForgetPassword(args) => forget_password(args, connection, io),
    }
}

fn show(args: &ShowArgs, path: &Path, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let text = text_file::read_or_empty(path).map_err(|error| {
        CommandError::Usage(format!("{} cannot be read: {error}.", path.display()))
    })?;
    let table = text.parse().map_err(|error| {
        let problem = toml_problem(&text, &error);
        CommandError::Usage(format!("{}: {problem}", path.display()))
    })?;
    let settings = config::effective_settings(&table, io.environment, args.all);
    let rows = settings.into_iter().map(|setting| {
        let value = setting.value.unwrap_or_default();
        [setting.name, value, setting.source].map(|text| table::cell(&text))
    });
    let rows: Vec<[String; 3]> = rows.collect();
    io.print(&table::layout(&["SETTING", "VALUE", "SOURCE"], &rows))?;
    Ok(Outcome::Success)
}

/// Runs the user's editor on the config file, which is created if needed.
fn edit(path: &Path, io: &CommandIo<'_>) -> Result<(), CommandError> {
    if !path.exists() {
        config::init_config(path)?;
    }
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| io.environment.get(name));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    // The editor may have arguments; the path is passed so that the shell does not interpret it.
    let mut command = shell_command::command(&format!("{editor} \"$VTASK_CONFIG_FILE\""));
    let status = command.env("VTASK_CONFIG_FILE", path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(CommandError::Usage(format!(
            "the editor `{editor}` failed ({status})."
        ))),
        Err(error) => Err(CommandError::Usage(format!(
            "the editor `{editor}` cannot be run: {error}."
        ))),
    }
}

fn set_password(
    args: &PasswordArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (entry, whose) = entry(args, connection, io)?;
    let password = if (io.input)().1 {
        config::ask_password(&whose)?
    } else {
        io.read_secret()?
    };
    if password.expose_secret().is_empty() {
        let why = format!("no password for {whose} was given; nothing was changed.");
        return Err(CommandError::Usage(why));
    }
    entry.set(&password)?;
    io.eprint(&format!("stored the password for {whose}."));
    Ok(Outcome::Success)
}

fn forget_password(
    args: &PasswordArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (entry, whose) = entry(args, connection, io)?;
    let message = if entry.remove()? {
        "removed the"
    } else {
        "there was no"
    };
    io.eprint(&format!("{message} password for {whose}."));
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
        io.eprint(&conflict);
    }
    Ok(config::keyring_entry(&connection, io.environment)?)
}

fn check(connection: &ConnectionArgs, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let result = config::check(connection.config.as_deref(), io.environment)?;
    let lines: Vec<_> = result
        .text
        .lines()
        .map(|line| format!("{}\n", sanitize(line)))
        .collect();
    io.print(&lines.concat())?;
    for warning in &result.warnings {
        io.eprint(&format!("warning: {warning}"));
    }
    match result.problems.split_last() {
        None => Ok(Outcome::Success),
        Some((last, others)) => {
            for problem in others {
                io.eprint(problem);
            }
            Err(CommandError::Usage(last.clone()))
        }
    }
}
