//! The loop while the server answers: starts due requests and handles their results.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};
use vtask_task::Labels;
use vtask_vim::{
    Client, Error, PastTaskSearch, TaskCollector,
    types::{OperationLabel, TaskInfo, TaskLocator},
};

use super::{
    CancelResponse, Command, ConnectionState, HistoryLookup, Update,
    concurrent_requests::{ConcurrentRequests, RequestResult},
    failure_detector::concerns_all,
    fetch_loop::FetchLoop,
    label_cache::operation_labels,
    responses::cancel_response,
    session_renewals::Call,
    stop_reason::{LoopExit, StopReason},
    view_members::ViewMembers,
};

/// Number of changes after which they are sent before the next result is handled.
const READ_BATCH: usize = 64;
/// Limit for waiting for the first complete list: with many polled tasks there is always a read in flight.
const FIRST_LIST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time between two passes of the loop.
const MAX_SLEEP: Duration = Duration::from_secs(3600);

impl FetchLoop {
    /// Runs until an error or a command ends it.
    pub(super) async fn run_read_loop(&mut self, client: Arc<Client>) -> LoopExit {
        let now = Instant::now();
        let mut requests = ConcurrentRequests::new(client, &self.options, now);
        let Err(exit) = self.read_until_exit(&mut requests).await;
        let now = Instant::now();
        for task in requests.abort() {
            self.feed.watched.schedule_at(&task, now);
        }
        self.lookups.interrupted(now);
        match &exit {
            LoopExit::SessionDead(_) => self.fetch.drop_collector(&mut self.feed),
            LoopExit::Halted(_) => self.fetch.interrupted(&mut self.feed),
        }
        // The receiver may be gone.
        let _ = self.send_changes().await;
        for mo_id in requests.cancels {
            let why = "the connection was lost before the server answered; the task's flags show if cancellation was requested.";
            let answer = CancelResponse::Failed(why.into());
            let _ = self
                .update_sender
                .send(Update::Cancel { mo_id, answer })
                .await;
        }
        exit
    }

    async fn read_until_exit(
        &mut self,
        requests: &mut ConcurrentRequests,
    ) -> Result<Infallible, LoopExit> {
        if self.labels.begin(Instant::now()) {
            let cache = self.options.label_cache.clone();
            requests.start(|client| async move {
                RequestResult::Labels(operation_labels(&client, cache.as_ref()).await)
            });
        }
        self.lookups.connected(requests.client.clone());
        loop {
            self.start_push(requests).await?;
            self.send_connection().await?;
            for request in std::mem::take(&mut self.pending) {
                self.handle_command(Some(request), Some(requests)).await?;
            }
            if self.awaits_first_list() && self.is_first_list_sent(requests, Instant::now()) {
                self.lookups.open();
                self.update_sender.send(Update::FirstList).await?;
            }
            self.start_due(requests)?;
            let next = self.next_time(requests);
            tokio::select! {
                biased;
                command = self.commands.recv() => {
                    self.handle_command(command, Some(requests)).await?;
                }
                // One at a time and paced; results of other requests must not delay it.
                Some(answer) = self.fetch.next_answer(), if !self.paused => {
                    let renewals = &mut self.connection.renewals;
                    self.fetch.handle_wait(requests, &mut self.feed, renewals, answer)?;
                }
                Some(result) = requests.running.join_next() => {
                    let mut next = Some(result);
                    while let Some(result) = next {
                        // A request that panicked or was aborted has no result.
                        if let Ok((requested_at, result)) = result {
                            self.handle_response(requests, requested_at, result).await?;
                        }
                        next = match self.feed.changes.len() {
                            ..READ_BATCH => requests.running.try_join_next(),
                            _ => None,
                        };
                    }
                }
                Some(found) = self.lookups.next_result() => {
                    let renewals = &mut self.connection.renewals;
                    let updates = self.lookups.handle_result(&mut self.feed, renewals, found)?;
                    // The members of a family precede the state of the search.
                    if updates.iter().any(|update| matches!(update, Update::Family { .. })) {
                        self.send_changes().await?;
                    }
                    self.send_all(updates).await?;
                }
                () = sleep_until(next) => {}
            }
            if !self.labels.is_pending(Instant::now()) {
                self.send_changes().await?;
            }
            let entity_states = self.lookups.take_entity_states();
            self.send_all(entity_states).await?;
        }
    }

    /// Starts the long poll if it is wanted and due. If the server refuses, tasks are polled.
    async fn start_push(&mut self, requests: &mut ConcurrentRequests) -> Result<(), LoopExit> {
        if !self.fetch.is_push_due(Instant::now()) {
            return Ok(());
        }
        for collector in self.fetch.take_stale() {
            self.run_interruptible(async move { collector.destroy().await })
                .await?;
        }
        let creating = TaskCollector::create(
            requests.client.clone(),
            self.fetch.fields,
            self.options.discover,
        );
        match self.run_interruptible(creating).await? {
            Ok(collector) => {
                let now = Instant::now();
                self.fetch.begin_push(&mut self.feed, collector, now);
                requests.await_pushed_list(now);
                Ok(())
            }
            Err(error)
                if self
                    .connection
                    .renewals
                    .ends_session(Call::Collector, &error) =>
            {
                Err(LoopExit::dead(error))
            }
            Err(error) => self.fetch.fall_back(&mut self.feed, &error),
        }
    }

    /// Starts due requests up to the concurrency limit.
    fn start_due(&mut self, requests: &mut ConcurrentRequests) -> Result<(), LoopExit> {
        let now = Instant::now();
        self.lookups.start_due(now);
        if !self.paused {
            if requests.clock_at <= now {
                requests.clock_at = now + self.options.intervals.clock;
                requests.read_clock();
            }
            if requests.list_at.is_some_and(|at| at <= now) {
                requests.schedule_list(now);
                // Tasks beyond the limit may have space now.
                let known = requests
                    .list_digest
                    .filter(|_| !self.feed.watched.lacks_recent);
                requests.start(move |client| async move {
                    RequestResult::RecentTasks(client.changed_recent_tasks(known).await)
                });
            }
            self.fetch.start_requests(requests, &mut self.feed, now);
        }
        self.fetch.check_pending(requests, &mut self.feed, now)
    }

    /// True until the first complete list was sent; lookups that can be deferred wait for it.
    fn awaits_first_list(&self) -> bool {
        !self.paused && !self.lookups.is_open()
    }

    /// True if everything watched was read and no read is in flight.
    fn is_first_list_sent(&self, requests: &ConcurrentRequests, now: Instant) -> bool {
        let view = self.feed.view.as_ref();
        let is_complete = requests.is_idle()
            && self.feed.changes.is_empty()
            && !view.is_some_and(ViewMembers::has_pending)
            && self.feed.watched.next_time().is_none_or(|due| due > now);
        let knows_recent = requests.knows_recent || !self.options.discover;
        (is_complete && knows_recent) || requests.began + FIRST_LIST_TIMEOUT <= now
    }

    /// Returns the time at which the next request is due.
    fn next_time(&self, requests: &ConcurrentRequests) -> Instant {
        let now = Instant::now();
        let mut due = vec![self.lookups.next_time(now)];
        if self.awaits_first_list() {
            due.push(Some(requests.began + FIRST_LIST_TIMEOUT));
        }
        if !self.paused {
            due.extend([
                self.fetch.next_time(requests, &self.feed),
                requests.list_at,
                Some(requests.clock_at),
                self.labels.deadline(now),
            ]);
        }
        let due = due.into_iter().flatten();
        due.fold(now + MAX_SLEEP, Instant::min)
    }

    async fn handle_response(
        &mut self,
        requests: &mut ConcurrentRequests,
        requested_at: Instant,
        result: RequestResult,
    ) -> Result<(), LoopExit> {
        if result.is_good() {
            requests.failures.record_success(Instant::now());
        }
        let (feed, intervals) = (&mut self.feed, &self.options.intervals);
        let renewals = &mut self.connection.renewals;
        match result {
            RequestResult::Task(mo_id, answer) => {
                requests.handle_task(feed, renewals, intervals, &mo_id, answer)?;
            }
            RequestResult::NewTasks(tasks, answer) => {
                self.fetch
                    .handle_new_tasks(requests, feed, renewals, &tasks, answer)?;
            }
            RequestResult::RecentTasks(answer) => {
                let updates = self
                    .discovery
                    .handle_list(requests, feed, renewals, answer)?;
                self.send_all(updates).await?;
            }
            RequestResult::Clock(sent, Ok(server)) => {
                requests.is_probing = false;
                self.handle_clock(sent, server).await?;
            }
            RequestResult::Clock(_, Err(error)) => {
                requests.is_probing = false;
                if renewals.ends_session(Call::Clock, &error) {
                    return Err(LoopExit::dead(error));
                }
                // A single failure among good answers is ignored.
                if !requests.failures.succeeded_since(requested_at)
                    && self.connection.clock_failure_counts(&error)
                {
                    return Err(LoopExit::failed(error));
                }
            }
            RequestResult::Labels(answer) => self.handle_labels(answer).await?,
            RequestResult::Cancel(mo_id, answer) => {
                self.handle_cancel(requests, mo_id, answer).await?;
            }
            RequestResult::HistoryLookup(task, answer) => {
                self.handle_history_lookup(task, answer).await?;
            }
            RequestResult::View(answer) => {
                self.fetch.handle_view_change(feed, renewals, answer)?;
            }
            RequestResult::Check(mo_id, answer) => {
                self.fetch
                    .handle_check(feed, renewals, &mo_id, requested_at, answer)?;
            }
            RequestResult::WaitCancelled => {}
        }
        Ok(())
    }

    /// Handles the labels of operations. They are optional: built-in labels replace them, and an error of the
    /// connection shows in other requests.
    async fn handle_labels(
        &mut self,
        answer: Result<Vec<OperationLabel>, Error>,
    ) -> Result<(), StopReason> {
        match answer {
            Ok(rows) if self.labels.end(Instant::now()) => {
                self.update_sender
                    .send(Update::Labels(Labels::new(rows)))
                    .await
            }
            // They are requested again on the next connection, if that comes in time.
            Err(error) if error.is_session_dead() || concerns_all(&error) => Ok(()),
            Ok(_) | Err(_) => {
                self.labels.end(Instant::now());
                Ok(())
            }
        }
    }

    async fn handle_cancel(
        &mut self,
        requests: &mut ConcurrentRequests,
        mo_id: Arc<str>,
        answer: Result<(), Error>,
    ) -> Result<(), LoopExit> {
        if let Some(index) = requests.cancels.iter().position(|task| *task == mo_id) {
            requests.cancels.remove(index);
        }
        let call = Call::Cancel(mo_id.clone());
        match answer {
            Err(error) if self.connection.renewals.ends_session(call.clone(), &error) => {
                self.pending.push(Command::Cancel(mo_id));
                Err(LoopExit::dead(error))
            }
            answer => {
                self.connection.renewals.succeeded(&call);
                self.pending.push(Command::Refresh(vec![mo_id.clone()]));
                let answer = cancel_response(answer);
                Ok(self
                    .update_sender
                    .send(Update::Cancel { mo_id, answer })
                    .await?)
            }
        }
    }

    /// Handles the history record of an expired task; only a finished one counts, because running tasks do not expire.
    async fn handle_history_lookup(
        &mut self,
        task: TaskLocator,
        answer: Result<PastTaskSearch, Error>,
    ) -> Result<(), LoopExit> {
        let mo_id = task.mo_id.clone();
        let renewals = &mut self.connection.renewals;
        if answer.is_ok() {
            renewals.succeeded(&Call::LookUp);
        }
        let answer = match answer {
            Ok(PastTaskSearch::Found(record)) => match TaskInfo::from_json(record) {
                Ok(info) if info.state.is_finished() => {
                    self.feed.record_past(&mo_id, Box::new(info));
                    HistoryLookup::Found
                }
                Ok(_) => {
                    HistoryLookup::NotFound("Its record in the server's history has no end.".into())
                }
                Err(malformed) => HistoryLookup::Failed(malformed.to_string().into()),
            },
            Ok(PastTaskSearch::NotFound(searched)) => HistoryLookup::NotFound(searched),
            Err(error) if renewals.ends_session(Call::LookUp, &error) => {
                self.pending.push(Command::LookUp(task));
                return Err(LoopExit::dead(error));
            }
            Err(error) if error.is_transient() => HistoryLookup::Unanswered(error.reason().into()),
            Err(error) => HistoryLookup::Failed(error.reason().into()),
        };
        self.send_changes().await?;
        Ok(self
            .update_sender
            .send(Update::LookedUp { mo_id, answer })
            .await?)
    }

    async fn send_connection(&mut self) -> Result<(), StopReason> {
        let connection = if self.paused {
            ConnectionState::Paused
        } else {
            self.fetch.connection()
        };
        self.update_sender.send_connection(connection).await
    }

    pub(super) async fn send_all(
        &self,
        updates: impl IntoIterator<Item = Update>,
    ) -> Result<(), StopReason> {
        for update in updates {
            self.update_sender.send(update).await?;
        }
        Ok(())
    }

    /// Sends the changes of tasks, if there are any.
    pub(super) async fn send_changes(&mut self) -> Result<(), StopReason> {
        if self.feed.watched.take_limit_notice() {
            let notice = format!(
                "There are more than {} tasks; further ones are not watched unless they are named.",
                self.options.max_tasks
            );
            self.update_sender
                .send(Update::Notice(notice.into()))
                .await?;
        }
        for change in &self.feed.changes {
            self.lookups.observe(change, &self.feed.watched);
        }
        if let Some(changes) = self.feed.take() {
            // Later labels would rename what is already shown.
            self.labels.end(Instant::now());
            self.update_sender.send(changes).await?;
        }
        Ok(())
    }
}
