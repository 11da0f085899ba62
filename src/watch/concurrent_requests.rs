//! Requests in flight over one connection, besides the long poll and lookups.

use std::{future::Future, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use vtask_vim::{
    Client, Digest, Error, PastTaskSearch,
    types::{ManagedObjectReference, OperationLabel, TaskInfo, TaskLocator},
};

use super::{failure_detector::FailureDetector, options::WatchOptions};

/// Maximum number of concurrent requests to a server, besides the long poll and those of the user.
pub const MAX_CONCURRENT_READS: usize = 8;
/// Maximum number of cancel requests at once.
const MAX_CONCURRENT_CANCELS: usize = 8;

/// Time after which the list of recent tasks is read if the long poll has not reported it.
const LIST_PUSH_TIMEOUT: Duration = Duration::from_millis(300);

/// A task as read, or `None` if it was unchanged.
pub(super) type TaskAnswer = Result<Option<Box<(TaskInfo, Digest)>>, Error>;

/// The tasks of a batch that could be read.
pub(super) type NewTasksAnswer = Result<Vec<(Arc<str>, TaskInfo)>, Error>;

/// Result of a finished request.
pub(super) enum RequestResult {
    Task(Arc<str>, TaskAnswer),
    /// New tasks, read together.
    NewTasks(Vec<Arc<str>>, NewTasksAnswer),
    /// The list of recent tasks, unless it is unchanged.
    RecentTasks(Result<Option<(Vec<ManagedObjectReference>, Digest)>, Error>),
    Clock(Timestamp, Result<Timestamp, Error>),
    Labels(Result<Vec<OperationLabel>, Error>),
    Cancel(Arc<str>, Result<(), Error>),
    HistoryLookup(TaskLocator, Result<PastTaskSearch, Error>),
    /// Tasks added to the view that the server does not know.
    View(Result<Vec<ManagedObjectReference>, Error>),
    /// A task read because the long poll is silent.
    Check(Arc<str>, Result<Box<TaskInfo>, Error>),
    /// The running wait was cancelled; its own result follows.
    WaitCancelled,
}

impl RequestResult {
    /// True if it shows that the server answers.
    pub(super) fn is_good(&self) -> bool {
        match self {
            Self::Task(_, answer) => answer.is_ok(),
            Self::NewTasks(_, answer) => answer.is_ok(),
            Self::Clock(_, answer) => answer.is_ok(),
            Self::Labels(answer) => answer.is_ok(),
            Self::HistoryLookup(_, answer) => answer.is_ok(),
            Self::RecentTasks(answer) => answer.is_ok(),
            Self::View(answer) => answer.is_ok(),
            Self::Check(_, answer) => answer.is_ok(),
            Self::Cancel(..) | Self::WaitCancelled => false,
        }
    }
}

/// Requests in flight.
#[derive(Debug)]
pub(super) struct ConcurrentRequests {
    pub(super) client: Arc<Client>,
    /// Requests with their start time.
    pub(super) running: JoinSet<(Instant, RequestResult)>,
    /// Tasks being read, with the start time.
    tasks: Vec<(Arc<str>, Instant)>,
    /// Number of batches of new tasks being read.
    pub(super) batches: usize,
    /// Tasks whose cancel request is unanswered or waits.
    pub(super) cancels: Vec<Arc<str>>,
    cancel_permits: Arc<Semaphore>,
    pub(super) began: Instant,
    pub(super) failures: FailureDetector,
    /// True while the clock is read to see whether the server answers.
    pub(super) is_probing: bool,
    /// True once the list of recent tasks was read.
    pub(super) knows_recent: bool,
    pub(super) list_at: Option<Instant>,
    list_interval: Duration,
    /// True until the first answer of the long poll, which may contain the list, or until the list is read.
    awaits_pushed_list: bool,
    /// Digest of the last list of recent tasks that was read.
    pub(super) list_digest: Option<Digest>,
    pub(super) clock_at: Instant,
}

impl ConcurrentRequests {
    pub(super) fn new(client: Arc<Client>, options: &WatchOptions, now: Instant) -> Self {
        Self {
            client,
            running: JoinSet::new(),
            tasks: Vec::new(),
            batches: 0,
            cancels: Vec::new(),
            cancel_permits: Arc::new(Semaphore::new(MAX_CONCURRENT_CANCELS)),
            began: now,
            failures: FailureDetector::default(),
            is_probing: false,
            knows_recent: false,
            list_at: options.discover.then_some(now),
            list_interval: options.discover_interval,
            awaits_pushed_list: false,
            list_digest: None,
            clock_at: now + options.intervals.clock,
        }
    }

    pub(super) fn start<F>(&mut self, request: impl FnOnce(Arc<Client>) -> F)
    where
        F: Future<Output = RequestResult> + Send + 'static,
    {
        let requested_at = Instant::now();
        let answer = request(self.client.clone());
        self.running
            .spawn(async move { (requested_at, answer.await) });
    }

    /// True if another task may be read now.
    pub(super) fn has_capacity(&self) -> bool {
        self.running.len() < MAX_CONCURRENT_READS
    }

    /// True if no task is being read.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Requests a cancellation, after others if too many requests are unanswered.
    pub(super) fn cancel(&mut self, mo_id: Arc<str>) {
        self.cancels.push(mo_id.clone());
        let permits = self.cancel_permits.clone();
        self.start(|client| async move {
            // The semaphore is never closed.
            let _permit = permits.acquire().await;
            let answer = client.cancel_task(&mo_id).await;
            RequestResult::Cancel(mo_id, answer)
        });
    }

    /// Schedules a read of the list of recent tasks, if it is read at all.
    pub(super) fn read_list_at(&mut self, at: Instant) {
        self.list_at = self.list_at.map(|_| at);
    }

    /// Schedules the next read of the list of recent tasks, an interval after the last.
    pub(super) fn schedule_list(&mut self, now: Instant) {
        self.awaits_pushed_list = false;
        self.read_list_at(now + self.list_interval);
    }

    /// Waits for the long poll to report the list of recent tasks, before it is read for the first time.
    pub(super) fn await_pushed_list(&mut self, now: Instant) {
        if !self.knows_recent {
            self.awaits_pushed_list = true;
            self.read_list_at(now + LIST_PUSH_TIMEOUT);
        }
    }

    /// Handles the first answer of the long poll: reads the list of recent tasks if it was not in it.
    pub(super) fn end_list_wait(&mut self, now: Instant) {
        if !self.awaits_pushed_list {
            return;
        }
        self.schedule_list(now);
        if !self.knows_recent {
            self.read_list_at(now);
        }
    }

    /// Reads the server's clock.
    pub(super) fn read_clock(&mut self) {
        let sent = Timestamp::now();
        self.start(
            move |client| async move { RequestResult::Clock(sent, client.current_time().await) },
        );
    }

    pub(super) fn read(&mut self, mo_id: Arc<str>, known: Option<Digest>) {
        self.tasks.push((mo_id.clone(), Instant::now()));
        self.start(move |client| async move {
            let answer = client.changed_task_info(&mo_id, known).await;
            RequestResult::Task(mo_id, answer.map(|answer| answer.map(Box::new)))
        });
    }

    /// Reads new tasks with one request.
    pub(super) fn read_batch(&mut self, tasks: Vec<Arc<str>>) {
        let now = Instant::now();
        self.tasks
            .extend(tasks.iter().map(|mo_id| (mo_id.clone(), now)));
        self.batches += 1;
        self.start(move |client| async move {
            let answer = client.task_infos(&tasks).await;
            RequestResult::NewTasks(tasks, answer)
        });
    }

    /// Marks a read as finished. Returns its start time.
    pub(super) fn finish(&mut self, mo_id: &str) -> Option<Instant> {
        let index = self.tasks.iter().position(|(task, _)| **task == *mo_id)?;
        Some(self.tasks.swap_remove(index).1)
    }

    /// Aborts all requests. Returns the tasks that were being read.
    pub(super) fn abort(&mut self) -> impl Iterator<Item = Arc<str>> {
        self.running.abort_all();
        self.batches = 0;
        self.tasks.drain(..).map(|(mo_id, _)| mo_id)
    }
}
