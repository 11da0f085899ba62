//! Task history, read with history collectors.
//!
//! A collector is created for a query, read page by page, and destroyed; a session may hold about 32 of them. Each
//! method is one request, so that callers can throttle; [`Client::past_tasks`] reads everything at once and
//! [`Client::past_tasks_paced`] with a throttle.

mod record_filter;
mod throttle;

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

pub use record_filter::RecordAction;
pub use throttle::{NoThrottle, Throttle};

use super::{
    client::{ApiCall, Client},
    error::Error,
    method::ApiMethod,
    retry::sleep_before_retry,
    types::{
        ManagedObjectReference, TaskLocator, TaskQuery, items_as_sent, parse_date_time, scalar_at,
        text_at,
    },
};

/// Tasks per page; servers reject more than 1,000.
const PAGE_SIZE: usize = 500;
/// Maximum number of tasks scanned for a task of which only the moId is known.
const MAX_SCANNED: usize = 5_000;
/// Maximum number of consecutive pages without new tasks; a server that sends more repeats itself.
const STALE_PAGES: u32 = 2;

impl Client {
    /// Creates a history collector, positioned before its oldest task. It must be [destroyed](Self::destroy_history).
    ///
    /// # Errors
    /// Returns `NotSupported` if the server keeps no history (ESXi), `NoPermission`, `InvalidState` if the session
    /// has reached its limit of collectors, and connection errors.
    pub async fn create_history(&self, query: &TaskQuery) -> Result<ManagedObjectReference, Error> {
        let action = || "searching the task history".to_owned();
        let manager = self.content().task_manager.clone();
        let body = json!({"filter": query.to_json()});
        let call = ApiCall::post(&manager, ApiMethod::CreateCollectorForTasks, body);
        let parse = |value| ManagedObjectReference::from_json("TaskHistoryCollector", value);
        self.request(call, &action, parse).await
    }

    /// Moves a history collector behind its newest task.
    pub async fn reset_history(&self, collector: &ManagedObjectReference) -> Result<(), Error> {
        let action = || "reading the task history".to_owned();
        self.post_void(collector, ApiMethod::ResetCollector, &action)
            .await
    }

    /// Reads up to `maximum` (1 to 1,000) older tasks, newest first, exactly as the server sent them. An empty page is
    /// the end.
    pub async fn older_history(
        &self,
        collector: &ManagedObjectReference,
        maximum: usize,
    ) -> Result<Vec<Value>, Error> {
        let action = || "reading the task history".to_owned();
        let body = json!({"maxCount": maximum});
        let call = ApiCall::post(collector, ApiMethod::ReadPreviousTasks, body);
        let parse = |page| items_as_sent("TaskInfo", page);
        let mut page = self.request(call, &action, parse).await?;
        // Servers differ in the order of the tasks within a page.
        page.sort_by_key(|info| std::cmp::Reverse(queue_time(info)));
        Ok(page)
    }

    /// Destroys a history collector. If the request fails, the collector ends with the session.
    pub async fn destroy_history(&self, collector: &ManagedObjectReference) -> Result<(), Error> {
        let action = || "closing the task history".to_owned();
        self.post_void(collector, ApiMethod::DestroyCollector, &action)
            .await
    }

    /// Reads past tasks that match the query and are accepted by `pick`, newest first, at most `limit`, exactly as
    /// the server sent them. After a lost response, reading continues with another collector.
    ///
    /// # Errors
    /// Same as [`create_history`](Self::create_history).
    pub async fn past_tasks(
        &self,
        query: &TaskQuery,
        limit: usize,
        pick: impl FnMut(&Value) -> RecordAction,
    ) -> Result<PastTasks, Error> {
        self.past_tasks_paced(&NoThrottle, query, limit, pick).await
    }

    /// Same as [`past_tasks`](Self::past_tasks), throttled. Ends early at the throttle's request, with the tasks
    /// found so far.
    ///
    /// # Errors
    /// Same as [`create_history`](Self::create_history).
    pub async fn past_tasks_paced(
        &self,
        throttle: &impl Throttle,
        query: &TaskQuery,
        limit: usize,
        pick: impl FnMut(&Value) -> RecordAction,
    ) -> Result<PastTasks, Error> {
        let mut reading = HistoryReading::new(limit, pick);
        // Consecutive failures without new tasks in between.
        let mut failures = 0;
        loop {
            let before = reading.seen.len();
            reading.stale = 0;
            let rest = query.until_reached(reading.reached);
            let session = self.session();
            let error = match self.read_through(throttle, &rest, &mut reading).await {
                Ok(()) => return Ok(reading.past),
                Err(error) => error,
            };
            failures = if reading.seen.len() > before {
                1
            } else {
                failures + 1
            };
            // A collector ends with its session.
            let is_retryable = error.is_retryable() || self.renew_session(&error, session).await;
            if failures >= throttle.max_attempts() || !is_retryable {
                return Err(error);
            }
            sleep_before_retry(failures, &error).await;
        }
    }

    /// Finds a task in the history.
    ///
    /// # Errors
    /// Same as [`past_tasks`](Self::past_tasks).
    pub async fn find_past_task(
        &self,
        locator: &TaskLocator,
        now: Timestamp,
    ) -> Result<PastTaskSearch, Error> {
        let mut is_truncated = false;
        for query in locator.queries(now) {
            let mut scanned = 0;
            let pick = |info: &Value| {
                scanned += 1;
                if locator.matches(info) {
                    RecordAction::Take
                } else if scanned < MAX_SCANNED {
                    RecordAction::Leave
                } else {
                    RecordAction::Stop
                }
            };
            let mut past = self.past_tasks(&query, 1, pick).await?;
            if let Some(info) = past.tasks.pop() {
                return Ok(PastTaskSearch::Found(info));
            }
            is_truncated |= !past.is_complete;
        }
        let maximum = is_truncated.then_some(MAX_SCANNED);
        Ok(PastTaskSearch::NotFound(
            locator.not_found_message(maximum).into(),
        ))
    }

    /// Reads with a new collector to the end, or until no more is wanted.
    async fn read_through<P: FnMut(&Value) -> RecordAction>(
        &self,
        throttle: &impl Throttle,
        query: &TaskQuery,
        reading: &mut HistoryReading<P>,
    ) -> Result<(), Error> {
        if !throttle.ready().await {
            return Ok(());
        }
        let collector = self.create_history(query).await?;
        let read = self.read_back(throttle, &collector, reading).await;
        // Destroyed in every case, because a session may hold few collectors. On failure it ends with the session.
        throttle.ready().await;
        let _ = self.destroy_history(&collector).await;
        read
    }

    async fn read_back<P: FnMut(&Value) -> RecordAction>(
        &self,
        throttle: &impl Throttle,
        collector: &ManagedObjectReference,
        reading: &mut HistoryReading<P>,
    ) -> Result<(), Error> {
        if !throttle.ready().await {
            return Ok(());
        }
        self.reset_history(collector).await?;
        while throttle.ready().await {
            let page = self.older_history(collector, PAGE_SIZE).await?;
            if !reading.take(page) {
                break;
            }
        }
        Ok(())
    }
}

/// Result of a search for one task in the history.
#[derive(Debug, Clone, PartialEq)]
pub enum PastTaskSearch {
    /// The record, exactly as the server sent it.
    Found(Value),
    /// No record; contains a sentence with the extent of the search.
    NotFound(Arc<str>),
}

/// Result of reading the history.
#[derive(Debug, Default)]
pub struct PastTasks {
    /// Accepted tasks, newest first, exactly as the server sent them.
    pub tasks: Vec<Value>,
    /// True if the history was read to its end, so that no further tasks match.
    pub is_complete: bool,
}

/// State of a history read, which may use several collectors.
struct HistoryReading<P> {
    past: PastTasks,
    limit: usize,
    pick: P,
    /// Identities of the records read so far.
    seen: HashSet<String>,
    /// Consecutive pages of the current collector without new records.
    stale: u32,
    /// Newest queue time of the last page; later pages are no newer.
    reached: Option<Timestamp>,
}

impl<P: FnMut(&Value) -> RecordAction> HistoryReading<P> {
    fn new(limit: usize, pick: P) -> Self {
        Self {
            past: PastTasks::default(),
            limit,
            pick,
            seen: HashSet::new(),
            stale: 0,
            reached: None,
        }
    }

    /// Adds a page and returns true if reading should continue.
    fn take(&mut self, page: Vec<Value>) -> bool {
        if page.is_empty() {
            self.past.is_complete = true;
            return false;
        }
        self.reached = page.iter().filter_map(queue_time).max().or(self.reached);
        let before = self.seen.len();
        for info in page {
            if !self.seen.insert(identity(&info)) {
                continue;
            }
            match (self.pick)(&info) {
                RecordAction::Take => self.past.tasks.push(info),
                RecordAction::Leave => {}
                RecordAction::Stop => return false,
            }
            if self.past.tasks.len() >= self.limit {
                return false;
            }
        }
        self.stale = if self.seen.len() == before {
            self.stale + 1
        } else {
            0
        };
        // A server that repeats a page has no more tasks.
        self.past.is_complete = self.stale > STALE_PAGES;
        !self.past.is_complete
    }
}

/// Returns the identity of a record: its task's moId, else its key, else the whole record.
pub fn identity(record: &Value) -> String {
    let named = scalar_at(record, &["task", "value"]).or_else(|| scalar_at(record, &["key"]));
    named.map_or_else(|| record.to_string(), Cow::into_owned)
}

/// Returns the queue time of a record.
pub fn queue_time(info: &Value) -> Option<Timestamp> {
    parse_date_time(text_at(info, &["queueTime"])?)
}
