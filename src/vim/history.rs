//! What is no longer there to be read: tasks of the past from history collectors, and the events of a task.

use std::{collections::HashSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    client::Client,
    error::Error,
    types::{Malformed, ManagedObjectReference, TaskInfo, items},
};

/// How many tasks are asked for at a time; servers refuse more than 1,000.
const PAGE: usize = 500;
/// How far back a task is looked for of which nothing but the name is known.
const RECENT_PAST: SignedDuration = SignedDuration::from_hours(24);
/// How many tasks are looked through for one of which nothing but the name is known.
const LOOKED_THROUGH: usize = 5_000;

/// Which tasks of the past are wanted. What is empty or unset restricts nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskQuery {
    /// Tasks of this entity itself.
    pub entity: Option<ManagedObjectReference>,
    /// Queued at or after this time.
    pub since: Option<Timestamp>,
    /// Queued at or before this time.
    pub until: Option<Timestamp>,
    /// Whose parent has one of these keys.
    pub parents: Vec<Arc<str>>,
    /// Whose root has one of these keys.
    pub roots: Vec<Arc<str>>,
}

impl TaskQuery {
    fn to_json(&self) -> Value {
        let mut filter = Map::new();
        filter.insert("_typeName".to_owned(), json!("TaskFilterSpec"));
        if let Some(entity) = &self.entity {
            let entity = json!({
                "_typeName": "TaskFilterSpecByEntity",
                "entity": entity.to_json(),
                "recursion": "self",
            });
            filter.insert("entity".to_owned(), entity);
        }
        if self.since.is_some() || self.until.is_some() {
            let mut time = Map::new();
            time.insert("_typeName".to_owned(), json!("TaskFilterSpecByTime"));
            time.insert("timeType".to_owned(), json!("queuedTime"));
            for (field, moment) in [("beginTime", self.since), ("endTime", self.until)] {
                if let Some(moment) = moment {
                    time.insert(field.to_owned(), json!(moment));
                }
            }
            filter.insert("time".to_owned(), Value::Object(time));
        }
        for (field, keys) in [
            ("parentTaskKey", &self.parents),
            ("rootTaskKey", &self.roots),
        ] {
            if !keys.is_empty() {
                filter.insert(field.to_owned(), json!(keys));
            }
        }
        Value::Object(filter)
    }
}

/// What is known of a task that vanished, to find it in the history by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The moId that it had.
    pub mo_id: Arc<str>,
    /// Parent, root, entity and time, where it was ever read.
    known: Option<Known>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    key: Arc<str>,
    parent: Option<Arc<str>>,
    root: Option<Arc<str>>,
    entity: Option<ManagedObjectReference>,
    queued: Timestamp,
}

impl Trace {
    /// The trace of a task that was read before it vanished.
    pub fn of(info: &TaskInfo) -> Self {
        Self {
            mo_id: info.mo_id().clone(),
            known: Some(Known {
                key: info.key.clone(),
                parent: info.parent_key().cloned(),
                root: info.root_key().cloned(),
                entity: info.entity.clone(),
                queued: info.queue_time,
            }),
        }
    }

    /// The trace of a task of which nothing but the name is known.
    pub fn named(mo_id: Arc<str>) -> Self {
        Self { mo_id, known: None }
    }

    /// Whether this is the task.
    fn is(&self, info: &Value) -> bool {
        let key = self.known.as_ref().map_or(&self.mo_id, |known| &known.key);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        text(&info["key"]).as_deref() == Some(&**key)
            || text(&info["task"]["value"]).as_deref() == Some(&*self.mo_id)
    }

    /// Where to look, the narrowest place first: there is no filter by key.
    fn places(&self, now: Timestamp) -> Vec<TaskQuery> {
        let Some(known) = &self.known else {
            return vec![TaskQuery {
                since: now.checked_sub(RECENT_PAST).ok(),
                ..TaskQuery::default()
            }];
        };
        let around = SignedDuration::from_secs(2);
        let by_time = TaskQuery {
            entity: known.entity.clone(),
            since: known.queued.checked_sub(around).ok(),
            until: known.queued.checked_add(around).ok(),
            ..TaskQuery::default()
        };
        let by_parent = known.parent.iter().map(|parent| TaskQuery {
            parents: vec![parent.clone()],
            ..TaskQuery::default()
        });
        let by_root = known.root.iter().map(|root| TaskQuery {
            roots: vec![root.clone()],
            ..TaskQuery::default()
        });
        by_parent.chain(by_root).chain([by_time]).collect()
    }
}

impl Client {
    /// Tasks of the past that fit the query and are `wanted`, newest first, at most `limit`; each exactly as the
    /// server sent it.
    ///
    /// # Errors
    /// `NotSupported` where the server keeps no history (ESXi), `NoPermission`, and the connection's troubles.
    pub async fn past_tasks(
        &self,
        query: &TaskQuery,
        limit: usize,
        wanted: impl FnMut(&Value) -> bool,
    ) -> Result<Vec<Value>, Error> {
        let doing = || "searching the task history".to_owned();
        let manager = self.content().task_manager.clone();
        let body = json!({"filter": query.to_json()});
        let kind = "TaskManager/CreateCollectorForTasks";
        let made = self
            .post(&manager, "CreateCollectorForTasks", body, kind, &doing)
            .await?;
        let collector = self.read(&doing, &made, |reference| {
            ManagedObjectReference::from_json("TaskHistoryCollector", reference)
        })?;
        let found = self.read_back(&collector, limit, wanted).await;
        self.destroy_history(&collector).await;
        found
    }

    /// The task that left this trace, as the history tells it.
    ///
    /// # Errors
    /// As [`past_tasks`](Self::past_tasks).
    pub async fn find_past_task(
        &self,
        trace: &Trace,
        now: Timestamp,
    ) -> Result<Option<Value>, Error> {
        for query in trace.places(now) {
            let mut looked = 0;
            let is_it = |info: &Value| {
                looked += 1;
                trace.is(info) || looked > LOOKED_THROUGH
            };
            let mut found = self.past_tasks(&query, 1, is_it).await?;
            if let Some(info) = found.pop().filter(|info| trace.is(info)) {
                return Ok(Some(info));
            }
        }
        Ok(None)
    }

    async fn read_back(
        &self,
        collector: &ManagedObjectReference,
        limit: usize,
        mut wanted: impl FnMut(&Value) -> bool,
    ) -> Result<Vec<Value>, Error> {
        let doing = || "reading the task history".to_owned();
        let kind = "TaskHistoryCollector/ResetCollector";
        self.post(collector, "ResetCollector", json!({}), kind, &doing)
            .await?;
        let mut found = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        loop {
            let kind = "TaskHistoryCollector/ReadPreviousTasks";
            let body = json!({"maxCount": PAGE});
            let page = self.post(collector, "ReadPreviousTasks", body, kind, &doing);
            let list = |page| items("TaskInfo", page);
            let mut page = self.read(&doing, &page.await?, list)?;
            // Whichever way round a server gives the tasks of one page: the newest come first here.
            page.sort_by_key(|info| std::cmp::Reverse(queued(info)));
            let before = seen.len();
            for info in page {
                let is_new = seen.insert(info["key"].to_string());
                if is_new && wanted(&info) {
                    found.push(info);
                    if found.len() >= limit {
                        return Ok(found);
                    }
                }
            }
            // A server that gives the same page again and again has no more.
            if seen.len() == before {
                return Ok(found);
            }
        }
    }

    /// A session may have few of them. Where this fails it ends with the session.
    async fn destroy_history(&self, collector: &ManagedObjectReference) {
        let doing = || "leaving the task history".to_owned();
        let kind = "TaskHistoryCollector/DestroyCollector";
        let _ = self
            .post(collector, "DestroyCollector", json!({}), kind, &doing)
            .await;
    }

    /// The events of a task by its `eventChainId`, oldest first, each exactly as the server sent it.
    ///
    /// # Errors
    /// `NoPermission`, and the connection's troubles; where the server has no events at all.
    pub async fn task_events(&self, chain: i32) -> Result<Vec<Value>, Error> {
        let doing = || "reading the task's events".to_owned();
        let Some(manager) = &self.content().event_manager else {
            return Err(self.unaskable(&doing, "the server offers no events."));
        };
        let filter = json!({"_typeName": "EventFilterSpec", "eventChainId": chain});
        let kind = "EventManager/QueryEvents";
        let answer = self.post(
            manager,
            "QueryEvents",
            json!({"filter": filter}),
            kind,
            &doing,
        );
        let list = |events| -> Result<Vec<Value>, Malformed> { items("Event", events) };
        let mut events = self.read(&doing, &answer.await?, list)?;
        events.sort_by_key(|event| (time(&event["createdTime"]), event["key"].as_i64()));
        Ok(events)
    }
}

fn queued(info: &Value) -> Option<Timestamp> {
    time(&info["queueTime"])
}

fn time(value: &Value) -> Option<Timestamp> {
    super::types::parse_date_time(value.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::{at, info};

    #[test]
    fn a_query_names_every_type_and_restricts_by_what_is_set_only() {
        assert_eq!(
            TaskQuery::default().to_json(),
            json!({"_typeName": "TaskFilterSpec"})
        );
        let query = TaskQuery {
            since: Some(at(0)),
            roots: vec!["task-1".into()],
            ..TaskQuery::default()
        };
        assert_eq!(
            query.to_json(),
            json!({
                "_typeName": "TaskFilterSpec",
                "time": {"_typeName": "TaskFilterSpecByTime", "timeType": "queuedTime", "beginTime": at(0)},
                "rootTaskKey": ["task-1"],
            })
        );
    }

    #[test]
    fn a_task_is_looked_for_in_its_family_first_and_by_its_time_last() {
        let more = json!({"parentTaskKey": "task-2", "rootTaskKey": "task-1",
            "entity": {"type": "VirtualMachine", "value": "vm-7"}});
        let trace = Trace::of(&info("task-3", &more));
        let places = trace.places(at(100));
        assert_eq!(places[0].parents, ["task-2".into()] as [Arc<str>; 1]);
        assert_eq!(places[1].roots, ["task-1".into()] as [Arc<str>; 1]);
        assert_eq!(places[2].since, Some(at(-2)));
        assert!(places[2].entity.is_some());
        assert!(trace.is(&json!({"key": "task-3"})));
        assert!(!trace.is(&json!({"key": "task-33"})));
    }

    #[test]
    fn of_a_name_alone_the_last_day_is_looked_through() {
        let trace = Trace::named("task-3".into());
        let places = trace.places(at(100));
        assert_eq!(places.len(), 1);
        assert_eq!(places[0].since, Some(at(100 - 86_400)));
    }
}
