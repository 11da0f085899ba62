//! `vtask cancel`: shows the tasks, asks for confirmation, sends the requests and prints each response.

mod messages;
mod response;

use std::{io::BufRead, sync::Arc};

use clap::Args;

use messages::{named, sentence, unreadable};
use response::{CancelAttempt, CancelResult};

use super::{
    CommandError, Outcome, connect,
    fetch_args::FetchArgs,
    io_context::CommandIo,
    notify::NotifyArgs,
    session::{self, Snapshot},
    signals::StopSignal,
    targets::{self, Target},
    wait::{self, OutputMode, Plan, Server, WaitCondition},
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
    #[arg(value_name = "TASK", required = true)]
    pub(crate) tasks: Vec<String>,

    /// Skip the confirmation
    #[arg(short, long)]
    yes: bool,

    /// Wait until the tasks have ended
    #[arg(long)]
    wait: bool,

    /// Print one JSON object per line for each response
    #[arg(long, requires = "yes")]
    json: bool,

    #[command(flatten)]
    follow: FetchArgs,
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
    let from_input = args.tasks.iter().any(|task| task == "-");
    if from_input && !args.yes {
        let why = "standard input names the tasks, so it cannot answer the question whether to cancel them. Give --yes.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    if !args.yes && !(io.input)().1 {
        let why = "there is no terminal to ask on whether to cancel. Give --yes if that is meant.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    let targets = targets::with_tasks(connection, &args.tasks, || (io.input)().0, io.environment)?;
    for target in &targets {
        may_cancel_on(target, io.environment)?;
    }
    targets::warn(&targets, io);
    let defaults = config::defaults(connection, io.environment)?;
    let mut request = CancelAttempt {
        as_json: args.json,
        outcome: Outcome::Success,
    };
    let is_only = targets.len() == 1;
    let mut servers: Vec<Asked> = Vec::new();
    for target in targets {
        let connect = connect::in_time(&target.connection, io).await?;
        let name = target.name.filter(|_| !is_only);
        let tasks = target.tasks;
        let looked = session::with(connect.clone(), io, async |client| {
            look_at(client, &tasks).await
        });
        let (snapshot, errors) = match looked.await {
            Err(error) => match error.server_outcome().filter(|_| !is_only) {
                Some(outcome) => {
                    let place = (name.as_deref(), &connect);
                    request.tell_away(io, place, &tasks, &error, outcome)?;
                    continue;
                }
                None => return Err(error),
            },
            Ok(looked) => looked,
        };
        let mut server = Asked {
            name,
            connect,
            snapshot,
            wanted: Vec::new(),
        };
        server.sort(tasks, &errors, &mut request, io)?;
        servers.push(server);
    }
    servers.retain(|server| !server.wanted.is_empty());
    if servers.is_empty() {
        return Ok(request.outcome);
    }
    if !args.yes && !is_confirmed(&servers, io) {
        io.say("nothing was asked of the server.");
        return Err(CommandError::Interrupted(StopSignal::Interrupt));
    }
    for server in &mut servers {
        server.ask(&mut request, io, is_only).await?;
    }
    servers.retain(|server| !server.wanted.is_empty());
    if !args.wait || servers.is_empty() {
        return Ok(request.outcome);
    }
    let ended = wait_for(args, servers, &defaults, io).await?;
    Ok(request.outcome.and(ended))
}

/// Refuses to cancel if the connection is read-only or the server is ambiguous.
fn may_cancel_on(target: &Target, environment: &dyn Environment) -> Result<(), CommandError> {
    if let Some(setting) = config::read_only(&target.connection, environment)? {
        let on = target.name.as_deref().map(|name| format!(" on {name}"));
        return Err(CommandError::Usage(format!(
            "nothing can be cancelled{}: {setting} is set. Nothing was sent.",
            on.unwrap_or_default()
        )));
    }
    if let Some(conflict) = &target.conflict {
        return Err(CommandError::Usage(format!(
            "it is not plain on which server to cancel. {conflict} Nothing was sent."
        )));
    }
    Ok(())
}

/// Waits until the tasks whose requests were accepted have ended. The outcome is success if all ended cancelled.
async fn wait_for(
    args: &CancelArgs,
    servers: Vec<Asked>,
    defaults: &Defaults,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let talk = if io.err.is_terminal() {
        OutputMode::Bars
    } else {
        OutputMode::Lines
    };
    let goal = WaitCondition {
        any: false,
        children: None,
        timeout: io.deadline.map(|deadline| deadline.timeout),
        max_outage: defaults.max_outage.unwrap_or(wait::MAX_OUTAGE),
    };
    let servers = servers.into_iter().map(|server| Server {
        name: server.name,
        options: args.follow.options(server.connect, server.wanted, defaults),
        new: None,
        lost: None,
    });
    let plan = Plan {
        servers: servers.collect(),
        goal,
        talk,
        json: false,
        tell: NotifyArgs::default(),
    };
    let (conclusion, waiting) = wait::follow(plan, io).await?;
    Ok(match conclusion.outcome {
        outcome @ (Outcome::TimedOut
        | Outcome::Interrupted(_)
        | Outcome::Refused
        | Outcome::Unknown) => outcome,
        _ => waiting
            .awaited
            .iter()
            .fold(Outcome::Success, |outcome, task| {
                outcome.and(match waiting.status(task) {
                    Status::Cancelled => Outcome::Success,
                    Status::Lost => Outcome::Unknown,
                    _ => Outcome::Failed,
                })
            }),
    })
}

/// The tasks to cancel on one server.
struct Asked {
    /// The profile name; `None` if there is only one server.
    name: Option<String>,
    connect: ConnectOptions,
    /// The tasks as read before the requests.
    snapshot: Snapshot,
    /// The tasks to cancel; after the requests, those that were accepted.
    wanted: Vec<Arc<str>>,
}

impl Asked {
    /// Prints the state of each task, and keeps those that can be cancelled.
    fn sort(
        &mut self,
        tasks: Vec<Arc<str>>,
        errors: &Unreadable,
        request: &mut CancelAttempt,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let name = self.name.as_deref();
        for task in tasks {
            let found = self.snapshot.find(&task);
            if let Some(record) = found.and_then(|handle| self.snapshot.store.get(handle)) {
                let now = self.snapshot.now;
                let (sentence, may_ask) = sentence(&self.snapshot.store, record, name, now);
                if let Some(why) = unreadable(record, name) {
                    let place = (name, &self.connect);
                    request.tell(io, place, &task, CancelResult::Failed, &why, None)?;
                } else if may_ask {
                    io.say(&sentence);
                    self.wanted.push(task);
                } else {
                    let place = (name, &self.connect);
                    let info = record.info.as_deref();
                    let fault = info.and_then(|info| info.error.as_deref());
                    request.tell(io, place, &task, CancelResult::NotAsked, &sentence, fault)?;
                }
            } else {
                let error = errors.iter().find(|(mo_id, _)| *mo_id == task);
                let answer =
                    error.map_or(CancelResult::Failed, |(_, error)| CancelResult::of(error));
                let text = error
                    .map(|(_, error)| error.to_string())
                    .unwrap_or_default();
                let fault = error.and_then(|(_, error)| error.fault());
                request.tell(io, (name, &self.connect), &task, answer, &text, fault)?;
            }
        }
        Ok(())
    }

    /// Sends the requests, and keeps the tasks whose requests were accepted.
    async fn ask(
        &mut self,
        request: &mut CancelAttempt,
        io: &mut CommandIo<'_>,
        is_only: bool,
    ) -> Result<(), CommandError> {
        let wanted = std::mem::take(&mut self.wanted);
        let (mut sent, mut said) = (0, Vec::new());
        let asked = session::with(self.connect.clone(), io, async |client| {
            for task in &wanted {
                sent += 1;
                said.push((task.clone(), client.cancel_task(task).await));
            }
            Ok(())
        });
        let name = self.name.as_deref();
        let cut_off = match asked.await {
            Ok(()) => None,
            Err(error @ (CommandError::TimedOut(_) | CommandError::Interrupted(_))) => Some(error),
            Err(error) => match error.server_outcome().filter(|_| !is_only) {
                Some(outcome) => {
                    let place = (name, &self.connect);
                    return request.tell_away(io, place, &wanted, &error, outcome);
                }
                None => return Err(error),
            },
        };
        let without_answer = wanted.iter().enumerate().skip(said.len());
        for (task, result) in said {
            let (answer, text) = match &result {
                Ok(()) => (
                    CancelResult::Accepted,
                    "the server took the request; it acts when it gets to it.".to_owned(),
                ),
                Err(error) => (CancelResult::of(error), error.reason()),
            };
            let fault = result.as_ref().err().and_then(Error::fault);
            request.tell(io, (name, &self.connect), &task, answer, &text, fault)?;
            if answer == CancelResult::Accepted {
                self.wanted.push(task);
            }
        }
        let Some(error) = cut_off else {
            return Ok(());
        };
        for (at, task) in without_answer {
            let (answer, text) = if at < sent {
                (
                    CancelResult::Failed,
                    "no answer came in time; the server may have taken the request.",
                )
            } else {
                (
                    CancelResult::NotAsked,
                    "nothing was sent for it; time was over.",
                )
            };
            request.tell(io, (name, &self.connect), task, answer, text, None)?;
        }
        Err(error)
    }
}

type Unreadable = Vec<(Arc<str>, Error)>;

async fn look_at(
    client: &Client,
    tasks: &[Arc<str>],
) -> Result<(Snapshot, Unreadable), CommandError> {
    let mut snapshot = Snapshot::begin(client).await;
    let mut unreadable = Vec::new();
    for (task, answer) in session::read_or_recall_all(client, tasks.to_vec()).await {
        match answer {
            Err(error) => unreadable.push((task, error)),
            // Why nothing can be read of it is kept with the task.
            answer => drop(snapshot.add_read(&task, answer, &client.label())),
        }
    }
    Ok((snapshot, unreadable))
}

fn is_confirmed(servers: &[Asked], io: &mut CommandIo<'_>) -> bool {
    let wanted = servers
        .iter()
        .flat_map(|server| server.wanted.iter().map(move |task| (server, task)));
    let wanted: Vec<_> = wanted.collect();
    let question = match &wanted[..] {
        [(server, task)] => {
            let (store, name) = (&server.snapshot.store, server.name.as_deref());
            let record = server.snapshot.find(task).and_then(|at| store.get(at));
            record.map_or_else(|| task.to_string(), |record| named(store, record, name))
        }
        several => format!("these {}", super::display_name::tasks(several.len())),
    };
    let question = crate::text::sanitize(&format!("Cancel {question}? [y/N] ")).into_owned();
    let _ = write!(io.err.writer, "{question}");
    let _ = io.err.writer.flush();
    let mut answer = String::new();
    let (mut input, _) = (io.input)();
    let is_read = input.read_line(&mut answer).is_ok();
    is_read && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
