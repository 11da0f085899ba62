//! The `vtask` program: reads the command line, runs the command, and turns its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;
use vtask::{
    cli::{Cli, Command},
    command::{self, CommandError, Outcome},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) => {
            if !matches!(error, CommandError::Interrupted) {
                eprintln!("vtask: {}", vtask::text::sanitize(&error.to_string()));
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
    let outcome = runtime.block_on(dispatch(cli));
    // A request that still hangs must not keep the program from ending.
    runtime.shutdown_background();
    outcome
}

async fn dispatch(cli: Cli) -> Result<Outcome, CommandError> {
    match cli.command {
        Some(Command::Get(args)) => {
            let interrupted = async {
                let _ = tokio::signal::ctrl_c().await;
            };
            command::get::run(&args, interrupted).await
        }
        Some(Command::Simulate(args)) => {
            command::simulate::run(args).await?;
            Ok(Outcome::Success)
        }
        Some(Command::Demo(args)) => command::screen::demo(&args).await,
        None => command::screen::watch(&cli.watch).await,
    }
}
