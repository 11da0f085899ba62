//! `vtask get`: prints tasks once.

use std::{collections::HashMap, sync::Arc};

use clap::Args;
use jiff::Timestamp;

use super::{
    CommandError, Outcome,
    io_context::CommandIo,
    output::{
        Changes, FieldSort, OutputArgs, OutputFormat, OutputRow, Page, PageReader, Presenter,
        TASK_DETAILS,
    },
    record::FromArgs,
    server_tasks::ServerTasks,
    session::{self, ServerReader, TaskRead},
    snapshot::Snapshot,
    task_row,
};
use crate::{
    config::ConnectionArgs,
    task::{Status, markdown},
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
    let servers = ServerReader::of_tasks(connection, &args.tasks, io).await?;
    let servers = servers.into_iter().map(|reader| GetServer {
        reader,
        snapshot: Snapshot::empty(Timestamp::now()),
        events: HashMap::new(),
    });
    let mut reader = GetReader {
        args,
        with_markdown: *presenter.format() == OutputFormat::Markdown
            && args.output.columns.is_empty(),
        servers: servers.collect(),
    };
    presenter.present(&mut reader, connection, io).await
}

/// Data of `vtask get`.
struct GetReader<'a> {
    args: &'a GetArgs,
    /// True to describe each task in Markdown.
    with_markdown: bool,
    servers: Vec<GetServer>,
}

/// A server with its tasks; none if the output is only what was received.
struct GetServer {
    reader: ServerReader,
    snapshot: Snapshot,
    /// Events by task, for the descriptions in Markdown.
    events: HashMap<Arc<str>, Vec<TaskEvent>>,
}

impl PageReader for GetReader<'_> {
    fn servers(&mut self) -> impl Iterator<Item = &mut ServerReader> {
        self.servers.iter_mut().map(|server| &mut server.reader)
    }

    async fn read(&mut self, io: &mut CommandIo<'_>) -> Result<Page, CommandError> {
        let mut page = Page::default();
        let with_markdown = self.with_markdown;
        let is_raw = self.args.output.json && !self.args.output.watch;
        for server in &mut self.servers {
            let reader = &mut server.reader;
            let tasks = reader.server.tasks.clone();
            let answer = reader
                .request(io, async |client| {
                    // Labels are not needed for what was received.
                    let snapshot = if is_raw {
                        Snapshot::empty(Timestamp::now())
                    } else {
                        Snapshot::with_clock_and_labels(client).await
                    };
                    let read = session::read_or_find_all(client, tasks).await;
                    let events = if with_markdown {
                        read_events(client, &read).await
                    } else {
                        HashMap::new()
                    };
                    Ok((snapshot, read, events))
                })
                .await;
            let read = match answer {
                Err(error) => {
                    page.add_error(error, &reader.server)?;
                    continue;
                }
                Ok((snapshot, read, events)) => {
                    (server.snapshot, server.events) = (snapshot, events);
                    read
                }
            };
            let label = reader.connect.address.label();
            if is_raw {
                add_raw(&reader.server, read, &label, &mut page);
            } else {
                add(read, &mut server.snapshot, &label, &mut page);
            }
        }
        if is_raw {
            self.sort(&mut page);
            return Ok(page);
        }
        Ok(self.page(io.out.columns()).with_errors(page))
    }

    fn apply(&mut self, server: usize, update: Update) -> Changes {
        let server = self.servers.get_mut(server);
        server.map_or_else(Changes::default, |server| {
            task_row::changes(&mut server.snapshot, update, &server.reader.server)
        })
    }

    fn page(&mut self, columns: Option<usize>) -> Page {
        let mut page = Page::default();
        let output = &self.args.output;
        let mut descriptions: Vec<String> = Vec::new();
        for server in &mut self.servers {
            if output.watch {
                server.snapshot.advance();
            }
            let (reader, snapshot) = (&server.reader, &server.snapshot);
            let address = reader.address();
            for mo_id in &reader.server.tasks {
                let Some(handle) = snapshot.find(mo_id) else {
                    continue;
                };
                let row = task_row::row(
                    &reader.server,
                    &address,
                    snapshot,
                    handle,
                    columns.is_some(),
                );
                let row = row.and_then(|mut row| {
                    if output.json {
                        row.json.clone_from(snapshot.raw(handle)?.as_object()?);
                    }
                    Some(with_phase(row))
                });
                page.rows.extend(row);
                if self.with_markdown {
                    let events = server.events.get(mo_id).map_or(&[][..], Vec::as_slice);
                    let (store, now) = (&snapshot.store, snapshot.now);
                    let description = markdown::task_markdown(store, handle, &address, events, now);
                    descriptions.extend(description);
                }
            }
        }
        self.sort(&mut page);
        page.markdown = self.with_markdown.then(|| descriptions.join("\n"));
        page
    }
}

impl GetReader<'_> {
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

/// Adds a row for each task with the `TaskInfo` as sent, error messages and the outcome.
fn add_raw(server: &ServerTasks, read: Vec<TaskRead>, label: &str, page: &mut Page) {
    for (mo_id, answer) in read {
        let (message, outcome) = match answer {
            Ok(info) => {
                page.rows.push(OutputRow {
                    id: server.full(&mo_id),
                    json: info.as_object().cloned().unwrap_or_default(),
                    cells: Vec::new(),
                    note: None,
                });
                match TaskInfo::of_task(&mo_id, info) {
                    Ok(info) => (None, Outcome::of(Status::of(&info))),
                    Err(malformed) => {
                        let why =
                            format!("reading {mo_id} ({label}): {malformed}; printed as received.");
                        (Some(why), Outcome::Unknown)
                    }
                }
            }
            Err(error) => (Some(error.to_string()), Outcome::Unknown),
        };
        page.messages.extend(message);
        page.outcome = page.outcome.and(outcome);
    }
}

/// Adds each task that exists to the snapshot; error messages and the outcome to the page.
fn add(read: Vec<TaskRead>, snapshot: &mut Snapshot, server: &str, page: &mut Page) {
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
        let record = snapshot
            .find(&mo_id)
            .map(|handle| snapshot.store.get(handle));
        if let Some(record) = record.flatten() {
            page.outcome = page.outcome.and(Outcome::of(record.status()));
        }
    }
}

/// Adds the phase to the operation, unless there is an error.
fn with_phase(mut row: OutputRow) -> OutputRow {
    let cell = |name: &str| row.cells.iter().position(|(cell, _)| *cell == name);
    if let (Some(operation), Some(phase), None) = (cell("operation"), cell("phase"), &row.note) {
        let phase = row.cells[phase].1.clone();
        if !phase.is_empty() {
            row.cells[operation].1 = format!("{} · {phase}", row.cells[operation].1);
        }
    }
    row
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
        let fault = Fault::new(json!({"_typeName": "ManagedObjectNotFound"}));
        let error = Error::new(format!("reading {mo_id}"), "vc01", ErrorKind::Fault(fault));
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
        let mut page = Page::default();
        let server = ServerTasks::default();
        let ids: Vec<_> = tasks.iter().map(|(mo_id, _)| mo_id.clone()).collect();
        add(tasks, &mut snapshot, "vc01", &mut page);
        let rows = ids.iter().filter_map(|mo_id| {
            let handle = snapshot.find(mo_id)?;
            task_row::row(&server, "vc01", &snapshot, handle, false)
        });
        page.rows.extend(rows);
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
        let mut page = Page::default();
        let tasks = vec![missing("task-9"), got("task-1", &json!({}))];
        add_raw(&ServerTasks::default(), tasks, "vc01", &mut page);
        assert_eq!(page.rows.len(), 1);
        assert!(page.messages[0].contains("task-9"), "{:?}", page.messages);
        assert_eq!(page.outcome, Outcome::Unknown);
    }
}
