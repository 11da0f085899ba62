//! `vtask record`: writes every change of tasks to a file, without a screen.

mod incidents;
mod replay;
mod serve;
mod start;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

pub(super) use incidents::Incidents;
pub use replay::ReplayArgs;
pub use serve::FromArgs;
pub(super) use serve::{RecordServer, empty_simulator_options, serve, vcenter_index};
pub use start::RecordArgs;
pub(super) use start::{end, start_if_configured};

use super::{
    CommandError, Outcome, connect,
    connection_report::ConnectionReport,
    deadline::StopReason,
    fetch_args::FetchArgs,
    io_context::CommandIo,
    server_tasks,
    watchers::{UPDATE_CAPACITY, Watchers},
};
use crate::{
    config::{self, ConnectionArgs},
    recording::{self, Reader, Recorder},
    task::{ServerId, TaskChange},
    text::parse_positive_duration,
    vim::types::{TaskLocator, TaskState},
    watch::{Command, Update, WatchOptions},
};

/// Maximum number of failed tasks whose events wait to be read.
const MAX_WAITING: usize = 1000;

/// Record every change of tasks to a file, for replay and reports
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct RecordCommandArgs {
    #[command(subcommand)]
    pub action: Option<RecordAction>,

    /// Tasks [default: all], then the new file; .ndjson for plain text
    ///
    /// Tasks are IDs, URNs or URLs; - reads them from standard input. A file of any other name is compressed by zstd.
    #[arg(value_name = "TASK_OR_FILE", required = true)]
    words: Vec<String>,

    /// Stop after this time, such as 8h [default: until Ctrl-C]
    #[arg(long = "for", value_name = "SPAN", value_parser = parse_positive_duration)]
    pub span: Option<SignedDuration>,

    /// Replace names of machines, users, vCenters and paths
    #[arg(long)]
    pub redact: bool,

    #[command(flatten)]
    pub fetch: FetchArgs,
}

impl RecordCommandArgs {
    /// Returns the TASKs as given.
    pub(crate) fn tasks(&self) -> &[String] {
        self.words.split_last().map_or(&[], |(_, tasks)| tasks)
    }
}

#[derive(Debug, Clone, Subcommand)]
pub enum RecordAction {
    /// Copy a record with names replaced by stand-ins
    Redact {
        /// Record to read
        #[arg(value_name = "IN")]
        input: PathBuf,
        /// New record
        #[arg(value_name = "OUT")]
        output: PathBuf,
    },
}

/// Runs `vtask record`.
///
/// # Errors
/// Fails without a connection, or if the file cannot be written.
pub async fn run(
    args: &RecordCommandArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    if let Some(RecordAction::Redact { input, output }) = &args.action {
        return redact(input, output, io);
    }
    let Some(file) = args.words.last().map(Path::new) else {
        return Err(CommandError::Usage("FILE is missing.".to_owned()));
    };
    let defaults = config::load_config(connection, io.environment)?.defaults;
    let server_tasks = server_tasks::named(connection, args.tasks(), io)?;
    let mut servers = Vec::new();
    for server in server_tasks {
        let connect = connect::connect_with_deadline(&server.connection, io).await?;
        let name = server.name.unwrap_or_else(|| connect.address.name());
        let options = args.fetch.options(connect, server.tasks, &defaults);
        servers.push((name, options));
    }
    let names: Vec<String> = servers.iter().map(|(name, _)| name.clone()).collect();
    let recorder = start::create(file, names.clone(), args.redact)?;
    io.eprint(&format!(
        "recording {} to {}; Ctrl-C ends the record.",
        names.join(", "),
        file.display()
    ));
    let followed = follow(servers, &recorder, args.span, io).await;
    let (lines, outcome) = match (recorder.finish(), followed) {
        (_, Err(error)) => return Err(error),
        (Err(problem), _) | (_, Ok(Err(problem))) => {
            return Err(CommandError::Local(color_eyre::eyre::eyre!(problem)));
        }
        (Ok(lines), Ok(Ok(outcome))) => (lines, outcome),
    };
    io.eprint(&format!("{} has {lines} lines.", file.display()));
    Ok(outcome)
}

/// Runs `vtask record redact`.
fn redact(input: &Path, output: &Path, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let redacted = recording::redact(Reader::open(input)?, output);
    let (lines, damage) = redacted.map_err(|error| CommandError::Usage(error.to_string()))?;
    let damage = damage.to_string();
    if !damage.is_empty() {
        io.eprint(&format!("{}: {damage}.", input.display()));
    }
    io.eprint(&format!("{} has {lines} lines.", output.display()));
    Ok(Outcome::Success)
}

/// Watches until the end of the span, a signal, the loss of all servers, or a failure of the record, which is returned as
/// the inner error.
async fn follow(
    connections: Vec<(String, WatchOptions)>,
    recorder: &Recorder,
    span: Option<SignedDuration>,
    io: &mut CommandIo<'_>,
) -> Result<Result<Outcome, String>, CommandError> {
    let until = span.and_then(|span| Instant::now().checked_add(span.unsigned_abs()));
    let (sender, mut updates) = mpsc::channel(UPDATE_CAPACITY);
    let (mut watchers, mut servers) = (Watchers::default(), Vec::new());
    for (id, (name, mut options)) in (0..).map(ServerId).zip(connections) {
        options.recorder = Some(recorder.clone());
        servers.push(Server {
            connection: ConnectionReport::new(Some(&name), options.connect.address.label()),
            running: HashMap::new(),
            failed: Vec::new(),
            reading: None,
        });
        watchers.start(id, options, &sender);
        watchers.send(id, Command::ReadLocations(true));
    }
    drop(sender);
    let result = loop {
        let connections = servers.iter().map(|server| &server.connection);
        if let Some(outcome) = ConnectionReport::outcome_if_given_up(connections) {
            break Ok(Ok(outcome));
        }
        tokio::select! {
            biased;
            reason = io.stop_requested() => break match reason {
                StopReason::Interrupted(_) => Ok(Ok(Outcome::Success)),
                reason @ StopReason::TimedOut(_) => Err(reason.error(&Arc::default())),
            },
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                break Ok(Ok(Outcome::Success));
            }
            Some((id, update)) = updates.recv() => {
                if let Some(problem) = recorder.take_problem() {
                    break Ok(Err(problem));
                }
                let Some(server) = servers.get_mut(usize::from(id.0)) else {
                    continue;
                };
                match update {
                    Update::RecordingStopped(problem) => break Ok(Err(problem.to_string())),
                    update => server.handle(update, &|command| watchers.send(id, command), io),
                }
            }
            else => break Ok(Ok(Outcome::Success)),
        }
    };
    drop(updates);
    watchers.stop().await;
    result
}

/// A recorded server.
struct Server {
    connection: ConnectionReport,
    /// Tasks that have not ended.
    running: HashMap<Arc<str>, TaskLocator>,
    /// Failed tasks whose events are to be read, oldest first.
    failed: Vec<TaskLocator>,
    /// The task whose events are being read.
    reading: Option<Arc<str>>,
}

impl Server {
    /// Reports connection problems, and has the events of failed tasks read, so that the record contains them.
    fn handle(&mut self, update: Update, send: &dyn Fn(Command), io: &mut CommandIo<'_>) {
        let mut message = None;
        self.connection.apply(&update, false, &mut message);
        if let Some(message) = message {
            io.eprint(&message);
        }
        match update {
            Update::Tasks { changes, .. } => {
                for change in &changes {
                    self.handle_change(change, send);
                }
            }
            Update::Events { mo_id, .. } if self.reading.as_ref() == Some(&mo_id) => {
                self.reading = None;
                if self.failed.is_empty() {
                    send(Command::FollowEvents(Vec::new()));
                }
            }
            _ => {}
        }
        if self.reading.is_none() && !self.failed.is_empty() {
            let task = self.failed.remove(0);
            self.reading = Some(task.mo_id.clone());
            send(Command::FollowEvents(vec![task]));
        }
    }

    fn handle_change(&mut self, change: &TaskChange, send: &dyn Fn(Command)) {
        let (state, locator) = match change {
            TaskChange::Full { info, .. } => (info.state.clone(), Some(TaskLocator::of(info))),
            TaskChange::Fields { fields, .. } => {
                let mut states = fields.iter().filter(|(name, _)| name == "state");
                let state = states.next_back().map(|(_, state)| state.clone());
                match state.map(|state| TaskState::from_json("state", state)) {
                    Some(Ok(state)) => (state, None),
                    _ => return,
                }
            }
            TaskChange::Gone { mo_id, .. } => {
                // Its end was missed; the history has it.
                if let Some(locator) = self.running.remove(mo_id) {
                    send(Command::LookUp(locator));
                }
                return;
            }
            _ => return,
        };
        let known = self.running.remove(change.mo_id());
        let Some(locator) = locator.or(known) else {
            return;
        };
        if !state.is_finished() {
            self.running.insert(change.mo_id().clone(), locator);
        } else if state == TaskState::Error && self.failed.len() < MAX_WAITING {
            self.failed.push(locator);
        }
    }
}
