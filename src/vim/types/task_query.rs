//! Query of the task history: the API's `TaskFilterSpec`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{ManagedObjectReference, TaskState};

/// Time stamp that a period refers to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskTime {
    /// Creation.
    #[default]
    Queued,
    /// Completion.
    Completed,
}

/// Query of the task history. Empty or unset fields do not restrict it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// Entity of the tasks; those of its descendants are not included.
    pub entity: Option<ManagedObjectReference>,
    /// Time stamp that `since` and `until` refer to.
    pub time: TaskTime,
    /// Earliest time, inclusive, by the server's clock.
    pub since: Option<Timestamp>,
    /// Latest time, inclusive, by the server's clock.
    pub until: Option<Timestamp>,
    /// Users who started the tasks, as the server spells them.
    pub users: Vec<String>,
    /// Task states.
    pub states: Vec<TaskState>,
    /// Activation ids of client calls.
    pub activations: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Keys of parent tasks.
    pub parents: Vec<Arc<str>>,
    /// Keys of root tasks.
    pub roots: Vec<Arc<str>>,
}

impl TaskQuery {
    /// Returns the query with which another collector starts at the page read last; `reached` is the latest queue time
    /// on it. Records within a page may come in any order, but pages do not overlap.
    #[must_use]
    pub fn until_reached(&self, reached: Option<Timestamp>) -> Self {
        let mut rest = self.clone();
        if self.time == TaskTime::Queued {
            rest.until = [self.until, reached].into_iter().flatten().min();
        }
        rest
    }

    /// Returns the query in wire format.
    pub(crate) fn to_json(&self) -> Value {
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
            filter.insert("time".to_owned(), self.period());
        }
        if !self.users.is_empty() {
            let by_user = json!({
                "_typeName": "TaskFilterSpecByUsername",
                "systemUser": false,
                "userList": self.users,
            });
            filter.insert("userName".to_owned(), by_user);
        }
        let states: Vec<&str> = self.states.iter().map(TaskState::as_str).collect();
        for (field, list) in [
            ("activationId", json!(self.activations)),
            ("state", json!(states)),
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
            time: TaskTime::Completed,
            since: Some(at(0)),
            until: Some(at(9)),
            users: vec!["LAB\\kim".to_owned()],
            states: vec![TaskState::Success, TaskState::Error],
            activations: vec!["act-1".to_owned()],
            tags: vec!["CHG-1".to_owned()],
            parents: vec!["task-2".into()],
            roots: vec!["task-1".into()],
        };
        let entity = ManagedObjectReference::new("Folder", "group-v3").to_json();
        assert_eq!(
            query.to_json(),
            json!({
                "_typeName": "TaskFilterSpec",
                "entity": {"_typeName": "TaskFilterSpecByEntity", "entity": entity, "recursion": "self"},
                "time": {"_typeName": "TaskFilterSpecByTime", "timeType": "completedTime",
                    "beginTime": at(0), "endTime": at(9)},
                "userName": {"_typeName": "TaskFilterSpecByUsername", "systemUser": false, "userList": ["LAB\\kim"]},
                "activationId": ["act-1"],
                "state": ["success", "error"],
                "tag": ["CHG-1"],
                "parentTaskKey": ["task-2"],
                "rootTaskKey": ["task-1"],
            })
        );
    }
}
