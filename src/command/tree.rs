//! `vtask tree`: prints a task with its ancestors and descendants.

use std::{collections::HashSet, slice, sync::Arc};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{
    CommandError, Outcome, display_name,
    io_context::CommandIo,
    json_output,
    output::{Changes, OutputArgs, OutputRow, Page, PageReader, Presenter, TASKS},
    record::FromArgs,
    session::{self, ONLY_SERVER, ServerReader},
    snapshot::Snapshot,
    table::{self, cell},
    task_row, wait,
};
use crate::{
    config::ConnectionArgs,
    task::{ChangeSet, Handle, Presence, Progress, TaskChange, TaskRecord, TaskStore, fault_chain},
    text::{duration, sanitize, truncate},
    ui::Symbols,
    vim::{Client, types::TaskQuery},
    watch::{Command, Update, WatchOptions},
};

/// Maximum number of tasks read from the history.
const MAX_FAMILY: usize = 2_000;
/// Maximum number of generations.
const MAX_DEPTH: usize = 12;

/// Print a task with its ancestors and descendants
#[derive(Debug, Clone, Args)]
pub struct TreeArgs {
    /// Tasks: ID, URN or URL; - for standard input
    #[arg(value_name = "TASK", required = true)]
    pub(crate) tasks: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    pub(crate) from: FromArgs,
}

/// Runs `vtask tree`.
///
/// # Errors
/// Fails if the task is unknown, the server cannot be read, or standard output cannot be written.
pub async fn run(
    args: &TreeArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let presenter = Presenter::new(&args.output, &TASKS)?;
    let servers = ServerReader::of_tasks(connection, &args.tasks, io).await?;
    let servers = servers.into_iter().map(|reader| TreeServer {
        reader,
        snapshot: None,
    });
    let mut reader = TreeReader {
        ascii: wait::bar_style(io).ascii,
        is_live: args.output.watch,
        servers: servers.collect(),
    };
    presenter.present(&mut reader, connection, io).await
}

/// Data of `vtask tree`.
struct TreeReader {
    ascii: bool,
    /// True if the time of the page is that of the output.
    is_live: bool,
    servers: Vec<TreeServer>,
}

/// A server with its tasks.
struct TreeServer {
    reader: ServerReader,
    /// The tasks read.
    snapshot: Option<Snapshot>,
}

impl PageReader for TreeReader {
    fn servers(&mut self) -> impl Iterator<Item = &mut ServerReader> {
        self.servers.iter_mut().map(|server| &mut server.reader)
    }

    async fn read(&mut self, io: &mut CommandIo<'_>) -> Result<Page, CommandError> {
        let mut errors = Page::default();
        for TreeServer { reader, snapshot } in &mut self.servers {
            let mut read: HashSet<Handle> = HashSet::new();
            for task in reader.server.tasks.clone() {
                let known = snapshot.as_ref().and_then(|tasks| tasks.find(&task));
                if known.is_some_and(|known| read.contains(&known)) {
                    continue;
                }
                let read_family = async |client: &Client| add_family(client, &task, snapshot).await;
                match reader.request(io, read_family).await {
                    Ok(message) => {
                        errors.messages.extend(message);
                        let tree = snapshot.as_ref().and_then(|tasks| tree_of(tasks, &task));
                        let rows = tree.map(|(_, rows)| rows).unwrap_or_default();
                        read.extend(rows.iter().map(|(handle, ..)| *handle));
                    }
                    Err(error) => errors.add_error(error, &reader.server)?,
                }
            }
        }
        Ok(self.page(io.out.columns()).with_errors(errors))
    }

    fn start(&self, _server: usize, options: &mut WatchOptions) -> Vec<Command> {
        // Children that start later are recent tasks.
        options.discover = true;
        Vec::new()
    }

    fn apply(&mut self, server: usize, update: Update) -> Changes {
        let server = self.servers.get_mut(server);
        server.map_or_else(Changes::default, |server| {
            let snapshot = server.snapshot.as_mut();
            snapshot.map_or_else(Changes::default, |snapshot| {
                task_row::changes(snapshot, update, &server.reader.server)
            })
        })
    }

    /// Formats the trees of all tasks; a tree that contains several of them comes once.
    fn page(&mut self, columns: Option<usize>) -> Page {
        let mut page = Page::default();
        let (mut text, mut nested) = (String::new(), Vec::new());
        for server in &mut self.servers {
            let Some(snapshot) = &mut server.snapshot else {
                continue;
            };
            if self.is_live {
                snapshot.advance();
            }
            let (reader, snapshot) = (&server.reader, &*snapshot);
            let address = reader.address();
            let mut shown: HashSet<Handle> = HashSet::new();
            for task in &reader.server.tasks {
                let Some((requested, rows)) = tree_of(snapshot, task) else {
                    continue;
                };
                if shown.contains(&requested) {
                    continue;
                }
                shown.extend(rows.iter().map(|(handle, ..)| *handle));
                text.push_str(&as_text(snapshot, &rows, requested, self.ascii, columns));
                let rows = rows.iter().filter_map(|(handle, depth, _)| {
                    let is_terminal = columns.is_some();
                    let mut row =
                        task_row::row(&reader.server, &address, snapshot, *handle, is_terminal)?;
                    add_place(snapshot, *handle, *depth, &mut row.json);
                    Some((*depth, row))
                });
                let rows: Vec<(usize, OutputRow)> = rows.collect();
                nested.extend(nest(&rows));
                page.rows.extend(rows.into_iter().map(|(_, row)| row));
            }
        }
        page.text = Some(text);
        page.json = Some(Value::Array(nested));
        page
    }
}

/// Adds depth and parent to the object of a task.
fn add_place(snapshot: &Snapshot, handle: Handle, depth: usize, json: &mut Map<String, Value>) {
    let parent = snapshot.store.parent(handle);
    let parent = parent.and_then(|parent| snapshot.store.get(parent));
    let parent = parent.map(|parent| &*parent.id.mo_id);
    json.insert("depth".to_owned(), json!(depth));
    json.insert("parentMoId".to_owned(), json!(parent));
}

/// Returns the roots of rows in tree order, each with its `children`.
fn nest(rows: &[(usize, OutputRow)]) -> Vec<Value> {
    let mut open: Vec<(usize, Map<String, Value>)> = Vec::new();
    let mut roots = Vec::new();
    let close = |open: &mut Vec<(usize, Map<String, Value>)>, roots: &mut Vec<Value>| {
        let Some((_, done)) = open.pop() else {
            return;
        };
        let done = Value::Object(done);
        match open
            .last_mut()
            .and_then(|(_, parent)| parent["children"].as_array_mut())
        {
            Some(children) => children.push(done),
            None => roots.push(done),
        }
    };
    for (depth, row) in rows {
        while open.last().is_some_and(|(above, _)| above >= depth) {
            close(&mut open, &mut roots);
        }
        let mut json = row.with_whole_seconds();
        json.insert("children".to_owned(), json!([]));
        open.push((*depth, json));
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

/// Reads a task and its family into a snapshot, which is created for the first task. The message reports a history that
/// could not be read.
async fn add_family(
    client: &Client,
    task: &Arc<str>,
    snapshot: &mut Option<Snapshot>,
) -> Result<Option<String>, CommandError> {
    let (snapshot, recent) = if let Some(snapshot) = snapshot {
        snapshot.read_task(client, task).await?;
        (snapshot, None)
    } else {
        let (mut tasks, _) = Snapshot::of(client, task).await?;
        let recent = match tasks.add_recent(client).await {
            Ok(unread) => unread
                .note()
                .map(|note| format!("{note} It may belong to the tree.")),
            Err(error) if error.is_session_dead() => return Err(error.into()),
            Err(error) => Some(format!("{error} Recent children may be missing.")),
        };
        (snapshot.insert(tasks), recent)
    };
    add_ancestors(client, snapshot, task).await?;
    let history = add_descendants(client, snapshot, slice::from_ref(task)).await?;
    let messages = [recent, history].into_iter().flatten();
    Ok(messages.reduce(|one, other| one + " " + &other))
}

/// Returns a task with the rows of its whole tree.
fn tree_of(snapshot: &Snapshot, task: &Arc<str>) -> Option<(Handle, Vec<Row>)> {
    let requested = snapshot.find(task)?;
    let root = snapshot.store.root(requested);
    Some((requested, rows(&snapshot.store, root)))
}

/// Reads the ancestors. Those that cannot be read become placeholders.
async fn add_ancestors(
    client: &Client,
    snapshot: &mut Snapshot,
    task: &Arc<str>,
) -> Result<(), CommandError> {
    let mut at = snapshot.find(task);
    for _ in 0..MAX_DEPTH {
        let Some(record) = at.and_then(|at| snapshot.store.get(at)) else {
            return Ok(());
        };
        let Some(info) = record.info.as_deref() else {
            return Ok(());
        };
        let keys = [info.parent_key().cloned(), info.root_key().cloned()];
        for key in keys.into_iter().flatten() {
            if snapshot.store.find_key(ONLY_SERVER, &key).is_some() {
                continue;
            }
            match session::read_or_find(client, &key, snapshot.now).await {
                Ok(raw) => {
                    if let Err(malformed) = snapshot.add_history_record(raw) {
                        add_placeholder(snapshot, key, &malformed.to_string());
                    }
                }
                Err(CommandError::Server(error)) if !error.is_session_dead() => {
                    add_placeholder(snapshot, key, &error.reason());
                }
                Err(error) => return Err(error),
            }
        }
        at = at.and_then(|at| snapshot.store.parent(at));
    }
    Ok(())
}

/// Adds a placeholder for a task whose key is known, with the reason.
fn add_placeholder(snapshot: &mut Snapshot, key: Arc<str>, reason: &str) {
    let placeholder = TaskChange::Placeholder {
        key,
        reason: reason.into(),
    };
    let _ = snapshot
        .store
        .apply(ONLY_SERVER, placeholder, &mut ChangeSet::default());
}

/// Adds the descendants of tasks as far as the history knows them, generation by generation. The message names what may be
/// missing.
pub(super) async fn add_descendants(
    client: &Client,
    snapshot: &mut Snapshot,
    tasks: &[Arc<str>],
) -> Result<Option<String>, CommandError> {
    let mut searched: HashSet<Arc<str>> = HashSet::new();
    let (mut is_complete, mut unreadable) = (true, 0);
    for generation in 0..=MAX_DEPTH {
        let known = tasks.iter().filter_map(|task| snapshot.find(task));
        let roots: HashSet<Handle> = known.map(|task| snapshot.store.root(task)).collect();
        let families = roots
            .into_iter()
            .flat_map(|root| rows(&snapshot.store, root));
        let keys = families.filter_map(|(handle, ..)| snapshot.store.get(handle));
        let keys: Vec<Arc<str>> = keys
            .map(TaskRecord::key)
            .filter(|key| searched.insert(key.clone()))
            .collect();
        if keys.is_empty() {
            break;
        }
        if generation == MAX_DEPTH {
            is_complete = false;
            break;
        }
        let mut found = Vec::new();
        for query in [
            TaskQuery {
                parents: keys.clone(),
                ..TaskQuery::default()
            },
            TaskQuery {
                roots: keys,
                ..TaskQuery::default()
            },
        ] {
            match client
                .past_tasks(&query, MAX_FAMILY, query.pick_lineage())
                .await
            {
                Ok(past) => {
                    is_complete &= past.is_complete;
                    found.extend(past.tasks);
                }
                Err(error) if !error.is_session_dead() => {
                    let message = format!("{error} Older children are missing.");
                    return Ok(Some(message));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let added = found
            .into_iter()
            .map(|raw| snapshot.add_history_record(raw));
        unreadable += added.filter(Result::is_err).count();
    }
    Ok(if unreadable > 0 {
        Some(format!(
            "{unreadable} records of the history are invalid; children may be missing."
        ))
    } else if is_complete {
        None
    } else {
        Some(format!(
            "the history was read in part ({MAX_FAMILY} tasks per query, {MAX_DEPTH} levels); children may be missing."
        ))
    })
}

/// A task of the tree: handle, depth, and for each level whether the line continues below it.
type Row = (Handle, usize, Vec<bool>);

/// Returns a task and its descendants in tree order.
pub(super) fn rows(store: &TaskStore, root: Handle) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut open: Vec<Row> = vec![(root, 0, Vec::new())];
    while let Some((handle, depth, guides)) = open.pop() {
        let mut children = store.children(handle).to_vec();
        children.sort_by_key(|child| {
            let record = store.get(*child);
            let queued = record
                .and_then(|record| record.info.as_ref())
                .and_then(|info| info.ordering_time());
            (queued, record.map(|record| record.id.mo_id.clone()))
        });
        for (index, child) in children.iter().enumerate().rev() {
            let mut below = guides.clone();
            below.push(index + 1 < children.len());
            open.push((*child, depth + 1, below));
        }
        rows.push((handle, depth, guides));
    }
    rows
}

fn as_text(
    snapshot: &Snapshot,
    rows: &[Row],
    requested: Handle,
    ascii: bool,
    columns: Option<usize>,
) -> String {
    let symbols = Symbols::new(ascii);
    let mut text = String::new();
    for (handle, _, guides) in rows {
        let Some(record) = snapshot.store.get(*handle) else {
            continue;
        };
        // The guides of the levels above are the same before the task and before the lines beneath it.
        let (mut line, mut guide) = (String::new(), String::new());
        for continues in guides {
            line.clone_from(&guide);
            line.push_str(if *continues {
                symbols.branch
            } else {
                symbols.last
            });
            guide.push_str(if *continues { symbols.guide } else { "  " });
        }
        let status = record.status();
        let text_of_task = description(snapshot, *handle, record, &symbols);
        let marker = match (*handle == requested && rows.len() > 1, ascii) {
            (true, true) => "  <- requested",
            (true, false) => "  ← requested",
            (false, _) => "",
        };
        let full = format!("{line}{} {text_of_task}{marker}", symbols.status(status));
        let full = sanitize(&full);
        let shown = match columns {
            Some(columns) => truncate(&full, columns, symbols.ellipsis),
            None => full.clone(),
        };
        text.push_str(&shown);
        text.push('\n');
        let error = record
            .info
            .as_deref()
            .and_then(|info| info.error.as_deref());
        guide.push_str("    ");
        // What does not fit must not be lost, if it is why the task failed.
        let why = error.filter(|_| shown != full).map(fault_chain::described);
        let causes = error.map(fault_chain::caused_by).unwrap_or_default();
        for line in why.into_iter().chain(causes) {
            text.push_str(&table::beneath(&cell(&line), &guide, columns));
        }
    }
    text
}

/// Returns a line such as `Copy disks  task-4712  db-prod-01  running 54%  31m`.
fn description(
    snapshot: &Snapshot,
    handle: Handle,
    record: &TaskRecord,
    symbols: &Symbols,
) -> String {
    let id = &record.id.mo_id;
    let Some(info) = record.info.as_deref() else {
        let why = match &record.presence {
            Presence::Unreadable(why) => format!(": {why}"),
            _ => String::new(),
        };
        return format!("{id}  not visible{why}");
    };
    let mut parts = vec![
        snapshot.store.operation(record).into_owned(),
        id.to_string(),
    ];
    parts.extend(display_name::target(info).map(str::to_owned));
    let progress = match snapshot.store.progress(handle) {
        Progress::Reported(percent) if record.status().is_active() => format!(" {percent}%"),
        Progress::Derived(percent) => format!(" {}{percent}%", symbols.about),
        Progress::Reported(_) | Progress::None => String::new(),
    };
    parts.push(format!(
        "{}{progress}",
        json_output::status(record.status())
    ));
    parts.extend(record.elapsed(snapshot.now).map(duration));
    parts.extend(record.detail_text());
    if snapshot.store.has_gap_above(handle) {
        parts.push("(parents unknown)".to_owned());
    }
    parts.join("  ")
}
