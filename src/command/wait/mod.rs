//! `vtask wait`: blocks until tasks have finished, over the same fetch loop as the screen.
//!
//! [`waiting`] decides (pure), [`report`] and [`bars`] and [`json`] show (pure but for two outlets), [`run`](self::run())
//! puts them around the loop.

mod args;
mod bars;
mod gauge;
mod json;
mod report;
mod search;
pub(super) mod waiting;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

pub use args::WaitArgs;
pub(super) use bars::Look;
use report::Reporter;
pub(super) use report::Talk;
pub(super) use waiting::{Conclusion, Goal, Waiting};

use super::{
    CommandError, Outcome,
    choice::Sieve,
    connect, find,
    stage::Stage,
    targets,
    tell::{exec, terminal::Terminal},
};
use crate::{
    app::{ColorDepth, Options},
    config,
    vim::{Client, ErrorKind},
    watch::{Update, WatchOptions, Watcher},
};

/// How many updates may wait before the fetch loop does.
const UPDATES_AHEAD: usize = 256;
/// How long an outage is endured where nobody says otherwise.
const MAX_OUTAGE: SignedDuration = SignedDuration::from_mins(10);
/// How often bars are drawn, at most, and at least.
const DRAWN_EVERY: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];
/// How often recent tasks are looked at where those count that nobody named.
const DISCOVER: Duration = Duration::from_secs(2);

/// Waits, and tells how it ended.
///
/// # Errors
/// Before the waiting begins: wrong usage, no connection; and when standard output cannot be written.
pub async fn run(args: &WaitArgs, stage: &mut Stage<'_>) -> Result<Outcome, CommandError> {
    let target = targets::on_one_server(
        &args.connection,
        &args.tasks,
        || (stage.input)().0,
        stage.environment,
    )?;
    let mut tasks = target.tasks;
    let defaults = config::defaults(&args.connection, stage.environment)?;
    let connect = connect::one(&target.connection, stage.environment).await?;
    let saved = config::file(&target.connection, stage.environment)?.filters;
    let sieve = Sieve::new(&args.choice, &saved, connect.address.name())?;
    let mut options = args.follow.options(connect, Vec::new(), &defaults);
    let goal = Goal {
        any: args.any,
        children: args
            .children
            .then(|| SignedDuration::try_from(DISCOVER * 3).unwrap_or_default()),
        new: args.new.then(|| sieve.clone()),
        timeout: args.timeout.or(defaults.timeout),
        max_outage: args
            .max_outage
            .or(defaults.max_outage)
            .unwrap_or(MAX_OUTAGE),
    };
    if !args.new {
        if args.choice.is_empty() {
            preflight(&options, stage).await?;
        } else {
            match find::active(&sieve, options.connect.clone(), stage).await {
                Ok(found) => {
                    for task in found {
                        if !tasks.contains(&task) {
                            tasks.push(task);
                        }
                    }
                }
                Err(CommandError::NothingFound(why)) if !tasks.is_empty() => stage.say(&why),
                Err(error) => return Err(error),
            }
        }
    }
    options.discover = args.new || args.children;
    options.discover_interval = DISCOVER;
    options.tasks.clone_from(&tasks);
    let talk = match (args.quiet, stage.err.is_terminal()) {
        (true, _) => Talk::None,
        (false, true) if args.json && stage.out.is_terminal() => Talk::None,
        (false, true) if !is_dumb(stage) => Talk::Bars,
        (false, _) if args.json => Talk::None,
        (false, _) => Talk::Lines,
    };
    let plan = Plan {
        options,
        goal,
        talk,
        json: args.json,
        tell: args.tell.or(&defaults),
    };
    follow(plan, stage)
        .await
        .map(|(conclusion, _)| conclusion.outcome)
}

/// A server that can never be the right one is told at once; one that is just away is waited for.
async fn preflight(options: &WatchOptions, stage: &mut Stage<'_>) -> Result<(), CommandError> {
    let connecting = Client::connect(options.connect.clone());
    let connected = tokio::select! {
        connected = connecting => connected,
        () = &mut stage.interrupted => return Err(CommandError::Interrupted),
    };
    match connected {
        Err(error)
            if matches!(
                error.kind,
                ErrorKind::UnknownHost
                    | ErrorKind::Certificate(_)
                    | ErrorKind::Redirected { .. }
                    | ErrorKind::NotJson(_)
                    | ErrorKind::Malformed(_)
                    | ErrorKind::NoCommonRelease
                    | ErrorKind::Unaskable(_)
            ) =>
        {
            Err(error.into())
        }
        _ => Ok(()),
    }
}

fn is_dumb(stage: &Stage<'_>) -> bool {
    stage.environment.get("TERM").as_deref() == Some("dumb")
}

/// What is waited for, and how it is shown.
pub(super) struct Plan {
    pub(super) options: WatchOptions,
    pub(super) goal: Goal,
    pub(super) talk: Talk,
    pub(super) json: bool,
    pub(super) tell: super::tell::TellArgs,
}

/// Follows tasks until the goal is reached, out of reach, or the user has had enough.
pub(super) async fn follow(
    plan: Plan,
    stage: &mut Stage<'_>,
) -> Result<(Conclusion, Waiting), CommandError> {
    let look = look(stage);
    let endpoint = plan.options.connect.address.name();
    let mut waiting = Waiting::new(plan.goal, &plan.options.tasks, Timestamp::now());
    let (sender, mut updates) = mpsc::channel(UPDATES_AHEAD);
    let watcher = Watcher::spawn(waiting::HERE, plan.options, sender);
    let environment = stage.environment;
    let Stage {
        out,
        err,
        interrupted,
        ..
    } = stage;
    let mut reporter = Reporter::new(plan.talk, plan.json, look, endpoint, out, err);
    reporter.tell = plan.tell;
    reporter.terminal = Terminal::from_environment(|name| environment.get(name));
    let mut hooks: JoinSet<Vec<String>> = JoinSet::new();
    let looping = async {
        let mut drawn = Timestamp::MIN;
        loop {
            let now = Timestamp::now();
            let news = waiting.pass(now);
            show(&mut reporter, &waiting, &news, &mut hooks, now)?;
            for command in waiting.due(now) {
                // A loop that ended by itself is noticed by its updates.
                let _ = watcher.commands().send(command);
            }
            if let Some(conclusion) = waiting.conclusion(now) {
                return Ok(conclusion);
            }
            if until(drawn, now, DRAWN_EVERY[0]).is_zero() {
                reporter.redraw(&waiting, now);
                drawn = now;
            }
            let due = waiting
                .next_time()
                .map_or(DRAWN_EVERY[1], |due| positive(due.duration_since(now)));
            let pause = due
                .max(Duration::from_millis(5))
                .min(until(drawn, now, DRAWN_EVERY[1]).max(DRAWN_EVERY[0]));
            tokio::select! {
                biased;
                () = &mut *interrupted => {
                    return Ok(Conclusion { outcome: Outcome::Interrupted, reason: None });
                }
                Some(Ok(lines)) = hooks.join_next() => reporter.above(&lines),
                update = updates.recv() => {
                    let Some((_, update)) = update else {
                        let reason = Some("a part of the program ended unexpectedly.".to_owned());
                        return Ok(Conclusion { outcome: Outcome::Unknown, reason });
                    };
                    take(&mut reporter, &mut waiting, update, &mut hooks)?;
                    while let Ok((_, update)) = updates.try_recv() {
                        take(&mut reporter, &mut waiting, update, &mut hooks)?;
                    }
                }
                () = sleep(pause) => {}
            }
        }
    };
    let conclusion: Result<Conclusion, CommandError> = looping.await;
    drop(updates);
    watcher.stop().await;
    let conclusion = conclusion?;
    if conclusion.outcome != Outcome::Interrupted {
        while let Some(done) = hooks.join_next().await {
            reporter.above(&done.unwrap_or_default());
        }
    }
    reporter.end(&waiting, &conclusion, Timestamp::now())?;
    drop(reporter);
    Ok((conclusion, waiting))
}

fn take(
    reporter: &mut Reporter<'_>,
    waiting: &mut Waiting,
    update: Update,
    hooks: &mut JoinSet<Vec<String>>,
) -> Result<(), CommandError> {
    let now = Timestamp::now();
    let news = waiting.take(update, now);
    show(reporter, waiting, &news, hooks, now)
}

fn show(
    reporter: &mut Reporter<'_>,
    waiting: &Waiting,
    news: &waiting::News,
    hooks: &mut JoinSet<Vec<String>>,
    now: Timestamp,
) -> Result<(), CommandError> {
    if let Some(command) = &reporter.tell.exec {
        for mo_id in &news.decided {
            if let Some(ended) = report::ended(waiting, mo_id, &reporter.endpoint, now) {
                hooks.spawn(exec::run(command.clone(), ended));
            }
        }
    }
    reporter.news(waiting, news, now)
}

/// How long until something that is due every so often is due again.
fn until(last: Timestamp, now: Timestamp, every: Duration) -> Duration {
    every.saturating_sub(positive(now.duration_since(last)))
}

fn positive(span: SignedDuration) -> Duration {
    Duration::try_from(span).unwrap_or_default()
}

/// How lines look on this stage.
pub(super) fn look(stage: &Stage<'_>) -> Look {
    let environment = Options::from_environment(|name| stage.environment.get(name));
    Look {
        ascii: environment.ascii,
        color: environment.colors != ColorDepth::Mono,
    }
}
