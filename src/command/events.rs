//! `vtask events`: prints the events of a task.

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    CommandError, Outcome,
    io_context::CommandIo,
    json_output,
    output::{Changes, EVENTS, FieldSort, OutputArgs, OutputRow, Page, PageReader, Presenter},
    record::FromArgs,
    session::ServerReader,
    snapshot::Snapshot,
    task_row::short_time,
};
use crate::{
    config::ConnectionArgs,
    vim::types::{TaskEvent, TaskLocator},
    watch::{Command, Update, WatchOptions},
};

/// Print the events of tasks
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// Tasks: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK", required = true)]
    pub(crate) tasks: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    pub(crate) from: FromArgs,

    /// JSON fields; - for descending [default: oldest first]
    #[arg(long, value_name = "FIELD,…", allow_hyphen_values = true, value_parser = parse_sort, help_heading = "Output")]
    sort: Option<FieldSort>,
}

fn parse_sort(text: &str) -> Result<FieldSort, String> {
    FieldSort::parse(text, &EVENTS)
}

/// Runs `vtask events`.
///
/// # Errors
/// Fails if a task is unknown, the server cannot be read, or standard output cannot be written.
pub async fn run(
    args: &EventsArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let presenter = Presenter::new(&args.output, &EVENTS)?;
    let servers = ServerReader::of_tasks(connection, &args.tasks, io).await?;
    let servers = servers.into_iter().map(|reader| EventServer {
        reader,
        tasks: Vec::new(),
    });
    let mut reader = EventReader {
        args,
        servers: servers.collect(),
    };
    presenter.present(&mut reader, connection, io).await
}

/// Data of `vtask events`.
struct EventReader<'a> {
    args: &'a EventsArgs,
    servers: Vec<EventServer>,
}

/// A server with the events of its tasks.
struct EventServer {
    reader: ServerReader,
    tasks: Vec<TaskEvents>,
}

/// The events of a task.
struct TaskEvents {
    locator: TaskLocator,
    events: Arc<[TaskEvent]>,
    /// The server's time when they were read.
    at: Timestamp,
}

impl PageReader for EventReader<'_> {
    fn servers(&mut self) -> impl Iterator<Item = &mut ServerReader> {
        self.servers.iter_mut().map(|server| &mut server.reader)
    }

    async fn read(&mut self, io: &mut CommandIo<'_>) -> Result<Page, CommandError> {
        let mut errors = Page::default();
        for EventServer { reader, tasks } in &mut self.servers {
            for task in reader.server.tasks.clone() {
                let read = reader.request(io, async |client| {
                    let (snapshot, handle) = Snapshot::of(client, &task).await?;
                    let record = snapshot.store.get(handle);
                    let info = record.and_then(|record| record.info.as_deref());
                    let locator = match info {
                        Some(info) => TaskLocator::of(info),
                        None => TaskLocator::named(task.clone()),
                    };
                    let chain = locator.event_chain().unwrap_or_default();
                    Ok(TaskEvents {
                        locator,
                        events: client.task_events(chain).await?.into(),
                        at: snapshot.now,
                    })
                });
                match read.await {
                    Ok(read) => tasks.push(read),
                    Err(error) => errors.add_error(error, &reader.server)?,
                }
            }
        }
        Ok(self.page(io.out.columns()).with_errors(errors))
    }

    fn start(&self, server: usize, _options: &mut WatchOptions) -> Vec<Command> {
        let tasks = self.servers.get(server).into_iter();
        let tasks = tasks.flat_map(|server| &server.tasks);
        let locators = tasks.map(|task| task.locator.clone());
        vec![Command::FollowEvents(locators.collect())]
    }

    fn apply(&mut self, server: usize, update: Update) -> Changes {
        let mut changes = Changes::default();
        let Some(server) = self.servers.get_mut(server) else {
            return changes;
        };
        let Update::Events { mo_id, events } = update else {
            return changes;
        };
        let id = server.reader.server.full(&mo_id);
        let mut tasks = server.tasks.iter_mut();
        match (events, tasks.find(|task| task.locator.mo_id == mo_id)) {
            (Ok(events), Some(task)) => {
                task.events = events;
                changes.rows.push(id);
            }
            (Err(reason), _) => {
                changes.message = Some(format!("the events of {id} cannot be read: {reason}"));
            }
            (Ok(_), None) => {}
        }
        changes
    }

    fn page(&mut self, columns: Option<usize>) -> Page {
        let mut page = Page::default();
        for server in &self.servers {
            let address = server.reader.address();
            for task in &server.tasks {
                let mo_id = &task.locator.mo_id;
                let source = EventSource {
                    id: &server.reader.server.full(mo_id),
                    task: mo_id,
                    chain: task.locator.event_chain().unwrap_or_default(),
                    address: &address,
                };
                let events = task.events.iter().cloned();
                let rows = events.map(|event| source.row(event, task.at, columns.is_some()));
                page.rows.extend(rows);
            }
        }
        if let Some(sort) = &self.args.sort {
            sort.sort(&mut page.rows);
        }
        page
    }
}

/// The task of some events.
struct EventSource<'a> {
    /// ID with the profile.
    id: &'a str,
    task: &'a str,
    chain: i32,
    address: &'a str,
}

impl EventSource<'_> {
    fn row(&self, event: TaskEvent, now: Timestamp, is_terminal: bool) -> OutputRow {
        let time = event.created.map(|time| {
            if is_terminal {
                short_time(time, now)
            } else {
                format!("{time:.0}")
            }
        });
        let cells = vec![
            ("time", time.unwrap_or_default()),
            ("user", event.user.clone()),
            ("event", event.text().to_owned()),
            ("task", self.id.to_owned()),
            ("type", event.type_name.clone()),
        ];
        let mut json = json_output::envelope("event", self.address, now);
        let known = |text: String| (!text.is_empty()).then_some(text);
        json.insert("moId".to_owned(), json!(self.task));
        json.insert("eventChainId".to_owned(), json!(self.chain));
        json.insert("key".to_owned(), json!(event.key));
        json.insert("createdAt".to_owned(), json!(event.created));
        json.insert("user".to_owned(), json!(known(event.user)));
        json.insert("message".to_owned(), json!(known(event.message)));
        json.insert("eventType".to_owned(), event.raw["_typeName"].clone());
        json.insert("event".to_owned(), event.raw);
        let key = event.key.map(|key| key.to_string()).unwrap_or_default();
        OutputRow {
            id: format!("{} {key}", self.id).trim_end().to_owned(),
            json,
            cells,
            note: None,
        }
    }
}
