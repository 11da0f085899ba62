//! The subcommands.

mod active_tasks;
pub mod cancel;
pub mod completions;
pub mod config;
mod connect;
mod connection_report;
pub mod core_dumps;
pub mod deadline;
pub mod doctor;
mod error;
pub mod events;
mod exit_code;
pub mod exporter;
pub mod fetch_args;
pub mod follow;
pub mod get;
pub mod global_args;
pub mod io_context;
pub mod list;
pub(crate) mod logging;
pub mod logout;
pub mod man;
pub mod notify;
pub mod output;
pub mod record;
pub mod report;
pub mod screen;
pub mod screen_args;
mod screen_options;
pub mod selector;
mod server_tasks;
mod session;
pub mod signals;
pub mod simulate;
mod snapshot;
pub mod stream;
mod table;
mod task_args;
pub mod task_query;
mod task_row;
pub mod tree;
pub mod trust;
mod unknown_command;
pub mod version;
pub mod wait;
mod watchers;

use crate::task::display_name;
pub use crate::task::json_output;
pub use error::CommandError;
pub use exit_code::Outcome;

use std::pin::Pin;

use secrecy::ExposeSecret;

use deadline::Deadline;
use io_context::CommandIo;

use crate::{
    cli::{self, Cli, Command},
    config::{ConnectionArgs, load_config},
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
    io: &'a mut CommandIo<'_>,
) -> Pin<Box<dyn Future<Output = Result<Outcome, CommandError>> + 'a>> {
    Box::pin(run_command(cli, io))
}

async fn run_command(cli: Cli, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let Cli {
        mut command,
        watch,
        mut global,
    } = cli;
    if command.is_none() {
        unknown_command::check(&watch.tasks)?;
    }
    io.color = global.color;
    io.log_format = global.log_format;
    io.fetch = global.fetch.clone();
    let is_screen = matches!(command, None | Some(Command::Demo(_) | Command::Replay(_)));
    logging::start(&global, is_screen, io.environment)?;
    if let Some(Command::Report(args)) = &mut command {
        args.from.take_record_path(&mut args.tasks)?;
    }
    let tasks = command.as_ref().map_or(&watch.tasks[..], Command::tasks);
    read_password(&mut global.connection, tasks, io)?;
    let from = command.as_ref().and_then(Command::from);
    from.map_or(Ok(()), record::FromArgs::check)?;
    // The record is served until this is dropped at the end of the command.
    let mut record_server = None;
    if let Some((from, path)) = from.and_then(|from| Some((from, from.from.as_deref()?))) {
        let record = record::serve(from, path, &global.connection, io).await?;
        global.connection = record.connection.clone();
        record_server = Some(record);
    }
    let connection = &global.connection;
    let reads_server = command.as_ref().is_some_and(Command::reads_server);
    if command.as_ref().is_some_and(Command::has_deadline) {
        let timeout = match global.timeout.timeout {
            None if command.as_ref().is_some_and(Command::has_default_timeout) => {
                load_config(connection, io.environment)?.defaults.timeout
            }
            timeout => timeout,
        };
        io.deadline = timeout.map(Deadline::new);
    }
    // Trust is checked before any prompt, especially for a password.
    if reads_server || command.is_none() && io.out.is_terminal() {
        trust::at_first_use(connection, io).await?;
    }
    match command {
        // The largest futures are boxed so that other commands do not reserve space for them.
        None => Box::pin(screen::watch(&watch, &global)).await,
        Some(Command::Demo(args)) => Box::pin(screen::demo(&args, &global)).await,
        Some(Command::Replay(args)) => Box::pin(screen::replay(&args, &global)).await,
        Some(Command::Get(args)) => get::run(&args, connection, io).await,
        Some(Command::List(args)) => list::run(&args, connection, io).await,
        Some(Command::Tree(args)) => tree::run(&args, connection, io).await,
        Some(Command::Events(args)) => events::run(&args, connection, io).await,
        Some(Command::Report(args)) => {
            report::run(&args, record_server.as_ref(), connection, io).await
        }
        Some(Command::Wait(args)) => Box::pin(wait::run(&args, connection, io)).await,
        Some(Command::Cancel(args)) => cancel::run(&args, connection, io).await,
        Some(Command::Record(args)) => record::run(&args, connection, io).await,
        Some(Command::Exporter(args)) => exporter::run(&args, connection, io).await,
        Some(Command::Stream(args)) => stream::run(&args, connection, io).await,
        Some(Command::Simulate(args)) => {
            simulate::run(args).await?;
            Ok(Outcome::Success)
        }
        Some(Command::Trust(args)) => {
            let deadline = io.deadline;
            deadline::limited(
                deadline,
                "reading the certificate",
                trust::run(&args, connection, io),
            )
            .await
        }
        Some(Command::Logout) => {
            let deadline = io.deadline;
            deadline::limited(deadline, "ending the session", logout::run(connection, io)).await
        }
        Some(Command::Config(args)) => config::run(&args, connection, io),
        Some(Command::Doctor) => Box::pin(doctor::run(connection, io)).await,
        Some(Command::Completions(args)) => completions::run(&args, io),
        Some(Command::Man(args)) => man::run(&args, cli::definition(), io),
        Some(Command::Options) => {
            io.print(&cli::help::global_options(cli::definition()))?;
            Ok(Outcome::Success)
        }
    }
}

/// Reads the password from standard input for `--password-file -`.
fn read_password(
    connection: &mut ConnectionArgs,
    tasks: &[String],
    io: &CommandIo<'_>,
) -> Result<(), CommandError> {
    if connection
        .password_file
        .as_deref()
        .is_none_or(|path| path.as_os_str() != "-")
    {
        return Ok(());
    }
    if tasks.iter().any(|task| task == "-") {
        let why = "standard input has either the password or the tasks, not both.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    connection.password_file = None;
    let password = io.read_secret()?;
    if password.expose_secret().is_empty() {
        let why = "--password-file -: the first line of standard input is empty.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    connection.password = Some(password);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_messages_are_one_line() {
        let usage = CommandError::Usage("one\ntwo\u{1b}".to_owned());
        assert_eq!(usage.message(), "one\ntwo␛");
        let server = CommandError::NothingFound("one\nvtask: two".to_owned());
        assert_eq!(server.message(), "one vtask: two");
    }
}
