//! `vtask wait`: waits until tasks have ended, with one watcher per server.
//!
//! [`tracker`] holds the state (pure), [`report`], [`progress_bars`] and [`json`] print it, and [`runner`] connects
//! them with the watchers, [`recorded`] with a record.

mod args;
mod bar;
mod history_lookup;
mod json;
mod messages;
mod progress_bars;
mod recorded;
mod report;
mod runner;
pub(super) mod tracker;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use args::WaitArgs;
pub(super) use bar::BarStyle;
pub(super) use history_lookup::{LookupSchedule, LookupStep};
pub(super) use report::{OutputMode, ReportOptions};
pub(super) use runner::{Plan, Server, follow};
pub(super) use tracker::{ServerLoss, WaitCondition};

use tracker::{WaitResult, WaitTracker};

use super::{
    CommandError, Outcome, active_tasks, connect,
    deadline::StopReason,
    io_context::CommandIo,
    record,
    selector::CompiledSelector,
    server_tasks::{self, ServerTasks},
};
use crate::{
    app::{ColorDepth, Options},
    config::{self, ConnectionArgs, Defaults},
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
pub async fn run(
    args: &WaitArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let began = Timestamp::now();
    let file = config::load_config(connection, io.environment)?;
    let saved = config::named_filters(&file, io.environment).all;
    let defaults = file.defaults;
    if let Some(path) = &args.from {
        let condition = condition(args, &defaults, io);
        let output = (output_mode(args, io), bar_style(io));
        return match recorded::run(args, path, &saved, condition, output, io) {
            Err(CommandError::NothingFound(_) | CommandError::EmptyInput) if args.allow_empty => {
                nothing_to_wait_for(args, io)
            }
            result => result,
        };
    }
    let assigned = server_tasks::assign(connection, &args.tasks, || (io.input)().0, io.environment);
    let mut server_tasks = match assigned {
        Err(CommandError::EmptyInput) if args.allow_empty => return nothing_to_wait_for(args, io),
        assigned => assigned?,
    };
    server_tasks::warn(&server_tasks, io);
    if args.choice.is_empty() && !args.new {
        server_tasks.retain(|server| !server.tasks.is_empty());
    }
    let mut servers = match servers(args, server_tasks, &saved, &defaults, io).await {
        Err(CommandError::NothingFound(_)) if args.allow_empty => {
            return nothing_to_wait_for(args, io);
        }
        servers => servers?,
    };
    let names = servers.iter().map(|server| {
        let name = server.name.clone();
        name.unwrap_or_else(|| server.options.connect.address.name())
    });
    let recorder = record::start_if_configured(&args.record, &defaults, names.collect())?;
    for server in &mut servers {
        server.options.recorder.clone_from(&recorder);
    }
    let plan = Plan {
        began,
        servers,
        condition: condition(args, &defaults, io),
        report: ReportOptions {
            output_mode: output_mode(args, io),
            json: args.json,
            notify: args.notify.or(&defaults),
            on_stall: args.on_stall.clone(),
            log_every: args.log_every,
        },
    };
    let followed = follow(plan, io).await;
    record::end(recorder, io);
    let (result, _) = followed?;
    Ok(result.outcome)
}

fn condition(args: &WaitArgs, defaults: &Defaults, io: &CommandIo<'_>) -> WaitCondition {
    WaitCondition {
        any: args.any,
        fail_fast: args.fail_fast,
        stalled: args.stalled,
        stop_on_stall: args.on_stall.is_none(),
        children: args.children.then_some(args.settle),
        timeout: io.deadline.map(|deadline| deadline.timeout),
        max_outage: args
            .max_outage
            .or(defaults.max_outage)
            .unwrap_or(MAX_OUTAGE),
    }
}

fn output_mode(args: &WaitArgs, io: &CommandIo<'_>) -> OutputMode {
    match (args.quiet, io.err.is_terminal()) {
        (true, _) if args.json => OutputMode::None,
        (true, _) => OutputMode::Errors,
        (false, true) if args.json && io.out.is_terminal() => OutputMode::None,
        (false, true) if !is_dumb(io) => OutputMode::Bars,
        (false, _) if args.json => OutputMode::None,
        (false, _) => OutputMode::Lines,
    }
}

/// Reports that there is no task to wait for; for `--allow-empty`.
fn nothing_to_wait_for(args: &WaitArgs, io: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let now = Timestamp::now();
    if args.json {
        let tracker = WaitTracker::new(WaitCondition::all_ended(MAX_OUTAGE), now);
        let result = WaitResult {
            outcome: Outcome::Success,
            reason: Some("no task to wait for".to_owned()),
        };
        io.print(&json::summary(&tracker, &result, now))?;
    } else if !args.quiet {
        io.eprint("no task to wait for.");
    }
    Ok(Outcome::Success)
}

/// Returns the servers with the tasks to wait for.
async fn servers(
    args: &WaitArgs,
    server_tasks: Vec<ServerTasks>,
    saved: &Saved,
    defaults: &Defaults,
    io: &mut CommandIo<'_>,
) -> Result<Vec<Server>, CommandError> {
    let is_only = server_tasks.len() == 1;
    let (mut servers, mut no_match_messages) = (Vec::new(), Vec::new());
    for server in server_tasks {
        let connect = connect::connect_with_deadline(&server.connection, io).await?;
        let selector = CompiledSelector::new(&args.choice, saved, connect.address.name())?
            .with_name(server.name.clone());
        if !args.new {
            selector.check_single_reading()?;
        }
        let mut options = io.fetch.options(connect, server.tasks, defaults);
        options.discover = args.new || args.children;
        let settle = args.settle.unsigned_abs();
        options.discover_interval = DISCOVERY_INTERVAL.min(settle / 3);
        let lookup = if args.new || args.choice.is_empty() {
            preflight(&options, io).await
        } else {
            add_matching_tasks(&selector, &mut options, io).await
        };
        let given_up = match lookup {
            Ok(()) => None,
            Err(CommandError::NothingFound(why)) => {
                no_match_messages.push(why);
                None
            }
            // One server that is away must not keep the others' tasks from being waited for.
            Err(CommandError::TimedOut(why)) => Some(ServerLoss {
                outcome: Outcome::TimedOut,
                reason: why.into(),
            }),
            Err(error) => {
                let (error, outcome) = error.tolerated(is_only)?;
                Some(ServerLoss {
                    outcome,
                    reason: error.to_string().into(),
                })
            }
        };
        if args.new || given_up.is_some() || !options.tasks.is_empty() {
            servers.push(Server {
                name: server.name.filter(|_| !is_only),
                options,
                new: args.new.then_some(selector),
                given_up,
            });
        }
    }
    if servers.is_empty() {
        return Err(CommandError::NothingFound(no_match_messages.join("\n")));
    }
    for why in no_match_messages.iter().filter(|_| is_only) {
        io.eprint(why);
    }
    Ok(servers)
}

/// Adds the tasks that match the selector.
async fn add_matching_tasks(
    selector: &CompiledSelector,
    options: &mut WatchOptions,
    io: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    for task in active_tasks::active_tasks(selector, options.connect.clone(), io).await? {
        if !options.tasks.contains(&task) {
            options.tasks.push(task);
        }
    }
    Ok(())
}

/// Fails early on errors that are permanent. A server that is only unreachable is retried later.
async fn preflight(options: &WatchOptions, io: &mut CommandIo<'_>) -> Result<(), CommandError> {
    let connecting = Client::connect(options.connect.clone());
    let connected = tokio::select! {
        connected = connecting => connected,
        reason = io.stop_requested() => {
            return match reason {
                StopReason::Interrupted(signal) => Err(CommandError::Interrupted(signal)),
                // The deadline also ends the wait.
                StopReason::TimedOut(_) => Ok(()),
            };
        }
    };
    match connected {
        Err(error) if !error.may_be_starting() => Err(error.into()),
        _ => Ok(()),
    }
}

pub(super) fn is_dumb(io: &CommandIo<'_>) -> bool {
    io.environment.get("TERM").as_deref() == Some("dumb")
}

pub(super) fn bar_style(io: &CommandIo<'_>) -> BarStyle {
    let environment = Options::from_environment(|name| io.color.variable(io.environment, name));
    BarStyle {
        ascii: environment.ascii,
        color: environment.colors != ColorDepth::Mono,
    }
}
