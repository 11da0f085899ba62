//! Query of the task history: the API's `TaskFilterSpec`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{ManagedObjectReference, TaskState};

/// Scope of a query around an entity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recursion {
    /// The entity itself.
    #[default]
    Itself,
    /// Descendants of the entity.
    Children,
    /// The entity and its descendants.
    All,
}

/// Time stamp that a period refers to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskTime {
    /// Creation.
    #[default]
    Queued,
    /// Start.
    Started,
    /// Completion.
    Completed,
}

/// Filter by user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByUser {
    /// True to include tasks started by the system.
    pub system: bool,
    /// User names as the server spells them; empty for all.
    pub names: Vec<String>,
}

/// Query of the task history. Empty or unset fields do not restrict it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// Entity of the tasks.
    pub entity: Option<ManagedObjectReference>,
    /// Scope around the entity.
    pub recursion: Recursion,
    /// Time stamp that `since` and `until` refer to.
    pub time: TaskTime,
    /// Earliest time, inclusive, by the server's clock.
    pub since: Option<Timestamp>,
    /// Latest time, inclusive, by the server's clock.
    pub until: Option<Timestamp>,
    /// Users who started the tasks.
    pub user: Option<ByUser>,
    /// Task states.
    pub states: Vec<TaskState>,
    /// Activation ids of client calls.
    pub activations: Vec<String>,
    /// Event chain ids.
    pub event_chains: Vec<i32>,
    /// Tags.
    pub tags: Vec<String>,
    /// Keys of parent tasks.
    pub parents: Vec<Arc<str>>,
    /// Keys of root tasks.
    pub roots: Vec<Arc<str>>,
}

impl TaskQuery {
    /// Returns the query in wire format.
    pub(crate) fn to_json(&self) -> Value {
        let mut filter = Map::new();
        filter.insert("_typeName".to_owned(), json!("TaskFilterSpec"));
        if let Some(entity) = &self.entity {
            let recursion = match self.recursion {
                Recursion::Itself => "self",
                Recursion::Children => "children",
                Recursion::All => "all",
            };
            let entity = json!({
                "_typeName": "TaskFilterSpecByEntity",
                "entity": entity.to_json(),
                "recursion": recursion,
            });
            filter.insert("entity".to_owned(), entity);
        }
        if self.since.is_some() || self.until.is_some() {
            filter.insert("time".to_owned(), self.period());
        }
        if let Some(user) = &self.user {
            let mut by_user = Map::new();
            by_user.insert("_typeName".to_owned(), json!("TaskFilterSpecByUsername"));
            by_user.insert("systemUser".to_owned(), json!(user.system));
            if !user.names.is_empty() {
                by_user.insert("userList".to_owned(), json!(user.names));
            }
            filter.insert("userName".to_owned(), Value::Object(by_user));
        }
        let states: Vec<&str> = self.states.iter().map(TaskState::as_str).collect();
        for (field, list) in [
            ("activationId", json!(self.activations)),
            ("state", json!(states)),
            ("eventChainId", json!(self.event_chains)),
            ("tag", json!(self.tags)),
            ("parentTaskKey", json!(self.parents)),
            ("rootTaskKey", json!(self.roots)),
        ] {
            if list != json!([]) {
                filter.insert(field.to_owned(), list);
            }
        }
        Value::Object(filter)
    }

    fn period(&self) -> Value {
        let mut time = Map::new();
        time.insert("_typeName".to_owned(), json!("TaskFilterSpecByTime"));
        let which = match self.time {
            TaskTime::Queued => "queuedTime",
            TaskTime::Started => "startedTime",
            TaskTime::Completed => "completedTime",
        };
        time.insert("timeType".to_owned(), json!(which));
        for (field, moment) in [("beginTime", self.since), ("endTime", self.until)] {
            if let Some(moment) = moment {
                time.insert(field.to_owned(), json!(moment));
            }
        }
        Value::Object(time)
    }
}

#[cfg(test)]
mod tests {
    use crate::types::fixture::at;

    use super::*;

    #[test]
    fn query_contains_only_the_given_restrictions() {
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
    fn every_restriction_is_sent() {
        let query = TaskQuery {
            entity: Some(ManagedObjectReference::new("Folder", "group-v3")),
            recursion: Recursion::All,
            time: TaskTime::Completed,
            since: Some(at(0)),
            until: Some(at(9)),
            user: Some(ByUser {
                system: false,
                names: vec!["LAB\\kim".to_owned()],
            }),
            states: vec![TaskState::Success, TaskState::Error],
            activations: vec!["act-1".to_owned()],
            event_chains: vec![7],
            tags: vec!["CHG-1".to_owned()],
            parents: vec!["task-2".into()],
            roots: vec!["task-1".into()],
        };
        let entity = ManagedObjectReference::new("Folder", "group-v3").to_json();
        assert_eq!(
            query.to_json(),
            json!({
                "_typeName": "TaskFilterSpec",
                "entity": {"_typeName": "TaskFilterSpecByEntity", "entity": entity, "recursion": "all"},
                "time": {"_typeName": "TaskFilterSpecByTime", "timeType": "completedTime",
                    "beginTime": at(0), "endTime": at(9)},
                "userName": {"_typeName": "TaskFilterSpecByUsername", "systemUser": false, "userList": ["LAB\\kim"]},
                "activationId": ["act-1"],
                "state": ["success", "error"],
                "eventChainId": [7],
                "tag": ["CHG-1"],
                "parentTaskKey": ["task-2"],
                "rootTaskKey": ["task-1"],
            })
        );
    }
}
