//! vtask: the terminal monitor for long vSphere operations.
//!
//! Data goes one way: `vim` (the wire) → `watch` (the fetch loop) → `task` (the domain) → `app` (state and update) → `ui`
//! (drawing) → `tui` (event loop and terminal). `command` contains the subcommands; `simulator` is an embedded vCenter that
//! shares nothing with the client. The layers below the screen are crates of their own.

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod replay;
pub mod report;
mod shell_command;
pub mod tui;
pub mod ui;

pub use vtask_files as files;
pub use vtask_metrics as metrics;
pub use vtask_recording as recording;
pub use vtask_simulator as simulator;
pub use vtask_task as task;
pub use vtask_text as text;
pub use vtask_vim as vim;
pub use vtask_watch as watch;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use cli::Cli;
use command::{CommandError, Outcome, io_context::CommandIo, logging::message_line};

/// Runs the program: reads the command line, runs the command, and returns its exit code.
///
/// Lives in the library so that the bodies of the asynchronous commands are compiled once, not again in the binary.
pub fn main() -> ExitCode {
    command::core_dumps::disable_core_dumps();
    command::completions::complete_and_exit(cli::definition);
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return cli::print_error(&error),
    };
    let format = cli.global.log_format;
    match run(cli) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) => {
            if error.is_reported() {
                let line = message_line(format, tracing::Level::ERROR, &error.message());
                // A full disk or a closed pipe must not change the exit code.
                let _ = writeln!(io::stderr(), "{line}");
            }
            ExitCode::from(error.code())
        }
    }
}

fn run(cli: Cli) -> Result<Outcome, CommandError> {
    color_eyre::install().map_err(CommandError::Local)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::Local(error.into()))?;
    let outcome = runtime.block_on(command::run(cli, &mut CommandIo::of_process()));
    // A request that still hangs must not keep the program from ending.
    runtime.shutdown_background();
    outcome
}
