//! The loop while the server answers: starts due requests and handles their results.

use std::{convert::Infallible, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    CancelResponse, HistoryRequest, Link, Update,
    endpoint::{Endpoint, StopReason},
    failure_detector::FailureDetector,
    lookups::LookupResult,
    push::Fetch,
    responses::{Completed, LoopExit},
};
use crate::{
    task::TaskChange,
    vim::{
        Client, Digest, Error,
        types::{TaskLocator, UpdateSet},
    },
};

/// Maximum number of concurrent requests, besides the long poll and those of the user.
pub(super) const MAX_CONCURRENT_READS: usize = 8;
/// Number of changes sent in one update.
const READ_BATCH: usize = 64;

/// A queued request to the server.
#[derive(Debug, Clone)]
pub(super) enum PendingRequest {
    Read(Arc<str>),
    Cancel(Arc<str>),
    CheckPrivilege(TaskLocator),
    LookUp(TaskLocator),
    Past(HistoryRequest),
    Discover,
    /// Sends the state of the connection again, after pausing or resuming.
    ShowLink,
}

/// Requests in flight and results not sent yet.
pub(super) struct InFlight {
    pub(super) client: Arc<Client>,
    /// Requests with their start time.
    pub(super) requests: JoinSet<(Instant, Completed)>,
    /// Lookups; most of the time they wait for a permit.
    lookup_tasks: JoinSet<LookupResult>,
    /// The long poll, if one is running.
    pub(super) waits: JoinSet<Result<Option<UpdateSet>, Error>>,
    /// Tasks being read, with the start time.
    pub(super) tasks: Vec<(Arc<str>, Instant)>,
    /// Tasks whose cancellation was requested.
    pub(super) cancels: Vec<Arc<str>>,
    /// Changes to send.
    pub(super) changes: Vec<TaskChange>,
    /// The earliest time at which the oldest of them may have happened.
    pub(super) since: Option<Instant>,
    pub(super) began: Instant,
    pub(super) failures: FailureDetector,
    /// True while the clock is read to see whether the server answers.
    pub(super) is_probing: bool,
    /// True once the list of recent tasks was read.
    pub(super) knows_recent: bool,
    discover_at: Option<Instant>,
    clock_at: Instant,
}

impl Endpoint {
    /// Runs until an error or a command ends it.
    pub(super) async fn run_read_loop(&mut self, client: Arc<Client>) -> LoopExit {
        let now = Instant::now();
        let mut in_flight = InFlight {
            client,
            requests: JoinSet::new(),
            lookup_tasks: JoinSet::new(),
            waits: JoinSet::new(),
            tasks: Vec::new(),
            cancels: Vec::new(),
            changes: Vec::new(),
            since: None,
            began: now,
            failures: FailureDetector::default(),
            is_probing: false,
            knows_recent: false,
            discover_at: self.options.discover.then_some(now),
            clock_at: now + self.options.tempo.clock,
        };
        let Err(end) = self.read_until_end(&mut in_flight).await;
        in_flight.requests.abort_all();
        in_flight.waits.abort_all();
        in_flight.lookup_tasks.abort_all();
        self.lookups.interrupted(Instant::now());
        for (task, _) in std::mem::take(&mut in_flight.tasks) {
            self.watched.schedule_at(&task, Instant::now());
        }
        match (&end, &mut self.fetch) {
            (LoopExit::SessionDead(_), _) => self.drop_collector(),
            (LoopExit::Halted(_), Fetch::Push(push)) => {
                // New members may not have reached the view; they are sent again.
                for task in push.interrupted() {
                    self.watched.schedule_at(&task, Instant::now());
                }
                if push.is_lossy() {
                    self.drop_collector();
                }
            }
            (LoopExit::Halted(_), Fetch::Poll { .. }) => {}
        }
        // The receiver may be gone.
        let _ = self.send_changes(&mut in_flight).await;
        for mo_id in in_flight.cancels {
            let why = "the connection broke before the answer came; look at the task's flags.";
            let answer = CancelResponse::Failed(why.into());
            let _ = self.send_update(Update::Cancel { mo_id, answer }).await;
        }
        end
    }

    async fn read_until_end(&mut self, in_flight: &mut InFlight) -> Result<Infallible, LoopExit> {
        self.start_push(in_flight).await?;
        self.show_link().await?;
        if self.labels.begin(Instant::now()) {
            in_flight
                .start(|client| async move { Completed::Labels(client.operation_labels().await) });
        }
        self.resume_history(in_flight);
        self.resume_privileges(in_flight);
        loop {
            self.start_push(in_flight).await?;
            self.start_requests(in_flight);
            self.check_pending(in_flight).await?;
            let idle = self.next_time(in_flight);
            tokio::select! {
                biased;
                command = self.commands.recv() => self.handle_command(command).await?,
                // One at a time and paced; results of other requests must not delay it.
                Some(Ok(answer)) = in_flight.waits.join_next(), if !self.paused => {
                    self.handle_wait(in_flight, answer).await?;
                }
                Some(done) = in_flight.requests.join_next() => {
                    let mut next = Some(done);
                    while let Some(done) = next {
                        // A request that panicked or was aborted has no result.
                        if let Ok((asked, done)) = done {
                            self.handle_response(in_flight, asked, done).await?;
                        }
                        next = match in_flight.changes.len() {
                            ..READ_BATCH => in_flight.requests.try_join_next(),
                            _ => None,
                        };
                    }
                }
                Some(done) = in_flight.lookup_tasks.join_next() => {
                    if let Ok(found) = done {
                        self.handle_lookup_result(in_flight, found).await?;
                    }
                }
                () = self.lookups.accept_permit_request() => {}
                () = sleep_until(idle) => {}
            }
            if !self.labels.is_pending(Instant::now()) {
                self.send_changes(in_flight).await?;
            }
            self.send_questions().await?;
            for request in std::mem::take(&mut self.pending) {
                self.start_requested(in_flight, request).await?;
            }
        }
    }

    /// Starts due requests up to the concurrency limit.
    fn start_requests(&mut self, in_flight: &mut InFlight) {
        let now = Instant::now();
        self.start_lookups(in_flight, now);
        if self.paused {
            return;
        }
        if in_flight.clock_at <= now {
            in_flight.clock_at = now + self.options.tempo.clock;
            in_flight.ask_time();
        }
        if in_flight.discover_at.is_some_and(|at| at <= now) {
            in_flight.discover_at = Some(now + self.options.discover_interval);
            in_flight
                .start(|client| async move { Completed::RecentTasks(client.recent_tasks().await) });
        }
        if matches!(self.fetch, Fetch::Push(_)) {
            self.start_push_requests(in_flight);
            return;
        }
        while in_flight.requests.len() < MAX_CONCURRENT_READS
            && self.watched.next_time().is_some_and(|due| due <= now)
            && self.rate.take(now)
            && let Some((mo_id, known)) = self.watched.next_due(now)
        {
            in_flight.read(mo_id, known);
        }
    }

    /// Returns the time at which the next request is due.
    fn next_time(&self, in_flight: &InFlight) -> Instant {
        const FAR_FUTURE: Duration = Duration::from_secs(3600);
        let now = Instant::now();
        let far = now + FAR_FUTURE;
        let lookup_tasks = self.next_lookup(in_flight, now);
        if self.paused {
            return lookup_tasks.map_or(far, |at| at.min(far));
        }
        let can_start = match &self.fetch {
            Fetch::Push(push) => !push.is_modifying(),
            Fetch::Poll { .. } => in_flight.requests.len() < MAX_CONCURRENT_READS,
        };
        let tasks = can_start.then(|| self.watched.next_time()).flatten();
        let tasks = tasks.map(|due| match &self.fetch {
            Fetch::Push(_) => due,
            Fetch::Poll { .. } => due.max(self.rate.next()),
        });
        let fetch = self.fetch.next_time();
        let check = self.check_due();
        [
            tasks,
            fetch,
            check,
            in_flight.discover_at,
            Some(in_flight.clock_at),
            lookup_tasks,
            self.labels.deadline(now),
        ]
        .into_iter()
        .flatten()
        .fold(far, Instant::min)
    }

    async fn start_requested(
        &mut self,
        in_flight: &mut InFlight,
        request: PendingRequest,
    ) -> Result<(), LoopExit> {
        match request {
            PendingRequest::Read(mo_id) => {
                if self.watched.begin(&mo_id) {
                    in_flight.read(mo_id, None);
                }
            }
            PendingRequest::Cancel(mo_id) => {
                in_flight.cancels.push(mo_id.clone());
                in_flight.start(|client| async move {
                    let answer = client.cancel_task(&mo_id).await;
                    Completed::Cancel(mo_id, answer)
                });
            }
            PendingRequest::CheckPrivilege(trace) => {
                self.check_privilege(in_flight, &trace).await?;
            }
            PendingRequest::LookUp(trace) => {
                let now = self.now();
                in_flight.start(move |client| async move {
                    let found = client.find_past_task(&trace, now).await;
                    Completed::HistoryLookup(trace, found)
                });
            }
            PendingRequest::Past(request) => {
                self.handle_history_request(in_flight, request).await?;
            }
            PendingRequest::Discover => {
                in_flight.list_at(Instant::now());
            }
            PendingRequest::ShowLink => self.show_link().await?,
        }
        Ok(())
    }

    pub(super) async fn show_link(&self) -> Result<(), StopReason> {
        let link = match &self.fetch {
            _ if self.paused => Link::Paused,
            Fetch::Push(_) => Link::Live,
            Fetch::Poll { reason, .. } => Link::Polling {
                reason: reason.clone(),
            },
        };
        self.send_update(Update::Link(link)).await
    }

    pub(super) async fn send_changes(
        &mut self,
        in_flight: &mut InFlight,
    ) -> Result<(), StopReason> {
        let since = in_flight.since.take().unwrap_or_else(Instant::now);
        if in_flight.changes.is_empty() {
            return Ok(());
        }
        // Later labels would rename what is already shown.
        self.labels.end(Instant::now());
        let changes = std::mem::take(&mut in_flight.changes);
        let since = since.into_std();
        self.send_update(Update::Tasks { changes, since }).await
    }
}

impl InFlight {
    /// Records the earliest time at which the next changes may have happened.
    pub(super) fn note_change_time(&mut self, since: Instant) {
        self.since = Some(self.since.map_or(since, |before| before.min(since)));
    }

    pub(super) fn start<F>(&mut self, request: impl FnOnce(Arc<Client>) -> F)
    where
        F: Future<Output = Completed> + Send + 'static,
    {
        let asked = Instant::now();
        let answer = request(self.client.clone());
        self.requests.spawn(async move { (asked, answer.await) });
    }

    /// Schedules a read of the list of recent tasks, if it is read at all.
    pub(super) fn list_at(&mut self, at: Instant) {
        self.discover_at = self.discover_at.map(|_| at);
    }

    /// Reads the server's clock.
    pub(super) fn ask_time(&mut self) {
        let sent = Timestamp::now();
        self.start(
            move |client| async move { Completed::Clock(sent, client.current_time().await) },
        );
    }

    pub(super) fn spawn_lookup<F>(&mut self, spawn_lookup: impl FnOnce(Arc<Client>) -> F)
    where
        F: Future<Output = LookupResult> + Send + 'static,
    {
        self.lookup_tasks.spawn(spawn_lookup(self.client.clone()));
    }

    pub(super) fn read(&mut self, mo_id: Arc<str>, known: Option<Digest>) {
        self.tasks.push((mo_id.clone(), Instant::now()));
        self.start(move |client| async move {
            let answer = client.changed_task_info(&mo_id, known).await;
            Completed::Task(mo_id, answer.map(|answer| answer.map(Box::new)))
        });
    }

    /// Marks a read as finished. Returns its start time.
    pub(super) fn finish(&mut self, mo_id: &str) -> Option<Instant> {
        let index = self.tasks.iter().position(|(task, _)| **task == *mo_id)?;
        Some(self.tasks.swap_remove(index).1)
    }
}
