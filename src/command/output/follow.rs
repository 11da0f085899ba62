//! `--watch`: prints the result of a command and keeps it current with the fetch loop.

use std::{collections::HashSet, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{Page, Presenter, watch::Screen};
use crate::{
    command::{
        CommandError, Outcome,
        connection_report::ConnectionReport,
        deadline::finish_in_time,
        io_context::CommandIo,
        session::ServerReader,
        wait,
        watchers::{UPDATE_CAPACITY, Watchers},
    },
    config::Defaults,
    task::ServerId,
    watch::{Command, Update, WatchOptions},
};

/// Minimum time between two outputs.
const OUTPUT_INTERVAL: Duration = Duration::from_millis(250);
/// Time after which a terminal is redrawn without changes, because ages grow.
const REDRAW_INTERVAL: Duration = Duration::from_secs(1);

/// Data of a reading command.
pub(in crate::command) trait PageReader {
    /// Returns the servers in the order of the numbers that the other functions get.
    fn servers(&mut self) -> impl Iterator<Item = &mut ServerReader>;

    /// Reads everything once.
    ///
    /// # Errors
    /// Fails if nothing can be read.
    async fn read(&mut self, io: &mut CommandIo<'_>) -> Result<Page, CommandError>;

    /// Adapts the options to follow a server. Returns commands for the start.
    fn start(&self, _server: usize, _options: &mut WatchOptions) -> Vec<Command> {
        Vec::new()
    }

    /// Applies an update of a server.
    fn apply(&mut self, server: usize, update: Update) -> Changes;

    /// Returns the current rows, for a terminal of that width.
    fn page(&mut self, columns: Option<usize>) -> Page;
}

/// Result of applying an update.
#[derive(Debug, Default)]
pub(in crate::command) struct Changes {
    /// IDs of the changed rows.
    pub(in crate::command) rows: Vec<String>,
    /// Requests to the fetch loop.
    pub(in crate::command) commands: Vec<Command>,
    /// A message for standard error.
    pub(in crate::command) message: Option<String>,
}

impl Presenter<'_> {
    /// Prints the rows and keeps them current until the command is stopped.
    ///
    /// # Errors
    /// Fails if standard output cannot be written, if the command is interrupted, or at its deadline.
    pub(super) async fn follow(
        &self,
        reader: &mut impl PageReader,
        defaults: &Defaults,
        io: &mut CommandIo<'_>,
    ) -> Result<Outcome, CommandError> {
        let servers = reader.servers().map(|reader| {
            let (server, connect) = (&reader.server, reader.connect.clone());
            let options = io.fetch.options(connect, server.tasks.clone(), defaults);
            (server.name.clone(), options)
        });
        let servers: Vec<_> = servers.collect();
        let (sender, mut updates) = mpsc::channel(UPDATE_CAPACITY);
        let (mut watchers, mut connections) = (Watchers::default(), Vec::new());
        for (id, (name, mut options)) in (0..).map(ServerId).zip(servers) {
            let label = options.connect.address.label();
            connections.push(ConnectionReport::new(name.as_deref(), label));
            let commands = reader.start(usize::from(id.0), &mut options);
            watchers.start(id, options, &sender);
            for command in commands {
                watchers.send(id, command);
            }
        }
        drop(sender);
        let mut live = LiveOutput {
            presenter: self,
            screen: Screen::default(),
            connections,
            changed: HashSet::new(),
            is_redrawn: io.out.is_terminal() && !wait::is_dumb(io),
        };
        let followed = live.run(&watchers, &mut updates, reader, io).await;
        drop(updates);
        finish_in_time(io.deadline, watchers.stop()).await;
        followed
    }
}

/// Output of `--watch` with its state.
struct LiveOutput<'a> {
    presenter: &'a Presenter<'a>,
    screen: Screen,
    connections: Vec<ConnectionReport>,
    /// IDs of the rows that changed since the last output.
    changed: HashSet<String>,
    is_redrawn: bool,
}

impl LiveOutput<'_> {
    async fn run(
        &mut self,
        watchers: &Watchers,
        updates: &mut mpsc::Receiver<(ServerId, Update)>,
        reader: &mut impl PageReader,
        io: &mut CommandIo<'_>,
    ) -> Result<Outcome, CommandError> {
        let mut is_outdated = true;
        let mut printed: Option<Instant> = None;
        loop {
            for id in watchers.ended_servers() {
                let connection = self.connections.get_mut(usize::from(id.0));
                if let Some(message) = connection.and_then(ConnectionReport::loop_ended) {
                    io.eprint(&message);
                }
            }
            let output_at = printed.map(|at| at + OUTPUT_INTERVAL);
            let given_up = ConnectionReport::outcome_if_given_up(&self.connections);
            if is_outdated
                && (given_up.is_some() || output_at.is_none_or(|at| at <= Instant::now()))
            {
                self.print(reader, io)?;
                printed = Some(Instant::now());
                is_outdated = false;
            }
            if let Some(outcome) = given_up {
                return Ok(outcome);
            }
            let due = match (is_outdated, self.is_redrawn) {
                (true, _) => output_at,
                (false, true) => printed.map(|at| at + REDRAW_INTERVAL),
                (false, false) => None,
            };
            let due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                reason = io.stop_requested() => return Err(reason.error_while_watching()),
                Some((from, update)) = updates.recv() => {
                    is_outdated |= self.handle(from, update, watchers, reader, io)?;
                    while let Ok((from, update)) = updates.try_recv() {
                        is_outdated |= self.handle(from, update, watchers, reader, io)?;
                    }
                }
                () = due => is_outdated = true,
            }
        }
    }

    /// Handles an update. Returns true if the output is to be renewed.
    fn handle(
        &mut self,
        from: ServerId,
        update: Update,
        watchers: &Watchers,
        reader: &mut impl PageReader,
        io: &mut CommandIo<'_>,
    ) -> Result<bool, CommandError> {
        let server = usize::from(from.0);
        let Some(connection) = self.connections.get_mut(server) else {
            return Ok(false);
        };
        let mut message = None;
        if connection.apply(&update, self.is_redrawn, &mut message) {
            self.message(message, io)?;
            return Ok(self.is_redrawn);
        }
        let changes = reader.apply(server, update);
        for command in changes.commands {
            watchers.send(from, command);
        }
        self.message(changes.message, io)?;
        let is_changed = !changes.rows.is_empty();
        self.changed.extend(changes.rows);
        Ok(is_changed)
    }

    /// Prints a message above the lines that are redrawn.
    fn message(
        &mut self,
        message: Option<String>,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        if let Some(message) = message {
            if self.is_redrawn {
                io.print(&self.screen.erase())?;
            }
            io.eprint(&message);
        }
        Ok(())
    }

    fn print(
        &mut self,
        reader: &mut impl PageReader,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let size = io.out.size.as_ref().map(|size| size());
        let page = reader.page(size.map(|(columns, _)| columns));
        let text = if let Some(size) = size.filter(|_| self.is_redrawn) {
            let now = Timestamp::now();
            let status = self.connections.iter();
            let status: Vec<_> = status.filter_map(|server| server.status(now)).collect();
            let text = self.presenter.text(&page, Some(size.0))?;
            self.screen.redraw(&text, &status, size)
        } else {
            let lines = self.presenter.row_lines(&page)?;
            self.screen.append(lines, &self.changed)
        };
        self.changed.clear();
        io.print(&text)
    }
}
