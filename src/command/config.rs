//! `vtask config`: the config file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CommandError, Outcome, stage::Stage};
use crate::{config, text::sanitize};

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
}

/// Which config file to look over.
#[derive(Debug, Clone, Args)]
struct CheckArgs {
    /// Config file to read instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Looks the config file over.
///
/// # Errors
/// When it cannot be read or understood, has a problem in it, or standard output cannot be written.
pub fn run(args: &ConfigArgs, stage: &mut Stage<'_>) -> Result<Outcome, CommandError> {
    let ConfigCommand::Check(args) = &args.command;
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
