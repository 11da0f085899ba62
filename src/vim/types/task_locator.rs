//! Locates a task, its family and its events in the history after its object has expired. The API has no filter by
//! key.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{ManagedObjectReference, TaskInfo, TaskQuery, any::scalar_at};

/// Period searched for a task of which only the moId is known.
const DEFAULT_PERIOD: SignedDuration = SignedDuration::from_hours(24);

/// Known facts about a task for finding it in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLocator {
    /// The moId of the task.
    pub mo_id: Arc<str>,
    /// Parent, root, entity and time, if the task was ever read.
    known: Option<KnownFields>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownFields {
    key: Arc<str>,
    parent: Option<Arc<str>>,
    root: Option<Arc<str>>,
    entity: Option<ManagedObjectReference>,
    queued: Option<Timestamp>,
    chain: i32,
}

impl TaskLocator {
    /// Creates a locator from the info of a task.
    pub fn of(info: &TaskInfo) -> Self {
        Self {
            mo_id: info.mo_id().clone(),
            known: Some(KnownFields {
                key: info.key.clone(),
                parent: info.parent_key().cloned(),
                root: info.root_key().cloned(),
                entity: info.entity.clone(),
                queued: info.ordering_time(),
                chain: info.event_chain_id,
            }),
        }
    }

    /// Creates a locator from a moId alone.
    pub fn named(mo_id: Arc<str>) -> Self {
        Self { mo_id, known: None }
    }

    /// Returns the event chain id, if known.
    pub fn event_chain(&self) -> Option<i32> {
        self.known.as_ref().map(|known| known.chain)
    }

    /// Returns the entity, if the task was ever read; some tasks have none.
    pub fn entity(&self) -> Option<Option<&ManagedObjectReference>> {
        let known = self.known.as_ref()?;
        Some(known.entity.as_ref())
    }

    /// Returns the key, if known.
    pub fn key(&self) -> Option<&Arc<str>> {
        self.known.as_ref().map(|known| &known.key)
    }

    /// Returns the key of the parent, if known.
    pub fn parent(&self) -> Option<&Arc<str>> {
        self.known.as_ref()?.parent.as_ref()
    }

    /// Returns the key of the root task, if known; the task's own key if it names no root.
    pub fn root(&self) -> Option<&Arc<str>> {
        let known = self.known.as_ref()?;
        Some(known.root.as_ref().unwrap_or(&known.key))
    }

    /// True if the record is that of the task. Keys are not unique, so they are compared only if the record has no
    /// moId, or if only a name is known, which may be either.
    pub(crate) fn matches(&self, record: &Value) -> bool {
        let key = scalar_at(record, &["key"]);
        let mo_id = scalar_at(record, &["task", "value"]);
        let is_mo_id = mo_id.as_deref() == Some(&*self.mo_id);
        match &self.known {
            Some(known) if mo_id.is_none() => key.as_deref() == Some(&*known.key),
            Some(_) => is_mo_id,
            None => is_mo_id || key.as_deref() == Some(&*self.mo_id),
        }
    }

    /// Returns a sentence with the extent of a search that found nothing. `maximum` is the number of records read by each
    /// query if the history has more.
    pub(crate) fn not_found_message(&self, maximum: Option<usize>) -> String {
        let hours = DEFAULT_PERIOD.as_hours();
        let (period, newest) = match &self.known {
            None => (
                format!("in the last {hours} h of the server's history"),
                "of it",
            ),
            Some(KnownFields {
                queued: Some(_), ..
            }) => (
                "in the server's history, neither with its family nor at the time it was queued"
                    .to_owned(),
                "of each",
            ),
            Some(_) => (
                format!(
                    "in the server's history, neither with its family nor in the last {hours} h"
                ),
                "of each",
            ),
        };
        match maximum {
            Some(maximum) => format!(
                "There is no record of it {period} (only the newest {maximum} records {newest} were read)."
            ),
            None => format!("There is no record of it {period}."),
        }
    }

    /// Returns queries for the ancestors, which were queued no later than the task, most specific first. In each
    /// result the newest records are the nearest.
    pub fn parent_queries(&self) -> Vec<TaskQuery> {
        let Some(known) = &self.known else {
            return Vec::new();
        };
        // The server reads its clock several times while it creates a family.
        let until = known
            .queued
            .and_then(|queued| queued.checked_add(SignedDuration::from_secs(2)).ok());
        let of_entity = known.entity.iter().map(|entity| TaskQuery {
            entity: Some(entity.clone()),
            until,
            ..TaskQuery::default()
        });
        let of_all = TaskQuery {
            since: known
                .queued
                .and_then(|queued| queued.checked_sub(DEFAULT_PERIOD).ok()),
            until,
            ..TaskQuery::default()
        };
        of_entity.chain([of_all]).collect()
    }

    /// Returns queries for the task, most specific first; there is no filter by key.
    pub(crate) fn queries(&self, now: Timestamp) -> Vec<TaskQuery> {
        let Some(known) = &self.known else {
            return vec![TaskQuery {
                since: now.checked_sub(DEFAULT_PERIOD).ok(),
                ..TaskQuery::default()
            }];
        };
        let around = SignedDuration::from_secs(2);
        let by_time = match known.queued {
            Some(queued) => TaskQuery {
                entity: known.entity.clone(),
                since: queued.checked_sub(around).ok(),
                until: queued.checked_add(around).ok(),
                ..TaskQuery::default()
            },
            None => TaskQuery {
                entity: known.entity.clone(),
                since: now.checked_sub(DEFAULT_PERIOD).ok(),
                ..TaskQuery::default()
            },
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

#[cfg(test)]
mod tests {
    use crate::types::fixture::{at, info};
    use serde_json::json;

    use super::*;

    #[test]
    fn searches_go_from_the_family_to_the_time_range() {
        let more = json!({"parentTaskKey": "task-2", "rootTaskKey": "task-1",
            "entity": {"type": "VirtualMachine", "value": "vm-7"}});
        let trace = TaskLocator::of(&info("task-3", &more));
        let queries = trace.queries(at(100));
        assert_eq!(queries[0].parents, ["task-2".into()] as [Arc<str>; 1]);
        assert_eq!(queries[1].roots, ["task-1".into()] as [Arc<str>; 1]);
        assert_eq!(queries[2].since, Some(at(-2)));
        assert!(queries[2].entity.is_some());
        assert!(trace.matches(&json!({"key": "task-3"})));
        assert!(!trace.matches(&json!({"key": "task-33"})));
        assert!(!trace.matches(&json!({"key": "task-3", "task": {"value": "task-4"}})));
    }

    #[test]
    fn error_names_the_searched_range() {
        let by_name = TaskLocator::named("task-3".into());
        assert_eq!(
            by_name.not_found_message(None),
            "There is no record of it in the last 24 h of the server's history."
        );
        assert_eq!(
            by_name.not_found_message(Some(5_000)),
            "There is no record of it in the last 24 h of the server's history (only the newest 5000 records of \
             it were read)."
        );
        let by_info = TaskLocator::of(&info("task-3", &json!({})));
        assert_eq!(
            by_info.not_found_message(None),
            "There is no record of it in the server's history, neither with its family nor at the time it was queued."
        );
    }

    #[test]
    fn ancestors_are_searched_backwards_from_the_queue_time() {
        let more = json!({"parentTaskKey": "task-2", "queueTime": at(50).to_string(),
            "entity": {"type": "VirtualMachine", "value": "vm-7"}});
        let queries = TaskLocator::of(&info("task-3", &more)).parent_queries();
        assert_eq!(queries.len(), 2);
        assert!(queries[0].entity.is_some() && queries[0].since.is_none());
        assert_eq!(queries[1].since, Some(at(50 - 86_400)));
        assert!(queries.iter().all(|query| query.until == Some(at(52))));
        assert!(
            TaskLocator::named("task-3".into())
                .parent_queries()
                .is_empty()
        );
    }

    #[test]
    fn id_alone_searches_the_last_day() {
        let trace = TaskLocator::named("task-3".into());
        let queries = trace.queries(at(100));
        assert_eq!(queries.len(), 1);
        assert_eq!(queries[0].since, Some(at(100 - 86_400)));
    }
}
