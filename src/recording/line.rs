//! The lines of a record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ConnectionState;

/// Version of the format that this program writes. Readers refuse a greater one; additions that older readers can skip
/// do not change it.
pub const FORMAT_VERSION: u32 = 1;

/// The first line of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub vtask_record: u32,
    /// Version of the program that wrote it.
    pub vtask: String,
    /// Time of the start, by the local clock.
    pub started: Timestamp,
    /// Display name of each vCenter, in the order of their numbers.
    pub vcenters: Vec<String>,
    /// True if names were replaced by stand-ins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

impl Header {
    /// Returns the header of a record of these vCenters.
    pub fn new(started: Timestamp, vcenters: Vec<String>) -> Self {
        Self {
            vtask_record: FORMAT_VERSION,
            vtask: env!("CARGO_PKG_VERSION").to_owned(),
            started,
            vcenters,
            redacted: false,
        }
    }
}

/// Any line after the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Time of arrival, by the local clock.
    pub t: Timestamp,
    /// Number of the vCenter, from 0.
    pub vc: u16,
    /// The data that arrived.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Data that arrived. `at` is a time by the server's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Server and account, after each sign-in.
    Server(ServerInfo),
    /// Server time minus local time, in milliseconds.
    ClockOffset(i64),
    /// The connection's state changed.
    Link(ConnectionState),
    /// A complete `TaskInfo`: the first state of a task, or all of it again.
    Task {
        /// Time of the observation.
        at: Timestamp,
        /// `TaskInfo` as sent.
        info: Value,
    },
    /// A finished task from the server's history.
    PastTask {
        /// Time of the query.
        at: Timestamp,
        /// `TaskInfo` as stored in the history.
        info: Value,
    },
    /// Changed fields of a task.
    Change {
        /// moId of the task.
        task: String,
        /// Time of the observation.
        at: Timestamp,
        /// New values of `TaskInfo` fields; `null` unsets.
        fields: Map<String, Value>,
    },
    /// The task object was removed from the server.
    Gone {
        /// moId of the task.
        task: String,
        /// Time at which the removal was noticed.
        at: Timestamp,
    },
    /// Only the key of a task is known.
    Placeholder {
        /// Key of the task.
        task: String,
        /// Reason.
        reason: String,
    },
    /// A task could not be read.
    Unreadable {
        /// moId of the task.
        task: String,
        /// Reason.
        reason: String,
    },
    /// A task is no longer watched.
    Unwatched {
        /// moId of the task.
        task: String,
    },
    /// A cancellation was requested.
    CancelRequest {
        /// moId of the task.
        task: String,
    },
    /// The server's answer to a cancel request.
    CancelAnswer {
        /// moId of the task.
        task: String,
        /// `accepted`, `failed` (no answer arrived), or the type of the fault, such as `NotSupported`.
        answer: String,
        /// The missing privilege or the reason of the failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// All events of a task that could be read, oldest first.
    Events {
        /// moId of the task.
        task: String,
        /// The events as sent.
        events: Vec<Value>,
    },
    /// A page of the server's task history.
    History {
        /// `TaskInfo` of each task, newest first.
        tasks: Vec<Value>,
    },
    /// Labels of operations by `descriptionId`.
    Labels(BTreeMap<String, String>),
    /// Successful runs of operations, from which typical durations are computed.
    Runs(Vec<Run>),
    /// State of a task's entity that may keep the task from progressing; neither if it no longer does.
    EntityState {
        /// moId of the task.
        task: String,
        /// The pending question of the virtual machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<Question>,
        /// The host to which the server has no connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost_host: Option<LostHost>,
    },
    /// Place of an entity in the inventory.
    Location(Location),
    /// Lines that were not written because the disk was too slow.
    Lost {
        /// Their number.
        lines: u64,
    },
}

impl Entry {
    /// True for a change of a task.
    pub fn is_change(&self) -> bool {
        matches!(
            self,
            Self::Task { .. }
                | Self::PastTask { .. }
                | Self::Change { .. }
                | Self::Gone { .. }
                | Self::Placeholder { .. }
                | Self::Unreadable { .. }
                | Self::Unwatched { .. }
        )
    }

    /// Returns the moId of the task that the entry is about.
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Task { info, .. } | Self::PastTask { info, .. } => mo_id(info),
            Self::Change { task, .. }
            | Self::Gone { task, .. }
            | Self::Placeholder { task, .. }
            | Self::Unreadable { task, .. }
            | Self::Unwatched { task }
            | Self::CancelRequest { task }
            | Self::CancelAnswer { task, .. }
            | Self::EntityState { task, .. }
            | Self::Events { task, .. } => Some(task),
            _ => None,
        }
    }
}

/// Returns the moId of a `TaskInfo`.
pub(super) fn mo_id(info: &Value) -> Option<&str> {
    let task = &info["task"]["value"];
    task.as_str().or_else(|| info["key"].as_str())
}

/// Server and account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Host and port.
    pub host: String,
    /// Product name with version.
    pub product: String,
    /// Release of the API, such as `8.0.3.0`.
    pub release: String,
    /// Account as the server names it.
    pub user: String,
}

/// A successful run of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// `descriptionId`.
    pub operation: String,
    /// moId of the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Time from start to completion, in milliseconds.
    pub millis: u64,
}

/// A question of a virtual machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub text: String,
    /// The allowed answers.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// A host to which the server has no connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostHost {
    /// Its name.
    pub name: String,
    /// True if it does not answer; else it was disconnected.
    #[serde(default)]
    pub is_silent: bool,
}

/// Place of an entity in the inventory: names, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Type of the entity.
    #[serde(rename = "type")]
    pub kind: String,
    /// moId of the entity.
    pub value: String,
    /// The host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The datacenter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The path of folders below the datacenter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(line: &Value) -> Line {
        serde_json::from_str(&line.to_string()).unwrap()
    }

    #[test]
    fn a_line_is_its_time_its_server_and_one_entry() {
        let line = json!({"t": "2026-11-29T10:00:00.5Z", "vc": 1,
            "change": {"task": "task-7", "at": "2026-11-29T10:00:00Z", "fields": {"progress": 41, "error": null}}});
        let read = read(&line);
        assert_eq!((read.vc, read.entry.task()), (1, Some("task-7")));
        let Entry::Change { fields, .. } = &read.entry else {
            panic!("{read:?}")
        };
        assert_eq!(fields["progress"], 41);
        assert!(fields["error"].is_null());
        assert_eq!(serde_json::to_value(&read).unwrap(), line);
    }

    #[test]
    fn further_fields_of_later_versions_are_ignored() {
        let more =
            json!({"t": "2026-11-29T10:00:00Z", "link": {"state": "live", "since": 3}, "hint": 1});
        let line = serde_json::from_str::<Line>(&more.to_string()).unwrap();
        assert_eq!(line.entry, Entry::Link(ConnectionState::Live));
    }
}
