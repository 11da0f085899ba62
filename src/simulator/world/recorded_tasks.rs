//! Gives tasks the states of a record.

use std::sync::Arc;

use fastrand::Rng;
use serde_json::Value;
use vtask_recording::Entry;

use super::World;
use super::changes::ChangedObject;
use super::inventory::Inventory;
use super::playback::{MAX_TASKS, Playback, time};
use super::task::{Execution, Field, FieldVersions, Record, Task, TaskId, TaskState};
use super::time::{Calendar, WorldTime};
use crate::value::MoRef;

/// Maximum depth of the causes of a fault.
const MAX_CAUSES: usize = 32;

impl World {
    /// Plays a record, whose inventory replaces that of the scenario. The scenario should have no tasks.
    pub(crate) fn play(&mut self, playback: Playback) {
        self.inventory = Inventory::of_record();
        self.playback = Some(Box::new(playback));
        self.advance_to(self.now);
    }

    /// Returns true if the record has been played to its end.
    pub(crate) fn has_played_all(&mut self) -> bool {
        let playback = self.playback.as_mut();
        playback.is_some_and(|playback| playback.next_time().is_none())
    }

    /// Returns the recorded answer to a cancel request; `None` if no record is played.
    pub(crate) fn recorded_answer(&self, id: TaskId) -> Option<&str> {
        let playback = self.playback.as_ref()?;
        let answer = playback.answers.get(&id);
        Some(answer.map_or("NotSupported", String::as_str))
    }

    /// Returns the recorded events of a task.
    pub(crate) fn recorded_events(&self, id: TaskId) -> Option<&[(WorldTime, Value)]> {
        let playback = self.playback.as_ref()?;
        Some(playback.events.get(&id).map_or(&[], Vec::as_slice))
    }

    /// Applies the recorded lines that are due.
    pub(super) fn play_until(&mut self, until: WorldTime) {
        let Some(mut playback) = self.playback.take() else {
            return;
        };
        while let Some(line) = playback.next_until(until) {
            if line.vc == playback.vc {
                self.apply_line(line.entry, &mut playback);
            }
        }
        self.playback = Some(playback);
    }

    fn apply_line(&mut self, entry: Entry, playback: &mut Playback) {
        let id = entry.task().and_then(TaskId::recorded);
        match (entry, id) {
            (Entry::PastTask { info, .. }, Some(id)) if !self.tasks.contains_key(&id) => {
                self.add_past(&info, playback);
            }
            (Entry::Task { info, .. } | Entry::PastTask { info, .. }, Some(id)) => {
                if let Value::Object(fields) = info {
                    let every = Field::ALL.into_iter().map(|field| {
                        let value = fields.get(field.name()).cloned();
                        (field, value.unwrap_or(Value::Null))
                    });
                    self.create_recorded(id, playback);
                    self.assign_recorded(id, every, playback);
                    let record = self.tasks.get(&id).map(|task| &task.record);
                    let target = record.and_then(|record| record.entity.clone());
                    let name = record.and_then(|record| record.entity_name.clone());
                    playback.targets.extend(target.zip(name));
                }
            }
            (Entry::Change { fields, .. }, Some(id)) => {
                let known = fields.into_iter();
                let known = known.filter_map(|(name, value)| Some((Field::named(&name)?, value)));
                self.assign_recorded(id, known, playback);
            }
            (Entry::Gone { .. }, Some(id)) => {
                self.unfinished.remove(&id);
                self.remove_object(id);
            }
            (Entry::CancelAnswer { answer, .. }, Some(id))
                if playback.answers.len() < MAX_TASKS =>
            {
                playback.answers.insert(id, answer);
            }
            (Entry::Events { events, .. }, Some(id)) => playback.keep_events(id, events),
            (Entry::History { tasks }, _) => {
                for info in tasks {
                    self.add_past(&info, playback);
                }
            }
            (Entry::Location(location), _) => self.add_location(&location, playback),
            _ => {}
        }
    }

    fn create_recorded(&mut self, id: TaskId, playback: &Playback) {
        if self.tasks.contains_key(&id) || self.tasks.len() >= MAX_TASKS {
            return;
        }
        let last_change = self.changes.record(ChangedObject::Task(id), 0);
        let task = Task {
            record: Record::new(id, self.now),
            execution: Execution::new(playback.plan.clone(), None, Rng::with_seed(0)),
            versions: FieldVersions::all(last_change),
            last_change,
        };
        self.tasks.insert(id, task);
        self.unfinished.insert(id);
    }

    fn assign_recorded(
        &mut self,
        id: TaskId,
        fields: impl Iterator<Item = (Field, Value)>,
        playback: &Playback,
    ) {
        let was_final = self.state(id).is_some_and(TaskState::is_final);
        for (field, value) in fields {
            self.update(id, field, |record| {
                assign(record, field, value, &playback.calendar)
            });
        }
        if !self.state(id).is_some_and(TaskState::is_final) {
            return;
        }
        if !was_final {
            self.unfinished.remove(&id);
            self.completed_ids.push_back(id);
            self.keep_record(id);
        } else if let Some(task) = self.tasks.get(&id) {
            let kept = self.completed_tasks.iter_mut().rev();
            if let Some(kept) = kept.into_iter().find(|record| record.id == id) {
                kept.clone_from(&task.record);
            }
        }
    }

    /// Adds a finished task of the server's history.
    fn add_past(&mut self, info: &Value, playback: &Playback) {
        let id = info["task"]["value"].as_str().or(info["key"].as_str());
        let Some(id) = id.and_then(TaskId::recorded) else {
            return;
        };
        let is_known = self.tasks.contains_key(&id)
            || self.completed_tasks.iter().any(|record| record.id == id);
        if is_known || self.completed_tasks.len() >= super::MAX_RECORDS {
            return;
        }
        let mut record = Record::new(id, self.now);
        for field in Field::ALL {
            assign(
                &mut record,
                field,
                info[field.name()].clone(),
                &playback.calendar,
            );
        }
        if record.state.is_final() {
            self.completed_tasks.push_back(record);
        }
    }
}

/// Sets a field to a value in any form in which servers send it; true if it changed. Invalid values change nothing.
fn assign(record: &mut Record, field: Field, value: Value, calendar: &Calendar) -> bool {
    let value = if field == Field::Result && value.get("_value").is_some() {
        value
    } else {
        plain(value)
    };
    let text = || value.as_str().map(Arc::<str>::from);
    let moment = || time(&value).map(|time| calendar.to_world_time(time));
    let task = || value.as_str().and_then(TaskId::recorded);
    let object = || (!value.is_null()).then(|| value.clone());
    match field {
        Field::Key => {
            let id = record.id.to_string();
            super::replace(&mut record.key, text().filter(|key| **key != *id))
        }
        // It follows from the ID.
        Field::Task => false,
        Field::Description => super::replace(&mut record.description, object()),
        Field::Name => super::replace(&mut record.name, text()),
        Field::DescriptionId => {
            text().is_some_and(|id| super::replace(&mut record.description_id, id))
        }
        Field::Entity => super::replace(&mut record.entity, reference(&value)),
        Field::EntityName => super::replace(&mut record.entity_name, text()),
        Field::Locked => {
            let locked = items(&value).filter_map(reference).collect();
            super::replace(&mut record.locked, locked)
        }
        Field::State => value
            .as_str()
            .and_then(TaskState::named)
            .is_some_and(|state| super::replace(&mut record.state, state)),
        Field::Cancelled => value
            .as_bool()
            .is_some_and(|value| super::replace(&mut record.cancelled, value)),
        Field::Cancelable => value
            .as_bool()
            .is_some_and(|value| super::replace(&mut record.cancelable, value)),
        Field::Error => super::replace(&mut record.error, object().map(|error| bare(error, 0))),
        Field::Result => super::replace(&mut record.result, object()),
        Field::Progress => {
            let percent = value.as_i64().and_then(|value| u8::try_from(value).ok());
            super::replace(&mut record.progress, percent)
        }
        Field::ProgressDetails => {
            let details = items(&value).cloned().collect();
            super::replace(&mut record.progress_details, details)
        }
        Field::Reason => object().is_some_and(|reason| super::replace(&mut record.reason, reason)),
        Field::QueueTime => {
            moment().is_some_and(|moment| super::replace(&mut record.queue_time, moment))
        }
        Field::StartTime => super::replace(&mut record.start_time, moment()),
        Field::CompleteTime => super::replace(&mut record.complete_time, moment()),
        Field::EventChainId => value
            .as_i64()
            .and_then(|chain| i32::try_from(chain).ok())
            .is_some_and(|chain| super::replace(&mut record.event_chain_id, chain)),
        Field::ChangeTag => super::replace(&mut record.change_tag, text()),
        Field::ParentTaskKey => super::replace(&mut record.parent, task()),
        Field::RootTaskKey => super::replace(&mut record.root, task()),
        Field::ActivationId => super::replace(&mut record.activation_id, text()),
    }
}

/// Removes the boxes around a value and within it, except where the declared type is `Any`.
fn plain(mut value: Value) -> Value {
    while let Some(content) = value.get_mut("_value") {
        value = content.take();
    }
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = plain(item.take())),
        Value::Object(fields) => {
            let has_any = fields
                .get("_typeName")
                .is_some_and(|kind| kind == "KeyAnyValue");
            for (name, field) in fields.iter_mut() {
                if !(has_any && name == "value") {
                    *field = plain(field.take());
                }
            }
        }
        _ => {}
    }
    value
}

/// Returns a fault in bare form, whichever form it was sent in.
fn bare(mut fault: Value, depth: usize) -> Value {
    let Some(fields) = fault.as_object_mut() else {
        return fault;
    };
    let text = fields.shift_remove("localizedMessage").unwrap_or_default();
    if let Some(inner) = fault.get_mut("fault").filter(|inner| inner.is_object()) {
        fault = inner.take();
        if let Some(fields) = fault.as_object_mut()
            && text.is_string()
        {
            fields.insert("faultstring".to_owned(), text);
        }
    } else if !text.is_null()
        && let Some(fields) = fault.as_object_mut()
    {
        fields.insert("localizedMessage".to_owned(), text);
    }
    if depth < MAX_CAUSES
        && let Some(cause) = fault
            .get_mut("faultCause")
            .filter(|cause| cause.is_object())
    {
        *cause = bare(cause.take(), depth + 1);
    }
    fault
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn reference(value: &Value) -> Option<MoRef> {
    let kind = value["type"].as_str()?;
    Some(MoRef::new(kind, value["value"].as_str()?))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_unboxed_except_any() {
        let text = |text: &str| json!({"_typeName": "string", "_value": text});
        let calendar = Calendar::new(Timestamp::UNIX_EPOCH);
        let mut record = Record::new(TaskId(1), WorldTime::START);
        let message = |key: Value| {
            let arg = json!({"_typeName": "KeyAnyValue", "key": key, "value": text("a.vmdk")});
            json!({"_typeName": "LocalizableMessage", "key": key, "arg": [arg]})
        };
        let fault = json!({
            "_typeName": "LocalizedMethodFault",
            "fault": {"_typeName": "FileNotFound", "file": text("a.vmdk"), "faultMessage": [message(text("k"))]},
            "localizedMessage": text("No file"),
        });
        assign(&mut record, Field::Error, fault, &calendar);
        let expected = json!({
            "_typeName": "FileNotFound",
            "file": "a.vmdk",
            "faultMessage": [message(json!("k"))],
            "faultstring": "No file",
        });
        assert_eq!(record.error, Some(expected));
        assign(&mut record, Field::Result, text("done"), &calendar);
        assert_eq!(record.result, Some(text("done")));
    }
}
