//! The `vtask` program: reads the command line, runs the command, and turns its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;
use vtask::{
    cli::Cli,
    command::{self, CommandError, Outcome, stage::Stage},
};

fn main() -> ExitCode {
    command::hardening::keep_memory_private();
    command::completions::answer();
    let cli = Cli::parse();
    match run(cli) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) => {
            if error.is_told() {
                eprintln!("vtask: {}", error.told());
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
    let outcome = runtime.block_on(command::run(cli, &mut Stage::of_process()));
    // A request that still hangs must not keep the program from ending.
    runtime.shutdown_background();
    outcome
}
