//! `vtask events`: prints the events of a task.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    CommandError, Outcome, connect,
    io_context::CommandIo,
    json_output,
    output::{EVENTS, FieldSort, OutputArgs, OutputRow, Page, Presenter},
    record::FromArgs,
    session::ServerReader,
    snapshot::Snapshot,
    targets::{self, Target},
    task_row::short_time,
};
use crate::{config::ConnectionArgs, vim::types::TaskEvent};

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
    let mut servers = Vec::new();
    for target in targets::named(connection, &args.tasks, io)? {
        let connect = connect::in_time(&target.connection, io).await?;
        servers.push((target, ServerReader::new(connect)));
    }
    let printed = presenter
        .present(io, async |io| read(args, &mut servers, io).await)
        .await;
    for (_, reader) in servers {
        reader.close(io).await;
    }
    printed
}

async fn read(
    args: &EventsArgs,
    servers: &mut [(Target, ServerReader)],
    io: &mut CommandIo<'_>,
) -> Result<Page, CommandError> {
    let mut page = Page::new();
    let is_terminal = io.out.is_terminal();
    for (target, reader) in servers {
        let endpoint = reader.connect.address.name();
        for task in &target.tasks {
            let read = reader.ask(io, async |client| {
                let (snapshot, handle) = Snapshot::of(client, task).await?;
                let record = snapshot.store.get(handle);
                let info = record.and_then(|record| record.info.as_deref());
                let chain = info.map_or(0, |info| info.event_chain_id);
                Ok((snapshot.now, chain, client.task_events(chain).await?))
            });
            let (now, chain, events) = match read.await {
                Ok(found) => found,
                Err(error) => {
                    page.add_error(error, target)?;
                    continue;
                }
            };
            let id = target.full(task);
            let source = EventSource {
                id: &id,
                task,
                chain,
                endpoint: &endpoint,
            };
            let rows = events
                .into_iter()
                .map(|event| source.row(event, now, is_terminal));
            page.rows.extend(rows);
        }
    }
    if let Some(sort) = &args.sort {
        sort.sort(&mut page.rows);
    }
    Ok(page)
}

/// The task of some events.
struct EventSource<'a> {
    /// ID with the profile.
    id: &'a str,
    task: &'a str,
    chain: i32,
    endpoint: &'a str,
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
        let mut json = json_output::envelope("event", self.endpoint, now);
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
