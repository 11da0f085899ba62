//! `vtask get`: prints tasks once.

use std::{collections::HashMap, sync::Arc};

use clap::Args;
use jiff::Timestamp;

use super::{
    CommandError, Outcome, connect,
    fetch_args::FetchArgs,
    io_context::CommandIo,
    output::{
        Changes, FieldSort, FollowedServer, OutputArgs, OutputFormat, OutputRow, Page, Presenter,
        Reading, TASK_DETAILS,
    },
    record::FromArgs,
    session::{self, ServerReader, TaskRead},
    snapshot::Snapshot,
    targets::{self, Target},
    task_row,
};
use crate::{
    config::{ConnectionArgs, Defaults},
    task::{Handle, Status, markdown},
    vim::{
        Client,
        types::{TaskEvent, TaskInfo},
    },
    watch::Update,
};

/// Print tasks once
#[derive(Debug, Args)]
pub struct GetArgs {
    /// Tasks: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK", required = true)]
    pub(crate) tasks: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    pub(crate) from: FromArgs,

    /// JSON fields; - for descending [default: as given]
    #[arg(long, value_name = "FIELD,…", allow_hyphen_values = true, value_parser = parse_sort, help_heading = "Output")]
    sort: Option<FieldSort>,
}

fn parse_sort(text: &str) -> Result<FieldSort, String> {
    FieldSort::parse(text, &TASK_DETAILS)
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
    let presenter = Presenter::new(&args.output, &TASK_DETAILS)?;
    let mut servers = Vec::new();
    for target in targets::named(connection, &args.tasks, io)? {
        let connect = connect::in_time(&target.connection, io).await?;
        servers.push(GetServer {
            target,
            reader: ServerReader::new(connect),
            snapshot: Snapshot::empty(Timestamp::now()),
        });
    }
    let with_tickets =
        *presenter.format() == OutputFormat::Markdown && args.output.columns.is_empty();
    let mut reading = GetReading {
        args,
        with_tickets,
        servers,
    };
    presenter.present(&mut reading, connection, io).await
}

/// Data of `vtask get`.
struct GetReading<'a> {
    args: &'a GetArgs,
    /// True to describe each task in Markdown.
    with_tickets: bool,
    servers: Vec<GetServer>,
}

/// A server with its tasks.
struct GetServer {
    target: Target,
    reader: ServerReader,
    /// The tasks, for `--watch`.
    snapshot: Snapshot,
}

impl Reading for GetReading<'_> {
    async fn read(&mut self, io: &mut CommandIo<'_>) -> Result<Page, CommandError> {
        let mut page = Page::new();
        let mut text = String::new();
        let is_terminal = io.out.is_terminal();
        let output = &self.args.output;
        let with_tickets = self.with_tickets;
        for server in &mut self.servers {
            let GetServer { target, reader, .. } = server;
            let label = reader.connect.address.label();
            let endpoint = reader.connect.address.name();
            let tasks = target.tasks.clone();
            let answer = reader
                .request(io, async |client| {
                    // JSON output contains only the server's data, so labels are not needed.
                    let snapshot = if output.json && !output.watch {
                        None
                    } else {
                        Some(Snapshot::begin(client).await)
                    };
                    let read = session::read_or_find_all(client, tasks).await;
                    let events = if with_tickets {
                        read_events(client, &read).await
                    } else {
                        HashMap::new()
                    };
                    Ok((snapshot, read, events))
                })
                .await;
            let (snapshot, read, events) = match answer {
                Err(error) => {
                    page.add_error(error, target)?;
                    continue;
                }
                Ok(answer) => answer,
            };
            let Some(mut snapshot) = snapshot else {
                let (messages, outcome) = as_json(target, read, &label, &mut page.rows);
                page.messages.extend(messages);
                page.outcome = page.outcome.and(outcome);
                continue;
            };
            add(
                read,
                &mut snapshot,
                &label,
                &mut page,
                |snapshot, handle| {
                    let row = details(target, &endpoint, snapshot, handle, is_terminal)?;
                    if with_tickets {
                        let mo_id = &snapshot.store.get(handle)?.id.mo_id;
                        let events = events.get(mo_id).map_or(&[][..], Vec::as_slice);
                        let ticket = markdown::task_markdown(
                            &snapshot.store,
                            handle,
                            &endpoint,
                            events,
                            snapshot.now,
                        )?;
                        if !text.is_empty() {
                            text.push('\n');
                        }
                        text.push_str(&ticket);
                    }
                    Some(row)
                },
            );
            server.snapshot = snapshot;
        }
        self.sort(&mut page);
        page.markdown = with_tickets.then_some(text);
        Ok(page)
    }

    async fn sign_out(&mut self, io: &mut CommandIo<'_>) {
        for server in &mut self.servers {
            server.reader.close(io).await;
        }
    }

    fn followed(&self, fetch: &FetchArgs, defaults: &Defaults) -> Vec<FollowedServer> {
        let servers = self.servers.iter();
        let followed = servers.map(|GetServer { target, reader, .. }| FollowedServer {
            name: target.name.clone(),
            options: fetch.options(reader.connect.clone(), target.tasks.clone(), defaults),
            commands: Vec::new(),
        });
        followed.collect()
    }

    fn apply(&mut self, server: usize, update: Update) -> Changes {
        let server = self.servers.get_mut(server);
        server.map_or_else(Changes::default, |server| {
            task_row::changes(&mut server.snapshot, update, &server.target)
        })
    }

    fn page(&mut self, columns: Option<usize>) -> Page {
        let mut page = Page::new();
        for server in &mut self.servers {
            server.snapshot.advance();
            let (target, snapshot) = (&server.target, &server.snapshot);
            let endpoint = server.reader.connect.address.name();
            let rows = target.tasks.iter().filter_map(|mo_id| {
                let handle = snapshot.find(mo_id)?;
                let mut row = details(target, &endpoint, snapshot, handle, columns.is_some())?;
                if self.args.output.json {
                    row.json.clone_from(snapshot.raw(handle)?.as_object()?);
                }
                Some(row)
            });
            page.rows.extend(rows);
        }
        self.sort(&mut page);
        page
    }
}

impl GetReading<'_> {
    fn sort(&self, page: &mut Page) {
        if let Some(sort) = &self.args.sort {
            sort.sort(&mut page.rows);
        }
        // Without any task, a heading would be of no use.
        page.text = page.rows.is_empty().then(String::new);
    }
}

/// Reads the events of tasks. Tasks whose events cannot be read have none.
async fn read_events(client: &Client, tasks: &[TaskRead]) -> HashMap<Arc<str>, Vec<TaskEvent>> {
    let chains = tasks.iter().filter_map(|(mo_id, answer)| {
        let raw = answer.as_ref().ok()?.clone();
        let info = TaskInfo::of_task(mo_id, raw).ok()?;
        Some((mo_id.clone(), info.event_chain_id))
    });
    let read = session::read_events(client, chains.collect()).await;
    let read = read.into_iter();
    read.filter_map(|(mo_id, events)| Some((mo_id, events.ok()?)))
        .collect()
}

/// Adds a row for each task with the `TaskInfo` as sent. Returns error messages and the outcome.
fn as_json(
    target: &Target,
    read: Vec<TaskRead>,
    server: &str,
    rows: &mut Vec<OutputRow>,
) -> (Vec<String>, Outcome) {
    let (mut messages, mut outcome) = (Vec::new(), Outcome::Success);
    for (mo_id, answer) in read {
        match answer {
            Ok(info) => {
                rows.push(OutputRow {
                    id: target.full(&mo_id),
                    json: info.as_object().cloned().unwrap_or_default(),
                    cells: Vec::new(),
                    note: None,
                });
                match TaskInfo::of_task(&mo_id, info) {
                    Ok(info) => outcome = outcome.and(Outcome::of(Status::of(&info))),
                    Err(malformed) => {
                        messages.push(format!(
                            "reading {mo_id} ({server}): {malformed}; printed as received."
                        ));
                        outcome = outcome.and(Outcome::Unknown);
                    }
                }
            }
            Err(error) => {
                messages.push(error.to_string());
                outcome = outcome.and(Outcome::Unknown);
            }
        }
    }
    (messages, outcome)
}

/// Adds a row for each task that exists.
fn add(
    read: Vec<TaskRead>,
    snapshot: &mut Snapshot,
    server: &str,
    page: &mut Page,
    mut row: impl FnMut(&Snapshot, Handle) -> Option<OutputRow>,
) {
    for (mo_id, answer) in read {
        if let Err(error) = &answer
            && error.is_fault("ManagedObjectNotFound")
        {
            page.messages.push(error.to_string());
            page.outcome = page.outcome.and(Outcome::Unknown);
            continue;
        }
        if let Err(why) = snapshot.add_read(&mo_id, answer, server) {
            page.messages.push(format!(
                "{why} `vtask get --json` prints what was received, if anything."
            ));
        }
        let Some(handle) = snapshot.find(&mo_id) else {
            continue;
        };
        if let Some(record) = snapshot.store.get(handle) {
            page.outcome = page.outcome.and(Outcome::of(record.status()));
        }
        page.rows.extend(row(snapshot, handle));
    }
}

/// Returns the row of a task, with the phase after the operation unless the error says more.
fn details(
    target: &Target,
    endpoint: &str,
    snapshot: &Snapshot,
    handle: Handle,
    is_terminal: bool,
) -> Option<OutputRow> {
    let mut row = task_row::row(target, endpoint, snapshot, handle, is_terminal)?;
    let cell = |name: &str| row.cells.iter().position(|(cell, _)| *cell == name);
    if let (Some(operation), Some(phase), None) = (cell("operation"), cell("phase"), &row.note) {
        let phase = row.cells[phase].1.clone();
        if !phase.is_empty() {
            row.cells[operation].1 = format!("{} · {phase}", row.cells[operation].1);
        }
    }
    Some(row)
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
    fn table_shows_state_and_error() {
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
        let mut page = Page::new();
        let target = Target::alone();
        add(
            tasks,
            &mut snapshot,
            "vc01",
            &mut page,
            |snapshot, handle| task_row::row(&target, "vc01", snapshot, handle, false),
        );
        let output = OutputArgs::default();
        let presenter = Presenter::new(&output, &TASK_DETAILS).unwrap();
        insta::assert_snapshot!(presenter.text(&page, None).unwrap());
        assert_eq!(page.messages.len(), 1);
        assert!(
            page.messages[0].starts_with("reading task-3 (vc01): "),
            "{:?}",
            page.messages
        );
        assert_eq!(page.outcome, Outcome::Failed);
    }

    #[test]
    fn missing_tasks_make_the_outcome_unknown() {
        let mut rows = Vec::new();
        let tasks = vec![missing("task-9"), got("task-1", &json!({}))];
        let (messages, outcome) = as_json(&Target::alone(), tasks, "vc01", &mut rows);
        assert_eq!(rows.len(), 1);
        assert!(messages[0].contains("task-9"), "{messages:?}");
        assert_eq!(outcome, Outcome::Unknown);
    }
}
