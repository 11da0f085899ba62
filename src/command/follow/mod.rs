//! Follows tasks without a screen, for `vtask stream` and `vtask exporter`.
//!
//! Every task that finishes is delivered to the [`Consumer`] once, if its end is seen live, is looked up because
//! the task vanished, or is read from the history after an outage or a restart. [`server`] has the state of a vCenter,
//! [`catch_up`] the search of its history, [`cursor`] the file with which a restart continues. [`source`] reads the
//! configuration, [`reload`] applies it again; [`service_manager`] and [`watchdog`] report to systemd.

mod catch_up;
mod cursor;
mod reload;
mod server;
mod service_manager;
mod source;
mod watchdog;

use std::time::Duration;

use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use self::{
    cursor::CursorFile, server::Effects, service_manager::ServiceManager, source::ConfigRead,
    watchdog::Watchdog,
};
use super::{
    CommandError, Outcome,
    connection_report::ConnectionReport,
    deadline::StopReason,
    io_context::CommandIo,
    signals::StopSignal,
    watchers::{UPDATE_CAPACITY, Watchers},
};
use crate::{
    task::{ServerId, TaskChange},
    watch::{Command, Update, WatchOptions},
};

pub(super) use server::{Change, Server};
pub use source::FollowArgs;
pub(super) use source::ServerSource;

/// Interval of due requests and of saving the cursor.
const TICK: Duration = Duration::from_secs(1);
/// Interval of removing what consumers keep about tasks that are gone.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);
/// Limit of the sign-out; a service has to end within two seconds.
const SIGN_OUT_LIMIT: Duration = Duration::from_millis(1800);

/// A receiver of changed tasks.
pub(super) trait Consumer {
    /// True if tasks that finished before the first start are to be delivered.
    const DELIVERS_EARLIER_TASKS: bool;
    /// True if the state of the entities of tasks that do not progress is to be read.
    const READS_ENTITY_STATES: bool;

    /// Handles changed tasks of a server.
    ///
    /// # Errors
    /// Fails if they cannot be written.
    fn deliver(
        &mut self,
        server: &Server,
        changes: &[Change],
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError>;

    /// Completes when [`Consumer::serve`] is to be called.
    async fn requested(&mut self) {
        std::future::pending::<()>().await;
    }

    /// Answers a request.
    fn serve(&mut self, _servers: &mut [Server], _io: &mut CommandIo<'_>) {}

    /// Removes what is kept about tasks that cannot change any more, and about servers that are no longer followed.
    fn prune(&mut self, servers: &[Server]);

    /// Delivers pending data before the command ends, within [`SIGN_OUT_LIMIT`].
    async fn finish(&mut self, _servers: &[Server]) {}

    /// Writes delivered tasks to stable storage. Returns true if the cursor may move past it.
    ///
    /// # Errors
    /// Fails if the output cannot be written.
    fn commit(&mut self) -> Result<bool, CommandError>;
}

/// Follows the servers until the command is stopped or all of them have refused the login. SIGHUP reloads the
/// configuration, unless standard error is a terminal.
///
/// # Errors
/// Fails if the output or the cursor cannot be written, if the command is interrupted, or at its deadline.
pub(super) async fn follow<C: Consumer>(
    source: &ServerSource<'_>,
    servers: Vec<Server>,
    consumer: &mut C,
    io: &mut CommandIo<'_>,
) -> Result<Outcome, CommandError> {
    let cursor = source.args.cursor.as_deref();
    let (sender, mut updates) = mpsc::channel(UPDATE_CAPACITY);
    let mut follow_loop = FollowLoop {
        source,
        servers: Vec::new(),
        removed: Vec::new(),
        watchers: Watchers::default(),
        sender,
        next_id: ServerId::default(),
        cursor: cursor.map(CursorFile::open).transpose()?,
        consumer,
        reading: None,
        service_manager: ServiceManager::connect(io.environment),
        watchdog: Watchdog::new(io.environment, Instant::now()),
    };
    for server in servers {
        follow_loop.start(server);
    }
    let followed = follow_loop.run(&mut updates, io).await;
    follow_loop.service_manager.stopping();
    drop(updates);
    let stopping = std::mem::take(&mut follow_loop.watchers).stop();
    let finishing = follow_loop.consumer.finish(&follow_loop.servers);
    // A session that is left ends by its idle time-out.
    let _ = timeout(SIGN_OUT_LIMIT, async { tokio::join!(stopping, finishing) }).await;
    let committed = follow_loop.commit();
    committed.and(followed)
}

/// The running command.
struct FollowLoop<'a, C> {
    source: &'a ServerSource<'a>,
    servers: Vec<Server>,
    /// Servers that were removed from the configuration; they may return.
    removed: Vec<Server>,
    watchers: Watchers,
    sender: mpsc::Sender<(ServerId, Update)>,
    /// Identifier of the next fetch loop. A late update of an earlier one must not be taken for one of a later.
    next_id: ServerId,
    cursor: Option<CursorFile>,
    consumer: &'a mut C,
    /// The configuration, while it is read again.
    reading: Option<ConfigRead<'a>>,
    service_manager: ServiceManager,
    watchdog: Option<Watchdog>,
}

impl<C: Consumer> FollowLoop<'_, C> {
    /// Starts the fetch loop of a server.
    fn start(&mut self, mut server: Server) {
        server.id = self.next_id;
        self.next_id = ServerId(self.next_id.0.wrapping_add(1));
        let options = WatchOptions {
            entity_states: C::READS_ENTITY_STATES,
            ..server.options()
        };
        self.watchers.start(server.id, options, &self.sender);
        self.servers.push(server);
    }

    async fn run(
        &mut self,
        updates: &mut mpsc::Receiver<(ServerId, Update)>,
        io: &mut CommandIo<'_>,
    ) -> Result<Outcome, CommandError> {
        // Closing the terminal ends the command.
        let can_reload = cfg!(unix) && !io.err.is_terminal();
        let mut next_tick = Instant::now() + TICK;
        let mut next_prune = Instant::now() + PRUNE_INTERVAL;
        self.ping();
        loop {
            for id in self.watchers.ended_servers() {
                let server = server_mut(&mut self.servers, id);
                if let Some(message) = server.and_then(|server| server.connections.loop_ended()) {
                    io.eprint(&message);
                }
            }
            let connections = self.servers.iter().map(|server| &server.connections);
            if let Some(outcome) = ConnectionReport::outcome_if_given_up(connections) {
                return Ok(outcome);
            }
            tokio::select! {
                biased;
                reason = io.stop_requested() => match reason {
                    StopReason::Interrupted(StopSignal::Hangup) if can_reload => self.begin_reload(),
                    reason => return Err(reason.error_while_watching()),
                },
                read = source::completed(&mut self.reading) => self.finish_reload(read, io)?,
                () = sleep_until(next_tick) => {
                    next_tick = Instant::now() + TICK;
                    if next_prune <= Instant::now() {
                        next_prune = Instant::now() + PRUNE_INTERVAL;
                        self.consumer.prune(&self.servers);
                    }
                    self.tick()?;
                }
                () = watchdog::due(self.watchdog.as_ref()) => {
                    self.service_manager.keep_alive();
                    self.ping();
                }
                () = self.consumer.requested() => {
                    self.consumer.serve(&mut self.servers, io);
                    self.commit()?;
                }
                Some((from, update)) = updates.recv() => self.handle(from, update, io)?,
            }
        }
    }

    fn handle(
        &mut self,
        from: ServerId,
        update: Update,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        match &update {
            Update::Server(facts) => self.identify(from, facts.about.instance_uuid.as_deref()),
            Update::Pong => {
                if let Some(watchdog) = &mut self.watchdog {
                    watchdog.handle_answer(from);
                }
                return Ok(());
            }
            _ => {}
        }
        let Update::Tasks { changes, since } = update else {
            return self.apply(from, update, io);
        };
        // A task may finish and be evicted in one batch; it is delivered in between.
        let mut batch = Vec::new();
        for change in changes {
            if matches!(change, TaskChange::Unwatched { .. }) && !batch.is_empty() {
                let changes = std::mem::take(&mut batch);
                self.apply(from, Update::Tasks { changes, since }, io)?;
            }
            batch.push(change);
        }
        let changes = batch;
        self.apply(from, Update::Tasks { changes, since }, io)
    }

    fn apply(
        &mut self,
        from: ServerId,
        update: Update,
        io: &mut CommandIo<'_>,
    ) -> Result<(), CommandError> {
        let Some(server) = server_mut(&mut self.servers, from) else {
            return Ok(());
        };
        let mut effects = Effects::default();
        let changes = server.handle(update, Timestamp::now(), &mut effects);
        for command in effects.commands {
            self.watchers.send(from, command);
        }
        if let Some(message) = effects.message {
            io.eprint(&message);
        }
        if !changes.is_empty() {
            self.consumer.deliver(server, &changes, io)?;
        }
        server.remove_past();
        Ok(())
    }

    /// Continues at the cursor when a server has named its instance.
    fn identify(&mut self, id: ServerId, instance: Option<&str>) {
        let server = server_mut(&mut self.servers, id);
        if let Some(server) = server.filter(|server| server.is_unknown()) {
            let key = instance.unwrap_or(&server.address);
            let cursor = self.cursor.as_ref();
            let position = cursor.and_then(|cursor| cursor.position(key));
            server.identify(instance, position, C::DELIVERS_EARLIER_TASKS);
        }
    }

    fn tick(&mut self) -> Result<(), CommandError> {
        let mut due: Vec<(ServerId, Command)> = Vec::new();
        for server in &mut self.servers {
            let commands = server.tick(Timestamp::now()).into_iter();
            due.extend(commands.map(|command| (server.id, command)));
        }
        for (id, command) in due {
            self.watchers.send(id, command);
        }
        self.report();
        self.commit()
    }

    /// Reports the state to the service manager.
    fn report(&mut self) {
        if self.servers.iter().all(Server::has_started) {
            self.service_manager.ready();
        }
        self.service_manager.status(&status(&self.servers));
    }

    /// Sends a ping to every fetch loop, for the watchdog.
    fn ping(&mut self) {
        if let Some(watchdog) = &mut self.watchdog {
            let loops = self.servers.iter().map(|server| server.id);
            for id in loops.clone() {
                self.watchers.send(id, Command::Ping);
            }
            watchdog.begin(loops, Instant::now());
        }
    }

    /// Saves the cursor if everything that was delivered is durable.
    fn commit(&mut self) -> Result<(), CommandError> {
        let Some(cursor) = &mut self.cursor else {
            return Ok(());
        };
        if !self.consumer.commit()? {
            return Ok(());
        }
        for (instance, position) in self.servers.iter().filter_map(Server::position) {
            cursor.set(instance, position);
        }
        cursor.save()
    }
}

fn server_mut(servers: &mut [Server], id: ServerId) -> Option<&mut Server> {
    servers.iter_mut().find(|server| server.id == id)
}

/// Describes the connections for the service manager.
fn status(servers: &[Server]) -> String {
    let is_current = |server: &&Server| server.connections.connection().is_current();
    let (current, others): (Vec<_>, Vec<_>) = servers.iter().partition(is_current);
    let active: u32 = servers.iter().map(Server::active).sum();
    let mut text = format!("{active} active tasks");
    if !others.is_empty() {
        let others: Vec<&str> = others.iter().map(|server| server.label.as_str()).collect();
        let (current, all, others) = (current.len(), servers.len(), others.join(", "));
        text = format!("{text}; {current} of {all} vCenters connected, not {others}");
    }
    text
}
