//! The loop of one endpoint: connects, signs in, reads, and reconnects after an outage.

use std::{future::Future, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use super::{
    CancelResponse, Command, Link, ServerFacts, Update, WatchOptions,
    backoff::Backoff,
    label_wait::LabelWait,
    lookups::Lookups,
    push::{Fetch, WaitTuning},
    rate_limiter::TokenBucket,
    read_loop::PendingRequest,
    renewals::{Call, Renewals},
    responses::LoopExit,
    watch_set::{Origin, PollIntervals, WatchSet},
};
use crate::{
    task::{EndpointId, ServerClock, TaskChange},
    vim::{Client, Error, TaskCollector},
};

/// Limit for signing out, so that the program ends soon.
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(2);
/// Consecutive failures after which release and singletons are determined again: the server may have been replaced.
const FAILURES_BEFORE_RECONNECT: u32 = 3;
/// Consecutive failures of reading the clock after which it no longer counts as a sign of the connection's health.
const MAX_CLOCK_FAILURES: u32 = 3;

/// A running fetch loop. Dropping it does not end it; [`Watcher::stop`] does.
#[derive(Debug)]
pub struct Watcher {
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Starts the loop of one endpoint. It ends when it is stopped or when the receiver of its updates is dropped.
    pub fn spawn(
        id: EndpointId,
        options: WatchOptions,
        updates: mpsc::Sender<(EndpointId, Update)>,
    ) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let endpoint = Endpoint::new(id, options, updates, inbox);
        Self {
            commands,
            task: tokio::spawn(endpoint.run()),
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

/// The reason why a step of the loop stopped.
pub(super) enum StopReason {
    /// The user or the end of the program stops the loop.
    Stopped,
    /// The server refuses the account; a retry would not help.
    Refused(Arc<str>),
    /// A failure that may pass.
    Failed(Box<Error>),
}

/// State of the session.
#[derive(Default)]
pub(super) struct Session {
    /// The key, used to check privileges.
    pub(super) key: String,
    /// True if anything was read since the last sign-in.
    pub(super) was_good: bool,
    /// True after a `NotAuthenticated`. Some calls may still be answered, but the session does not recover.
    is_dead: bool,
}

pub(super) struct Endpoint {
    id: EndpointId,
    pub(super) options: WatchOptions,
    updates: mpsc::Sender<(EndpointId, Update)>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) watched: WatchSet,
    pub(super) clock: ServerClock,
    pub(super) paused: bool,
    /// Requests of the user that were not started yet.
    pub(super) pending: Vec<PendingRequest>,
    pub(super) session: Session,
    /// The present way of following tasks.
    pub(super) fetch: Fetch,
    /// Tuning learned by the previous long poll.
    pub(super) wait_tuning: Option<WaitTuning>,
    /// Abandoned collectors that may still exist on the server while the session lives.
    pub(super) stale_collectors: Vec<Arc<TaskCollector>>,
    pub(super) labels: LabelWait,
    pub(super) lookups: Lookups,
    /// Rate limit of reading tasks one by one.
    pub(super) rate: TokenBucket,
    /// The reported reason why recent tasks cannot be listed.
    pub(super) unlisted: Option<String>,
    /// Number of consecutive refusals of the list of recent tasks.
    pub(super) list_refusals: u32,
    pub(super) renewals: Renewals,
    /// Consecutive failures to change the view of the long poll.
    pub(super) view_failures: u32,
    /// Consecutive failed reads that were to check the long poll, in this session.
    pub(super) check_failures: u32,
    /// Consecutive times that push was given up, and how many of them because it was refused.
    pub(super) fallbacks: u32,
    pub(super) push_refusals: u32,
    clock_failures: u32,
    backoff: Backoff,
    client: Option<Arc<Client>>,
}

impl Endpoint {
    fn new(
        id: EndpointId,
        options: WatchOptions,
        updates: mpsc::Sender<(EndpointId, Update)>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        let pace = PollIntervals {
            running: options.interval,
            queued: options.tempo.queued.max(options.interval),
            unreadable: options.tempo.unreadable,
        };
        let mut watched = WatchSet::new(pace, options.keep_finished, options.max_tasks);
        for task in &options.tasks {
            watched.add(task, Origin::Named, Instant::now());
        }
        Self {
            id,
            watched,
            updates,
            commands,
            clock: ServerClock::default(),
            paused: false,
            pending: Vec::new(),
            session: Session::default(),
            fetch: Fetch::new(options.fetch),
            wait_tuning: None,
            stale_collectors: Vec::new(),
            labels: LabelWait::default(),
            lookups: Lookups::new(Instant::now()),
            rate: TokenBucket::new(options.max_reads_per_second, Instant::now()),
            unlisted: None,
            list_refusals: 0,
            renewals: Renewals::default(),
            view_failures: 0,
            check_failures: 0,
            fallbacks: 0,
            push_refusals: 0,
            clock_failures: 0,
            backoff: Backoff::new(options.tempo, fastrand::u64(..)),
            client: None,
            options,
        }
    }

    async fn run(mut self) {
        loop {
            let halt = match self.connect().await {
                Ok(client) => {
                    let began = Instant::now();
                    let end = self.run_read_loop(client).await;
                    self.backoff.record_uptime(began.elapsed());
                    match end {
                        LoopExit::SessionDead(error) => {
                            self.session.is_dead = true;
                            match self.after_dead_session(error) {
                                Some(halt) => halt,
                                None => continue,
                            }
                        }
                        LoopExit::Halted(halt) => halt,
                    }
                }
                Err(halt) => halt,
            };
            let stopped = match halt {
                StopReason::Stopped => true,
                StopReason::Refused(reason) => self.park_signed_out(reason).await,
                StopReason::Failed(error) => self.pause_before_retry(&error).await,
            };
            if stopped {
                break;
            }
        }
        let leaving = async {
            self.drop_collector();
            for collector in &self.stale_collectors {
                collector.destroy().await;
            }
            if let Some(client) = &self.client {
                for collector in self.lookups.past.open() {
                    let _ = client.destroy_history(collector).await;
                }
                let _ = client.sign_out().await;
            }
        };
        // A failure here ends with the session's idle time-out.
        let _ = timeout(SIGN_OUT_TIMEOUT, leaving).await;
    }

    /// Returns a signed-in client: the present one if its server answers.
    async fn connect(&mut self) -> Result<Arc<Client>, StopReason> {
        if self.backoff.failures() >= FAILURES_BEFORE_RECONNECT {
            self.drop_collector();
            if let Some(client) = self.client.take() {
                // Its session would linger until it times out.
                let ending = timeout(SIGN_OUT_TIMEOUT, async { client.sign_out().await });
                let _ = self.run_interruptible(ending).await?;
            }
        }
        let client = if let Some(client) = self.client.clone() {
            client
        } else {
            if self.backoff.failures() == 0 {
                self.send_update(Update::Link(Link::Connecting)).await?;
            }
            let connecting = Client::connect(self.options.connect.clone());
            let connected = self.run_interruptible(connecting).await?;
            let client = Arc::new(connected.map_err(|error| self.not_connected(error))?);
            self.client = Some(client.clone());
            self.sign_in(&client).await?;
            client
        };
        if self.session.is_dead {
            self.sign_in(&client).await?;
        }
        while let Err(error) = self.read_clock(&client).await? {
            if error.is_session_dead() && !client.can_renew() {
                return Err(StopReason::Refused(ended_session(&error)));
            }
            if self.ends_session(Call::Clock, &error) {
                self.sign_in(&client).await?;
            } else if self.clock_failure_counts(&error) {
                return Err(StopReason::Failed(Box::new(error)));
            } else {
                // A server that does not report its time can still be watched.
                break;
            }
        }
        Ok(client)
    }

    /// True if the session has ended and is to be renewed because this call was not authenticated.
    pub(super) fn ends_session(&mut self, call: Call, error: &Error) -> bool {
        let can_renew = self.options.connect.credentials.can_renew();
        error.is_session_dead() && self.renewals.renew(call, can_renew, Instant::now())
    }

    /// True if the clock's failure shows that the server does not answer; false if it keeps failing while other calls
    /// succeed.
    pub(super) fn clock_failure_counts(&mut self, error: &Error) -> bool {
        self.clock_failures = self.clock_failures.saturating_add(1);
        error.is_transient() && self.clock_failures <= MAX_CLOCK_FAILURES
    }

    pub(super) fn clock_was_read(&mut self) {
        self.clock_failures = 0;
        self.renewals.succeeded(&Call::Clock);
    }

    async fn sign_in(&mut self, client: &Arc<Client>) -> Result<(), StopReason> {
        let signing_in = {
            let client = client.clone();
            async move { client.sign_in().await }
        };
        let mut signing_in = Box::pin(signing_in);
        let session = match self.run_interruptible(&mut signing_in).await {
            Ok(answer) => answer.map_err(refused_or_failed)?,
            Err(halt) => {
                // A session that is being created would be left behind: wait for it, so that it can be closed.
                let _ = timeout(SIGN_OUT_TIMEOUT, signing_in).await;
                return Err(halt);
            }
        };
        if let Some(trouble) = self.options.connect.credentials.trouble() {
            self.send_update(Update::Notice(trouble.into())).await?;
        }
        self.drop_collector();
        self.stale_collectors.clear();
        self.check_failures = 0;
        self.lookups.session_ended();
        let user = session.as_ref().map(|session| session.user_name.clone());
        self.session = Session {
            key: session.map(|session| session.key).unwrap_or_default(),
            ..Session::default()
        };
        let facts = ServerFacts {
            host: client.server(),
            about: client.content().about.clone(),
            release: client.release().to_owned(),
            user: user
                .filter(|user| !user.is_empty())
                .or_else(|| self.options.connect.credentials.user().map(str::to_owned))
                .unwrap_or_default(),
            insecure: self.options.connect.trust.is_insecure(),
        };
        self.send_update(Update::Server(Box::new(facts))).await
    }

    /// Reads the server's clock. The outer error stops the loop, the inner one is the server's.
    async fn read_clock(&mut self, client: &Arc<Client>) -> Result<Result<(), Error>, StopReason> {
        let sent = Timestamp::now();
        let client = client.clone();
        let in_flight = self.run_interruptible(async move { client.current_time().await });
        match in_flight.await? {
            Ok(server) => {
                self.clock_was_read();
                self.set_clock(ServerClock::from_reading(server, sent, Timestamp::now()))
                    .await?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Stores and sends a clock reading that differs by more than the usual latency.
    pub(super) async fn set_clock(&mut self, clock: ServerClock) -> Result<(), StopReason> {
        const CLOCK_NOISE: Duration = Duration::from_millis(250);
        let drift = (clock.offset - self.clock.offset).unsigned_abs();
        if drift < CLOCK_NOISE {
            return Ok(());
        }
        self.clock = clock;
        self.send_update(Update::Clock(clock)).await
    }

    /// Returns the server's time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.at(Timestamp::now())
    }

    /// Classifies an error while connecting. Without credentials sent a refusal is retried: a proxy may forbid
    /// everything while the server behind it starts.
    fn not_connected(&self, error: Error) -> StopReason {
        if self.options.connect.credentials.can_renew() {
            StopReason::Failed(Box::new(error))
        } else {
            refused_or_failed(error)
        }
    }

    /// Returns the reason to stop after a dead session: none if it can be renewed.
    fn after_dead_session(&self, error: Box<Error>) -> Option<StopReason> {
        let can_renew = self.options.connect.credentials.can_renew();
        if !can_renew {
            Some(StopReason::Refused(ended_session(&error)))
        } else if self.session.was_good {
            None
        } else {
            Some(StopReason::Failed(error))
        }
    }

    /// Waits for the next attempt. Returns true if the loop is to end.
    async fn pause_before_retry(&mut self, error: &Error) -> bool {
        let pause = self.backoff.record_failure(error.retry_after());
        let link = Link::Retrying {
            attempt: self.backoff.failures(),
            next: Timestamp::now() + pause,
            reason: error.to_string().into(),
        };
        if self.send_update(Update::Link(link)).await.is_err() {
            return true;
        }
        self.run_interruptible(sleep_until(Instant::now() + pause))
            .await
            .is_err()
    }

    /// Stays signed out until the loop is to end.
    async fn park_signed_out(&mut self, reason: Arc<str>) -> bool {
        if self
            .send_update(Update::Link(Link::SignedOut { reason }))
            .await
            .is_ok()
        {
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
                command = self.commands.recv() => self.handle_command_offline(command).await?,
                output = &mut future => return Ok(output),
            }
        }
    }

    /// Handles a command while the server is unreachable. Requests are kept, except those that would be a surprise
    /// later.
    async fn handle_command_offline(&mut self, command: Option<Command>) -> Result<(), StopReason> {
        self.handle_command(command).await?;
        for request in std::mem::take(&mut self.pending) {
            if let PendingRequest::Cancel(mo_id) = request {
                let why = "there is no connection to the server just now; nothing was sent.";
                let answer = CancelResponse::Failed(why.into());
                self.send_update(Update::Cancel { mo_id, answer }).await?;
            } else {
                self.pending.push(request);
            }
        }
        Ok(())
    }

    /// Handles a command; a request to the server is queued.
    pub(super) async fn handle_command(
        &mut self,
        command: Option<Command>,
    ) -> Result<(), StopReason> {
        let now = Instant::now();
        match command {
            None | Some(Command::Stop) => return Err(StopReason::Stopped),
            Some(Command::Watch(tasks)) => {
                for task in tasks {
                    if !self.watched.add(&task, Origin::Named, now) {
                        self.pending.push(PendingRequest::Read(task));
                    }
                }
            }
            Some(Command::Unwatch(tasks)) => {
                for mo_id in &tasks {
                    self.leave_view(mo_id);
                    self.lookups.left(mo_id);
                    self.watched.dismiss(mo_id);
                }
                let dropped = tasks
                    .into_iter()
                    .map(|mo_id| TaskChange::Unwatched { mo_id });
                self.send_update(Update::Tasks {
                    changes: dropped.collect(),
                    since: now.into_std(),
                })
                .await?;
            }
            Some(Command::Pin(tasks, pinned)) => {
                for task in tasks {
                    self.watched.pin(&task, pinned);
                }
            }
            Some(Command::Refresh(tasks)) if tasks.is_empty() => {
                self.watched.mark_all_due(now);
                self.pending.push(PendingRequest::Discover);
            }
            Some(Command::Refresh(tasks)) => self
                .pending
                .extend(tasks.into_iter().map(PendingRequest::Read)),
            Some(Command::CheckPrivilege(trace)) => {
                self.pending.push(PendingRequest::CheckPrivilege(trace));
            }
            Some(Command::Cancel(mo_id)) => self.pending.push(PendingRequest::Cancel(mo_id)),
            Some(Command::LookUp(trace)) => self.pending.push(PendingRequest::LookUp(trace)),
            Some(command @ (Command::FollowFamily(_) | Command::FollowEvents(_))) => {
                self.follow(command).await?;
            }
            Some(Command::Past(request)) => self.pending.push(PendingRequest::Past(request)),
            Some(Command::Pause(paused)) => {
                self.paused = paused;
                self.lookups.pause(paused);
                self.pending.push(PendingRequest::ShowLink);
            }
        }
        Ok(())
    }

    /// Sends an update. An error ends the loop: the receiver was dropped.
    pub(super) async fn send_update(&self, update: Update) -> Result<(), StopReason> {
        let told = self.updates.send((self.id, update)).await;
        told.map_err(|_| StopReason::Stopped)
    }
}

fn refused_or_failed(error: Error) -> StopReason {
    if error.is_auth_failure() {
        StopReason::Refused(error.to_string().into())
    } else {
        StopReason::Failed(Box::new(error))
    }
}

fn ended_session(error: &Error) -> Arc<str> {
    format!(
        "{error} The session or Authorization value that was handed in is no longer (or not) valid."
    )
    .into()
}
