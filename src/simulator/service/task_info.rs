//! Conversion of tasks to `TaskInfo`.

use serde_json::{Map, Value};

use crate::method_fault;
use crate::server_behavior::{Boxing, ServerBehavior};
use crate::value::{MoRef, Property};
use crate::world::task::{Field, Record};
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

    fn time_property(&self, time: Option<WorldTime>) -> Property {
        time.map_or(Property::Unset, |time| {
            Property::Primitive("dateTime", self.time(time))
        })
    }

    /// Returns one field of a task.
    pub(crate) fn field(&self, record: &Record, field: Field) -> Property {
        let text = |text: Option<&str>| text.map_or(Property::Unset, Property::string);
        let object =
            |value: &Option<Value>| value.clone().map_or(Property::Unset, Property::Object);
        let list = |element, items: Vec<Value>| {
            if items.is_empty() {
                Property::Unset
            } else {
                Property::List(element, items)
            }
        };
        match field {
            Field::Key => match &record.key {
                Some(key) => Property::string(key),
                None => Property::string(&record.id.to_string()),
            },
            Field::Task => Property::reference(&record.id.reference()),
            Field::Description => object(&record.description),
            Field::Name => text(record.name.as_deref()),
            Field::DescriptionId => Property::string(&record.description_id),
            Field::Entity => record
                .entity
                .as_ref()
                .map_or(Property::Unset, Property::reference),
            Field::EntityName => text(record.entity_name.as_deref()),
            Field::Locked => list(
                "ManagedObjectReference",
                record.locked.iter().map(MoRef::to_json).collect(),
            ),
            Field::State => Property::Primitive("TaskInfoState", Value::from(record.state.name())),
            Field::Cancelled => Property::boolean(record.cancelled),
            Field::Cancelable => Property::boolean(record.cancelable),
            Field::Error => match &record.error {
                Some(error) => {
                    Property::Object(method_fault::embedded(error, self.behavior.error_form))
                }
                None => Property::Unset,
            },
            Field::Result => record
                .result
                .as_ref()
                .map_or(Property::Unset, |result| self.any(result)),
            Field::Progress => record.progress.map_or(Property::Unset, |percent| {
                Property::Primitive("int", Value::from(percent))
            }),
            Field::ProgressDetails => list("KeyAnyValue", record.progress_details.clone()),
            Field::Reason => Property::Object(record.reason.clone()),
            Field::QueueTime => self.time_property(Some(record.queue_time)),
            Field::StartTime => self.time_property(record.start_time),
            Field::CompleteTime => self.time_property(record.complete_time),
            Field::EventChainId => Property::Primitive("int", Value::from(record.event_chain_id)),
            Field::ChangeTag => text(record.change_tag.as_deref()),
            Field::ParentTaskKey => text(record.parent.map(|parent| parent.to_string()).as_deref()),
            Field::RootTaskKey => text(record.root.map(|root| root.to_string()).as_deref()),
            Field::ActivationId => text(record.activation_id.as_deref()),
        }
    }

    /// Boxes a value that is declared as `Any`.
    fn any(&self, value: &Value) -> Property {
        match (value.get("_value"), self.behavior.boxing) {
            (Some(content), Boxing::Bare) => Property::Object(content.clone()),
            (None, boxing @ (Boxing::DataObjectsToo | Boxing::Nested)) => Property::Object(
                Property::Object(value.clone())
                    .into_any(boxing)
                    .unwrap_or_default(),
            ),
            _ => Property::Object(value.clone()),
        }
    }

    /// Returns the whole `TaskInfo`.
    pub(crate) fn info(&self, record: &Record) -> Value {
        let mut info = Map::new();
        info.insert("_typeName".to_owned(), Value::from("TaskInfo"));
        for field in Field::ALL {
            if let Some(value) = self.field(record, field).into_declared() {
                info.insert(field.name().to_owned(), value);
            }
        }
        Value::Object(info)
    }
}
