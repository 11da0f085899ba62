//! `vtask wait`: waits until tasks have ended, with one watcher per server.
//!
//! [`tracker`] holds the state (pure), [`report`], [`progress_bars`] and [`json`] print it, and [`runner`] connects
//! them with the watchers.

mod args;
mod bar;
mod history_lookup;
mod json;
mod messages;
mod progress_bars;
mod report;
mod runner;
pub(super) mod tracker;

use std::time::Duration;

use jiff::SignedDuration;

pub use args::WaitArgs;
pub(super) use progress_bars::Look;
pub(super) use report::OutputMode;
pub(super) use runner::{Plan, Server, follow};
pub(super) use tracker::{LostReason, WaitCondition};

use super::{
    CommandError, Outcome, active_tasks, connect,
    deadline::Ending,
    io_context::CommandIo,
    selector::CompiledSelector,
    targets::{self, Target},
};
use crate::{
    app::{ColorDepth, Options},
    config::{self, Defaults},
    task::Saved,
    vim::Client,
    watch::WatchOptions,
};

/// Default of `--max-outage`.
pub(super) const MAX_OUTAGE: SignedDuration = SignedDuration::from_mins(10);
/// Interval for discovering tasks that were not named.
const DISCOVERY_INTERVAL: Duration = Duration::from_secs(2);

/// Runs `vtask wait`.
///
/// # Errors
/// Fails on wrong usage, without a connection, and if standard output cannot be written.
pub async fn run(args: &WaitArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let defaults = config::defaults(&args.connection, stage.environment)?;
    let file = config::file(&args.connection, stage.environment)?;
    let saved = config::named_filters(&file, stage.environment).all;
    let mut targets = targets::among(
        &args.connection,
        &args.tasks,
        || (stage.input)().0,
        stage.environment,
    )?;
    targets::warn(&targets, stage);
    if args.choice.is_empty() && !args.new {
        targets.retain(|target| !target.tasks.is_empty());
    }
    let servers = servers(args, targets, &saved, &defaults, stage).await?;
    let goal = WaitCondition {
        any: args.any,
        children: args.children.then_some(args.settle),
        timeout: stage.deadline.map(|deadline| deadline.timeout),
        max_outage: args
            .max_outage
            .or(defaults.max_outage)
            .unwrap_or(MAX_OUTAGE),
    };
    let talk = match (args.quiet, stage.err.is_terminal()) {
        (true, _) => OutputMode::None,
        (false, true) if args.json && stage.out.is_terminal() => OutputMode::None,
        (false, true) if !is_dumb(stage) => OutputMode::Bars,
        (false, _) if args.json => OutputMode::None,
        (false, _) => OutputMode::Lines,
    };
    let plan = Plan {
        servers,
        goal,
        talk,
        json: args.json,
        tell: args.tell.or(&defaults),
    };
    let (conclusion, _) = follow(plan, stage).await?;
    Ok(conclusion.outcome)
}

/// Returns the servers with the tasks to wait for.
async fn servers(
    args: &WaitArgs,
    targets: Vec<Target>,
    saved: &Saved,
    defaults: &Defaults,
    stage: &mut CommandIo<'_>,
) -> Result<Vec<Server>, CommandError> {
    let is_only = targets.len() == 1;
    let (mut servers, mut nothing) = (Vec::new(), Vec::new());
    for target in targets {
        let connect = connect::in_time(&target.connection, stage).await?;
        let sieve = CompiledSelector::new(&args.choice, saved, connect.address.name())?;
        if !args.new {
            sieve.check_single_reading()?;
        }
        let mut options = args.follow.options(connect, target.tasks, defaults);
        options.discover = args.new || args.children;
        let settle = args.settle.unsigned_abs();
        options.discover_interval = DISCOVERY_INTERVAL.min(settle / 3);
        let looked = if args.new || args.choice.is_empty() {
            preflight(&options, stage).await
        } else {
            add_found(&sieve, &mut options, stage).await
        };
        let lost = match looked {
            Ok(()) => None,
            Err(CommandError::NothingFound(why)) => {
                nothing.push(why);
                None
            }
            // One server that is away must not keep the others' tasks from being waited for.
            Err(CommandError::TimedOut(why)) => Some(LostReason {
                outcome: Outcome::TimedOut,
                reason: why.into(),
            }),
            Err(error) => match error.server_outcome().filter(|_| !is_only) {
                Some(outcome) => Some(LostReason {
                    outcome,
                    reason: error.to_string().into(),
                }),
                None => return Err(error),
            },
        };
        if args.new || lost.is_some() || !options.tasks.is_empty() {
            servers.push(Server {
                name: target.name.filter(|_| !is_only),
                options,
                new: args.new.then_some(sieve),
                lost,
            });
        }
    }
    if servers.is_empty() {
        return Err(CommandError::NothingFound(nothing.join("\n")));
    }
    for why in nothing.iter().filter(|_| is_only) {
        stage.say(why);
    }
    Ok(servers)
}

/// Adds the tasks that match the selector.
async fn add_found(
    sieve: &CompiledSelector,
    options: &mut WatchOptions,
    stage: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    for task in active_tasks::active_tasks(sieve, options.connect.clone(), stage).await? {
        if !options.tasks.contains(&task) {
            options.tasks.push(task);
        }
    }
    Ok(())
}

/// Fails early on errors that are permanent. A server that is only unreachable is retried later.
async fn preflight(options: &WatchOptions, stage: &mut CommandIo<'_>) -> Result<(), CommandError> {
    let connecting = Client::connect(options.connect.clone());
    let connected = tokio::select! {
        connected = connecting => connected,
        ending = stage.ending() => {
            return match ending {
                Ending::Interrupted => Err(CommandError::Interrupted),
                // The deadline also ends the waiting.
                Ending::TimedOut(_) => Ok(()),
            };
        }
    };
    match connected {
        Err(error) if !error.may_be_starting() => Err(error.into()),
        _ => Ok(()),
    }
}

fn is_dumb(stage: &CommandIo<'_>) -> bool {
    stage.environment.get("TERM").as_deref() == Some("dumb")
}

pub(super) fn look(stage: &CommandIo<'_>) -> Look {
    let environment = Options::from_environment(|name| stage.environment.get(name));
    Look {
        ascii: environment.ascii,
        color: environment.colors != ColorDepth::Mono,
    }
}
