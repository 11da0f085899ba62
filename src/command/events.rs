//! `vtask events`: prints the events of a task.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    CommandError, Outcome,
    io_context::CommandIo,
    json_output, list,
    session::{self, Snapshot},
    table::{self, cell},
    targets,
};
use crate::{config::ConnectionArgs, vim::types::TaskEvent};

/// Print the events of a task
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// Task: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK")]
    pub(crate) task: String,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Runs `vtask events`.
///
/// # Errors
/// Fails if the task is unknown, the server cannot be read, or standard output cannot be written.
pub async fn run(
    args: &EventsArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let (connect, task) = targets::single(connection, &args.task, io).await?;
    let endpoint = connect.address.name();
    let asked = session::with(connect, io, async |client| {
        let (snapshot, handle) = Snapshot::of(client, &task).await?;
        let info = snapshot
            .store
            .get(handle)
            .and_then(|record| record.info.as_deref());
        let chain = info.map_or(0, |info| info.event_chain_id);
        let events = client.task_events(chain).await?;
        Ok((snapshot.now, chain, events))
    });
    let (now, chain, events) = asked.await?;
    let text = if args.json {
        events
            .into_iter()
            .map(|event| as_line(event, &task, chain, &endpoint, now))
            .collect()
    } else {
        let columns = io.out.columns();
        let rows: Vec<[String; 3]> = events
            .iter()
            .map(|event| row(event, now, columns.is_some()))
            .collect();
        table::fitted(["TIME", "USER", "EVENT"], &rows, columns)
    };
    io.print(&text)?;
    Ok(Outcome::Success)
}

fn row(event: &TaskEvent, now: Timestamp, is_for_people: bool) -> [String; 3] {
    let time = event.created.map(|time| {
        if is_for_people {
            list::short_time(time, now)
        } else {
            format!("{time:.0}")
        }
    });
    [
        cell(&time.unwrap_or_default()),
        cell(&event.user),
        cell(event.text()),
    ]
}

fn as_line(event: TaskEvent, task: &str, chain: i32, endpoint: &str, now: Timestamp) -> String {
    let mut line = json_output::envelope("event", endpoint, now);
    line.insert("moId".to_owned(), json!(task));
    line.insert("eventChainId".to_owned(), json!(chain));
    let said = |text: String| (!text.is_empty()).then_some(text);
    line.insert("key".to_owned(), json!(event.key));
    line.insert("createdAt".to_owned(), json!(event.created));
    line.insert("user".to_owned(), json!(said(event.user)));
    line.insert("message".to_owned(), json!(said(event.message)));
    line.insert("eventType".to_owned(), event.raw["_typeName"].clone());
    line.insert("event".to_owned(), event.raw);
    json_output::written(line)
}
