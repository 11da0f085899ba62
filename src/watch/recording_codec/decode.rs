//! Entries of a record as updates.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jiff::SignedDuration;
use vtask_recording::Entry;
use vtask_task::{
    EntityState, FinishedRun, Labels, LostHost, PendingQuestion, ServerClock, TaskChange,
    cancellation::CancelResponse,
};
use vtask_vim::types::{
    About, EntityLocation, Location, ManagedObjectReference, OperationLabel, TaskEvent, TaskInfo,
};

use crate::{ServerFacts, Update};

/// The content of an entry.
#[derive(Debug)]
pub enum RecordedUpdate {
    /// A change of a task. Consecutive ones belong to one update.
    Task(TaskChange),
    /// Any other update.
    Other(Update),
}

/// Returns the update of an entry; `None` if the screen does not need it or the entry is invalid.
pub fn decode(entry: Entry) -> Option<RecordedUpdate> {
    if entry.is_change() {
        return task_change(entry).map(RecordedUpdate::Task);
    }
    Some(RecordedUpdate::Other(match entry {
        Entry::Link(state) => Update::Connection(state),
        Entry::Server(server) => Update::Server(Box::new(ServerFacts {
            host: server.host,
            about: About {
                full_name: server.product,
                ..About::default()
            },
            release: server.release,
            user: server.user,
            insecure: false,
        })),
        Entry::ClockOffset(millis) => Update::Clock(ServerClock {
            offset: SignedDuration::from_millis(millis),
        }),
        Entry::CancelAnswer {
            task,
            answer,
            reason,
        } => Update::Cancel {
            mo_id: task.into(),
            answer: cancel_response(&answer, reason),
        },
        Entry::Events { task, events } => Update::Events {
            mo_id: task.into(),
            events: Ok(events.into_iter().map(TaskEvent::from_json).collect()),
        },
        Entry::Labels(labels) => {
            let labels = labels.into_iter();
            let rows = labels.map(|(description_id, label)| OperationLabel {
                description_id,
                label,
            });
            Update::Labels(Labels::new(rows.collect()))
        }
        Entry::Runs(runs) => {
            let runs = runs.into_iter().map(|run| FinishedRun {
                operation: run.operation.into(),
                entity: run.entity.map(Into::into),
                duration: Duration::from_millis(run.millis),
            });
            Update::Typical(runs.collect())
        }
        Entry::EntityState {
            task,
            question,
            lost_host,
        } => Update::EntityState {
            mo_id: task.into(),
            state: EntityState {
                question: question.map(|question| PendingQuestion {
                    text: question.text,
                    choices: question.choices,
                }),
                lost_host: lost_host.map(|host| LostHost {
                    name: host.name.into(),
                    is_silent: host.is_silent,
                }),
            },
        },
        Entry::Location(location) => {
            let name = |name: Option<String>| name.map(Arc::from);
            let known = Location {
                host: name(location.host),
                cluster: name(location.cluster),
                datacenter: name(location.datacenter),
                folder: name(location.folder),
            };
            let entity =
                ManagedObjectReference::new(location.kind.as_str(), location.value.as_str());
            Update::Locations(vec![(entity, EntityLocation::Known(known))])
        }
        Entry::Lost { lines } => {
            Update::Notice(format!("{lines} lines were lost while recording").into())
        }
        _ => return None,
    }))
}

/// Returns the change of a task.
fn task_change(entry: Entry) -> Option<TaskChange> {
    let info = |info| TaskInfo::from_json(info).ok().map(Box::new);
    match entry {
        Entry::Task { at, info: task } => info(task).map(|info| TaskChange::Full { info, at }),
        Entry::PastTask { at, info: task } => {
            info(task).map(|info| TaskChange::FromHistory { info, at })
        }
        Entry::Change { task, at, fields } => {
            let fields = fields.into_iter();
            Some(TaskChange::Fields {
                mo_id: task.into(),
                fields: fields
                    .map(|(name, value)| (Cow::Owned(name), value))
                    .collect(),
                at,
            })
        }
        Entry::Gone { task, at } => Some(TaskChange::Gone {
            mo_id: task.into(),
            at,
        }),
        Entry::Placeholder { task, reason } => Some(TaskChange::Placeholder {
            key: task.into(),
            reason: reason.into(),
        }),
        Entry::Unreadable { task, reason } => Some(TaskChange::Unreadable {
            mo_id: task.into(),
            reason: reason.into(),
            is_transient: false,
        }),
        Entry::Unwatched { task } => Some(TaskChange::Unwatched { mo_id: task.into() }),
        _ => None,
    }
}

fn cancel_response(answer: &str, reason: Option<String>) -> CancelResponse {
    let reason = reason.unwrap_or_default();
    match answer {
        "accepted" => CancelResponse::Accepted,
        "NotSupported" => CancelResponse::NotSupported,
        "InvalidState" => CancelResponse::InvalidState,
        "NoPermission" => CancelResponse::NoPermission { privilege: reason },
        "ManagedObjectNotFound" => CancelResponse::Gone,
        _ => CancelResponse::Failed(reason.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::recording_codec::encode;

    /// Returns the JSON of an entry after it was converted to an update and back.
    fn converted(entry: &Value) -> Value {
        let read: Entry = serde_json::from_value(entry.clone()).unwrap();
        let update = match decode(read).unwrap() {
            RecordedUpdate::Other(update) => update,
            RecordedUpdate::Task(change) => Update::Tasks {
                changes: vec![change],
                since: std::time::Instant::now(),
            },
        };
        let mut encoded = Vec::new();
        encode(&update, |entry| {
            encoded.push(serde_json::to_value(entry).unwrap());
        });
        assert_eq!(encoded.len(), 1);
        encoded.remove(0)
    }

    #[test]
    fn entries_round_trip() {
        let at = "2026-11-29T10:00:00Z";
        let info = vtask_task::fixture::info("task-1", &json!({"progress": 7})).to_json();
        for entry in [
            json!({"server": {"host": "vc01", "product": "x 8", "release": "8.0.3.0", "user": "ops"}}),
            json!({"clock_offset": -120}),
            json!({"link": {"state": "live"}}),
            json!({"link": {"state": "polling", "reason": "x"}}),
            json!({"link": {"state": "retrying", "attempt": 2, "next": at, "reason": "x"}}),
            json!({"link": {"state": "signed_out", "reason": "x"}}),
            json!({"task": {"at": at, "info": info}}),
            json!({"past_task": {"at": at, "info": info}}),
            json!({"change": {"task": "task-1", "at": at, "fields": {"progress": 9, "error": null}}}),
            json!({"gone": {"task": "task-1", "at": at}}),
            json!({"placeholder": {"task": "task-1", "reason": "x"}}),
            json!({"unreadable": {"task": "task-1", "reason": "x"}}),
            json!({"unwatched": {"task": "task-1"}}),
            json!({"cancel_answer": {"task": "task-1", "answer": "accepted"}}),
            json!({"cancel_answer": {"task": "task-1", "answer": "NoPermission", "reason": "Global.CancelTask"}}),
            json!({"events": {"task": "task-1", "events": [{"key": 4, "fullFormattedMessage": "x"}]}}),
            json!({"labels": {"VirtualMachine.clone": "Clone virtual machine"}}),
            json!({"runs": [{"operation": "VirtualMachine.clone", "entity": "vm-1", "millis": 1500}]}),
            json!({"entity_state": {"task": "task-1", "lost_host": {"name": "esx-07", "is_silent": true}}}),
            json!({"entity_state": {"task": "task-1", "question": {"text": "Moved?", "choices": ["Yes"]}}}),
            json!({"location": {"type": "VirtualMachine", "value": "vm-1", "host": "esx-07"}}),
        ] {
            assert_eq!(converted(&entry), entry);
        }
    }

    #[test]
    fn invalid_tasks_are_left_out() {
        let at = "2026-11-29T10:00:00Z".parse().unwrap();
        let info = json!({"state": 7});
        assert!(decode(Entry::Task { at, info }).is_none());
    }
}
