//! Command-line definition.

use std::{env, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    command::{
        cancel::CancelArgs,
        completions::CompletionsArgs,
        config::ConfigArgs,
        deadline::TimeoutArgs,
        doctor::DoctorArgs,
        events::EventsArgs,
        get::GetArgs,
        list::ListArgs,
        logout::LogoutArgs,
        man::ManArgs,
        screen_args::{DemoArgs, WatchArgs},
        simulate::SimulateArgs,
        tree::TreeArgs,
        trust::TrustArgs,
        version,
        wait::WaitArgs,
    },
    config::ConnectionArgs,
    text::without_user_info,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  success                                      4    outcome unknown: unreachable, or expired
  1  a task failed                                5    login failed
  2  wrong usage or configuration                 124  timed out
  3  a task was cancelled                         130  interrupted";

/// Monitor vSphere tasks; without a command, in a full-screen view
#[derive(Debug, Parser)]
#[command(
    version,
    long_version = version::LONG,
    about,
    after_help = EXIT_CODES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub watch: WatchArgs,
}

impl Cli {
    /// Returns the time-out arguments of commands that have a deadline.
    pub(crate) fn timeout(&self) -> Option<&TimeoutArgs> {
        match self.command.as_ref()? {
            Command::Get(args) => Some(&args.timeout),
            Command::List(args) => Some(&args.timeout),
            Command::Tree(args) => Some(&args.timeout),
            Command::Events(args) => Some(&args.timeout),
            Command::Wait(args) => Some(&args.timeout),
            Command::Cancel(args) => Some(&args.timeout),
            _ => None,
        }
    }

    /// Returns the connection arguments of commands that use a server.
    pub(crate) fn connection(&self) -> Option<&ConnectionArgs> {
        match &self.command {
            None => Some(&self.watch.connection),
            Some(Command::Get(args)) => Some(&args.connection),
            Some(Command::List(args)) => Some(&args.connection),
            Some(Command::Tree(args)) => Some(&args.connection),
            Some(Command::Events(args)) => Some(&args.connection),
            Some(Command::Wait(args)) => Some(&args.connection),
            Some(Command::Cancel(args)) => Some(&args.connection),
            Some(
                Command::Demo(_)
                | Command::Simulate(_)
                | Command::Trust(_)
                | Command::Logout(_)
                | Command::Config(_)
                | Command::Doctor(_)
                | Command::Completions(_)
                | Command::Man(_),
            ) => None,
        }
    }
}

#[expect(missing_docs, reason = "what --help prints stands at the arguments")]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the full-screen view of an embedded vCenter; needs no server
    Demo(DemoArgs),
    /// Print tasks once, as a table or JSON
    Get(GetArgs),
    List(ListArgs),
    Tree(TreeArgs),
    Events(EventsArgs),
    Wait(Box<WaitArgs>),
    Cancel(CancelArgs),
    /// Serve the embedded vCenter to any client of the VI JSON API
    Simulate(SimulateArgs),
    Trust(TrustArgs),
    Logout(LogoutArgs),
    Config(ConfigArgs),
    Doctor(DoctorArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Prints a command-line error (or the help, or the version) and returns the exit code. User names and passwords in
/// URLs are removed from the message.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    let typed: Vec<String> = env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .filter(|word| word.contains("://") && word.contains('@'))
        .collect();
    if typed.is_empty() || !error.use_stderr() {
        // A failed write cannot be reported anywhere.
        let _ = error.print();
    } else {
        let text = error.render().to_string();
        let shown = typed.iter().fold(text, |text, word| {
            let value = word
                .split_once('=')
                .map_or(word.as_str(), |(_, value)| value);
            text.replace(word, &without_user_info(word))
                .replace(value, &without_user_info(value))
        });
        eprint!("{shown}");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::task::row_model::SortColumn;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_task_needs_no_command_and_a_command_no_task() {
        let watch = Cli::try_parse_from(["vtask", "--url", "vc01", "task-1"]).unwrap();
        assert_eq!(watch.watch.tasks, ["task-1"]);
        let get = Cli::try_parse_from(["vtask", "get", "--url", "vc01", "task-1"]).unwrap();
        assert!(matches!(get.command, Some(Command::Get(_))));
    }

    #[test]
    fn an_order_names_columns_that_there_are() {
        let parsed = |order: &str| Cli::try_parse_from(["vtask", "--sort", order]);
        let cli = parsed("-elapsed,target").unwrap();
        assert_eq!(
            cli.watch.screen.sort.unwrap().to_string(),
            "-elapsed,target"
        );
        let error = parsed("elapsd").unwrap_err().to_string();
        assert!(error.contains("did you mean “elapsed”?"), "{error}");
        let command = Cli::command();
        let sort = command.get_arguments().find(|arg| arg.get_id() == "sort");
        let help = sort.unwrap().get_help().unwrap().to_string();
        for column in SortColumn::ALL {
            assert!(help.contains(column.name()), "{}", column.name());
        }
    }

    #[test]
    fn an_interval_has_to_make_sense() {
        for interval in ["0", "-1", "NaN", "inf", "x"] {
            assert!(
                Cli::try_parse_from(["vtask", "--interval", interval]).is_err(),
                "{interval}"
            );
        }
    }
}
