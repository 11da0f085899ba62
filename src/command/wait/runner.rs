//! Runs the watchers of `vtask wait`, feeds the tracker and prints its changes.

use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

use super::{
    messages,
    report::{ReportOptions, Reporter},
    tracker::{ServerLoss, TrackerChanges, WaitCondition, WaitResult, WaitTracker},
};
use crate::{
    command::{
        CommandError, Outcome,
        deadline::{Deadline, finish_in_time},
        io_context::CommandIo,
        notify::{exec, terminal::Terminal},
        selector::CompiledSelector,
        watchers::{UPDATE_CAPACITY, Watchers},
    },
    watch::{Command, WatchOptions},
};

/// Minimum and maximum time between two redraws of the bars.
const REDRAW_INTERVALS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// The tasks to wait for and the output to print.
pub(in crate::command) struct Plan {
    /// Start of the command, from which tasks are new.
    pub(in crate::command) began: Timestamp,
    pub(in crate::command) servers: Vec<Server>,
    pub(in crate::command) condition: WaitCondition,
    pub(in crate::command) report: ReportOptions,
}

/// A server with the tasks to wait for.
pub(in crate::command) struct Server {
    /// The profile name; `None` if there is only one server.
    pub(in crate::command) name: Option<String>,
    /// The connection and the tasks.
    pub(in crate::command) options: WatchOptions,
    /// Selects tasks that start from now on.
    pub(in crate::command) new: Option<CompiledSelector>,
    /// Set if the server has failed already.
    pub(in crate::command) given_up: Option<ServerLoss>,
}

/// Follows tasks until the condition is met or cannot be met any more, or the user interrupts.
pub(in crate::command) async fn follow(
    plan: Plan,
    io: &mut CommandIo<'_>,
) -> Result<(WaitResult, WaitTracker), CommandError> {
    let style = super::bar_style(io);
    let deadline = io.deadline;
    let began = deadline.map_or(plan.began, |deadline| deadline.began);
    let mut tracker = WaitTracker::new(plan.condition, began);
    let (sender, mut updates) = mpsc::channel(UPDATE_CAPACITY);
    let mut watchers = Watchers::default();
    let mut before = TrackerChanges::default();
    for server in plan.servers {
        let address = &server.options.connect.address;
        let (address, label) = (address.name(), address.label());
        let tasks = &server.options.tasks;
        let reads_locations = server
            .new
            .as_ref()
            .is_some_and(CompiledSelector::needs_locations);
        let id = tracker.add_server(&address, server.name.as_deref(), tasks, server.new);
        if let Some(server) = tracker.servers.last_mut() {
            server.label = label.into();
        }
        if let Some(loss) = server.given_up {
            before
                .connections
                .extend(tracker.give_up(id, loss).connections);
            continue;
        }
        watchers.start(id, server.options, &sender);
        if reads_locations {
            watchers.send(id, Command::ReadLocations(true));
        }
    }
    drop(sender);
    let environment = io.environment;
    let CommandIo {
        out, err, signals, ..
    } = io;
    let mut reporter = Reporter::new(plan.report, style, out, err);
    reporter.terminal = Terminal::from_environment(|name| environment.get(name));
    let mut exec_commands: JoinSet<Vec<String>> = JoinSet::new();
    let following = async {
        let mut drawn = Timestamp::MIN;
        show(&mut reporter, &tracker, &before, &mut exec_commands)?;
        loop {
            let now = Timestamp::now();
            for id in watchers.ended_servers() {
                let effect = tracker.give_up(id, fetch_loop_ended());
                show(&mut reporter, &tracker, &effect, &mut exec_commands)?;
            }
            let effect = tracker.tick(now);
            show(&mut reporter, &tracker, &effect, &mut exec_commands)?;
            for (id, command) in tracker.due(now) {
                watchers.send(id, command);
            }
            if let Some(result) = tracker.result(now) {
                return Ok(result);
            }
            if until(drawn, now, REDRAW_INTERVALS[0]).is_zero() {
                reporter.redraw(&tracker, now);
                drawn = now;
            }
            let due = tracker
                .next_time()
                .map_or(REDRAW_INTERVALS[1], |due| positive(due.duration_since(now)));
            let pause = due
                .max(Duration::from_millis(5))
                .min(until(drawn, now, REDRAW_INTERVALS[1]).max(REDRAW_INTERVALS[0]));
            tokio::select! {
                biased;
                Some(signal) = signals.next() => {
                    return Ok(WaitResult { outcome: Outcome::Interrupted(signal), reason: None });
                }
                Some(Ok(lines)) = exec_commands.join_next() => reporter.print_above_bars(&lines),
                Some((from, update)) = updates.recv() => {
                    let effect = tracker.handle(from, update, Timestamp::now());
                    show(&mut reporter, &tracker, &effect, &mut exec_commands)?;
                    while let Ok((from, update)) = updates.try_recv() {
                        let effect = tracker.handle(from, update, Timestamp::now());
                        show(&mut reporter, &tracker, &effect, &mut exec_commands)?;
                    }
                }
                () = sleep(pause) => {}
            }
        }
    };
    let result: Result<WaitResult, CommandError> = following.await;
    drop(updates);
    finish_in_time(deadline, watchers.stop()).await;
    let result = result?;
    if !matches!(result.outcome, Outcome::Interrupted(_)) {
        end_exec_commands(&mut exec_commands, deadline, &mut reporter).await;
    }
    reporter.end(&tracker, &result, Timestamp::now())?;
    drop(reporter);
    Ok((result, tracker))
}

/// Waits for the commands of `--exec` and prints their output. The deadline stops them.
async fn end_exec_commands(
    exec_commands: &mut JoinSet<Vec<String>>,
    deadline: Option<Deadline>,
    reporter: &mut Reporter<'_>,
) {
    let ending = async {
        while let Some(done) = exec_commands.join_next().await {
            reporter.print_above_bars(&done.unwrap_or_default());
        }
    };
    if finish_in_time(deadline, ending).await.is_none() {
        let why = "vtask: --timeout passed before the command of --exec had ended; it was stopped.";
        reporter.print_above_bars(&[why.to_owned()]);
    }
}

/// The result for a watcher that ended unexpectedly.
fn fetch_loop_ended() -> ServerLoss {
    ServerLoss {
        outcome: Outcome::Unknown,
        reason: "internal error: a fetch loop ended unexpectedly.".into(),
    }
}

fn show(
    reporter: &mut Reporter<'_>,
    tracker: &WaitTracker,
    effect: &TrackerChanges,
    exec_commands: &mut JoinSet<Vec<String>>,
) -> Result<(), CommandError> {
    let now = Timestamp::now();
    if let Some(command) = &reporter.options.notify.exec {
        for id in &effect.decided {
            if let Some(ended) = messages::finished_task(tracker, id, now) {
                exec_commands.spawn(exec::run(command.clone(), ended));
            }
        }
    }
    if let Some(command) = &reporter.options.on_stall {
        for id in &effect.stalled {
            if let Some(mut task) = messages::finished_task(tracker, id, now) {
                task.outcome = "stalled";
                exec_commands.spawn(exec::run(command.clone(), task));
            }
        }
    }
    reporter.show(tracker, effect, now)
}

/// Returns the time until something periodic is due.
fn until(last: Timestamp, now: Timestamp, every: Duration) -> Duration {
    every.saturating_sub(positive(now.duration_since(last)))
}

fn positive(span: SignedDuration) -> Duration {
    Duration::try_from(span).unwrap_or_default()
}
