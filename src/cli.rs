//! Command-line definition.

use std::{env, path::PathBuf, process::ExitCode};

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::{
    app::ColumnSet,
    command::{
        cancel::CancelArgs, completions::CompletionsArgs, config::ConfigArgs,
        deadline::TimeoutArgs, events::EventsArgs, fetch_args::FetchArgs, get::GetArgs,
        list::ListArgs, logout::LogoutArgs, man::ManArgs, notify::NotifyArgs,
        simulate::SimulateArgs, tree::TreeArgs, trust::TrustArgs, wait::WaitArgs,
    },
    config::{ConnectionArgs, switch},
    task::row_model::Sort,
    text::without_user_info,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  all succeeded (or: the screen was left)      4    outcome unknown: unreachable, or gone
  1  a task failed                                5    sign-in refused
  2  wrong usage or configuration                 124  time-out
  3  a task was cancelled                         130  interrupted";

/// Monitor vSphere tasks; without a command, in a full-screen view
#[derive(Debug, Parser)]
#[command(
    version,
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
                | Command::Completions(_)
                | Command::Man(_),
            ) => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Tasks to watch: task-4711, Task:task-4711, urn:vmomi:Task:…, a URL …/Task/task-4711/info, or - to read them
    /// from standard input, separated by white space [default: all recent tasks of the server]
    #[arg(value_name = "TASK")]
    pub tasks: Vec<String>,

    #[command(flatten)]
    pub screen: ScreenArgs,

    #[command(flatten)]
    pub tell: NotifyArgs,

    /// Notify for every finished task, not only for named and pinned ones
    #[arg(long, env = "VTASK_TELL_ALL", action = ArgAction::SetTrue, value_parser = switch, help_heading = "Telling people")]
    pub tell_all: bool,

    #[command(flatten)]
    pub follow: FetchArgs,

    #[command(flatten)]
    pub connection: ConnectionArgs,
}

#[derive(Debug, Clone, Args)]
pub struct ScreenArgs {
    /// Theme: auto (by the terminal's background), dark, light, high-contrast, color-blind, the name of your own
    /// theme (NAME.toml in ~/.config/vtask/themes), or a path
    #[arg(long, env = "VTASK_THEME", value_name = "NAME|FILE")]
    pub theme: Option<String>,

    /// Use a light theme; same as --theme light
    #[arg(long, env = "VTASK_LIGHT", action = ArgAction::SetTrue, value_parser = switch, conflicts_with = "theme")]
    pub light: bool,

    /// Sort by these columns; prefix - for descending, as in state,-elapsed. Columns: now (what matters now), state,
    /// task, phase, target, progress, elapsed, left, cancel, started-by, queued, started, completed, queued-for,
    /// endpoint, operation, id, parent, error, tag, activation
    #[arg(
        long,
        env = "VTASK_SORT",
        value_name = "COLUMN,…",
        allow_hyphen_values = true
    )]
    pub sort: Option<Sort>,

    /// Columns of the list, from left to right, with optional width, as in task,target,progress:20. As for --sort,
    /// without now, plus finish (expected end)
    #[arg(long, env = "VTASK_COLUMNS", value_name = "COLUMN[:WIDTH],…")]
    pub columns: Option<ColumnSet>,

    /// Write performance statistics (requests, bytes, frames, latencies) as JSON to FILE on exit
    #[arg(long, env = "VTASK_STATS", value_name = "FILE")]
    pub stats: Option<PathBuf>,

    /// Draw with ASCII characters only
    #[arg(long, env = "VTASK_ASCII", action = ArgAction::SetTrue, value_parser = switch)]
    pub ascii: bool,
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
    Completions(CompletionsArgs),
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Speed of simulated time; 2 runs twice as fast
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub speed: f64,

    /// Random seed; the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Number of vCenters
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=9))]
    pub vcenters: u16,

    /// Config file for keys and colours instead of ~/.config/vtask/config.toml
    #[arg(long, env = "VTASK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Disable all actions that change something on the server
    #[arg(long, env = "VTASK_READ_ONLY", action = ArgAction::SetTrue, value_parser = switch)]
    pub read_only: bool,

    #[command(flatten)]
    pub screen: ScreenArgs,
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

/// Parses a number of seconds or a factor, from 0.05 to 86,400.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.05..=86_400.0).contains(&number) => Ok(number),
        Ok(_) => Err("must lie between 0.05 and 86400".to_owned()),
        Err(error) => Err(error.to_string()),
    }
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
