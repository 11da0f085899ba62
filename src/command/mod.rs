//! What each subcommand does.

mod active_tasks;
pub mod cancel;
pub mod completions;
pub mod config;
mod connect;
pub mod deadline;
pub mod events;
pub mod fetch_args;
pub mod get;
pub mod hardening;
pub mod io_context;
pub mod list;
pub mod logout;
pub mod man;
pub mod notify;
pub mod screen;
mod screen_options;
pub mod selector;
mod session;
mod signals;
pub mod simulate;
mod table;
mod targets;
mod task_args;
mod terminal_writer;
pub mod tree;
pub mod trust;
mod value_parsers;
pub mod wait;

use crate::task::display_name;
pub use crate::task::json_output;
pub(crate) use value_parsers::positive_duration as positive_span;

use std::pin::Pin;

use deadline::Deadline;
use io_context::CommandIo;

use crate::{
    cli::{Cli, Command},
    config::ConfigError,
    task::Status,
    text::{nearest, sanitize, sanitize_lines},
    vim,
};

/// How a command ended: what its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All that was asked for succeeded.
    Success,
    /// A task failed.
    Failed,
    /// A task was cancelled.
    Cancelled,
    /// What became of a task is not known: the server is unreachable, or the task is gone.
    Unknown,
    /// The server refused to let us in.
    Refused,
    /// The time that was given is over.
    TimedOut,
    /// The user, or the system, wanted it to end.
    Interrupted,
}

impl Outcome {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Cancelled => 3,
            Self::Unknown => 4,
            Self::Refused => 5,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
        }
    }

    /// The word for it, in machine-readable output too.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::TimedOut => "timeout",
            Self::Interrupted => "interrupted",
        }
    }

    /// What a task's status adds to the outcome; one that is not over adds nothing bad.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Lost | Status::Ghost => Self::Unknown,
            Status::Running | Status::Queued | Status::Success | Status::Unknown => Self::Success,
        }
    }

    /// What it means that a server could not be asked.
    pub(crate) fn of_error(error: &vim::Error) -> Self {
        if error.is_auth_failure() {
            Self::Refused
        } else {
            Self::Unknown
        }
    }

    /// The outcome of two together: a failure counts most, then a cancellation, then what is not known.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let weight = |outcome| match outcome {
            Self::Interrupted => 6,
            Self::Refused => 5,
            Self::TimedOut => 4,
            Self::Failed => 3,
            Self::Cancelled => 2,
            Self::Unknown => 1,
            Self::Success => 0,
        };
        if weight(other) > weight(self) {
            other
        } else {
            self
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Wrong usage or configuration.
    #[error("{0}")]
    Usage(String),
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Server(#[from] vim::Error),
    /// The server let us in, but refused something that was asked for.
    #[error(transparent)]
    Denied(vim::Error),
    /// The person did not accept the certificate of this server.
    #[error("the certificate of {0} was not accepted; nothing was sent there.")]
    Untrusted(String),
    /// The user, or the system, wants the program to end.
    #[error("interrupted")]
    Interrupted,
    /// Whoever read standard output has had enough.
    #[error("nobody reads")]
    NobodyReads,
    /// The deadline of the command passed; what was being done.
    #[error("{0}")]
    TimedOut(String),
    /// There is no such task.
    #[error("{0}")]
    NothingFound(String),
    /// A part of the program panicked; its report was printed.
    #[error("a part of the program failed; the report above says where. Please report it.")]
    Panicked,
    /// Something on this machine failed.
    #[error(transparent)]
    Local(#[from] color_eyre::Report),
}

impl CommandError {
    /// The process's exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Server(error) if error.is_auth_failure() => 5,
            Self::Server(_) | Self::Denied(_) | Self::NothingFound(_) | Self::Untrusted(_) => 4,
            Self::TimedOut(_) => 124,
            Self::Interrupted => 130,
            // As if SIGPIPE had ended it.
            Self::NobodyReads => 141,
            Self::Panicked => 101,
            Self::Usage(_) | Self::Local(_) => 2,
        }
    }

    /// The fault that a server answered with.
    pub(crate) fn fault(&self) -> Option<&vim::types::Fault> {
        match self {
            Self::Server(error) | Self::Denied(error) => error.fault(),
            _ => None,
        }
    }

    /// What it means for the outcome that a server could not be asked; nothing where this is not about a server.
    pub(crate) fn server_outcome(&self) -> Option<Outcome> {
        match self {
            Self::Server(error) => Some(Outcome::of_error(error)),
            Self::Denied(_) => Some(Outcome::Unknown),
            _ => None,
        }
    }

    /// What is told of it, safe to print. Wrong usage may take several lines; what a server says never does.
    pub fn told(&self) -> String {
        match self {
            Self::Usage(text) => sanitize_lines(text).collect::<Vec<_>>().join("\n"),
            Self::Local(report) => sanitize(&with_causes(report)).into_owned(),
            other => sanitize(&other.to_string()).into_owned(),
        }
    }

    /// Whether it is to be told: not what the user knows, or nobody would read.
    pub fn is_told(&self) -> bool {
        !matches!(self, Self::Interrupted | Self::NobodyReads)
    }
}

/// Returns the error's text followed by those of its causes that it does not mention itself.
fn with_causes(report: &color_eyre::Report) -> String {
    report.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        if text.is_empty() {
            cause
        } else if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

/// Runs the command that the command line names.
///
/// The future is boxed so that its body, which contains every command, is compiled in this crate alone and not again
/// in the binary and in each test binary.
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
    // Before anything else is asked of a person, a password above all.
    let can_begin = cli.command.is_some() || stage.out.is_terminal();
    if let Some(connection) = cli.connection().filter(|_| can_begin) {
        trust::at_first_use(connection, stage).await?;
    }
    match cli.command {
        // The screen's are the largest futures: they lie apart, so that no other command carries their room along.
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
        Some(Command::Completions(args)) => completions::run(&args, stage),
        Some(Command::Man(args)) => man::run(&args, stage),
    }
}

/// Refuses a word that looks like a command and is none: it would be taken for a task.
fn no_command_misspelt(tasks: &[String]) -> Result<(), CommandError> {
    let Some(word) = tasks.first() else {
        return Ok(());
    };
    let command = <Cli as clap::CommandFactory>::command();
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

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_decides() {
        use Outcome::{Cancelled, Failed, Success, Unknown};
        assert_eq!(Success.and(Unknown).and(Cancelled).and(Success), Cancelled);
        assert_eq!(Failed.and(Cancelled), Failed);
        assert_eq!(Success.and(Success).code(), 0);
    }

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
