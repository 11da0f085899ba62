//! Which tasks of the past are wanted: the API's `TaskFilterSpec`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::vim::types::{ManagedObjectReference, TaskState};

/// How far around an entity to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recursion {
    /// The entity itself.
    #[default]
    Itself,
    /// What is below it, without itself.
    Children,
    /// Itself and what is below it.
    All,
}

/// Which of a task's times lies in the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskTime {
    /// When it was made.
    #[default]
    Queued,
    /// When it began to run.
    Started,
    /// When it finished.
    Completed,
}

/// Whose tasks are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByUser {
    /// Whether those that the system started count, too.
    pub system: bool,
    /// The accounts as the server names them; none: all.
    pub names: Vec<String>,
}

/// Which tasks of the past are wanted. What is empty or unset restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// Tasks of this entity.
    pub entity: Option<ManagedObjectReference>,
    /// How far around the entity to look.
    pub recursion: Recursion,
    /// Which of a task's times `since` and `until` speak of.
    pub time: TaskTime,
    /// At or after this time, by the server's clock.
    pub since: Option<Timestamp>,
    /// At or before this time, by the server's clock.
    pub until: Option<Timestamp>,
    /// Whose tasks.
    pub user: Option<ByUser>,
    /// In one of these states.
    pub states: Vec<TaskState>,
    /// Started by a client's call with one of these tokens.
    pub activations: Vec<String>,
    /// With one of these event chains.
    pub event_chains: Vec<i32>,
    /// With one of these tags.
    pub tags: Vec<String>,
    /// Whose parent has one of these keys.
    pub parents: Vec<Arc<str>>,
    /// Whose root has one of these keys.
    pub roots: Vec<Arc<str>>,
}

impl TaskQuery {
    /// As it travels.
    pub(super) fn to_json(&self) -> Value {
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
    use super::*;
    use crate::task::fixture::at;

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
    fn everything_that_can_be_asked_for_travels() {
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
