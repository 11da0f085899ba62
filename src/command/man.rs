//! `vtask man`: the manual pages, generated from the definition of `--help`.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use super::{CommandError, Outcome, io_context::CommandIo};

/// Print the manual page
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Print the page of this subcommand
    #[arg(value_name = "COMMAND")]
    command: Option<String>,

    /// Write all pages to this directory
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Runs `vtask man`.
///
/// # Errors
/// Fails if there is no such subcommand or the output cannot be written.
pub fn run(
    args: &ManArgs,
    mut definition: Command,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    definition.build();
    if let Some(folder) = &args.dir {
        let written = clap_mangen::generate_to(definition, folder);
        return match written {
            Ok(()) => Ok(Outcome::Success),
            Err(error) => Err(CommandError::Usage(format!(
                "the manual cannot be written to {}: {error}. Does the folder exist?",
                folder.display()
            ))),
        };
    }
    let page = match &args.command {
        None => definition,
        Some(name) => {
            let found = definition.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                CommandError::Usage(format!(
                    "there is no subcommand “{name}”; see vtask --help."
                ))
            })?
        }
    };
    let mut text = Vec::new();
    let rendered = Man::new(page).render(&mut text);
    rendered.map_err(|error| CommandError::Local(error.into()))?;
    io.print(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Success)
}
