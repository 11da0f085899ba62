//! `vtask report`: writes what happened as an HTML file or Markdown.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, builder::NonEmptyStringValueParser};
use color_eyre::eyre::eyre;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    CommandError, Outcome, display_name,
    io_context::CommandIo,
    record::{FromArgs, Incidents, RecordServer},
    server_tasks, session,
    snapshot::Snapshot,
    task_query::{QueryScope, QueryServer, TaskQueryArgs},
    tree,
};
use crate::{
    config::ConnectionArgs,
    report::{self, Outage, Report, ReportTask},
    task::{Handle, Status},
    vim::{Client, types::TaskEvent},
};

/// Write a report about tasks, as an HTML file or Markdown
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// A record, or tasks with their children: ID, URN or URL; - for standard input
    #[arg(value_name = "FILE|TASK")]
    pub(crate) tasks: Vec<String>,

    /// Write HTML to FILE; - for standard output
    #[arg(long, value_name = "FILE", required_unless_present = "markdown")]
    html: Option<PathBuf>,

    /// Write Markdown to FILE; - for standard output
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Heading
    #[arg(long, value_name = "TEXT", default_value = "vSphere task report", value_parser = NonEmptyStringValueParser::new())]
    title: String,

    #[command(flatten)]
    query: TaskQueryArgs,

    #[command(flatten)]
    pub(crate) from: FromArgs,
}

/// Tasks, outages and messages read from the servers.
#[derive(Default)]
struct ReportData {
    snapshots: Vec<(usize, Snapshot)>,
    /// The tasks of the report, each with the index of its snapshot.
    chosen: Vec<(usize, Handle)>,
    outages: Vec<Outage>,
    messages: Vec<String>,
    outcome: Outcome,
}

impl ReportData {
    /// Adds messages about missing data.
    fn note_missing(&mut self, messages: impl IntoIterator<Item = String>) {
        for message in messages {
            self.messages.push(message);
            self.outcome = self.outcome.and(Outcome::Unknown);
        }
    }
}

const SCOPE: QueryScope = QueryScope {
    is_sorted: false,
    with_locations: false,
};

/// Runs `vtask report`.
///
/// # Errors
/// Fails if a server cannot be read or a file cannot be written.
pub(super) async fn run(
    args: &ReportArgs,
    record: Option<&RecordServer>,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let is_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    if is_stdout(&args.html) && is_stdout(&args.markdown) {
        let why = "--html - and --markdown - cannot both write to standard output.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    let mut server_tasks =
        server_tasks::assign(connection, &args.tasks, || (io.input)().0, io.environment)?;
    if args.is_of_named_tasks() {
        server_tasks.retain(|server| !server.tasks.is_empty());
    }
    server_tasks::warn(&server_tasks, io);
    let mut servers = args.query.servers(server_tasks, connection, io).await?;
    let report = read(args, &mut servers, io).await;
    for mut server in servers {
        server.reader.close(io).await;
    }
    let (mut report, outcome) = report?;
    if let Some(record) = record {
        add_incidents(&mut report, &record.incidents);
    }
    let is_known = |task: &ReportTask| task.entry.operation.is_some();
    if args.is_of_named_tasks() && !report.tasks.iter().any(is_known) {
        return Err(CommandError::NothingFound(report.notes.join(" ")));
    }
    if let Some(path) = &args.html {
        let html = report::html(&report, &TimeZone::system());
        let html = html.map_err(|error| eyre!("the HTML cannot be written: {error:#}"))?;
        write(path, &html, io)?;
    }
    if let Some(path) = &args.markdown {
        write(path, &report::markdown(&report), io)?;
    }
    for note in &report.notes {
        io.eprint(note);
    }
    if report.tasks.is_empty() && report.notes.is_empty() {
        io.eprint("no tasks found; the report is empty.");
    }
    Ok(outcome)
}

/// Adds the data that only a record has: the name of the vCenter, outages, and cancel requests with their users.
fn add_incidents(report: &mut Report, incidents: &Incidents) {
    report.servers = vec![incidents.server.clone()];
    for task in &mut report.tasks {
        task.entry.server.clone_from(&incidents.server);
    }
    for (mo_id, request) in &incidents.cancel_requests {
        let mut tasks = report.tasks.iter_mut();
        if let Some(task) = tasks.find(|task| task.entry.id == *mo_id) {
            task.cancel_requests.push(request.clone());
        }
    }
    report.outages = Some(incidents.outages.clone());
}

fn write(path: &Path, text: &str, io: &mut CommandIo<'_>) -> Result<(), CommandError> {
    if path == Path::new("-") {
        return io.print(text);
    }
    fs::write(path, text).map_err(|error| CommandError::unwritable(path.display(), &error))
}

impl ReportArgs {
    /// True if the report has the named tasks only.
    fn is_of_named_tasks(&self) -> bool {
        !self.tasks.is_empty() && self.query.is_default()
    }
}

/// Reads the tasks of all servers.
async fn read(
    args: &ReportArgs,
    servers: &mut [QueryServer],
    io: &mut CommandIo<'_>,
) -> Result<(Report, Outcome), CommandError> {
    let mut read = ReportData::default();
    for (at, server) in servers.iter_mut().enumerate() {
        if let Err(error) = read_server(args, at, server, &mut read, io).await {
            // One server that is away must not keep the others' tasks from the report.
            let (message, outcome) = server.reader.server.tolerated(error)?;
            read.outcome = read.outcome.and(outcome);
            read.outages.push(Outage {
                server: server.reader.address(),
                began: Timestamp::now(),
                ended: None,
                reason: message.clone(),
            });
            read.note_missing([message]);
        }
    }
    if !args.is_of_named_tasks() {
        let mut selected = args.query.select(servers, &read.snapshots);
        if let Some(message) = args.query.truncation_message(selected.len(), SCOPE) {
            selected.truncate(args.query.limit);
            read.messages.push(message);
        }
        read.chosen.extend(selected);
    }
    let mut chosen: BTreeMap<usize, Vec<Handle>> = BTreeMap::new();
    for (at, handle) in &read.chosen {
        chosen.entry(*at).or_default().push(*handle);
    }
    let (mut tasks, mut missing) = (Vec::new(), Vec::new());
    for (at, handles) in chosen {
        let Some((server, snapshot)) = read.snapshots.get(at) else {
            continue;
        };
        let Some(server) = servers.get_mut(*server) else {
            continue;
        };
        let (events, message) = read_events(server, snapshot, &handles, io).await?;
        missing.extend(message);
        tasks.push(report::tasks_in_order(
            &snapshot.store,
            &handles,
            &server.reader.address(),
            &events,
            snapshot.now,
        ));
    }
    read.note_missing(missing);
    let created = read.snapshots.first().map(|(_, snapshot)| snapshot.now);
    let created = created.unwrap_or_else(Timestamp::now);
    let report = Report {
        title: args.title.clone(),
        created,
        servers: servers
            .iter()
            .map(|server| server.reader.address())
            .collect(),
        selection: args.query.as_flags(created),
        tasks: report::merge(tasks),
        outages: (!read.outages.is_empty()).then_some(read.outages),
        notes: read.messages,
    };
    Ok((report, read.outcome))
}

async fn read_server(
    args: &ReportArgs,
    at: usize,
    server: &mut QueryServer,
    read: &mut ReportData,
    io: &mut CommandIo<'_>,
) -> Result<(), CommandError> {
    let (mut snapshot, messages) = server.read(&args.query, SCOPE, io).await?;
    read.note_missing(messages);
    if !server.reader.server.tasks.is_empty() {
        let tasks = server.reader.server.tasks.clone();
        let answer = server.reader.request(io, async |client| {
            add_named(client, &mut snapshot, &tasks).await
        });
        read.note_missing(answer.await?);
        let index = read.snapshots.len();
        let known = tasks.iter().filter_map(|task| snapshot.find(task));
        for handle in known {
            let family = tree::rows(&snapshot.store, handle);
            read.chosen
                .extend(family.into_iter().map(|(handle, ..)| (index, handle)));
        }
    }
    read.snapshots.push((at, snapshot));
    Ok(())
}

/// Reads tasks and their children into a snapshot. The messages are about those that cannot be read.
async fn add_named(
    client: &Client,
    snapshot: &mut Snapshot,
    tasks: &[Arc<str>],
) -> Result<Vec<String>, CommandError> {
    let mut messages = Vec::new();
    let missing = tasks.iter().filter(|task| snapshot.find(task).is_none());
    let missing = missing.cloned().collect();
    for (task, answer) in session::read_or_find_all(client, missing).await {
        messages.extend(snapshot.add_read(&task, answer, &client.label()).err());
    }
    messages.extend(tree::add_descendants(client, snapshot, tasks).await?);
    Ok(messages)
}

/// Reads the events of the failed tasks. The message is about events that cannot be read.
///
/// # Errors
/// Fails if the command is to stop.
async fn read_events(
    server: &mut QueryServer,
    snapshot: &Snapshot,
    handles: &[Handle],
    io: &mut CommandIo<'_>,
) -> Result<(BTreeMap<Handle, Vec<TaskEvent>>, Option<String>), CommandError> {
    let store = &snapshot.store;
    let chains = handles.iter().filter_map(|handle| {
        let record = store.get(*handle)?;
        let is_wanted = record.status() == Status::Failed;
        let info = record.info.as_deref().filter(|_| is_wanted)?;
        Some((*handle, info.event_chain_id))
    });
    let chains: Vec<(Handle, i32)> = chains.collect();
    let mut events = BTreeMap::new();
    let mut unread: Vec<String> = Vec::new();
    if !chains.is_empty() {
        let answer = server.reader.request(io, async |client| {
            Ok(session::read_events(client, chains).await)
        });
        for (handle, answer) in answer.await? {
            match answer {
                Ok(found) => {
                    events.insert(handle, found);
                }
                Err(error) => unread.push(error.to_string()),
            }
        }
    }
    let message = unread.first().map(|first| {
        format!(
            "The events of {} are missing. The first error: {first}",
            display_name::tasks(unread.len())
        )
    });
    Ok((events, message))
}
