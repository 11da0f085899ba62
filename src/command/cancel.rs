//! `vtask cancel`: shows the tasks, asks for confirmation, sends the requests and prints each response.

mod messages;
mod response;

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use messages::{named, sentence, unreadable};
use response::{CancelReporter, CancelResult};

use super::{
    CommandError, Outcome, active_tasks, connect,
    io_context::CommandIo,
    selector::{CompiledSelector, TaskSelector},
    server_tasks::{self, ServerTasks},
    session,
    signals::StopSignal,
    snapshot::Snapshot,
    wait::{self, OutputMode, Plan, ReportOptions, Server, WaitCondition},
};
use crate::{
    config::{self, ConnectionArgs, Defaults, Environment},
    task::Status,
    vim::{Client, ConnectOptions, Error},
};

/// Cancel tasks, after confirmation
#[derive(Debug, Clone, Args)]
pub struct CancelArgs {
    /// Tasks: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK", required_unless_present_any = ["entity", "operation", "user", "activation_id", "filter"])]
    pub(crate) tasks: Vec<String>,

    #[command(flatten)]
    choice: TaskSelector,

    /// Skip the confirmation
    #[arg(short, long)]
    yes: bool,

    /// Wait until the tasks have ended
    #[arg(long)]
    wait: bool,

    /// Print one JSON object per line for each response
    #[arg(long, requires = "yes")]
    json: bool,
}

/// Runs `vtask cancel`.
///
/// # Errors
/// Fails on wrong usage, without a connection, and if the user does not confirm.
pub async fn run(
    args: &CancelArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    check_can_confirm(args, io)?;
    let mut server_tasks =
        server_tasks::assign(connection, &args.tasks, || (io.input)().0, io.environment)?;
    if args.choice.is_empty() {
        server_tasks.retain(|server| !server.tasks.is_empty());
    }
    for server in &server_tasks {
        may_cancel_on(server, io.environment)?;
    }
    server_tasks::warn(&server_tasks, io);
    let file = config::load_config(connection, io.environment)?;
    let saved = config::named_filters(&file, io.environment).all;
    let defaults = file.defaults;
    let mut request = CancelReporter {
        as_json: args.json,
        outcome: Outcome::Success,
    };
    let is_only = server_tasks.len() == 1;
    let mut servers: Vec<CancelServer> = Vec::new();
    let mut no_match_messages = Vec::new();
    for server in server_tasks {
        let connect = connect::connect_with_deadline(&server.connection, io).await?;
        let name = server.name.filter(|_| !is_only);
        let mut tasks = server.tasks;
        if !args.choice.is_empty() {
            let selector = CompiledSelector::new(&args.choice, &saved, connect.address.name())?;
            selector.check_single_reading()?;
            match active_tasks::active_tasks(&selector, connect.clone(), io).await {
                Ok(found) => tasks.extend(found),
                Err(CommandError::NothingFound(why)) => no_match_messages.push(why),
                Err(error) => {
                    let (error, outcome) = error.tolerated(is_only)?;
                    io.eprint(&error.to_string());
                    request.outcome = request.outcome.and(outcome);
                }
            }
        }
        if tasks.is_empty() {
            continue;
        }
        tasks.sort_unstable();
        tasks.dedup();
        let read = session::run_in_session(connect.clone(), io, async |client| {
            read_tasks(client, &tasks).await
        });
        let (snapshot, errors) = match read.await {
            Err(error) => {
                let (error, outcome) = error.tolerated(is_only)?;
                let server = (name.as_deref(), &connect);
                request.report_unreachable(io, server, &tasks, &error, outcome)?;
                continue;
            }
            Ok(read) => read,
        };
        let mut server = CancelServer {
            name,
            connect,
            snapshot,
            tasks: Vec::new(),
            cancelling: Vec::new(),
        };
        server.sort(tasks, &errors, &mut request, io)?;
        servers.push(server);
    }
    if servers.is_empty() && !no_match_messages.is_empty() {
        return Err(CommandError::NothingFound(no_match_messages.join("\n")));
    }
    if servers.iter().any(CancelServer::has_requests) {
        if !args.yes && !is_confirmed(&servers, io) {
            io.eprint("nothing was cancelled.");
            return Err(CommandError::Interrupted(StopSignal::Interrupt));
        }
        for server in servers.iter_mut().filter(|server| server.has_requests()) {
            server.send_requests(&mut request, io, is_only).await?;
        }
    }
    for server in &mut servers {
        server.tasks.append(&mut server.cancelling);
    }
    servers.retain(|server| !server.tasks.is_empty());
    if !args.wait || servers.is_empty() {
        return Ok(request.outcome);
    }
    let ended = wait_for(servers, &defaults, io).await?;
    Ok(request.outcome.and(ended))
}

/// Refuses to cancel if a confirmation is needed and cannot be given.
fn check_can_confirm(args: &CancelArgs, io: &CommandIo<'_>) -> Result<(), CommandError> {
    let from_input = args.tasks.iter().any(|task| task == "-");
    let why = if args.yes {
        return Ok(());
    } else if from_input {
        "standard input names the tasks and cannot answer the prompt. Give --yes."
    } else if !(io.input)().1 {
        "not interactive: confirm with --yes."
    } else {
        return Ok(());
    };
    Err(CommandError::Usage(why.to_owned()))
}

/// Refuses to cancel if the connection is read-only or the server is ambiguous.
fn may_cancel_on(server: &ServerTasks, environment: &dyn Environment) -> Result<(), CommandError> {
    if let Some(setting) = config::read_only(&server.connection, environment)? {
        let on = server.name.as_deref().map(|name| format!(" on {name}"));
        return Err(CommandError::Usage(format!(
            "nothing can be cancelled{}: {setting} is set. Nothing was sent.",
            on.unwrap_or_default()
        )));
    }
    if let Some(conflict) = &server.conflict {
        return Err(CommandError::Usage(format!(
            "ambiguous server: {conflict} Nothing was sent."
        )));
    }
    Ok(())
}

/// Waits until the tasks whose requests were accepted have ended. The outcome is success if all ended cancelled.
async fn wait_for(
    servers: Vec<CancelServer>,
    defaults: &Defaults,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let output = if io.err.is_terminal() && !wait::is_dumb(io) {
        OutputMode::Bars
    } else {
        OutputMode::Lines
    };
    let condition = WaitCondition {
        timeout: io.deadline.map(|deadline| deadline.timeout),
        ..WaitCondition::all_ended(defaults.max_outage.unwrap_or(wait::MAX_OUTAGE))
    };
    let servers = servers.into_iter().map(|server| Server {
        name: server.name,
        options: io.fetch.options(server.connect, server.tasks, defaults),
        new: None,
        given_up: None,
    });
    let plan = Plan {
        began: Timestamp::now(),
        servers: servers.collect(),
        condition,
        report: ReportOptions {
            output_mode: output,
            ..ReportOptions::default()
        },
    };
    let (result, tracker) = wait::follow(plan, io).await?;
    Ok(match result.outcome {
        outcome @ (Outcome::TimedOut
        | Outcome::Interrupted(_)
        | Outcome::Refused
        | Outcome::Unknown) => outcome,
        _ => tracker
            .tasks
            .iter()
            .fold(Outcome::Success, |outcome, task| {
                outcome.and(match tracker.status(task) {
                    Status::Cancelled => Outcome::Success,
                    Status::Lost => Outcome::Unknown,
                    _ => Outcome::Failed,
                })
            }),
    })
}

/// The tasks to cancel on one server.
struct CancelServer {
    /// The profile name; `None` if there is only one server.
    name: Option<String>,
    connect: ConnectOptions,
    /// The tasks as read before the requests.
    snapshot: Snapshot,
    /// The tasks to cancel; after the requests, those that were accepted.
    tasks: Vec<Arc<str>>,
    /// The tasks whose cancellation was requested before.
    cancelling: Vec<Arc<str>>,
}

impl CancelServer {
    fn has_requests(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Prints the state of each task, and keeps those that can be cancelled.
    fn sort(
        &mut self,
        tasks: Vec<Arc<str>>,
        errors: &ReadErrors,
        request: &mut CancelReporter,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let name = self.name.as_deref();
        for task in tasks {
            let found = self.snapshot.find(&task);
            if let Some(record) = found.and_then(|handle| self.snapshot.store.get(handle)) {
                let now = self.snapshot.now;
                let sentence = sentence(&self.snapshot.store, record, name, now);
                let server = (name, &self.connect);
                if let Some(why) = unreadable(record, name) {
                    request.report(io, server, &task, CancelResult::Failed, &why, None)?;
                } else if let Some(result) = CancelResult::without_request(record) {
                    let info = record.info.as_deref();
                    let fault = info.and_then(|info| info.error.as_deref());
                    request.report(io, server, &task, result, &sentence, fault)?;
                    if result == CancelResult::AlreadyCancelling {
                        self.cancelling.push(task);
                    }
                } else {
                    io.eprint(&sentence);
                    self.tasks.push(task);
                }
            } else {
                let error = errors.iter().find(|(mo_id, _)| *mo_id == task);
                let answer =
                    error.map_or(CancelResult::Failed, |(_, error)| CancelResult::of(error));
                let text = error
                    .map(|(_, error)| error.to_string())
                    .unwrap_or_default();
                let fault = error.and_then(|(_, error)| error.fault());
                request.report(io, (name, &self.connect), &task, answer, &text, fault)?;
            }
        }
        Ok(())
    }

    /// Sends the requests, and keeps the tasks whose requests were accepted.
    async fn send_requests(
        &mut self,
        request: &mut CancelReporter,
        io: &mut CommandIo<'_>,
        is_only: bool,
    ) -> Result<(), CommandError> {
        let tasks = std::mem::take(&mut self.tasks);
        let (mut sent, mut answers) = (0, Vec::new());
        let sent_all = session::run_in_session(self.connect.clone(), io, async |client| {
            for task in &tasks {
                sent += 1;
                answers.push((task.clone(), cancel_one(client, task).await));
            }
            Ok(())
        });
        let name = self.name.as_deref();
        let stop_error = match sent_all.await {
            Ok(()) => None,
            Err(error @ (CommandError::TimedOut(_) | CommandError::Interrupted(_))) => Some(error),
            Err(error) => {
                let (error, outcome) = error.tolerated(is_only)?;
                let server = (name, &self.connect);
                return request.report_unreachable(io, server, &tasks, &error, outcome);
            }
        };
        let without_answer = tasks.iter().enumerate().skip(answers.len());
        for (task, result) in answers {
            let (answer, text) = match &result {
                Ok(CancelResult::AlreadyCancelled) => (
                    CancelResult::AlreadyCancelled,
                    "was cancelled in the meantime.".to_owned(),
                ),
                Ok(CancelResult::AlreadyCancelling) => (
                    CancelResult::AlreadyCancelling,
                    "cancellation was requested in the meantime and is pending.".to_owned(),
                ),
                Ok(result) => (
                    *result,
                    "request accepted; cancellation pending.".to_owned(),
                ),
                Err(error) => (CancelResult::of(error), error.reason()),
            };
            let fault = result.as_ref().err().and_then(Error::fault);
            request.report(io, (name, &self.connect), &task, answer, &text, fault)?;
            if matches!(
                answer,
                CancelResult::Accepted | CancelResult::AlreadyCancelling
            ) {
                self.tasks.push(task);
            }
        }
        let Some(error) = stop_error else {
            return Ok(());
        };
        for (at, task) in without_answer {
            let (answer, text) = if at < sent {
                (
                    CancelResult::Failed,
                    "no answer before the command was stopped; the server may have accepted the request.",
                )
            } else {
                (
                    CancelResult::NotRequested,
                    "not requested: the command was stopped.",
                )
            };
            request.report(io, (name, &self.connect), task, answer, text, None)?;
        }
        Err(error)
    }
}

/// Requests the cancellation. If the server refuses because of the task's state, the task may have been cancelled since
/// it was read.
async fn cancel_one(client: &Client, task: &Arc<str>) -> Result<CancelResult, Error> {
    let Err(error) = client.cancel_task(task).await else {
        return Ok(CancelResult::Accepted);
    };
    if error.is_fault("InvalidState")
        && let Ok(info) = client.task_info(task).await
    {
        match Status::of(&info) {
            Status::Cancelled => return Ok(CancelResult::AlreadyCancelled),
            status if status.is_active() && info.cancelled => {
                return Ok(CancelResult::AlreadyCancelling);
            }
            _ => {}
        }
    }
    Err(error)
}

type ReadErrors = Vec<(Arc<str>, Error)>;

async fn read_tasks(
    client: &Client,
    tasks: &[Arc<str>],
) -> Result<(Snapshot, ReadErrors), CommandError> {
    let mut snapshot = Snapshot::with_clock_and_labels(client).await;
    let mut unreadable = Vec::new();
    for (task, answer) in session::read_or_find_all(client, tasks.to_vec()).await {
        match answer {
            Err(error) => unreadable.push((task, error)),
            // The snapshot keeps the error with the task.
            answer => drop(snapshot.add_read(&task, answer, &client.label())),
        }
    }
    Ok((snapshot, unreadable))
}

fn is_confirmed(servers: &[CancelServer], io: &mut CommandIo<'_>) -> bool {
    let tasks = servers
        .iter()
        .flat_map(|server| server.tasks.iter().map(move |task| (server, task)));
    let tasks: Vec<_> = tasks.collect();
    let question = match &tasks[..] {
        [(server, task)] => {
            let (store, name) = (&server.snapshot.store, server.name.as_deref());
            let record = server.snapshot.find(task).and_then(|at| store.get(at));
            record.map_or_else(|| task.to_string(), |record| named(store, record, name))
        }
        several => format!("these {}", super::display_name::tasks(several.len())),
    };
    let question = crate::text::sanitize(&format!("Cancel {question}? [y/N] ")).into_owned();
    let answer = io.ask(&question);
    answer.is_ok_and(|answer| matches!(answer.as_str(), "y" | "yes"))
}
