//! The subcommands.

mod active_tasks;
pub mod cancel;
pub mod completions;
pub mod config;
mod connect;
pub mod deadline;
pub mod doctor;
mod error;
pub mod events;
pub mod fetch_args;
pub mod get;
pub mod hardening;
pub mod io_context;
pub mod list;
pub mod logout;
pub mod man;
pub mod notify;
mod outcome;
pub mod screen;
pub mod screen_args;
mod screen_options;
pub mod selector;
mod session;
mod signals;
pub mod simulate;
mod table;
mod targets;
mod task_args;
pub mod tree;
pub mod trust;
mod value_parsers;
pub mod version;
pub mod wait;

use crate::task::display_name;
pub use crate::task::json_output;
pub use error::CommandError;
pub use outcome::Outcome;

use std::pin::Pin;

use clap::CommandFactory;

use deadline::Deadline;
use io_context::CommandIo;

use crate::{
    cli::{Cli, Command},
    text::nearest,
};

/// Runs the command.
///
/// The future is boxed so that its body, which contains every command, is compiled only in this crate and not again in
/// the binary and in each test binary.
///
/// # Errors
/// The errors of the command.
pub fn run<'a>(
    cli: Cli,
    stage: &'a mut CommandIo<'_>,
) -> Pin<Box<dyn Future<Output = Result<Outcome, CommandError>> + 'a>> {
    Box::pin(run_command(cli, stage))
}

async fn run_command(cli: Cli, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    if cli.command.is_none() {
        no_command_misspelt(&cli.watch.tasks)?;
    }
    if let Some((timeout, connection)) = cli.timeout().zip(cli.connection()) {
        let defaults = crate::config::defaults(connection, stage.environment)?;
        stage.deadline = timeout.timeout.or(defaults.timeout).map(Deadline::new);
    }
    // Trust is checked before any prompt, especially for a password.
    let can_begin = cli.command.is_some() || stage.out.is_terminal();
    if let Some(connection) = cli.connection().filter(|_| can_begin) {
        trust::at_first_use(connection, stage).await?;
    }
    match cli.command {
        // The screen's futures are the largest. They are boxed so that other commands do not reserve space for them.
        None => Box::pin(screen::watch(&cli.watch)).await,
        Some(Command::Demo(args)) => Box::pin(screen::demo(&args)).await,
        Some(Command::Get(args)) => get::run(&args, stage).await,
        Some(Command::List(args)) => list::run(&args, stage).await,
        Some(Command::Tree(args)) => tree::run(&args, stage).await,
        Some(Command::Events(args)) => events::run(&args, stage).await,
        Some(Command::Wait(args)) => wait::run(&args, stage).await,
        Some(Command::Cancel(args)) => cancel::run(&args, stage).await,
        Some(Command::Simulate(args)) => {
            simulate::run(args).await?;
            Ok(Outcome::Success)
        }
        Some(Command::Trust(args)) => trust::run(&args, stage).await,
        Some(Command::Logout(args)) => logout::run(&args, stage).await,
        Some(Command::Config(args)) => config::run(&args, stage),
        Some(Command::Doctor(args)) => Box::pin(doctor::run(&args, stage)).await,
        Some(Command::Completions(args)) => completions::run(&args, stage),
        Some(Command::Man(args)) => man::run(&args, Cli::command(), stage),
    }
}

/// Refuses a word that resembles a command, which would otherwise be taken for a task.
fn no_command_misspelt(tasks: &[String]) -> Result<(), CommandError> {
    let Some(word) = tasks.first() else {
        return Ok(());
    };
    let command = Cli::command();
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    if !word.chars().all(|letter| letter.is_ascii_lowercase()) {
        return Ok(());
    }
    match nearest(word, &names) {
        Some(near) => Err(CommandError::Usage(format!(
            "“{word}” is neither a command nor a task; did you mean `vtask {near}`?"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_command_is_no_task() {
        let refused = |word: &str| no_command_misspelt(&[word.to_owned()]).is_err();
        for word in ["wiat", "lst", "cancle", "completion"] {
            assert!(refused(word), "{word}");
        }
        for word in [
            "task-4711",
            "lab/task-1",
            "Task:task-1",
            "-",
            "xyzzy",
            "haTask-ha-host-1",
        ] {
            assert!(!refused(word), "{word}");
        }
    }

    #[test]
    fn what_a_server_says_stays_on_one_line() {
        let usage = CommandError::Usage("one\ntwo\u{1b}".to_owned());
        assert_eq!(usage.told(), "one\ntwo␛");
        let server = CommandError::NothingFound("one\nvtask: two".to_owned());
        assert_eq!(server.told(), "one vtask: two");
    }
}
