//! `vtask list`: prints recent tasks and, for a time range, the server's history.

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{
    CommandError, Outcome, connect, display_name,
    io_context::CommandIo,
    json_output,
    selector::{CompiledSelector, TaskSelector},
    session::{self, ONLY_ENDPOINT, Snapshot},
    table::{self, cell},
    targets::{self, Target},
    value_parsers,
};
use crate::{
    config::{self, ConnectionArgs},
    task::{
        ExportFormat, Handle, Progress, ServerFilter, Status, TimeExpr,
        row_model::{Layout, Sort, SortKey},
    },
    text::duration,
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

    /// States: queued, running, success, failed, cancelled, active, finished
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "STATE",
        value_delimiter = ',',
        help_heading = "Which tasks"
    )]
    state: Vec<State>,

    /// Queued since 24h, yesterday, monday, 2026-01-31, …
    #[arg(long, value_name = "WHEN", value_parser = value_parsers::time, help_heading = "Which tasks")]
    since: Option<TimeExpr>,

    /// Queued until
    #[arg(long, value_name = "WHEN", value_parser = value_parsers::time, help_heading = "Which tasks")]
    until: Option<TimeExpr>,

    /// Maximum number; 0 for all
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LIMIT, help_heading = "Which tasks")]
    limit: usize,

    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table, conflicts_with_all = ["json", "ids"])]
    format: Format,

    /// Sort by columns, - for descending: state,-elapsed
    #[arg(long, value_name = "COLUMN,…", allow_hyphen_values = true)]
    sort: Option<Sort>,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,

    /// Print task IDs only, one per line
    #[arg(long, conflicts_with = "json")]
    ids: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for the terminal
    Table,
    /// Comma-separated values, safe to open in a spreadsheet
    Csv,
    /// A Markdown table
    Markdown,
    /// A JSON array
    Json,
}

impl Format {
    fn sheet(self) -> Option<ExportFormat> {
        match self {
            Self::Table => None,
            Self::Csv => Some(ExportFormat::Csv),
            Self::Markdown => Some(ExportFormat::Markdown),
            Self::Json => Some(ExportFormat::Json),
        }
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
    let mut snapshots = Vec::new();
    let mut selectors = Vec::new();
    let mut complaints = Vec::new();
    let mut outcome = Outcome::Success;
    let file = config::file(connection, io.environment)?;
    let saved = config::named_filters(&file, io.environment).all;
    let targets = targets::servers(connection, io.environment)?;
    targets::warn(&targets, io);
    for target in targets {
        let connect = connect::in_time(&target.connection, io).await?;
        let endpoint = connect.address.name();
        let selector = CompiledSelector::new(&args.choice, &saved, endpoint.clone())?;
        selector.check_single_reading()?;
        let asked = session::with(connect, io, async |client| {
            gather(args, &selector, client).await
        });
        match asked.await {
            Ok((mut snapshot, of_these)) => {
                complaints.extend(of_these);
                if let Some(name) = &target.name {
                    snapshot
                        .store
                        .set_endpoint_name(ONLY_ENDPOINT, name.as_str());
                }
                snapshots.push((target, endpoint, snapshot));
                selectors.push(selector);
            }
            // One server that is away must not keep the others' tasks from being listed.
            Err(CommandError::TimedOut(why)) if target.name.is_some() => {
                outcome = outcome.and(Outcome::TimedOut);
                complaints.push(why);
            }
            Err(error) => match error.server_outcome().filter(|_| target.name.is_some()) {
                Some(of_server) => {
                    outcome = outcome.and(of_server);
                    complaints.push(error.to_string());
                }
                None => return Err(error),
            },
        }
    }
    let mut listed = select(args, &selectors, &snapshots);
    let cut = cut(args, &mut listed, &snapshots);
    let shapes = listed.iter().filter_map(|(at, handle)| {
        let (_, endpoint, snapshot) = snapshots.get(*at)?;
        let raw = snapshot.raw(*handle);
        json_output::task(&snapshot.store, *handle, raw, endpoint, snapshot.now)
    });
    let text = if args.json {
        shapes.map(json_output::written).collect()
    } else if let Some(sheet) = args.format.sheet() {
        sheet.write(&shapes.collect::<Vec<_>>())
    } else if args.ids {
        let ids = listed.iter().filter_map(|(at, handle)| {
            let (target, _, snapshot) = snapshots.get(*at)?;
            Some(target.full(&snapshot.store.get(*handle)?.id.mo_id) + "\n")
        });
        ids.collect()
    } else {
        as_table(&snapshots, &listed, io.out.columns())
    };
    io.print(&text)?;
    if let Some(note) = cut {
        io.say(&note);
    }
    if !complaints.is_empty() {
        for complaint in complaints {
            io.say(&complaint);
        }
        return Ok(outcome.and(Outcome::Unknown));
    }
    if listed.is_empty() && io.err.is_terminal() {
        io.say("no such task is there.");
    }
    Ok(outcome)
}

/// The tasks of each server, with its address.
type Snapshots = [(Target, String, Snapshot)];

/// Reads what may be listed. The complaints are about tasks of which nothing can be read, and a history that could not be
/// searched.
async fn gather(
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
                    "{unreadable} records of the history of {} cannot be read and are not listed.",
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
fn cut(
    args: &ListArgs,
    listed: &mut Vec<(usize, Handle)>,
    snapshots: &Snapshots,
) -> Option<String> {
    let there = listed.len();
    if args.limit == 0 || there <= args.limit {
        return None;
    }
    listed.truncate(args.limit);
    let is_all_read = args.sort.is_some() || (args.since.is_none() && args.until.is_none());
    let which = if args.sort.is_some() {
        "first"
    } else {
        "newest"
    };
    let limit = args.limit;
    let of = match (is_all_read, snapshots.len()) {
        (true, _) => format!("the {which} {limit} of {there} tasks are listed"),
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

/// Returns the tasks to list in order, each with the index of its server.
fn select(
    args: &ListArgs,
    selectors: &[CompiledSelector],
    snapshots: &Snapshots,
) -> Vec<(usize, Handle)> {
    let mut found: Vec<(Option<Timestamp>, &str, usize, Handle)> = Vec::new();
    for ((at, (_, _, snapshot)), selector) in snapshots.iter().enumerate().zip(selectors) {
        let (since, until) = period(args, snapshot.now);
        found.extend(snapshot.store.iter().filter_map(|(handle, record)| {
            let placed = record.info.as_deref().and_then(TaskInfo::placed_at);
            // What is not known of a task does not speak against it, unless it is chosen by that.
            let is_chosen = match &record.info {
                Some(_) => selector.takes(&snapshot.store, handle, snapshot.now),
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
    if let Some(sort) = &args.sort {
        found.sort_by_cached_key(|(.., at, handle)| {
            let (_, _, snapshot) = snapshots.get(*at)?;
            let key = SortKey::of(&snapshot.store, *handle, Layout::Flat, sort);
            Some((key, *at))
        });
    }
    found
        .into_iter()
        .map(|(_, _, at, handle)| (at, handle))
        .collect()
}

fn as_table(snapshots: &Snapshots, listed: &[(usize, Handle)], columns: Option<usize>) -> String {
    let heading = [
        "TASK",
        "STATE",
        "PROGRESS",
        "QUEUED",
        "ELAPSED",
        "TARGET",
        "STARTED-BY",
        "OPERATION",
    ];
    let is_for_people = columns.is_some();
    let rows = listed.iter().filter_map(|(at, handle)| {
        let (target, _, snapshot) = snapshots.get(*at)?;
        row(target, snapshot, *handle, is_for_people)
    });
    let (rows, notes): (Vec<_>, Vec<_>) = rows.unzip();
    table::fitted_with_notes(heading, &rows, &notes, columns)
}

/// The cells of a task, and what stands beneath them: for people why it failed, or cannot be read. In a pipe that is said
/// beside the operation, so that each task is one line.
fn row(
    target: &Target,
    snapshot: &Snapshot,
    handle: Handle,
    is_for_people: bool,
) -> Option<([String; 8], Option<String>)> {
    let record = snapshot.store.get(handle)?;
    let info = record.info.as_deref();
    let progress = match snapshot.store.progress(handle) {
        Progress::Reported(percent) => format!("{percent}%"),
        Progress::Derived(percent) if is_for_people => format!("≈{percent}%"),
        Progress::Derived(_) | Progress::None => String::new(),
    };
    let mut operation = match info {
        Some(_) => snapshot.store.operation(record).into_owned(),
        None => String::new(),
    };
    let why = json_output::why(record);
    if let Some(why) = why.as_ref().filter(|_| !is_for_people) {
        let colon = if operation.is_empty() { "" } else { ": " };
        operation = format!("{operation}{colon}{why}");
    }
    let queued = info.and_then(|info| info.queue_time).map(|time| {
        if is_for_people {
            short_time(time, snapshot.now)
        } else {
            format!("{time:.0}")
        }
    });
    let elapsed = record
        .elapsed(snapshot.now)
        .map(duration)
        .unwrap_or_default();
    let name = target.full(&record.id.mo_id);
    let started_by = info.and_then(|info| display_name::started_by(&info.reason));
    let cells: [&str; 8] = [
        &name,
        json_output::status(record.status()),
        &progress,
        &queued.unwrap_or_default(),
        &elapsed,
        info.and_then(display_name::target).unwrap_or_default(),
        started_by.unwrap_or_default(),
        &operation,
    ];
    let note = why.filter(|_| is_for_people).map(|why| cell(&why));
    Some((cells.map(cell), note))
}

/// A time as the wall clock here shows it, with the date where it is not of the last hours.
pub(super) fn short_time(time: Timestamp, now: Timestamp) -> String {
    const RECENT: SignedDuration = SignedDuration::from_hours(20);
    let is_recent = now.duration_since(time).abs() < RECENT;
    let format = if is_recent { "%H:%M:%S" } else { "%m-%d %H:%M" };
    time.to_zoned_datetime(TimeZone::system())
        .strftime(format)
        .to_string()
}
