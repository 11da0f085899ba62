//! The flags that choose recent tasks or tasks of a time range, and reading what they may choose.

use clap::{Args, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{
    CommandError,
    io_context::CommandIo,
    selector::{CompiledSelector, TaskSelector},
    server_tasks::ServerTasks,
    session::{ONLY_SERVER, ServerReader},
    snapshot::Snapshot,
};
use crate::{
    config::{self, ConnectionArgs},
    task::{Handle, ServerFilter, Status, TimeExpr},
    vim::{Client, Error, RecordAction, types::TaskInfo},
};

/// Maximum number of tasks by default.
const DEFAULT_LIMIT: usize = 1000;

/// Flags that choose tasks.
#[derive(Debug, Clone, Args)]
pub struct TaskQueryArgs {
    #[command(flatten)]
    choice: TaskSelector,

    #[command(flatten)]
    states: StateArgs,

    /// Queued since 24h, yesterday, monday, 2026-01-31…
    #[arg(long, value_name = "WHEN", help_heading = "Which tasks")]
    since: Option<TimeExpr>,

    /// Queued until
    #[arg(long, value_name = "WHEN", help_heading = "Which tasks")]
    until: Option<TimeExpr>,

    /// Maximum number; 0 for all
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LIMIT, help_heading = "Which tasks")]
    pub(super) limit: usize,
}

/// Flag that selects tasks by their state.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct StateArgs {
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
}

impl StateArgs {
    /// True if tasks of this status are selected.
    pub(super) fn contains(&self, status: Status) -> bool {
        self.state.is_empty() || self.state.iter().any(|state| state.is(status))
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

/// A server whose tasks are chosen.
pub(super) struct QueryServer {
    selector: CompiledSelector,
    pub(super) reader: ServerReader,
}

/// Options of a query that depend on the command.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryScope {
    /// True if the limit does not apply to the order of the history.
    pub(super) is_sorted: bool,
    /// True if the locations of targets are needed.
    pub(super) with_locations: bool,
}

impl TaskQueryArgs {
    /// True if no flag is given that selects tasks.
    pub(super) fn is_default(&self) -> bool {
        self.choice.is_empty()
            && self.states.state.is_empty()
            && self.since.is_none()
            && self.until.is_none()
    }

    /// True if the history of the server is searched.
    pub(super) fn is_of_history(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Returns the flags as on a command line, with absolute times; `None` without any.
    pub(super) fn as_flags(&self, now: Timestamp) -> Option<String> {
        let states: Vec<String> = self
            .states
            .state
            .iter()
            .filter_map(|state| Some(state.to_possible_value()?.get_name().to_owned()))
            .collect();
        let choice = self.choice.as_flags();
        let (since, until) = self.period(now);
        let flags = [
            since.map(|since| format!("--since {since:.0}")),
            until.map(|until| format!("--until {until:.0}")),
            (!states.is_empty()).then(|| format!("--state {}", states.join(","))),
            (!choice.is_empty()).then_some(choice),
        ];
        let flags: Vec<String> = flags.into_iter().flatten().collect();
        (!flags.is_empty()).then(|| flags.join(" "))
    }

    /// Prepares to read from these servers. Nothing is read before the first request.
    ///
    /// # Errors
    /// Fails if the flags contradict each other or a server cannot be used.
    pub(super) async fn servers(
        &self,
        server_tasks: Vec<ServerTasks>,
        connection: &ConnectionArgs,
        io: &mut CommandIo<'_>,
    ) -> Result<Vec<QueryServer>, CommandError> {
        let is_ago = |moment| matches!(moment, Some(TimeExpr::Before(_)));
        // A duration ago is relative to the server's clock, so it cannot be compared with an absolute time here.
        if let (Some(since), Some(until)) = self.period(Timestamp::now())
            && is_ago(self.since) == is_ago(self.until)
            && since > until
        {
            let why = "--since must be before --until.";
            return Err(CommandError::Usage(why.to_owned()));
        }
        let file = config::load_config(connection, io.environment)?;
        let saved = config::named_filters(&file, io.environment).all;
        let mut servers = Vec::new();
        for server in server_tasks {
            let reader = ServerReader::new(server, io).await?;
            let selector = CompiledSelector::new(&self.choice, &saved, reader.address())?
                .with_name(reader.server.name.clone());
            selector.check_single_reading()?;
            servers.push(QueryServer { selector, reader });
        }
        Ok(servers)
    }

    /// Returns the chosen tasks, newest first, each with the index of its snapshot. Snapshots are given with the indexes
    /// of their servers.
    pub(super) fn select(
        &self,
        servers: &[QueryServer],
        snapshots: &[(usize, Snapshot)],
    ) -> Vec<(usize, Handle)> {
        let mut found: Vec<(Option<Timestamp>, &str, usize, Handle)> = Vec::new();
        for (at, (server, snapshot)) in snapshots.iter().enumerate() {
            let Some(server) = servers.get(*server) else {
                continue;
            };
            let (since, until) = self.period(snapshot.now);
            found.extend(snapshot.store.iter().filter_map(|(handle, record)| {
                let ordering_time = record.info.as_deref().and_then(TaskInfo::ordering_time);
                // A task of which nothing is known is listed, unless a filter is given.
                let is_chosen = match &record.info {
                    Some(_) => server
                        .selector
                        .matches(&snapshot.store, handle, snapshot.now),
                    None => self.choice.is_empty(),
                };
                let is_listed = is_chosen
                    && self.states.contains(record.status())
                    && since.is_none_or(|since| ordering_time.is_none_or(|at| since <= at))
                    && until.is_none_or(|until| ordering_time.is_none_or(|at| at <= until));
                is_listed.then_some((ordering_time, &*record.id.mo_id, at, handle))
            }));
        }
        found.sort_by(|a, b| (b.0, b.1, a.2).cmp(&(a.0, a.1, b.2)));
        let found = found.into_iter();
        found.map(|(_, _, at, handle)| (at, handle)).collect()
    }

    /// Returns the part of the flags that the server's history can filter by.
    fn server_filter(&self) -> ServerFilter {
        let statuses = Status::ALL.into_iter();
        let chosen = statuses.filter(|status| self.states.contains(*status));
        match self.states.state[..] {
            [] => ServerFilter::default(),
            _ => ServerFilter::of_statuses(&chosen.collect::<Vec<_>>()),
        }
    }

    fn period(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let from = |moment: Option<TimeExpr>| {
            let zone = TimeZone::system();
            moment.map(|moment| moment.resolve(now, &zone))
        };
        (from(self.since), from(self.until))
    }

    /// Reads the tasks that may be chosen into a snapshot. The messages are about tasks of which nothing can be read, and
    /// a history that could not be searched.
    ///
    /// # Errors
    /// Fails if the server cannot be read at all.
    pub(super) async fn read(
        &self,
        selector: &CompiledSelector,
        scope: QueryScope,
        client: &Client,
    ) -> Result<(Snapshot, Vec<String>), CommandError> {
        let mut snapshot = Snapshot::with_clock_and_labels(client).await;
        let mut messages = Vec::new();
        let recent = match snapshot.add_recent(client).await {
            Err(error) if !is_of_recent_tasks(&error) => return Err(error.into()),
            Err(error) if !self.is_of_history() => {
                let advice = Some("--since 24h reads the tasks of the history.");
                return Err(Error { advice, ..error }.into());
            }
            Err(error) => {
                messages.push(format!("{error} Only the tasks of the history are listed."));
                Err(error)
            }
            Ok(unread) => {
                messages.extend(unread.note());
                Ok(())
            }
        };
        if self.is_of_history() {
            let added = self.add_history(selector, scope, client, &mut snapshot);
            match (added.await, recent) {
                (Ok(message), _) => messages.extend(message),
                (Err(error), _) if error.is_session_dead() => return Err(error.into()),
                (Err(error), Ok(())) => {
                    messages.push(format!("{error} Only the recent tasks are listed."));
                }
                (Err(_), Err(error)) => return Err(error.into()),
            }
        }
        if reads_locations(scope, selector)
            && let Err(error) = snapshot.add_locations(client).await
        {
            messages.push(format!("{error} The locations of the targets are unknown."));
        }
        Ok((snapshot, messages))
    }

    async fn add_history(
        &self,
        selector: &CompiledSelector,
        scope: QueryScope,
        client: &Client,
        snapshot: &mut Snapshot,
    ) -> Result<Option<String>, Error> {
        let (since, until) = self.period(snapshot.now);
        let narrowing = self.server_filter().and(selector.server_filter());
        let query = narrowing.query(since, until);
        let (labels, now) = (snapshot.store.labels(ONLY_SERVER), snapshot.now);
        let pick = |raw: &Value| {
            // Of a record that cannot be read it is not known whether it is meant.
            RecordAction::take_if(TaskInfo::from_json(raw.clone()).map_or(true, |info| {
                self.states.contains(Status::of(&info)) && selector.may_match(info, &labels, now)
            }))
        };
        // Only in its own order is the history's beginning enough; one more shows whether there are more.
        let limit = match self.limit {
            0 => usize::MAX,
            _ if scope.is_sorted => usize::MAX,
            limit => limit.saturating_add(1),
        };
        let past = client.past_tasks(&query, limit, pick).await?;
        let added = past
            .tasks
            .into_iter()
            .map(|raw| snapshot.add_history_record(raw));
        let unreadable = added.filter(Result::is_err).count();
        Ok((unreadable > 0).then(|| {
            format!(
                "{unreadable} records in the history of {} are invalid and not listed.",
                client.label()
            )
        }))
    }

    /// Returns a message if tasks were left out because of the limit, of `count`.
    pub(super) fn truncation_message(&self, count: usize, scope: QueryScope) -> Option<String> {
        if self.limit == 0 || count <= self.limit {
            return None;
        }
        let which = if scope.is_sorted { "first" } else { "newest" };
        let limit = self.limit;
        let of = if scope.is_sorted || !self.is_of_history() {
            format!("the {which} {limit} of {count} tasks are listed")
        } else {
            format!("the {which} {limit} tasks are listed; there are more")
        };
        Some(format!("{of}. --limit 0 lists all."))
    }
}

/// True if an error concerns the recent tasks only: the server is reached, and the session is valid.
fn is_of_recent_tasks(error: &Error) -> bool {
    (error.is_retryable() || !error.is_transient()) && !error.is_session_dead()
}

/// True if the locations of targets are read.
fn reads_locations(scope: QueryScope, selector: &CompiledSelector) -> bool {
    scope.with_locations || selector.needs_locations()
}

impl QueryServer {
    /// True if the locations of targets are read.
    pub(super) fn reads_locations(&self, scope: QueryScope) -> bool {
        reads_locations(scope, &self.selector)
    }

    /// Reads the tasks that may be chosen.
    ///
    /// # Errors
    /// Fails if the server cannot be read.
    pub(super) async fn read(
        &mut self,
        query: &TaskQueryArgs,
        scope: QueryScope,
        io: &mut CommandIo<'_>,
    ) -> Result<(Snapshot, Vec<String>), CommandError> {
        let selector = &self.selector;
        let answer = self
            .reader
            .request(io, async |client| query.read(selector, scope, client).await);
        let (mut snapshot, messages) = answer.await?;
        if let Some(name) = &self.reader.server.name {
            snapshot.store.set_server_name(ONLY_SERVER, name.as_str());
        }
        Ok((snapshot, messages))
    }
}
