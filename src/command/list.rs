//! `vtask list`: prints recent tasks and, for a time range, the server's history.

use clap::Args;

use super::{
    CommandError, Outcome,
    io_context::CommandIo,
    output::{FieldSort, OutputArgs, Page, Presenter, TASKS},
    record::FromArgs,
    snapshot::Snapshot,
    targets,
    task_query::{QueryScope, QueryServer, TaskQueryArgs},
    task_row,
};
use crate::{
    config::ConnectionArgs,
    task::row_model::{Layout, Sort, SortColumn, SortKey},
};

/// List recent tasks, or tasks of a time range
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    query: TaskQueryArgs,

    /// Columns or JSON fields; - for descending: -elapsed
    #[arg(long, value_name = "FIELD,…", allow_hyphen_values = true, value_parser = parse_sort, help_heading = "Output")]
    sort: Option<ListSort>,

    /// Read where the targets run: host, cluster, datacenter, folder
    ///
    /// Done as well if --columns, --sort or the filter names one of them.
    #[arg(long, hide_short_help = true, help_heading = "Output")]
    location: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    pub(crate) from: FromArgs,
}

impl ListArgs {
    fn scope(&self) -> QueryScope {
        QueryScope {
            is_sorted: self.sort.is_some(),
            with_locations: self.needs_locations(),
        }
    }

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

/// Lists.
///
/// # Errors
/// Fails if the server cannot be read or standard output cannot be written.
pub async fn run(
    args: &ListArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let presenter = Presenter::new(&args.output, &TASKS)?;
    let targets = targets::servers(connection, io.environment)?;
    targets::warn(&targets, io);
    let mut servers = args.query.servers(targets, connection, io).await?;
    let listed = presenter
        .present(io, async |io| read(args, &mut servers, io).await)
        .await;
    for server in servers {
        server.reader.close(io).await;
    }
    listed
}

/// Reads the tasks of all servers.
async fn read(
    args: &ListArgs,
    servers: &mut [QueryServer],
    io: &mut CommandIo<'_>,
) -> Result<Page, CommandError> {
    let mut page = Page::new();
    let mut snapshots: Vec<(usize, Snapshot)> = Vec::new();
    for (at, server) in servers.iter_mut().enumerate() {
        match server.gather(&args.query, args.scope(), io).await {
            Ok((snapshot, messages)) => {
                page.messages.extend(messages);
                snapshots.push((at, snapshot));
            }
            Err(error) => page.add_error(error, &server.target)?,
        }
    }
    let is_incomplete = !page.messages.is_empty();
    let mut selected = args.query.select(servers, &snapshots);
    if let Some(ListSort::Columns(sort)) = &args.sort {
        selected.sort_by_cached_key(|(at, handle)| {
            let (_, snapshot) = snapshots.get(*at)?;
            let key = SortKey::of(&snapshot.store, *handle, Layout::Flat, sort);
            Some((key, *at))
        });
    }
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
    if let Some(message) = args.query.cut_message(page.rows.len(), args.scope()) {
        page.rows.truncate(args.query.limit);
        page.messages.insert(0, message);
    }
    if is_incomplete {
        page.outcome = page.outcome.and(Outcome::Unknown);
    } else if page.rows.is_empty() && io.err.is_terminal() {
        page.messages.push("no tasks found.".to_owned());
    }
    Ok(page)
}
