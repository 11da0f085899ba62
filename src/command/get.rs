//! `vtask get`: prints tasks once.

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::{
    CommandError, Outcome, connect,
    deadline::TimeoutArgs,
    display_name,
    io_context::CommandIo,
    json_output,
    session::{self, Snapshot, TaskRead},
    table::{self, cell},
    targets::{self, Target},
};
use crate::{
    config::ConnectionArgs,
    task::{Labels, Presence, Progress, Record, Status, TaskId, fault_chain},
    text::{duration, json_line},
    vim::types::TaskInfo,
};

/// What to print.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Tasks to print, in any form; - reads them from standard input, separated by white space
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,

    /// One JSON object a line: each TaskInfo exactly as the server sent it
    #[arg(long)]
    json: bool,

    /// How long it may take.
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,

    /// Which server, and how to sign in.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Reads and prints.
///
/// # Errors
/// When the server cannot be asked at all. A task that cannot be read is told on standard error, and shows in the
/// outcome.
pub async fn run(args: &GetArgs, stage: &mut CommandIo<'_>) -> Result<Outcome, CommandError> {
    let targets = targets::named(&args.connection, &args.tasks, stage)?;
    let (mut text, mut rows) = (String::new(), Vec::new());
    let mut outcome = Outcome::Success;
    for target in targets {
        let connect = connect::in_time(&target.connection, stage).await?;
        let server = connect.address.name();
        let tasks = target.tasks.clone();
        let asked = session::with(connect, stage, async |client| {
            // One JSON object is what the server sent and nothing else.
            let snapshot = if args.json {
                None
            } else {
                Some(Snapshot::begin(client).await)
            };
            Ok((snapshot, session::read_or_recall_all(client, tasks).await))
        });
        let asked = match asked.await {
            // One server that is away must not keep the others' tasks from being printed.
            Err(CommandError::Server(error)) if target.name.is_some() => {
                stage.say(&error.to_string());
                outcome = outcome.and(Outcome::of_error(&error));
                continue;
            }
            Err(CommandError::TimedOut(why)) if target.name.is_some() => {
                stage.say(&why);
                outcome = outcome.and(Outcome::TimedOut);
                continue;
            }
            asked => asked?,
        };
        let (complaints, of_these) = match asked {
            (None, got) => as_json(got, &server, &mut text),
            (Some(snapshot), got) => as_rows(got, &snapshot, &target, &server, &mut rows),
        };
        for complaint in complaints {
            stage.say(&complaint);
        }
        outcome = outcome.and(of_these);
    }
    if !rows.is_empty() {
        text = table::fitted(HEADING, &rows, stage.out.columns());
    }
    stage.print(&text)?;
    Ok(outcome)
}

const HEADING: [&str; 8] = [
    "TASK",
    "STATE",
    "PROGRESS",
    "ELAPSED",
    "CANCEL",
    "TARGET",
    "STARTED-BY",
    "OPERATION",
];

/// Appends a line for each; answers what there is to complain of, and the outcome.
fn as_json(got: Vec<TaskRead>, server: &str, text: &mut String) -> (Vec<String>, Outcome) {
    let (mut complaints, mut outcome) = (Vec::new(), Outcome::Success);
    for (mo_id, answer) in got {
        match answer {
            Ok(info) => {
                text.push_str(&json_line(&info));
                text.push('\n');
                match TaskInfo::from_json(info) {
                    Ok(info) => outcome = outcome.and(Outcome::of(Status::of(&info))),
                    Err(malformed) => {
                        complaints.push(format!(
                            "reading {mo_id} ({server}): {malformed}; it is printed as it came."
                        ));
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
    (complaints, outcome)
}

/// Appends a row for each; answers what there is to complain of, and the outcome.
fn as_rows(
    got: Vec<TaskRead>,
    snapshot: &Snapshot,
    target: &Target,
    server: &str,
    rows: &mut Vec<[String; 8]>,
) -> (Vec<String>, Outcome) {
    let labels = snapshot.board.labels(session::ONLY_ENDPOINT);
    let (mut complaints, mut outcome) = (Vec::new(), Outcome::Success);
    for (mo_id, answer) in got {
        let read = match answer {
            Ok(info) => TaskInfo::from_json(info).map_err(|malformed| {
                format!("reading {mo_id} ({server}): {malformed}. `vtask get --json` prints it as it came.")
            }),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(info) => {
                outcome = outcome.and(Outcome::of(Status::of(&info)));
                rows.push(row(
                    &target.full(&mo_id),
                    mo_id,
                    info,
                    &labels,
                    snapshot.now,
                ));
            }
            Err(complaint) => {
                complaints.push(complaint);
                outcome = outcome.and(Outcome::Unknown);
            }
        }
    }
    (complaints, outcome)
}

fn row(
    name: &str,
    mo_id: Arc<str>,
    info: TaskInfo,
    labels: &Labels,
    now: Timestamp,
) -> [String; 8] {
    let mut record = Record::ghost(
        TaskId::new(session::ONLY_ENDPOINT, mo_id),
        Presence::Present,
    );
    record.info = Some(Box::new(info));
    let elapsed = record.elapsed(now).map(duration).unwrap_or_default();
    let progress = match record.progress() {
        Progress::Reported(percent) | Progress::Derived(percent) => format!("{percent}%"),
        Progress::None => "-".to_owned(),
    };
    let status = record.status();
    let asked = record.is_cancel_requested();
    let Some(info) = record.info else {
        return Default::default();
    };
    let mut operation = labels.operation(&info).into_owned();
    if let Some(error) = &info.error {
        operation = format!("{operation}: {}", fault_chain::one_line(error));
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
        name,
        json_output::status(status),
        &progress,
        &elapsed,
        cancel,
        display_name::target(&info).unwrap_or_default(),
        display_name::started_by(&info.reason).unwrap_or_default(),
        &operation,
    ];
    cells.map(cell)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        task::fixture::{at, info},
        vim::{Error, ErrorKind, types::Fault},
    };

    fn got(mo_id: &str, more: &Value) -> TaskRead {
        (mo_id.into(), Ok(info(mo_id, more).to_json()))
    }

    fn missing(mo_id: &str) -> TaskRead {
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
            ("task-3".into(), Ok(json!({"key": "task-3"}))),
        ];
        let snapshot = Snapshot::empty(at(62));
        let target = Target::alone();
        let mut rows = Vec::new();
        let (complaints, outcome) = as_rows(tasks, &snapshot, &target, "vc01", &mut rows);
        insta::assert_snapshot!(table::fitted(HEADING, &rows, None));
        assert_eq!(complaints.len(), 1);
        assert!(
            complaints[0].starts_with("reading task-3 (vc01): "),
            "{complaints:?}"
        );
        assert_eq!(outcome, Outcome::Failed);
    }

    #[test]
    fn missing_tasks_are_complained_of_and_make_the_outcome_unknown() {
        let mut text = String::new();
        let tasks = vec![missing("task-9"), got("task-1", &json!({}))];
        let (complaints, outcome) = as_json(tasks, "vc01", &mut text);
        assert_eq!(text.lines().count(), 1);
        assert!(complaints[0].contains("task-9"), "{complaints:?}");
        assert_eq!(outcome, Outcome::Unknown);
    }
}
