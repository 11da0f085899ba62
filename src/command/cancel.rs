//! `vtask cancel`: shows what the flags say, asks, and tells the server's answer for each task.

use std::{fmt::Write as _, io::BufRead, sync::Arc};

use clap::Args;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    CommandError, Outcome, connect,
    follow::FollowArgs,
    session::{self, Snapshot},
    shape, spans,
    stage::Stage,
    targets,
    tell::TellArgs,
    wait::{self, Goal, Plan, Talk},
    words,
};
use crate::{
    config::{self, ConnectionArgs},
    task::{Board, Record, Status},
    vim::{Client, ConnectOptions, Error},
};

const ABOUT: &str = "\
Exit codes: 0 every request was taken (with --wait: every task ended cancelled); 1 one was refused, came too late, or \
its task ended otherwise; 2 wrong usage; 4 a task is gone or its end unknown; 5 sign-in refused; 124 --timeout passed; \
130 interrupted, or not confirmed.

--json writes one object a line for each task: version (1), type (\"cancel\"), at, endpoint, moId, answer (accepted, \
notSupported, invalidState, noPermission, gone, failed, notAsked), message. It needs --yes.";

/// Ask the server to cancel tasks
///
/// Shows what the server says of each (whether it can be cancelled, whether that was requested already), asks for
/// confirmation by name, and tells the server's answer. The server acts on it when it gets to it: --wait waits for that.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = ABOUT)]
pub struct CancelArgs {
    /// Tasks to cancel, in any form; - reads them from standard input, one per line
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Wait until the tasks have ended
    #[arg(long)]
    wait: bool,

    /// Give up waiting after this time, such as 2h or 90s
    #[arg(long, value_name = "SPAN", value_parser = spans::positive, requires = "wait")]
    timeout: Option<SignedDuration>,

    /// One JSON object a line for each answer
    #[arg(long, requires = "yes")]
    json: bool,

    /// How to follow.
    #[command(flatten)]
    follow: FollowArgs,

    /// Which server, and how to sign in.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What the server said to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Accepted,
    NotSupported,
    InvalidState,
    NoPermission,
    Gone,
    Failed,
    /// Nothing was asked: it has ended already.
    NotAsked,
}

impl Answer {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotSupported => "notSupported",
            Self::InvalidState => "invalidState",
            Self::NoPermission => "noPermission",
            Self::Gone => "gone",
            Self::Failed => "failed",
            Self::NotAsked => "notAsked",
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Accepted => Outcome::Success,
            Self::Gone | Self::Failed => Outcome::Unknown,
            Self::NotSupported | Self::InvalidState | Self::NoPermission | Self::NotAsked => {
                Outcome::Failed
            }
        }
    }

    fn of(error: &Error) -> Self {
        match error.fault().map(crate::vim::types::Fault::type_name) {
            Some("NotSupported") => Self::NotSupported,
            Some("InvalidState") => Self::InvalidState,
            Some("NoPermission") => Self::NoPermission,
            Some("ManagedObjectNotFound") => Self::Gone,
            _ => Self::Failed,
        }
    }
}

/// Asks for cancellation.
///
/// # Errors
/// Wrong usage, no connection, not confirmed.
pub async fn run(args: &CancelArgs, stage: &mut Stage<'_>) -> Result<Outcome, CommandError> {
    let from_input = args.tasks.iter().any(|task| task == "-");
    if from_input && !args.yes {
        let why = "standard input names the tasks, so it cannot answer the question whether to cancel them. Give --yes.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    if !args.yes && !(stage.input)().1 {
        let why = "there is no terminal to ask on whether to cancel. Give --yes if that is meant.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    let target = targets::on_one_server(
        &args.connection,
        &args.tasks,
        || (stage.input)().0,
        stage.environment,
    )?;
    let tasks = target.tasks;
    let defaults = config::defaults(&args.connection, stage.environment)?;
    let connect = connect::one(&target.connection, stage.environment).await?;
    let endpoint = connect.address.name();
    let answers = ask_for(args, &tasks, connect.clone(), stage, &endpoint).await?;
    let outcome = answers
        .iter()
        .map(|(_, answer)| answer.outcome())
        .fold(Outcome::Success, Outcome::and);
    let accepted: Vec<Arc<str>> = answers
        .into_iter()
        .filter(|(_, answer)| *answer == Answer::Accepted)
        .map(|(task, _)| task)
        .collect();
    if !args.wait || accepted.is_empty() {
        return Ok(outcome);
    }
    let talk = if stage.err.is_terminal() {
        Talk::Bars
    } else {
        Talk::Lines
    };
    let goal = Goal {
        any: false,
        children: None,
        new: None,
        timeout: args.timeout,
        max_outage: defaults.max_outage.unwrap_or(SignedDuration::from_mins(10)),
    };
    let plan = Plan {
        options: args.follow.options(connect, accepted, &defaults),
        goal,
        talk,
        json: false,
        tell: TellArgs::default(),
    };
    let (conclusion, waiting) = wait::follow(plan, stage).await?;
    Ok(outcome.and(match conclusion.outcome {
        outcome @ (Outcome::TimedOut
        | Outcome::Interrupted
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
    }))
}

/// Shows the tasks, asks for confirmation, and asks the server. One session for all of it.
async fn ask_for(
    args: &CancelArgs,
    tasks: &[Arc<str>],
    connect: ConnectOptions,
    stage: &mut Stage<'_>,
    endpoint: &str,
) -> Result<Vec<(Arc<str>, Answer)>, CommandError> {
    let looked = session::with(connect.clone(), stage, async |client| {
        look_at(client, tasks).await
    });
    let (snapshot, unreadable) = looked.await?;
    let mut wanted: Vec<Arc<str>> = Vec::new();
    let mut answers: Vec<(Arc<str>, Answer)> = Vec::new();
    for task in tasks {
        let record = snapshot
            .find(task)
            .and_then(|handle| snapshot.board.get(handle));
        if let Some(record) = record {
            let (sentence, may_ask) = sentence(&snapshot.board, record);
            if may_ask {
                stage.say(&sentence);
                wanted.push(task.clone());
            } else {
                tell(args, stage, endpoint, task, Answer::NotAsked, &sentence)?;
                answers.push((task.clone(), Answer::NotAsked));
            }
        } else {
            let error = unreadable
                .iter()
                .find(|(mo_id, _)| mo_id == task)
                .map(|(_, error)| error);
            let answer = error.map_or(Answer::Failed, Answer::of);
            let text = error.map(ToString::to_string).unwrap_or_default();
            tell(args, stage, endpoint, task, answer, &text)?;
            answers.push((task.clone(), answer));
        }
    }
    if wanted.is_empty() {
        return Ok(answers);
    }
    if !args.yes && !is_confirmed(&snapshot, &wanted, stage) {
        stage.say("nothing was asked of the server.");
        return Err(CommandError::Interrupted);
    }
    let asked = session::with(connect, stage, async |client| {
        let mut said = Vec::new();
        for task in wanted {
            let answer = client.cancel_task(&task).await;
            said.push((task, answer));
        }
        Ok(said)
    });
    for (task, answer) in asked.await? {
        let (answer, text) = match answer {
            Ok(()) => (
                Answer::Accepted,
                "the server took the request; it acts when it gets to it.".to_owned(),
            ),
            Err(error) => (Answer::of(&error), error.reason()),
        };
        tell(args, stage, endpoint, &task, answer, &text)?;
        answers.push((task, answer));
    }
    Ok(answers)
}

type Unreadable = Vec<(Arc<str>, Error)>;

async fn look_at(
    client: &Client,
    tasks: &[Arc<str>],
) -> Result<(Snapshot, Unreadable), CommandError> {
    let mut snapshot = Snapshot::begin(client).await;
    let mut unreadable = Vec::new();
    for (task, answer) in session::read_all(client, tasks.to_vec()).await {
        match answer {
            // Of one that is no TaskInfo nothing can be shown; it counts as unreadable.
            Ok(raw) => drop(snapshot.add(raw)),
            Err(error) => unreadable.push((task, error)),
        }
    }
    Ok((snapshot, unreadable))
}

/// What there is to say before asking, and whether asking makes sense.
fn sentence(board: &Board, record: &Record) -> (String, bool) {
    let mo_id = &record.id.mo_id;
    let Some(info) = record.info.as_deref() else {
        return (format!("{mo_id} cannot be read."), false);
    };
    let what = named(board, record);
    let status = record.status();
    if status.is_finished() {
        return (
            format!("{what} has ended already: {}.", shape::status(status)),
            false,
        );
    }
    let flags = format!(
        "cancelable: {}, cancelled: {}",
        info.cancelable, info.cancelled
    );
    let meaning = match (info.cancelled, info.cancelable) {
        (true, _) => "cancellation was requested already, the server has not acted on it yet",
        (false, true) => "it can be cancelled",
        (false, false) => "the server says that it cannot be cancelled; it may refuse",
    };
    (
        format!("{what} is {}: {meaning} ({flags}).", shape::status(status)),
        true,
    )
}

/// `Relocate virtual machine of db-prod-01 (task-4711)`.
fn named(board: &Board, record: &Record) -> String {
    let mut text = board.operation(record).into_owned();
    if let Some(target) = record.info.as_deref().and_then(words::target) {
        let _ = write!(text, " of {target}");
    }
    let _ = write!(text, " ({})", record.id.mo_id);
    text
}

fn is_confirmed(snapshot: &Snapshot, wanted: &[Arc<str>], stage: &mut Stage<'_>) -> bool {
    let question = match wanted {
        [one] => {
            let record = snapshot
                .find(one)
                .and_then(|handle| snapshot.board.get(handle));
            record.map_or_else(|| one.to_string(), |record| named(&snapshot.board, record))
        }
        several => format!("these {}", words::tasks(several.len())),
    };
    let question = crate::text::sanitize(&format!("Cancel {question}? [y/N] ")).into_owned();
    let _ = write!(stage.err.writer, "{question}");
    let _ = stage.err.writer.flush();
    let mut answer = String::new();
    let (mut input, _) = (stage.input)();
    let is_read = input.read_line(&mut answer).is_ok();
    is_read && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Tells one task's answer.
fn tell(
    args: &CancelArgs,
    stage: &mut Stage<'_>,
    endpoint: &str,
    task: &Arc<str>,
    answer: Answer,
    text: &str,
) -> Result<(), CommandError> {
    if !args.json {
        stage.say(&format!("{task}: {text}"));
        return Ok(());
    }
    let mut line = shape::line("cancel", endpoint, jiff::Timestamp::now());
    line.insert("moId".to_owned(), json!(task));
    line.insert("answer".to_owned(), json!(answer.word()));
    line.insert("message".to_owned(), Value::from(text));
    stage.print(&shape::written(line))
}
