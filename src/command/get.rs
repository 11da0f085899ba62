//! `vtask get`: prints tasks once.

use clap::Args;
use jiff::Timestamp;

use super::{
    CommandError, Outcome, connect, display_name,
    io_context::CommandIo,
    json_output,
    session::{self, Snapshot, TaskRead},
    table::{self, cell},
    targets::{self, Target},
};
use crate::{
    config::ConnectionArgs,
    task::{Progress, Record, Status, TaskStore},
    text::{duration, json_line},
    vim::types::TaskInfo,
};

/// Print tasks once
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Tasks: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK", required = true)]
    pub(crate) tasks: Vec<String>,

    /// Print one JSON object per line: each TaskInfo as sent by the server
    #[arg(long)]
    json: bool,
}

/// Runs `vtask get`.
///
/// # Errors
/// Fails if the server cannot be read. An unreadable task is reported on standard error and changes the outcome.
pub async fn run(
    args: &GetArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let targets = targets::named(connection, &args.tasks, io)?;
    let mut text = String::new();
    let mut rows = Rows {
        are_for_people: io.out.is_terminal(),
        ..Rows::default()
    };
    let mut outcome = Outcome::Success;
    for target in targets {
        let connect = connect::in_time(&target.connection, io).await?;
        let server = connect.address.name();
        let tasks = target.tasks.clone();
        let asked = session::with(connect, io, async |client| {
            // JSON output contains only the server's data, so labels are not needed.
            let snapshot = if args.json {
                None
            } else {
                Some(Snapshot::begin(client).await)
            };
            Ok((snapshot, session::read_or_recall_all(client, tasks).await))
        });
        let asked = match asked.await {
            // One server that is away must not keep the others' tasks from being printed.
            Err(CommandError::TimedOut(why)) if target.name.is_some() => {
                io.say(&why);
                outcome = outcome.and(Outcome::TimedOut);
                continue;
            }
            Err(error) => match error.server_outcome().filter(|_| target.name.is_some()) {
                Some(of_server) => {
                    io.say(&error.to_string());
                    outcome = outcome.and(of_server);
                    continue;
                }
                None => return Err(error),
            },
            Ok(asked) => asked,
        };
        let (complaints, of_these) = match asked {
            (None, got) => as_json(got, &server, &mut text),
            (Some(mut snapshot), got) => rows.add(got, &mut snapshot, &target, &server),
        };
        for complaint in complaints {
            io.say(&complaint);
        }
        outcome = outcome.and(of_these);
    }
    if !rows.cells.is_empty() {
        let columns = io.out.columns();
        text = table::fitted_with_notes(HEADING, &rows.cells, &rows.notes, columns);
    }
    io.print(&text)?;
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

/// Appends a line for each task. Returns error messages and the outcome.
fn as_json(got: Vec<TaskRead>, server: &str, text: &mut String) -> (Vec<String>, Outcome) {
    let (mut complaints, mut outcome) = (Vec::new(), Outcome::Success);
    for (mo_id, answer) in got {
        match answer {
            Ok(info) => {
                text.push_str(&json_line(&info));
                text.push('\n');
                match TaskInfo::of_task(&mo_id, info) {
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

/// The rows of the table, each with an optional note below it.
#[derive(Debug, Default)]
struct Rows {
    cells: Vec<[String; 8]>,
    notes: Vec<Option<String>>,
    /// True for output on a terminal.
    are_for_people: bool,
}

impl Rows {
    /// Adds a row for each; answers what there is to complain of, and the outcome.
    fn add(
        &mut self,
        got: Vec<TaskRead>,
        snapshot: &mut Snapshot,
        target: &Target,
        server: &str,
    ) -> (Vec<String>, Outcome) {
        let (mut complaints, mut outcome) = (Vec::new(), Outcome::Success);
        for (mo_id, answer) in got {
            if let Err(error) = &answer
                && error.is_fault("ManagedObjectNotFound")
            {
                complaints.push(error.to_string());
                outcome = outcome.and(Outcome::Unknown);
                continue;
            }
            if let Err(complaint) = snapshot.add_read(&mo_id, answer, server) {
                complaints.push(format!(
                    "{complaint} `vtask get --json` prints what was sent, if anything."
                ));
            }
            let handle = snapshot.find(&mo_id);
            let Some(record) = handle.and_then(|handle| snapshot.store.get(handle)) else {
                continue;
            };
            outcome = outcome.and(Outcome::of(record.status()));
            let why = json_output::why(record);
            let operation = operation(&snapshot.store, record, why.as_deref(), self.are_for_people);
            self.cells
                .push(row(&target.full(&mo_id), record, &operation, snapshot.now));
            self.notes
                .push(why.filter(|_| self.are_for_people).map(|why| cell(&why)));
        }
        (complaints, outcome)
    }
}

/// Returns the operation with its phase; in a pipe with the reason of a failure.
fn operation(store: &TaskStore, record: &Record, why: Option<&str>, is_for_people: bool) -> String {
    let Some(info) = record.info.as_deref() else {
        return why
            .filter(|_| !is_for_people)
            .unwrap_or_default()
            .to_owned();
    };
    let operation = store.operation(record);
    match (why, &info.description) {
        (Some(why), _) if !is_for_people => format!("{operation}: {why}"),
        (None, Some(phase)) => format!("{operation} · {}", phase.text()),
        _ => operation.into_owned(),
    }
}

fn row(name: &str, record: &Record, operation: &str, now: Timestamp) -> [String; 8] {
    let elapsed = record.elapsed(now).map(duration).unwrap_or_default();
    let progress = match record.progress() {
        Progress::Reported(percent) | Progress::Derived(percent) => format!("{percent}%"),
        Progress::None => "-".to_owned(),
    };
    let status = record.status();
    let info = record.info.as_deref();
    let cancelable = info
        .filter(|info| !info.invalid.contains("cancelable"))
        .map(|info| info.cancelable);
    let cancel = match (status.is_active(), record.is_cancel_requested(), cancelable) {
        (true, true, _) => "asked",
        (true, false, Some(true)) => "can",
        (true, false, Some(false)) => "no",
        (_, _, None) | (false, _, _) => "-",
    };
    let started_by = info.and_then(|info| display_name::started_by(&info.reason));
    let cells: [&str; 8] = [
        name,
        json_output::status(status),
        &progress,
        &elapsed,
        cancel,
        info.and_then(display_name::target).unwrap_or_default(),
        started_by.unwrap_or_default(),
        operation,
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
        let mut snapshot = Snapshot::empty(at(62));
        let target = Target::alone();
        let mut rows = Rows::default();
        let (complaints, outcome) = rows.add(tasks, &mut snapshot, &target, "vc01");
        insta::assert_snapshot!(table::fitted(HEADING, &rows.cells, None));
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
