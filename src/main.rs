//! The `vtask` program: reads the command line, runs the command, and turns its outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;
use vtask::{
    cli::{Cli, Command},
    command::{self, CommandError, Outcome, stage::Stage},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) => {
            if error.is_told() {
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
        Some(Command::List(args)) => command::list::run(&args, &mut Stage::of_process()).await,
        Some(Command::Tree(args)) => command::tree::run(&args, &mut Stage::of_process()).await,
        Some(Command::Events(args)) => command::events::run(&args, &mut Stage::of_process()).await,
        Some(Command::Wait(args)) => command::wait::run(&args, &mut Stage::of_process()).await,
        Some(Command::Cancel(args)) => command::cancel::run(&args, &mut Stage::of_process()).await,
        Some(Command::Config(args)) => command::config::run(&args, &mut Stage::of_process()),
        Some(Command::Completions(args)) => {
            command::completions::run(&args, &mut Stage::of_process())
        }
        Some(Command::Man(args)) => command::man::run(&args, &mut Stage::of_process()),
        Some(Command::Simulate(args)) => {
            command::simulate::run(args).await?;
            Ok(Outcome::Success)
        }
        Some(Command::Demo(args)) => command::screen::demo(&args).await,
        None => command::screen::watch(&cli.watch).await,
    }
}
