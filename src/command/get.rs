//! `vtask get`: prints tasks once.

use std::{
    future::Future,
    io::{self, Write},
    sync::Arc,
};

use clap::Args;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::{CommandError, Outcome, table, tasks, words};
use crate::{
    config::{self, ConnectionArgs},
    task::{EndpointId, Labels, Presence, Progress, Record, ServerClock, Status, TaskId},
    text::{duration, sanitize},
    vim::{Client, Error, types::TaskInfo},
};

/// How many tasks are read at once.
const IN_FLIGHT: usize = 8;

/// What to print.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Tasks to print, in any form; - reads them from standard input, one per line
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,

    /// One JSON object a line: each TaskInfo exactly as the server sent it
    #[arg(long)]
    json: bool,

    /// Which server, and how to sign in.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A task as it was read.
type Got = (Arc<str>, Result<Value, Error>);

/// Reads and prints; `interrupted` ends it early, signed out.
///
/// # Errors
/// When the server cannot be asked at all. A task that cannot be read is told on standard error, and shows in the
/// outcome.
pub async fn run(
    args: &GetArgs,
    interrupted: impl Future<Output = ()>,
) -> Result<Outcome, CommandError> {
    let tasks = tasks::read(&args.tasks, || Box::new(io::stdin().lock()))?;
    let options = config::resolve(&args.connection, &config::process_environment)?;
    tokio::pin!(interrupted);
    let client = tokio::select! {
        client = Client::connect(options) => client?,
        () = &mut interrupted => return Err(CommandError::Interrupted),
    };
    client.sign_in().await?;
    let read = async {
        let (labels, clock) = if args.json {
            (Labels::default(), ServerClock::default())
        } else {
            // Without labels operations are called by words made of their ids.
            let labels = client.operation_labels().await.map(Labels::new);
            (labels.unwrap_or_default(), clock(&client).await)
        };
        let reading = stream::iter(tasks)
            .map(async |task| {
                let info = client.task_info_json(&task).await;
                (task, info)
            })
            .buffered(IN_FLIGHT);
        (labels, clock, reading.collect::<Vec<Got>>().await)
    };
    let read = tokio::select! {
        read = read => Some(read),
        () = &mut interrupted => None,
    };
    if let Err(error) = client.sign_out().await {
        eprintln!("vtask: {error}");
    }
    let (labels, clock, got) = read.ok_or(CommandError::Interrupted)?;
    let (text, complaints, outcome) = if args.json {
        as_json(got)
    } else {
        as_table(got, &labels, clock.at(Timestamp::now()))
    };
    for complaint in complaints {
        eprintln!("vtask: {}", sanitize(&complaint));
    }
    print(&text)?;
    Ok(outcome)
}

/// Writes to standard output; a reader that has had enough is no error.
fn print(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::Local(
            color_eyre::eyre::eyre!("standard output cannot be written: {error}."),
        )),
        _ => Ok(()),
    }
}

async fn clock(client: &Client) -> ServerClock {
    let sent = Timestamp::now();
    match client.current_time().await {
        Ok(server) => ServerClock::from_reading(server, sent, Timestamp::now()),
        Err(_) => ServerClock::default(),
    }
}

fn as_json(got: Vec<Got>) -> (String, Vec<String>, Outcome) {
    let (mut text, mut complaints, mut outcome) = (String::new(), Vec::new(), Outcome::Success);
    for (mo_id, answer) in got {
        match answer {
            Ok(info) => {
                text.push_str(&info.to_string());
                text.push('\n');
                match TaskInfo::from_json(info) {
                    Ok(info) => outcome = outcome.and(Outcome::of(Status::of(&info))),
                    Err(malformed) => {
                        complaints.push(format!("{mo_id}: {malformed}; it is printed as it came."));
                        outcome = outcome.and(Outcome::Unknown);
                    }
                }
            }
            Err(error) => {
                complaints.push(error.to_string());
                outcome = outcome.and(Outcome::Unknown);
            }
        }
    }
    (text, complaints, outcome)
}

fn as_table(got: Vec<Got>, labels: &Labels, now: Timestamp) -> (String, Vec<String>, Outcome) {
    let (mut rows, mut complaints, mut outcome) = (Vec::new(), Vec::new(), Outcome::Success);
    for (mo_id, answer) in got {
        let read = match answer {
            Ok(info) => TaskInfo::from_json(info)
                .map_err(|malformed| format!("reading {mo_id}: {malformed}. Try `get --json`.")),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(info) => {
                outcome = outcome.and(Outcome::of(Status::of(&info)));
                rows.push(row(mo_id, info, labels, now));
            }
            Err(complaint) => {
                complaints.push(complaint);
                outcome = outcome.and(Outcome::Unknown);
            }
        }
    }
    let text = if rows.is_empty() {
        String::new()
    } else {
        let heading = [
            "TASK",
            "STATE",
            "PROGRESS",
            "ELAPSED",
            "CANCEL",
            "TARGET",
            "STARTED BY",
            "OPERATION",
        ];
        table::layout(heading, &rows)
    };
    (text, complaints, outcome)
}

fn row(mo_id: Arc<str>, info: TaskInfo, labels: &Labels, now: Timestamp) -> [String; 8] {
    let mut record = Record::ghost(TaskId::new(EndpointId::default(), mo_id), Presence::Present);
    record.info = Some(Box::new(info));
    let elapsed = record.elapsed(now).map(duration).unwrap_or_default();
    let progress = match record.progress() {
        Progress::Reported(percent) | Progress::Derived(percent) => format!("{percent}%"),
        Progress::None => "-".to_owned(),
    };
    let status = record.status();
    let asked = record.is_cancel_requested();
    let id = record.id.mo_id.clone();
    let Some(info) = record.info else {
        return Default::default();
    };
    let mut operation = labels.operation(&info).into_owned();
    if let Some(error) = &info.error {
        operation = format!("{operation}: {}", error.text());
    } else if let Some(phase) = &info.description {
        operation = format!("{operation} · {}", phase.text());
    }
    let cancel = match (status.is_active(), asked, info.cancelable) {
        (true, true, _) => "asked",
        (true, false, true) => "can",
        (true, false, false) => "no",
        (false, _, _) => "-",
    };
    let cells: [&str; 8] = [
        &id,
        status.word(),
        &progress,
        &elapsed,
        cancel,
        words::target(&info).unwrap_or("-"),
        words::started_by(&info.reason).unwrap_or("?"),
        &operation,
    ];
    cells.map(|cell| sanitize(cell).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        task::fixture::{at, info},
        vim::{ErrorKind, types::Fault},
    };

    fn got(mo_id: &str, more: &Value) -> Got {
        (mo_id.into(), Ok(info(mo_id, more).to_json()))
    }

    fn missing(mo_id: &str) -> Got {
        let error = Error {
            doing: format!("reading {mo_id}"),
            server: "vc01".to_owned(),
            kind: ErrorKind::Fault(Fault::new(json!({"_typeName": "ManagedObjectNotFound"}))),
        };
        (mo_id.into(), Err(error))
    }

    #[test]
    fn a_table_tells_what_a_glance_needs() {
        let tasks = vec![
            got(
                "task-1",
                &json!({"progress": 42, "entityName": "db\u{1b}[2J"}),
            ),
            got(
                "task-2",
                &json!({"state": "error", "error": {"_typeName": "X", "faultstring": "no room"}}),
            ),
        ];
        let (text, complaints, outcome) = as_table(tasks, &Labels::default(), at(62));
        insta::assert_snapshot!(text);
        assert!(complaints.is_empty());
        assert_eq!(outcome, Outcome::Failed);
    }

    #[test]
    fn missing_tasks_are_complained_of_and_make_the_outcome_unknown() {
        let (text, complaints, outcome) =
            as_json(vec![missing("task-9"), got("task-1", &json!({}))]);
        assert_eq!(text.lines().count(), 1);
        assert!(complaints[0].contains("task-9"), "{complaints:?}");
        assert_eq!(outcome, Outcome::Unknown);
    }
}
