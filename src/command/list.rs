//! `vtask list`: prints recent tasks and, for a time range, the server's history.

use clap::Args;
use jiff::Timestamp;

use super::{
    CommandError, Outcome,
    io_context::CommandIo,
    output::{Changes, FieldSort, OutputArgs, Page, PageReader, Presenter, TASKS},
    record::FromArgs,
    server_tasks,
    session::ServerReader,
    snapshot::Snapshot,
    task_query::{QueryScope, QueryServer, TaskQueryArgs},
    task_row,
};
use crate::{
    config::ConnectionArgs,
    task::row_model::{Layout, Sort, SortColumn, SortKey},
    watch::{Command, Update, WatchOptions},
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

/// Runs `vtask list`.
///
/// # Errors
/// Fails if the server cannot be read or standard output cannot be written.
pub async fn run(
    args: &ListArgs,
    connection: &ConnectionArgs,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let presenter = Presenter::new(&args.output, &TASKS)?;
    let server_tasks = server_tasks::servers(connection, io.environment)?;
    server_tasks::warn(&server_tasks, io);
    let mut reader = ListReader {
        args,
        servers: args.query.servers(server_tasks, connection, io).await?,
        snapshots: Vec::new(),
    };
    presenter.present(&mut reader, connection, io).await
}

/// Data of `vtask list`.
struct ListReader<'a> {
    args: &'a ListArgs,
    servers: Vec<QueryServer>,
    /// Tasks with the index of their server.
    snapshots: Vec<(usize, Snapshot)>,
}

impl PageReader for ListReader<'_> {
    fn servers(&mut self) -> impl Iterator<Item = &mut ServerReader> {
        self.servers.iter_mut().map(|server| &mut server.reader)
    }

    async fn read(&mut self, io: &mut CommandIo<'_>) -> Result<Page, CommandError> {
        let args = self.args;
        let mut errors = Page::default();
        for (at, server) in self.servers.iter_mut().enumerate() {
            match server.read(&args.query, args.scope(), io).await {
                Ok((snapshot, messages)) => {
                    errors.messages.extend(messages);
                    self.snapshots.push((at, snapshot));
                }
                Err(error) => {
                    errors.add_error(error, &server.reader.server)?;
                    if args.output.watch {
                        self.snapshots.push((at, Snapshot::empty(Timestamp::now())));
                    }
                }
            }
        }
        let mut page = self.page(io.out.columns());
        if !errors.messages.is_empty() {
            page.outcome = errors.outcome.and(Outcome::Unknown);
        } else if page.rows.is_empty() && io.err.is_terminal() && !args.output.watch {
            page.messages.push("no tasks found.".to_owned());
        }
        page.messages.extend(errors.messages);
        Ok(page)
    }

    fn start(&self, server: usize, _options: &mut WatchOptions) -> Vec<Command> {
        let server = self.servers.get(server);
        let is_needed = server.is_some_and(|server| server.reads_locations(self.args.scope()));
        Vec::from_iter(is_needed.then_some(Command::ReadLocations(true)))
    }

    fn apply(&mut self, server: usize, update: Update) -> Changes {
        let snapshot = self.snapshots.iter_mut().find(|(at, _)| *at == server);
        match (snapshot, self.servers.get(server)) {
            (Some((_, snapshot)), Some(server)) => {
                task_row::changes(snapshot, update, &server.reader.server)
            }
            _ => Changes::default(),
        }
    }

    fn page(&mut self, columns: Option<usize>) -> Page {
        let mut page = Page::default();
        let args = self.args;
        if args.output.watch {
            for (_, snapshot) in &mut self.snapshots {
                snapshot.advance();
            }
        }
        let mut selected = args.query.select(&self.servers, &self.snapshots);
        if let Some(ListSort::Columns(sort)) = &args.sort {
            selected.sort_by_cached_key(|(at, handle)| {
                let (_, snapshot) = self.snapshots.get(*at)?;
                let key = SortKey::of(&snapshot.store, *handle, Layout::Flat, sort);
                Some((key, *at))
            });
        }
        let rows = selected.iter().filter_map(|(at, handle)| {
            let (server, snapshot) = self.snapshots.get(*at)?;
            let server = self.servers.get(*server)?;
            task_row::row(
                &server.reader.server,
                &server.reader.address(),
                snapshot,
                *handle,
                columns.is_some(),
            )
        });
        page.rows = rows.collect();
        if let Some(ListSort::Fields(sort)) = &args.sort {
            sort.sort(&mut page.rows);
        }
        if let Some(message) = args.query.truncation_message(page.rows.len(), args.scope()) {
            page.rows.truncate(args.query.limit);
            page.messages.push(message);
        }
        page
    }
}
