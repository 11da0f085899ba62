//! What is no longer there to be read: tasks of the past, from history collectors.
//!
//! A collector is made for a query, read page by page, and destroyed: a session may hold some 32 of them. One method
//! here is one request, so that whoever has to go slowly can; [`Client::past_tasks`] does it all in one go, and
//! [`Client::past_tasks_paced`] at somebody's pace.

mod query;
mod record_filter;
mod task_locator;
mod throttle;

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use query::{ByUser, Recursion, TaskQuery, TaskTime};
pub use record_filter::RecordAction;
pub use task_locator::TaskLocator;
pub use throttle::{NoThrottle, Throttle};

use super::{
    client::Client,
    error::Error,
    method::ApiMethod,
    types::{ManagedObjectReference, items_as_sent, parse_date_time, text_at},
};

/// How many tasks are asked for at a time; servers refuse more than 1,000.
const PAGE_SIZE: usize = 500;
/// How many tasks are looked through for one of which nothing but the name is known.
const MAX_SCANNED: usize = 5_000;

impl Client {
    /// Makes a history collector; it stands before its oldest task. It must be [destroyed](Self::destroy_history).
    ///
    /// # Errors
    /// `NotSupported` where the server keeps no history (ESXi), `NoPermission`, `InvalidState` where the session has
    /// all the collectors that it may have, and the connection's troubles.
    pub async fn create_history(&self, query: &TaskQuery) -> Result<ManagedObjectReference, Error> {
        let doing = || "searching the task history".to_owned();
        let manager = self.content().task_manager.clone();
        let body = json!({"filter": query.to_json()});
        let kind = "TaskManager/CreateCollectorForTasks";
        let made = self
            .post(
                &manager,
                ApiMethod::CreateCollectorForTasks,
                body,
                kind,
                &doing,
            )
            .await?;
        self.read(&doing, &made, |reference| {
            ManagedObjectReference::from_json("TaskHistoryCollector", reference)
        })
    }

    /// Moves a history collector behind its newest task.
    ///
    /// # Errors
    /// Faults, and the connection's troubles.
    pub async fn reset_history(&self, collector: &ManagedObjectReference) -> Result<(), Error> {
        let doing = || "reading the task history".to_owned();
        let kind = "TaskHistoryCollector/ResetCollector";
        let done = self.post(
            collector,
            ApiMethod::ResetCollector,
            json!({}),
            kind,
            &doing,
        );
        done.await.map(drop)
    }

    /// The next older tasks, newest first, at most `most` (1 to 1,000); each exactly as the server sent it. None:
    /// there are no more.
    ///
    /// # Errors
    /// Faults, and the connection's troubles.
    pub async fn older_history(
        &self,
        collector: &ManagedObjectReference,
        most: usize,
    ) -> Result<Vec<Value>, Error> {
        let doing = || "reading the task history".to_owned();
        let kind = "TaskHistoryCollector/ReadPreviousTasks";
        let body = json!({"maxCount": most});
        let page = self.post(collector, ApiMethod::ReadPreviousTasks, body, kind, &doing);
        let list = |page| items_as_sent("TaskInfo", page);
        let mut page = self.read(&doing, &page.await?, list)?;
        // Whichever way round a server gives the tasks of one page: the newest come first here.
        page.sort_by_key(|info| std::cmp::Reverse(queued(info)));
        Ok(page)
    }

    /// Destroys a history collector.
    ///
    /// # Errors
    /// Faults, and the connection's troubles. It then ends with the session.
    pub async fn destroy_history(&self, collector: &ManagedObjectReference) -> Result<(), Error> {
        let doing = || "leaving the task history".to_owned();
        let kind = "TaskHistoryCollector/DestroyCollector";
        let done = self.post(
            collector,
            ApiMethod::DestroyCollector,
            json!({}),
            kind,
            &doing,
        );
        done.await.map(drop)
    }

    /// Tasks of the past that fit the query and are picked, newest first, at most `limit`; each exactly as the server
    /// sent it.
    ///
    /// # Errors
    /// As [`create_history`](Self::create_history).
    pub async fn past_tasks(
        &self,
        query: &TaskQuery,
        limit: usize,
        pick: impl FnMut(&Value) -> RecordAction,
    ) -> Result<Vec<Value>, Error> {
        self.past_tasks_paced(&NoThrottle, query, limit, pick).await
    }

    /// The same at a pace. What is not wanted any more ends early, with what was found until then.
    ///
    /// # Errors
    /// As [`create_history`](Self::create_history).
    pub async fn past_tasks_paced(
        &self,
        at: &impl Throttle,
        query: &TaskQuery,
        limit: usize,
        pick: impl FnMut(&Value) -> RecordAction,
    ) -> Result<Vec<Value>, Error> {
        if !at.pass().await {
            return Ok(Vec::new());
        }
        let collector = self.create_history(query).await?;
        let found = self.read_back(at, &collector, limit, pick).await;
        // Whether it is wanted or not: a session may hold few of them. Where this fails it ends with the session.
        at.pass().await;
        let _ = self.destroy_history(&collector).await;
        found
    }

    /// The task that left this trace, as the history tells it.
    ///
    /// # Errors
    /// As [`past_tasks`](Self::past_tasks).
    pub async fn find_past_task(
        &self,
        trace: &TaskLocator,
        now: Timestamp,
    ) -> Result<Option<Value>, Error> {
        for query in trace.places(now) {
            let mut looked = 0;
            let pick = |info: &Value| {
                looked += 1;
                if trace.is(info) {
                    RecordAction::Take
                } else if looked < MAX_SCANNED {
                    RecordAction::Leave
                } else {
                    RecordAction::Stop
                }
            };
            let mut found = self.past_tasks(&query, 1, pick).await?;
            if let Some(info) = found.pop() {
                return Ok(Some(info));
            }
        }
        Ok(None)
    }

    async fn read_back(
        &self,
        at: &impl Throttle,
        collector: &ManagedObjectReference,
        limit: usize,
        mut pick: impl FnMut(&Value) -> RecordAction,
    ) -> Result<Vec<Value>, Error> {
        let mut found = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        if !at.pass().await {
            return Ok(found);
        }
        self.reset_history(collector).await?;
        while at.pass().await {
            let page = self.older_history(collector, PAGE_SIZE).await?;
            let before = seen.len();
            for info in page {
                if !seen.insert(info["key"].to_string()) {
                    continue;
                }
                match pick(&info) {
                    RecordAction::Take => found.push(info),
                    RecordAction::Leave => {}
                    RecordAction::Stop => return Ok(found),
                }
                if found.len() >= limit {
                    return Ok(found);
                }
            }
            // A server that gives the same page again and again has no more.
            if seen.len() == before {
                break;
            }
        }
        Ok(found)
    }
}

fn queued(info: &Value) -> Option<Timestamp> {
    parse_date_time(text_at(info, &["queueTime"])?)
}
