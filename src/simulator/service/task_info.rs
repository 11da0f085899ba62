//! Conversion of tasks to `TaskInfo`.

use serde_json::{Map, Value};

use crate::method_fault;
use crate::server_behavior::{Boxing, ServerBehavior};
use crate::value::{MoRef, Property};
use crate::world::task::{Field, Record, TaskId};
use crate::world::time::{Calendar, WorldTime};

/// Writes tasks as the server's behavior requires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskInfoWriter<'a> {
    pub calendar: &'a Calendar,
    pub behavior: &'a ServerBehavior,
}

impl TaskInfoWriter<'_> {
    /// Returns a world time as a `dateTime`.
    pub(crate) fn time(&self, time: WorldTime) -> Value {
        Value::from(self.calendar.to_timestamp(time).to_string())
    }

    /// Returns one field of a task, `null` if unset.
    pub(crate) fn field(&self, record: &Record, field: Field) -> Value {
        let list = |items: &[Value]| {
            if items.is_empty() {
                Value::Null
            } else {
                items.into()
            }
        };
        let time = |time: Option<WorldTime>| time.map(|time| self.time(time)).into();
        let task = |id: Option<TaskId>| id.map(|id| id.to_string()).into();
        match field {
            Field::Key => match &record.key {
                Some(key) => (**key).into(),
                None => record.id.to_string().into(),
            },
            Field::Task => record.id.reference().to_json(),
            Field::Description => record.description.clone().into(),
            Field::Name => record.name.as_deref().into(),
            Field::DescriptionId => (*record.description_id).into(),
            Field::Entity => record.entity.as_ref().map(MoRef::to_json).into(),
            Field::EntityName => record.entity_name.as_deref().into(),
            Field::Locked => {
                let locked: Vec<Value> = record.locked.iter().map(MoRef::to_json).collect();
                list(&locked)
            }
            Field::State => record.state.name().into(),
            Field::Cancelled => record.cancelled.into(),
            Field::Cancelable => record.cancelable.into(),
            Field::Error => {
                let error = record.error.as_ref();
                error
                    .map(|error| method_fault::embedded(error, self.behavior.error_form))
                    .into()
            }
            Field::Result => record.result.as_ref().map(|result| self.any(result)).into(),
            Field::Progress => record.progress.into(),
            Field::ProgressDetails => list(&record.progress_details),
            Field::Reason => record.reason.clone(),
            Field::QueueTime => self.time(record.queue_time),
            Field::StartTime => time(record.start_time),
            Field::CompleteTime => time(record.complete_time),
            Field::EventChainId => record.event_chain_id.into(),
            Field::ChangeTag => record.change_tag.as_deref().into(),
            Field::ParentTaskKey => task(record.parent),
            Field::RootTaskKey => task(record.root),
            Field::ActivationId => record.activation_id.as_deref().into(),
        }
    }

    /// Boxes a value that is declared as `Any`.
    fn any(&self, value: &Value) -> Value {
        let property = Property {
            kind: "any",
            value: value.clone(),
        };
        match (value.get("_value"), self.behavior.boxing) {
            (Some(content), Boxing::Bare) => content.clone(),
            (None, boxing @ (Boxing::DataObjectsToo | Boxing::Nested)) => property.into_any(boxing),
            _ => property.value,
        }
    }

    /// Returns the whole `TaskInfo`.
    pub(crate) fn info(&self, record: &Record) -> Value {
        let mut info = Map::new();
        info.insert("_typeName".to_owned(), Value::from("TaskInfo"));
        for field in Field::ALL {
            let value = self.field(record, field);
            if !value.is_null() {
                info.insert(field.name().to_owned(), value);
            }
        }
        Value::Object(info)
    }
}
