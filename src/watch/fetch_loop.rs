//! The fetch loop of one server: connects, signs in, reads, and reconnects after an outage.

use std::{future::Future, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use vtask_task::{ServerClock, ServerId};
use vtask_vim::{Client, Error};

use super::{
    CancelResponse, Command, ConnectionState, ServerFacts, Update, WatchOptions,
    concurrent_requests::{ConcurrentRequests, RequestResult},
    connection::Connection,
    discovery::Discovery,
    fetch::Fetch,
    label_request::LabelRequest,
    lookups::Lookups,
    session_renewals::Call,
    stop_reason::{LoopExit, StopReason},
    task_feed::TaskFeed,
    update_sender::UpdateSender,
    watch_set::{Origin, WatchSet},
};

/// Limit for signing out, so that the program ends soon.
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit for destroying the objects of a session before signing out; those left end with the session.
const DESTROY_TIMEOUT: Duration = Duration::from_millis(300);

/// A running fetch loop. Dropping it does not end it; [`Watcher::stop`] does.
#[derive(Debug)]
pub struct Watcher {
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Starts the fetch loop of one server. It ends when it is stopped or when the receiver of its updates is dropped.
    pub fn spawn(
        id: ServerId,
        options: WatchOptions,
        updates: mpsc::Sender<(ServerId, Update)>,
    ) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let fetch_loop = FetchLoop::new(id, options, updates, inbox);
        Self {
            commands,
            task: tokio::spawn(fetch_loop.run()),
        }
    }

    /// Returns the sender of commands.
    pub fn commands(&self) -> mpsc::UnboundedSender<Command> {
        self.commands.clone()
    }

    /// Signs out and ends the loop, within two seconds even if the server hangs.
    pub async fn stop(self) {
        // The loop may have ended by itself.
        let _ = self.commands.send(Command::Stop);
        let mut task = self.task;
        if timeout(SIGN_OUT_TIMEOUT, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// State of the fetch loop of one server.
pub(super) struct FetchLoop {
    pub(super) options: WatchOptions,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    /// Commands that wait for the server.
    pub(super) pending: Vec<Command>,
    pub(super) paused: bool,
    pub(super) update_sender: UpdateSender,
    pub(super) connection: Connection,
    pub(super) feed: TaskFeed,
    pub(super) fetch: Fetch,
    pub(super) discovery: Discovery,
    pub(super) lookups: Lookups,
    pub(super) labels: LabelRequest,
}

impl FetchLoop {
    fn new(
        id: ServerId,
        options: WatchOptions,
        updates: mpsc::Sender<(ServerId, Update)>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        let now = Instant::now();
        let mut watched = WatchSet::new(
            options.interval,
            options.intervals,
            options.keep_finished,
            options.max_tasks,
        );
        for task in &options.tasks {
            watched.add(task, Origin::Named, now);
        }
        Self {
            commands,
            pending: Vec::new(),
            paused: false,
            update_sender: UpdateSender::new(id, updates, options.recorder.clone()),
            connection: Connection::new(&options),
            feed: TaskFeed::new(watched),
            fetch: Fetch::new(&options, now),
            discovery: Discovery::default(),
            lookups: Lookups::new(&options, now),
            labels: LabelRequest::default(),
            options,
        }
    }

    async fn run(mut self) {
        loop {
            let reason = match self.connect().await {
                Ok(client) => {
                    let began = Instant::now();
                    let exit = self.run_read_loop(client).await;
                    self.connection.backoff.record_uptime(began.elapsed());
                    match exit {
                        LoopExit::SessionDead(error) => match self.connection.session_died(error) {
                            Some(reason) => reason,
                            None => continue,
                        },
                        LoopExit::Halted(reason) => reason,
                    }
                }
                Err(reason) => reason,
            };
            let stopped = match reason {
                StopReason::Stopped => true,
                StopReason::Refused(reason) => self.park_signed_out(reason).await,
                StopReason::Failed(error) => self.pause_before_retry(&error).await,
            };
            if stopped {
                break;
            }
        }
        // A failure here ends with the session's idle time-out.
        let _ = timeout(SIGN_OUT_TIMEOUT, self.leave()).await;
    }

    /// Destroys the objects of the session and signs out.
    async fn leave(&mut self) {
        self.fetch.drop_collector(&mut self.feed);
        let collectors = self.fetch.take_stale();
        let Some(client) = &self.connection.client else {
            return;
        };
        let destroying = async {
            for collector in collectors {
                collector.destroy().await;
            }
            for collector in self.lookups.open_collectors() {
                let _ = client.destroy_history(collector).await;
            }
        };
        if client.ends_session() {
            let _ = timeout(DESTROY_TIMEOUT, destroying).await;
        } else {
            destroying.await;
        }
        let _ = client.sign_out().await;
    }

    /// Returns a signed-in client: the present one if its server answers.
    async fn connect(&mut self) -> Result<Arc<Client>, StopReason> {
        if let Some(client) = self.connection.take_unanswered() {
            self.fetch.drop_collector(&mut self.feed);
            // Its session would linger until it times out.
            let ending = timeout(SIGN_OUT_TIMEOUT, async { client.sign_out().await });
            let _ = self.run_interruptible(ending).await?;
        }
        let client = if let Some(client) = self.connection.client.clone() {
            client
        } else {
            if self.connection.backoff.failures() == 0 {
                self.update_sender
                    .send_connection(ConnectionState::Connecting)
                    .await?;
            }
            let connecting = Client::connect(self.options.connect.clone());
            let connected = self.run_interruptible(connecting).await?;
            let refused = |error| self.connection.not_connected(error);
            let client = Arc::new(connected.map_err(refused)?);
            self.connection.client = Some(client.clone());
            self.sign_in(&client).await?;
            client
        };
        if !self.connection.is_signed_in {
            self.sign_in(&client).await?;
        }
        loop {
            let sent = Timestamp::now();
            let reading = client.clone();
            let reading = self.run_interruptible(async move { reading.current_time().await });
            let error = match reading.await? {
                Ok(server) => {
                    self.handle_clock(sent, server).await?;
                    break;
                }
                Err(error) => error,
            };
            if error.is_session_dead() && !client.can_renew() {
                return Err(StopReason::session_ended(&error));
            }
            if self.connection.renewals.ends_session(Call::Clock, &error) {
                self.sign_in(&client).await?;
            } else if self.connection.clock_failure_counts(&error) {
                return Err(StopReason::Failed(Box::new(error)));
            } else {
                // A server that does not report its time can still be watched.
                break;
            }
        }
        Ok(client)
    }

    async fn sign_in(&mut self, client: &Arc<Client>) -> Result<(), StopReason> {
        self.connection.is_signed_in = false;
        let signing_in = {
            let client = client.clone();
            async move { client.sign_in().await }
        };
        let mut signing_in = Box::pin(signing_in);
        let session = match self.run_interruptible(&mut signing_in).await {
            Ok(answer) => answer.map_err(StopReason::refused_or_failed)?,
            Err(reason) => {
                // A session that is being created would be left behind: wait for it, so that it can be closed.
                let _ = timeout(SIGN_OUT_TIMEOUT, signing_in).await;
                return Err(reason);
            }
        };
        let credentials = &self.options.connect.credentials;
        if let Some(last_error) = credentials.last_error() {
            self.update_sender
                .send(Update::Notice(last_error.into()))
                .await?;
        }
        let (key, user) =
            session.map_or_else(Default::default, |session| (session.key, session.user_name));
        self.connection.signed_in();
        self.fetch.session_ended(&mut self.feed);
        self.lookups.session_began(key.into());
        let facts = ServerFacts {
            host: client.server(),
            about: client.content().about.clone(),
            release: client.release().to_owned(),
            user: Some(user)
                .filter(|user| !user.is_empty())
                .or_else(|| credentials.user().map(str::to_owned))
                .unwrap_or_default(),
            insecure: self.options.connect.trust.is_insecure(),
        };
        self.update_sender
            .send(Update::Server(Box::new(facts)))
            .await
    }

    /// Stores a reading of the server's clock, and sends it if it differs by more than the usual latency.
    pub(super) async fn handle_clock(
        &mut self,
        sent: Timestamp,
        server: Timestamp,
    ) -> Result<(), StopReason> {
        const CLOCK_NOISE: Duration = Duration::from_millis(250);
        self.connection.clock_was_read();
        let clock = ServerClock::from_reading(server, sent, Timestamp::now());
        let drift = (clock.offset - self.feed.clock.offset).unsigned_abs();
        if drift < CLOCK_NOISE {
            return Ok(());
        }
        self.feed.clock = clock;
        self.update_sender.send(Update::Clock(clock)).await
    }

    /// Waits for the next attempt. A refresh starts it at once, unless the server asked for a delay. Returns true if the
    /// loop is to end.
    async fn pause_before_retry(&mut self, error: &Error) -> bool {
        let backoff = &mut self.connection.backoff;
        let pause = backoff.record_failure(error.retry_after());
        let connection = ConnectionState::Retrying {
            attempt: backoff.failures(),
            next: Timestamp::now() + pause,
            reason: error.to_string().into(),
        };
        if self
            .update_sender
            .send_connection(connection)
            .await
            .is_err()
        {
            return true;
        }
        let due = Instant::now() + pause;
        loop {
            let command = tokio::select! {
                command = self.commands.recv() => command,
                () = sleep_until(due) => return false,
            };
            let is_refresh = matches!(&command, Some(Command::Refresh(tasks)) if tasks.is_empty());
            if is_refresh && error.retry_after().is_none() {
                return false;
            }
            if self.handle_command(command, None).await.is_err() {
                return true;
            }
        }
    }

    /// Stays signed out until the loop is to end.
    async fn park_signed_out(&mut self, reason: Arc<str>) -> bool {
        let connection = ConnectionState::SignedOut { reason };
        if self.update_sender.send_connection(connection).await.is_ok() {
            let _ = self.run_interruptible(std::future::pending::<()>()).await;
        }
        true
    }

    /// Waits for a future while commands are handled.
    pub(super) async fn run_interruptible<F: Future>(
        &mut self,
        future: F,
    ) -> Result<F::Output, StopReason> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => self.handle_command(command, None).await?,
                output = &mut future => return Ok(output),
            }
        }
    }

    /// Handles a command. Without a connection, `requests` is `None`: requests are kept for the next one, except
    /// cancellations, which must not take effect unexpectedly later.
    pub(super) async fn handle_command(
        &mut self,
        command: Option<Command>,
        requests: Option<&mut ConcurrentRequests>,
    ) -> Result<(), StopReason> {
        let now = Instant::now();
        let is_offline = requests.is_none();
        let command = match command {
            None | Some(Command::Stop) => return Err(StopReason::Stopped),
            Some(Command::Watch(mut tasks)) => {
                tasks.retain(|task| !self.feed.watched.add(task, Origin::Named, now));
                // Those that are watched already are read at once.
                if tasks.is_empty() {
                    Command::Watch(tasks)
                } else {
                    Command::Refresh(tasks)
                }
            }
            Some(command) => command,
        };
        match (command, requests) {
            (Command::Stop | Command::Watch(_), _) => {}
            (Command::Unwatch(tasks), _) => self.feed.dismiss(tasks),
            (Command::Pin(tasks, pinned), _) => {
                for task in tasks {
                    self.feed.watched.pin(&task, pinned);
                }
            }
            (Command::FollowFamily(task), _) => {
                let state = self.lookups.follow_family(task);
                self.send_all(state).await?;
            }
            (Command::FollowEvents(tasks), _) => self.lookups.follow_events(tasks),
            (Command::ReadLocations(is_wanted), _) => self.lookups.read_locations(is_wanted),
            (Command::Pause(paused), _) => {
                self.paused = paused;
                self.lookups.pause(paused);
            }
            (Command::Ping, _) => self.update_sender.send(Update::Pong).await?,
            (Command::Refresh(tasks), Some(requests)) if tasks.is_empty() => {
                self.feed.watched.mark_all_due(now);
                requests.read_list_at(now);
            }
            (Command::Refresh(tasks), Some(requests)) => {
                for mo_id in tasks {
                    if self.feed.watched.begin(&mo_id) {
                        requests.read(mo_id, None);
                    }
                }
            }
            (Command::Cancel(mo_id), Some(requests)) => {
                self.update_sender.record_cancel_request(&mo_id);
                requests.cancel(mo_id);
            }
            (Command::Cancel(mo_id), None) => {
                let why = "there is no connection to the server; nothing was sent.";
                let answer = CancelResponse::Failed(why.into());
                let answer = Update::Cancel { mo_id, answer };
                self.update_sender.send(answer).await?;
            }
            (Command::LookUp(task), Some(requests)) => {
                let now = self.feed.now();
                requests.start(move |client| async move {
                    let found = client.find_past_task(&task, now).await;
                    RequestResult::HistoryLookup(task, found)
                });
            }
            (Command::CheckPrivilege(task), Some(_)) => {
                let update = self.lookups.check_privilege(&task);
                self.send_all(update).await?;
            }
            (Command::SearchHistory(step), Some(_)) => {
                let update = self.lookups.search_history(step);
                self.send_all(update).await?;
            }
            (request, None) => self.pending.push(request),
        }
        if is_offline {
            self.send_changes().await?;
        }
        Ok(())
    }
}
