//! Command-line definition.

pub mod help;

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use crate::{
    command::{
        cancel::CancelArgs,
        completions::CompletionsArgs,
        config::ConfigArgs,
        events::EventsArgs,
        exporter::ExporterArgs,
        get::GetArgs,
        global_args::GlobalArgs,
        list::ListArgs,
        man::ManArgs,
        record::{FromArgs, RecordCommandArgs, ReplayArgs},
        report::ReportArgs,
        screen_args::{DemoArgs, WatchArgs},
        simulate::SimulateArgs,
        stream::StreamArgs,
        tree::TreeArgs,
        trust::TrustArgs,
        version,
        wait::WaitArgs,
    },
    text::without_user_info,
};

/// Monitor vSphere tasks; without a command, in a full-screen view
#[derive(Debug, Parser)]
#[command(version, long_version = version::LONG, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub watch: WatchArgs,

    #[command(flatten)]
    pub global: GlobalArgs,
}

#[expect(missing_docs, reason = "the arguments are documented by --help")]
#[derive(Debug, Subcommand)]
pub enum Command {
    Get(GetArgs),
    List(ListArgs),
    Tree(TreeArgs),
    Events(EventsArgs),
    Report(ReportArgs),
    Wait(Box<WaitArgs>),
    Cancel(CancelArgs),
    Record(RecordCommandArgs),
    Replay(ReplayArgs),
    Stream(StreamArgs),
    Exporter(ExporterArgs),
    /// Show the full-screen view of an embedded vCenter; needs no server
    Demo(DemoArgs),
    Simulate(SimulateArgs),
    Trust(TrustArgs),
    /// End the session kept open with --keep-session
    Logout,
    Config(ConfigArgs),
    /// Check this machine and the server, for a bug report
    Doctor,
    Completions(CompletionsArgs),
    Man(ManArgs),
    /// List the options of all commands: server, login, log, colors
    Options,
}

impl Command {
    /// Returns true if the command takes `--timeout`.
    pub(crate) fn has_deadline(&self) -> bool {
        !matches!(
            self,
            Self::Demo(_)
                | Self::Replay(_)
                | Self::Simulate(_)
                | Self::Config(_)
                | Self::Completions(_)
                | Self::Man(_)
                | Self::Options
        )
    }

    /// Returns the TASKs as given.
    pub(crate) fn tasks(&self) -> &[String] {
        match self {
            Self::Get(args) => &args.tasks,
            Self::Tree(args) => &args.tasks,
            Self::Events(args) => &args.tasks,
            Self::Report(args) => &args.tasks,
            Self::Wait(args) => &args.tasks,
            Self::Cancel(args) => &args.tasks,
            Self::Record(args) => args.tasks(),
            _ => &[],
        }
    }

    /// Returns the record that the command reads instead of a server, if it takes one.
    pub(crate) fn from(&self) -> Option<&FromArgs> {
        match self {
            Self::Get(args) => Some(&args.from),
            Self::List(args) => Some(&args.from),
            Self::Tree(args) => Some(&args.from),
            Self::Events(args) => Some(&args.from),
            Self::Report(args) => Some(&args.from),
            _ => None,
        }
    }

    /// Returns true if `timeout` of the config file applies. A record ends by `--for`; `stream` and `exporter` run until
    /// they are stopped.
    pub(crate) fn has_default_timeout(&self) -> bool {
        self.reads_server()
            && !matches!(self, Self::Record(_) | Self::Stream(_) | Self::Exporter(_))
    }

    /// Returns true if the command signs in to servers.
    pub(crate) fn reads_server(&self) -> bool {
        match self {
            Self::Record(args) => args.action.is_none(),
            Self::Wait(args) => args.from.is_none(),
            Self::Get(_)
            | Self::List(_)
            | Self::Tree(_)
            | Self::Events(_)
            | Self::Report(_)
            | Self::Cancel(_)
            | Self::Stream(_)
            | Self::Exporter(_) => true,
            _ => false,
        }
    }
}

/// Returns the definition of the command line, with usage lines and examples. Empty variables count as unset.
pub fn definition() -> clap::Command {
    help::describe(without_empty_variables(Cli::command()))
}

/// Parses a command line, beginning with the name of the program.
///
/// # Errors
/// Returns an error for wrong usage, and for a request for help or the version.
pub fn parse<T: Into<OsString>>(words: impl IntoIterator<Item = T>) -> Result<Cli, clap::Error> {
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let mut command = definition();
    command = if help::is_full_wanted(&words) {
        help::full(command)
    } else {
        help::summary(command)
    };
    let matches = command.clone().try_get_matches_from(words);
    let matches = matches.map_err(explain)?;
    refuse_misplaced(&mut command, &matches)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Improves the messages about unknown options and a missing TASK.
fn explain(mut error: clap::Error) -> clap::Error {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) => name.clone(),
        Some(ContextValue::Strings(names)) => names.join(" "),
        _ => return error,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            // The tip of clap is to pass the option as a TASK.
            error.remove(ContextKind::Suggested);
            if matches!(argument.as_str(), "-o" | "--output" | "--format") {
                let tip = "this command prints a table, or JSON with --json".into();
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
            }
            error
        }
        ErrorKind::MissingRequiredArgument if argument.contains("<TASK>") => {
            let usage = error.get(ContextKind::Usage).map(ToString::to_string);
            let usage = usage.unwrap_or_default();
            let others = match (usage.contains("--entity"), usage.contains("--new")) {
                (true, true) => ", or select tasks with --entity, --filter, --new and so on",
                (true, false) => ", or select tasks with --entity, --filter and so on",
                (false, _) => "",
            };
            let why = format!(
                "no task given. Write its ID, such as task-4711, or - for standard input{others}\n\n\
                 {usage}\n\nFor more information, try '--help'.\n"
            );
            clap::Error::raw(ErrorKind::MissingRequiredArgument, why)
        }
        _ => error,
    }
}

/// Refuses flags of the screen in front of a command, and a time limit where none applies.
fn refuse_misplaced(command: &mut clap::Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let Some(name) = matches.subcommand_name() else {
        if is_typed("timeout") {
            let why = "--timeout needs a command, such as `vtask wait`; the full-screen view has no time limit";
            return Err(command.error(ErrorKind::ArgumentConflict, why));
        }
        return Ok(());
    };
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    let misplaced = own
        .filter(|arg| is_typed(arg.get_id().as_str()))
        .find_map(clap::Arg::get_long);
    let Some(flag) = misplaced else {
        return Ok(());
    };
    let why = format!(
        "--{flag} before `{name}` is an option of the full-screen view. Write options of `{name}` after it"
    );
    Err(command.error(ErrorKind::ArgumentConflict, why))
}

/// Ignores variables that are set but empty, and hides the values of the others.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| match arg.get_env().map(is_empty) {
            None => arg,
            Some(true) => arg.env(None::<&str>),
            Some(false) => arg.hide_env_values(true),
        })
        .mut_subcommands(without_empty_variables)
}

/// Prints a command-line error (or the help, or the version) and returns the exit code. User names and passwords in
/// URLs are removed from the message.
pub(crate) fn print_error(error: &clap::Error) -> ExitCode {
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
        let _ = write!(io::stderr(), "{shown}");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::row_model::SortColumn;

    fn parsed(line: &str) -> Result<Cli, String> {
        parse(line.split(' ')).map_err(|error| error.to_string())
    }

    #[test]
    fn definition_is_consistent() {
        definition().debug_assert();
        help::full(definition()).debug_assert();
    }

    #[test]
    fn a_task_needs_no_command_and_a_command_no_task() {
        let watch = parsed("vtask --url vc01 task-1").unwrap();
        assert_eq!(watch.watch.tasks, ["task-1"]);
        let get = parsed("vtask get --url vc01 task-1").unwrap();
        assert!(matches!(get.command, Some(Command::Get(_))));
    }

    #[test]
    fn global_options_work_before_and_after_the_command() {
        for line in [
            "vtask --url vc01 --profile lab --timeout 5s --read-only --color never list",
            "vtask list --url vc01 --profile lab --timeout 5s --read-only --color never",
            "vtask --url vc01 --timeout 5s list --color never --profile lab --read-only",
        ] {
            let cli = parsed(line).unwrap();
            let connection = &cli.global.connection;
            assert_eq!(connection.url.as_deref(), Some("vc01"), "{line}");
            assert_eq!(connection.profile, ["lab"], "{line}");
            assert!(connection.read_only, "{line}");
            assert_eq!(
                cli.global.timeout.timeout,
                Some(jiff::SignedDuration::from_secs(5))
            );
            assert_eq!(
                cli.global.color,
                crate::command::global_args::ColorChoice::Never
            );
        }
        let later = parsed("vtask --url vc01 list --url vc02").unwrap();
        assert_eq!(later.global.connection.url.as_deref(), Some("vc02"));
    }

    #[test]
    fn misplaced_options_are_refused() {
        let error = parsed("vtask --theme dark list").unwrap_err();
        assert!(error.contains("--theme before `list`"), "{error}");
        let error = parsed("vtask --timeout 5s").unwrap_err();
        assert!(error.contains("needs a command"), "{error}");
    }

    #[test]
    fn errors_suggest_what_helps() {
        for line in [
            "vtask wait --bogus task-1",
            "vtask get --bogus",
            "vtask wait -o json",
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains("unexpected argument"), "{error}");
            assert!(!error.contains("as a value"), "{error}");
        }
        let error = parsed("vtask wait task-1 -o json").unwrap_err();
        assert!(error.contains("JSON with --json"), "{error}");
        let error = parsed("vtask wait task-1 --allow-emty").unwrap_err();
        assert!(error.contains("'--allow-empty'"), "{error}");
    }

    #[test]
    fn a_missing_task_is_explained() {
        let error = parsed("vtask cancel -y").unwrap_err();
        assert!(error.contains("no task given"), "{error}");
        assert!(error.contains("--entity, --filter and so on"), "{error}");
        assert!(error.contains("Usage: vtask cancel"), "{error}");
        assert!(parsed("vtask wait").unwrap_err().contains("--new"));
        let error = parsed("vtask get").unwrap_err();
        assert!(
            error.contains("standard input\n\nUsage: vtask get"),
            "{error}"
        );
        assert!(parsed("vtask completions").unwrap_err().contains("<SHELL>"));
    }

    #[test]
    fn sort_names_columns() {
        let cli = parsed("vtask --sort -elapsed,target").unwrap();
        assert_eq!(
            cli.watch.screen.sort.unwrap().to_string(),
            "-elapsed,target"
        );
        let error = parsed("vtask --sort elapsd").unwrap_err();
        assert!(error.contains("did you mean “elapsed”?"), "{error}");
        let command = Cli::command();
        let sort = command.get_arguments().find(|arg| arg.get_id() == "sort");
        let help = sort.unwrap().get_long_help().unwrap().to_string();
        for column in SortColumn::ALL {
            assert!(help.contains(column.name()), "{}", column.name());
        }
    }

    #[test]
    fn services_have_no_default_timeout() {
        for (line, expected) in [
            ("vtask list", true),
            ("vtask wait task-1", true),
            ("vtask record file.ndjson", false),
            ("vtask stream", false),
            ("vtask exporter", false),
        ] {
            let command = parsed(line).unwrap().command.unwrap();
            assert_eq!(command.has_default_timeout(), expected, "{line}");
        }
    }

    #[test]
    fn invalid_intervals_are_refused() {
        for interval in ["0", "-1", "NaN", "inf", "x"] {
            let line = format!("vtask --interval {interval}");
            assert!(parsed(&line).is_err(), "{interval}");
        }
    }
}
