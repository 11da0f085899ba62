//! Builds the events of a task, on demand.

use serde_json::{Map, Value, json};

use super::context::ReadContext;
use super::event::{BuiltEvent, ERROR, INFO};
use super::event_details::{EventSource, argument};
use super::event_filter::EventFilter;
use super::event_templates::{self, template_of};
use super::task_history::find_by_chain;
use crate::scenario::OperationCatalogue;
use crate::world::inventory::EntityKind;
use crate::world::task::{Record, TaskState};
use crate::world::time::WorldTime;

/// Returns the events that match a filter, unordered.
pub(super) fn matching(filter: &EventFilter, context: ReadContext<'_>) -> Vec<BuiltEvent> {
    let inventory = context.world.inventory();
    let chain = filter
        .chain
        .filter(|_| context.writer.behavior.detailed_filters);
    let mut events: Vec<BuiltEvent> = if let Some(chain) = chain {
        let record = find_by_chain(chain, context);
        record
            .filter(|record| filter.matches_task(record, inventory))
            .map(|record| events_of(record, context))
            .unwrap_or_default()
    } else {
        let records = context.world.tasks().map(|task| &task.record);
        records
            .filter(|record| filter.matches_task(record, inventory))
            .flat_map(|record| events_of(record, context))
            .collect()
    };
    events.retain(|event| filter.matches(event));
    events
}

/// Returns the newest event.
pub(super) fn latest(context: ReadContext<'_>) -> Option<Value> {
    let records = context.world.tasks().map(|task| &task.record);
    let events = records.flat_map(|record| events_of(record, context));
    events
        .max_by_key(BuiltEvent::sort_key)
        .map(|built| built.event)
}

/// Returns the `EventDescription`.
pub(super) fn description() -> Value {
    let category = |key: &str, label: &str| json!({"_typeName": "ElementDescription", "key": key, "label": label, "summary": label});
    let detail = |(kind, severity, text): (&str, &str, &str)| {
        let format = text.replace("{}", "{vm.name}");
        json!({
            "_typeName": "EventDescriptionEventDetail",
            "key": kind,
            "description": kind,
            "category": severity,
            "formatOnDatacenter": format,
            "formatOnComputeResource": format,
            "formatOnHost": format,
            "formatOnVm": format,
            "fullFormat": format,
        })
    };
    let always = [
        ("TaskEvent", INFO, "Task: {info.name}"),
        ("VmMessageEvent", INFO, "Message on {}: {message}"),
        ("EventEx", INFO, "{message}"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    let kinds = always.into_iter().chain(event_templates::kinds());
    let details: Vec<Value> = kinds
        .filter(|(kind, ..)| seen.insert(*kind))
        .map(detail)
        .collect();
    json!({
        "_typeName": "EventDescription",
        "category": [
            category(INFO, "Information"),
            category("warning", "Warning"),
            category(ERROR, "Error"),
            category("user", "User"),
        ],
        "eventInfo": details,
    })
}

/// Returns the events of a task, ordered by time.
fn events_of(record: &Record, context: ReadContext<'_>) -> Vec<BuiltEvent> {
    if let Some(recorded) = context.world.recorded_events(record.id) {
        return recorded.iter().map(as_recorded).collect();
    }
    let mut builder = EventBuilder {
        source: EventSource { record, context },
        events: Vec::new(),
    };
    let label = OperationCatalogue::built_in()
        .find(&record.description_id)
        .map_or(&*record.description_id, |operation| operation.label);
    builder.add(
        record.queue_time,
        INFO,
        "TaskEvent",
        &format!("Task: {label}"),
    );
    let name = record.entity_name.as_deref().unwrap_or("the operation");
    let template = template_of(&record.description_id);
    if let Some(started) = record.start_time {
        let [kind, text] = template.start;
        builder.add(started, INFO, kind, &text.replace("{}", name));
    }
    for (time, phase) in &record.phase_log {
        let text = phase["message"].as_str().unwrap_or_default();
        builder.add(*time, INFO, "EventEx", &format!("{label}: {text}"));
    }
    if let Some(ended) = record.complete_time {
        let (severity, [kind, text]) = if record.state == TaskState::Error {
            (ERROR, template.failure)
        } else {
            (INFO, template.success)
        };
        let mut text = text.replace("{}", name);
        if let Some(reason) = record
            .error
            .as_ref()
            .and_then(|error| error["faultstring"].as_str())
        {
            text = format!("{text}: {reason}");
        }
        builder.add(ended, severity, kind, &text);
    } else if let Some((time, question)) = builder.source.question() {
        let text = format!("Message on {name}: {question}");
        builder.add(time, INFO, "VmMessageEvent", &text);
    }
    builder.events
}

/// Returns an event of a record.
fn as_recorded((time, event): &(WorldTime, Value)) -> BuiltEvent {
    let severity = match event["severity"].as_str() {
        Some("error") => ERROR,
        _ => INFO,
    };
    let key = event["key"].as_i64();
    BuiltEvent {
        time: *time,
        key: key.and_then(|key| i32::try_from(key).ok()).unwrap_or(0),
        severity,
        event: event.clone(),
    }
}

struct EventBuilder<'a> {
    source: EventSource<'a>,
    events: Vec<BuiltEvent>,
}

impl EventBuilder<'_> {
    fn add(&mut self, time: WorldTime, severity: &'static str, kind: &str, text: &str) {
        let (record, context) = (self.source.record, self.source.context);
        let chain = record.event_chain_id;
        let number = i32::try_from(self.events.len()).unwrap_or(i32::MAX);
        let key = chain.wrapping_mul(16).wrapping_add(number);
        let of_type = Some(kind)
            .filter(|kind| *kind != "EventEx" && !kind.contains('.'))
            .and_then(|kind| Some((kind, self.source.details(kind)?)));
        let (type_name, details) =
            of_type.unwrap_or_else(|| ("EventEx", self.extended(severity, kind, text)));
        let mut event = Map::new();
        event.insert("_typeName".to_owned(), json!(type_name));
        event.insert("key".to_owned(), json!(key));
        event.insert("chainId".to_owned(), json!(chain));
        event.insert("createdTime".to_owned(), context.writer.time(time));
        event.insert(
            "userName".to_owned(),
            json!(record.reason["userName"].as_str().unwrap_or("")),
        );
        event.insert("fullFormattedMessage".to_owned(), json!(text));
        if let Some(tag) = &record.change_tag {
            event.insert("changeTag".to_owned(), json!(&**tag));
        }
        self.add_arguments(&mut event);
        event.extend(details);
        self.events.push(BuiltEvent {
            time,
            key,
            severity,
            event: Value::Object(event),
        });
    }

    /// Returns the fields of an `EventEx`, which also replaces events whose required fields are unknown.
    fn extended(&self, severity: &str, kind: &str, text: &str) -> Map<String, Value> {
        let id = match kind {
            "EventEx" => format!("com.vmware.vc.{}", self.source.record.description_id),
            _ if kind.contains('.') => kind.to_owned(),
            _ => format!("com.vmware.vc.{kind}"),
        };
        let mut fields = Map::new();
        fields.insert("eventTypeId".to_owned(), json!(id));
        fields.insert("severity".to_owned(), json!(severity));
        fields.insert("message".to_owned(), json!(text));
        if let Some(fault) = self.source.error().filter(|_| severity == ERROR) {
            fields.insert("fault".to_owned(), fault);
        }
        fields
    }

    /// Adds event arguments for the entity and its parents.
    fn add_arguments(&self, event: &mut Map<String, Value>) {
        let inventory = self.source.context.world.inventory();
        let mut next = self.source.entity_id();
        while let Some(id) = next {
            let entity = inventory.entity(id);
            let is_folder = matches!(entity.kind, EntityKind::Folder(_));
            if let Some((field, argument)) = argument(entity).filter(|_| !is_folder) {
                event.insert(field.to_owned(), argument);
            }
            next = entity.host.or(entity.parent);
        }
    }
}
