//! Updates as entries of a record.

use serde_json::Value;
use vtask_recording::{Entry, Location, LostHost, Question, Run, ServerInfo};
use vtask_task::{EntityState, TaskChange, cancellation::CancelResponse};
use vtask_vim::types::{EntityLocation, ManagedObjectReference, TaskInfo};

use crate::Update;

/// Passes the entries for an update to `add`. Updates about the program itself have none, nor have those that are
/// derived from what is recorded.
pub fn encode(update: &Update, mut add: impl FnMut(Entry)) {
    match update {
        Update::Connection(state) => add(Entry::Link(state.clone())),
        Update::Server(facts) => add(Entry::Server(ServerInfo {
            host: facts.host.clone(),
            product: facts.about.full_name.clone(),
            release: facts.release.clone(),
            user: facts.user.clone(),
        })),
        Update::Clock(clock) => {
            let offset = clock.offset.as_millis();
            add(Entry::ClockOffset(
                i64::try_from(offset).unwrap_or_default(),
            ));
        }
        Update::Tasks { changes, .. } => changes.iter().map(task_entry).for_each(add),
        Update::Cancel { mo_id, answer } => {
            let (answer, reason) = cancel_answer(answer);
            add(Entry::CancelAnswer {
                task: mo_id.to_string(),
                answer: answer.to_owned(),
                reason,
            });
        }
        Update::Events {
            mo_id,
            events: Ok(events),
        } => add(Entry::Events {
            task: mo_id.to_string(),
            events: events.iter().map(|event| event.raw.clone()).collect(),
        }),
        Update::Relatives { members, .. } if !members.is_empty() => add(history(members)),
        Update::HistoryPage { page: Ok(page), .. } if !page.tasks.is_empty() => {
            add(history(&page.tasks));
        }
        Update::Labels(labels) => {
            let owned = |(id, label): (&str, &str)| (id.to_owned(), label.to_owned());
            add(Entry::Labels(labels.iter().map(owned).collect()));
        }
        Update::Typical(runs) => add(Entry::Runs(
            runs.iter()
                .map(|run| Run {
                    operation: run.operation.to_string(),
                    entity: run.entity.as_deref().map(str::to_owned),
                    millis: u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
                })
                .collect(),
        )),
        Update::EntityState { mo_id, state } => add(entity_state(mo_id, state)),
        Update::Locations(locations) => locations.iter().filter_map(location).for_each(add),
        Update::Events { events: Err(_), .. }
        | Update::HistoryPage { .. }
        | Update::Relatives { .. }
        | Update::Privilege { .. }
        | Update::LookedUp { .. }
        | Update::Family { .. }
        | Update::TypicalUnknown(_)
        | Update::FirstList
        | Update::Pong
        | Update::Notice(_)
        | Update::RecordingStopped(_)
        | Update::RecentRefused(_) => {}
    }
}

fn entity_state(mo_id: &str, state: &EntityState) -> Entry {
    Entry::EntityState {
        task: mo_id.to_owned(),
        question: state.question.as_ref().map(|question| Question {
            text: question.text.clone(),
            choices: question.choices.clone(),
        }),
        lost_host: state.lost_host.as_ref().map(|host| LostHost {
            name: host.name.to_string(),
            is_silent: host.is_silent,
        }),
    }
}

/// Returns the entry for a known location.
fn location((entity, location): &(ManagedObjectReference, EntityLocation)) -> Option<Entry> {
    let EntityLocation::Known(known) = location else {
        return None;
    };
    let name = |name: &Option<std::sync::Arc<str>>| name.as_deref().map(str::to_owned);
    Some(Entry::Location(Location {
        kind: entity.kind().to_string(),
        value: entity.value.to_string(),
        host: name(&known.host),
        cluster: name(&known.cluster),
        datacenter: name(&known.datacenter),
        folder: name(&known.folder),
    }))
}

fn history(tasks: &[TaskInfo]) -> Entry {
    Entry::History {
        tasks: tasks.iter().map(TaskInfo::to_json).collect(),
    }
}

fn task_entry(change: &TaskChange) -> Entry {
    match change {
        TaskChange::Full { info, at } => Entry::Task {
            at: *at,
            info: info.to_json(),
        },
        TaskChange::FromHistory { info, at } => Entry::PastTask {
            at: *at,
            info: info.to_json(),
        },
        TaskChange::Fields { mo_id, fields, at } => Entry::Change {
            task: mo_id.to_string(),
            at: *at,
            // Of two values of a field the later one counts.
            fields: fields
                .iter()
                .map(|(name, value): &(_, Value)| (name.clone().into_owned(), value.clone()))
                .collect(),
        },
        TaskChange::Gone { mo_id, at } => Entry::Gone {
            task: mo_id.to_string(),
            at: *at,
        },
        TaskChange::Placeholder { key, reason } => Entry::Placeholder {
            task: key.to_string(),
            reason: reason.to_string(),
        },
        TaskChange::Unreadable { mo_id, reason, .. } => Entry::Unreadable {
            task: mo_id.to_string(),
            reason: reason.to_string(),
        },
        TaskChange::Unwatched { mo_id } => Entry::Unwatched {
            task: mo_id.to_string(),
        },
    }
}

fn cancel_answer(answer: &CancelResponse) -> (&'static str, Option<String>) {
    match answer {
        CancelResponse::Accepted => ("accepted", None),
        CancelResponse::NotSupported => ("NotSupported", None),
        CancelResponse::InvalidState => ("InvalidState", None),
        CancelResponse::NoPermission { privilege } => ("NoPermission", Some(privilege.clone())),
        CancelResponse::Gone => ("ManagedObjectNotFound", None),
        CancelResponse::Failed(reason) => ("failed", Some(reason.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vtask_task::fixture::{self, at};
    use vtask_vim::types::TaskEvent;

    use super::*;
    use crate::ConnectionState;

    fn recorded(update: &Update) -> Vec<Value> {
        let mut all = Vec::new();
        encode(update, |entry| {
            all.push(serde_json::to_value(entry).unwrap());
        });
        all
    }

    #[test]
    fn tasks_and_changes_are_recorded_as_sent() {
        let info = fixture::info("task-1", &json!({"progress": 7, "mood": "good"}));
        let changes = vec![
            TaskChange::Full {
                info: info.clone(),
                at: at(1),
            },
            TaskChange::Fields {
                mo_id: "task-1".into(),
                fields: vec![
                    ("progress".into(), json!(8)),
                    ("progress".into(), json!(9)),
                    ("error".into(), Value::Null),
                ],
                at: at(2),
            },
            TaskChange::Unwatched {
                mo_id: "task-1".into(),
            },
        ];
        let since = std::time::Instant::now();
        let written = recorded(&Update::Tasks { changes, since });
        assert_eq!(
            written,
            [
                json!({"task": {"at": at(1), "info": info.to_json()}}),
                json!({"change": {"task": "task-1", "at": at(2), "fields": {"progress": 9, "error": null}}}),
                json!({"unwatched": {"task": "task-1"}}),
            ]
        );
        assert_eq!(written[0]["task"]["info"]["mood"], "good");
    }

    #[test]
    fn responses_connection_states_and_events_are_recorded() {
        let cancel = |answer| {
            recorded(&Update::Cancel {
                mo_id: "task-1".into(),
                answer,
            })
        };
        assert_eq!(
            cancel(CancelResponse::Accepted),
            [json!({"cancel_answer": {"task": "task-1", "answer": "accepted"}})]
        );
        assert_eq!(
            cancel(CancelResponse::NoPermission {
                privilege: "Global.CancelTask".to_owned()
            }),
            [
                json!({"cancel_answer": {"task": "task-1", "answer": "NoPermission", "reason": "Global.CancelTask"}})
            ]
        );
        let retrying = ConnectionState::Retrying {
            attempt: 3,
            next: at(9),
            reason: "connection refused".into(),
        };
        assert_eq!(
            recorded(&Update::Connection(retrying)),
            [
                json!({"link": {"state": "retrying", "attempt": 3, "next": at(9), "reason": "connection refused"}})
            ]
        );
        let raw = json!({"_typeName": "EventEx", "key": 4, "fullFormattedMessage": "x"});
        let events = Ok([TaskEvent::from_json(raw.clone())].into());
        let mo_id = "task-1".into();
        assert_eq!(
            recorded(&Update::Events { mo_id, events }),
            [json!({"events": {"task": "task-1", "events": [raw]}})]
        );
        assert!(recorded(&Update::Notice("x".into())).is_empty());
    }
}
