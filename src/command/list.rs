//! `vtask list`: prints recent tasks and, for a time range, the server's history.

use clap::{Args, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{
    CommandError, Outcome, connect,
    io_context::CommandIo,
    output::{FieldSort, OutputArgs, OutputRow, Page, Presenter, TASKS},
    selector::{CompiledSelector, TaskSelector},
    session::{ONLY_ENDPOINT, ServerReader},
    snapshot::Snapshot,
    targets::{self, Target},
    task_row, value_parsers,
};
use crate::{
    config::{self, ConnectionArgs},
    task::{
        Handle, ServerFilter, Status, TimeExpr,
        row_model::{Layout, Sort, SortColumn, SortKey},
    },
    vim::{Client, RecordAction, types::TaskInfo},
    watch::history_query,
};

/// Maximum number of tasks by default.
const DEFAULT_LIMIT: usize = 1000;

/// List recent tasks, or tasks of a time range
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    choice: TaskSelector,

    /// queued, running, success, failed, active…
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "STATE",
        value_delimiter = ',',
        help_heading = "Which tasks"
    )]
    state: Vec<State>,

    /// Queued since 24h, yesterday, monday, 2026-01-31…
    #[arg(long, value_name = "WHEN", value_parser = value_parsers::time, help_heading = "Which tasks")]
    since: Option<TimeExpr>,

    /// Queued until
    #[arg(long, value_name = "WHEN", value_parser = value_parsers::time, help_heading = "Which tasks")]
    until: Option<TimeExpr>,

    /// Maximum number; 0 for all
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LIMIT, help_heading = "Which tasks")]
    limit: usize,

    /// Columns or JSON fields; - for descending: -elapsed
    #[arg(long, value_name = "FIELD,…", allow_hyphen_values = true, value_parser = parse_sort, help_heading = "Output")]
    sort: Option<ListSort>,

    /// Read where the targets run: host, cluster, datacenter and folder. Done as well if --columns, --sort or the filter
    /// names one of them
    #[arg(long, hide_short_help = true, help_heading = "Output")]
    location: bool,

    #[command(flatten)]
    output: OutputArgs,
}

impl ListArgs {
    /// True if the locations of targets are to be read, whatever the filter.
    fn needs_locations(&self) -> bool {
        let is_location = |name: &str| {
            let column = SortColumn::named(name.trim_start_matches('-'));
            column.is_some_and(|column| column.location_field().is_some())
        };
        let is_sorted = match &self.sort {
            Some(ListSort::Columns(sort)) => {
                let mut keys = sort.keys().iter();
                keys.any(|key| key.column.location_field().is_some())
            }
            Some(ListSort::Fields(_)) | None => false,
        };
        self.location || is_sorted || self.output.columns.iter().any(|name| is_location(name))
    }
}

/// Order of the list.
#[derive(Debug, Clone)]
enum ListSort {
    /// By columns of the screen.
    Columns(Sort),
    /// By fields of the objects.
    Fields(FieldSort),
}

fn parse_sort(text: &str) -> Result<ListSort, String> {
    match text.parse() {
        Ok(sort) => Ok(ListSort::Columns(sort)),
        Err(_) => FieldSort::parse(text, &TASKS).map(ListSort::Fields),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Queued,
    Running,
    Success,
    Failed,
    Cancelled,
    /// Queued or running
    Active,
    /// Ended with any result
    Finished,
}

impl State {
    fn is(self, status: Status) -> bool {
        match self {
            Self::Queued => status == Status::Queued,
            Self::Running => status == Status::Running,
            Self::Success => status == Status::Success,
            Self::Failed => status == Status::Failed,
            Self::Cancelled => status == Status::Cancelled,
            Self::Active => status.is_active(),
            Self::Finished => status.is_finished(),
        }
    }
}

/// Lists.
///
/// # Errors
/// Fails if the server cannot be read or standard output cannot be written.
pub async fn run(
    args: &ListArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let is_ago = |moment| matches!(moment, Some(TimeExpr::Before(_)));
    // A duration ago is relative to the server's clock, so it cannot be compared with an absolute time here.
    if let (Some(since), Some(until)) = period(args, Timestamp::now())
        && is_ago(args.since) == is_ago(args.until)
        && since > until
    {
        let why = "--since must be before --until.";
        return Err(CommandError::Usage(why.to_owned()));
    }
    let presenter = Presenter::new(&args.output, &TASKS)?;
    let mut servers = Vec::new();
    let file = config::file(connection, io.environment)?;
    let saved = config::named_filters(&file, io.environment).all;
    let targets = targets::servers(connection, io.environment)?;
    targets::warn(&targets, io);
    for target in targets {
        let connect = connect::in_time(&target.connection, io).await?;
        let endpoint = connect.address.name();
        let selector = CompiledSelector::new(&args.choice, &saved, endpoint.clone())?
            .with_name(target.name.clone());
        selector.check_single_reading()?;
        servers.push(ListServer {
            target,
            endpoint,
            selector,
            reader: ServerReader::new(connect),
        });
    }
    let listed = presenter
        .present(io, async |io| read(args, &mut servers, io).await)
        .await;
    for server in servers {
        server.reader.close(io).await;
    }
    listed
}

/// A server whose tasks are listed.
struct ListServer {
    target: Target,
    endpoint: String,
    selector: CompiledSelector,
    reader: ServerReader,
}

/// Reads the tasks of all servers.
async fn read(
    args: &ListArgs,
    servers: &mut [ListServer],
    io: &mut CommandIo<'_>,
) -> Result<Page, CommandError> {
    let mut page = Page::new();
    let mut snapshots: Vec<(usize, Snapshot)> = Vec::new();
    for (at, server) in servers.iter_mut().enumerate() {
        let ListServer {
            target,
            selector,
            reader,
            ..
        } = server;
        let asked = reader
            .ask(io, async |client| gather(args, selector, client).await)
            .await;
        match asked {
            Ok((mut snapshot, messages)) => {
                page.messages.extend(messages);
                if let Some(name) = &target.name {
                    snapshot
                        .store
                        .set_endpoint_name(ONLY_ENDPOINT, name.as_str());
                }
                snapshots.push((at, snapshot));
            }
            // One server that is away must not keep the others' tasks from being listed.
            Err(CommandError::TimedOut(why)) if target.name.is_some() => {
                page.outcome = page.outcome.and(Outcome::TimedOut);
                page.messages.push(why);
            }
            Err(error) => match error.server_outcome().filter(|_| target.name.is_some()) {
                Some(of_server) => {
                    page.outcome = page.outcome.and(of_server);
                    page.messages.push(error.to_string());
                }
                None => return Err(error),
            },
        }
    }
    let is_incomplete = !page.messages.is_empty();
    let selected = select(args, servers, &snapshots);
    let is_terminal = io.out.is_terminal();
    let rows = selected.iter().filter_map(|(at, handle)| {
        let (server, snapshot) = snapshots.get(*at)?;
        let server = servers.get(*server)?;
        task_row::row(
            &server.target,
            &server.endpoint,
            snapshot,
            *handle,
            is_terminal,
        )
    });
    page.rows = rows.collect();
    if let Some(ListSort::Fields(sort)) = &args.sort {
        sort.sort(&mut page.rows);
    }
    let note = cut(args, &mut page.rows, snapshots.len());
    page.messages.splice(0..0, note);
    if is_incomplete {
        page.outcome = page.outcome.and(Outcome::Unknown);
    } else if page.rows.is_empty() && io.err.is_terminal() {
        page.messages.push("no tasks found.".to_owned());
    }
    Ok(page)
}

/// Reads what may be listed. The complaints are about tasks of which nothing can be read, and a history that could not be
/// searched.
async fn gather(
    args: &ListArgs,
    selector: &CompiledSelector,
    client: &Client,
) -> Result<(Snapshot, Vec<String>), CommandError> {
    let (mut snapshot, mut messages) = gather_tasks(args, selector, client).await?;
    if (args.needs_locations() || selector.needs_locations())
        && let Err(error) = snapshot.add_locations(client).await
    {
        messages.push(format!("{error} Where the targets run is not known."));
    }
    Ok((snapshot, messages))
}

async fn gather_tasks(
    args: &ListArgs,
    selector: &CompiledSelector,
    client: &Client,
) -> Result<(Snapshot, Vec<String>), CommandError> {
    let mut snapshot = Snapshot::begin(client).await;
    let mut complaints = Vec::new();
    complaints.extend(snapshot.add_recent(client).await?.note());
    if args.since.is_none() && args.until.is_none() {
        return Ok((snapshot, complaints));
    }
    let (since, until) = period(args, snapshot.now);
    let narrowing = narrowing(args).and(selector.server_filter());
    let query = history_query(&narrowing, since, until);
    let (labels, now) = (snapshot.store.labels(ONLY_ENDPOINT), snapshot.now);
    let pick = |raw: &Value| {
        // Of a record that cannot be read it is not known whether it is meant.
        RecordAction::take_if(TaskInfo::from_json(raw.clone()).map_or(true, |info| {
            is_in_state(args, Status::of(&info)) && selector.may_match(info, &labels, now)
        }))
    };
    // Only in its own order is the history's beginning enough; one more shows whether there are more.
    let limit = match (args.limit, &args.sort) {
        (0, _) | (_, Some(_)) => usize::MAX,
        (limit, None) => limit.saturating_add(1),
    };
    match client.past_tasks(&query, limit, pick).await {
        Ok(past) => {
            let added = past.tasks.into_iter().map(|raw| snapshot.add(raw));
            let unreadable = added.filter(Result::is_err).count();
            if unreadable > 0 {
                complaints.push(format!(
                    "{unreadable} records in the history of {} are invalid and not listed.",
                    client.label()
                ));
            }
        }
        Err(error) if !error.is_session_dead() => {
            complaints.push(format!("{error} Only the recent tasks are listed."));
        }
        Err(error) => return Err(error.into()),
    }
    Ok((snapshot, complaints))
}

/// Truncates the list to the limit. Returns a message if tasks were left out.
fn cut(args: &ListArgs, rows: &mut Vec<OutputRow>, servers: usize) -> Option<String> {
    let count = rows.len();
    if args.limit == 0 || count <= args.limit {
        return None;
    }
    rows.truncate(args.limit);
    let is_all_read = args.sort.is_some() || (args.since.is_none() && args.until.is_none());
    let which = if args.sort.is_some() {
        "first"
    } else {
        "newest"
    };
    let limit = args.limit;
    let of = match (is_all_read, servers) {
        (true, _) => format!("the {which} {limit} of {count} tasks are listed"),
        (false, _) => format!("the {which} {limit} tasks are listed; there are more"),
    };
    Some(format!("{of}. --limit 0 lists all."))
}

/// Returns the part of the flags that the server's history can filter by.
fn narrowing(args: &ListArgs) -> ServerFilter {
    let statuses = Status::ALL.into_iter();
    let asked = statuses.filter(|status| is_in_state(args, *status));
    match args.state[..] {
        [] => ServerFilter::default(),
        _ => ServerFilter::of_statuses(&asked.collect::<Vec<_>>()),
    }
}

fn period(args: &ListArgs, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let from = |moment: Option<TimeExpr>| {
        let zone = TimeZone::system();
        moment.map(|moment| moment.resolve(now, &zone))
    };
    (from(args.since), from(args.until))
}

fn is_in_state(args: &ListArgs, status: Status) -> bool {
    args.state.is_empty() || args.state.iter().any(|state| state.is(status))
}

/// Returns the tasks to list in order, each with the index of its snapshot.
fn select(
    args: &ListArgs,
    servers: &[ListServer],
    snapshots: &[(usize, Snapshot)],
) -> Vec<(usize, Handle)> {
    let mut found: Vec<(Option<Timestamp>, &str, usize, Handle)> = Vec::new();
    for (at, (server, snapshot)) in snapshots.iter().enumerate() {
        let Some(server) = servers.get(*server) else {
            continue;
        };
        let (since, until) = period(args, snapshot.now);
        found.extend(snapshot.store.iter().filter_map(|(handle, record)| {
            let placed = record.info.as_deref().and_then(TaskInfo::placed_at);
            // What is not known of a task does not speak against it, unless it is chosen by that.
            let is_chosen = match &record.info {
                Some(_) => server.selector.takes(&snapshot.store, handle, snapshot.now),
                None => args.choice.is_empty(),
            };
            let is_listed = is_chosen
                && is_in_state(args, record.status())
                && since.is_none_or(|since| placed.is_none_or(|at| since <= at))
                && until.is_none_or(|until| placed.is_none_or(|at| at <= until));
            is_listed.then_some((placed, &*record.id.mo_id, at, handle))
        }));
    }
    found.sort_by(|one, other| (other.0, other.1, one.2).cmp(&(one.0, one.1, other.2)));
    if let Some(ListSort::Columns(sort)) = &args.sort {
        found.sort_by_cached_key(|(.., at, handle)| {
            let (_, snapshot) = snapshots.get(*at)?;
            let key = SortKey::of(&snapshot.store, *handle, Layout::Flat, sort);
            Some((key, *at))
        });
    }
    found
        .into_iter()
        .map(|(_, _, at, handle)| (at, handle))
        .collect()
}
