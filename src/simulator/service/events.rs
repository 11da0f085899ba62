//! Builds the events of a task, on demand.

use serde_json::{Map, Value, json};

use super::event_details::{Source, argument};
use super::event_filter::{EventFilter, View};
use super::event_templates::{self, story_of};
use super::history::of_chain;
use super::objects::Objects;
use super::{ApiCall, CallResponse, Core};
use crate::simulator::fault::Fault;
use crate::simulator::scenario::OperationCatalogue;
use crate::simulator::world::inventory::EntityKind;
use crate::simulator::world::task::{Record, TaskState};
use crate::simulator::world::time::WorldTime;

/// Severity of a normal event.
pub(super) const INFO: &str = "info";

/// Severity of a failure.
pub(super) const ERROR: &str = "error";

/// An event with the values that filters use.
#[derive(Debug)]
pub(super) struct BuiltEvent {
    pub(super) time: WorldTime,
    pub(super) key: i32,
    /// A value of `EventEventSeverity`, which is part of an `EventEx` only.
    pub(super) severity: &'static str,
    pub(super) event: Value,
}

impl Core {
    /// `EventManager.QueryEvents`.
    pub(super) fn query_events(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        if !self.behavior.events_permission {
            return Err(Fault::no_permission(&call.object, "System.View"));
        }
        let mut outer = self.fields(call)?;
        let filter = outer.object("filter", "EventFilterSpec")?;
        let view = View::read(&mut outer)?;
        outer.done()?;
        let filter = EventFilter::read(filter, &self.world, &self.calendar)?;

        let objects = self.objects(token);
        let mut told = matching(&filter, &objects);
        filter.cut(&mut told, view);
        let events = told.into_iter().map(|told| filter.shown(told));
        Ok(CallResponse::List(events.collect()))
    }
}

/// Returns the events that match a filter, unordered.
pub(super) fn matching(filter: &EventFilter, objects: &Objects<'_>) -> Vec<BuiltEvent> {
    let inventory = objects.world.inventory();
    let chain = filter
        .chain
        .filter(|_| objects.writer.behavior.detailed_filters);
    let mut told: Vec<BuiltEvent> = if let Some(chain) = chain {
        let record = of_chain(chain, objects);
        record
            .filter(|record| filter.matches_task(record, inventory))
            .map(|record| tell(&record, objects))
            .unwrap_or_default()
    } else {
        let living = objects.world.tasks().map(|task| &task.record);
        living
            .filter(|record| filter.matches_task(record, inventory))
            .flat_map(|record| tell(record, objects))
            .collect()
    };
    told.retain(|told| filter.matches(told));
    told
}

/// Returns the newest event.
pub(super) fn latest(objects: &Objects<'_>) -> Option<Value> {
    let living = objects.world.tasks().map(|task| &task.record);
    let told = living.flat_map(|record| tell(record, objects));
    told.max_by_key(BuiltEvent::place).map(|told| told.event)
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

impl BuiltEvent {
    /// Sort key: time, then number.
    pub(super) fn place(&self) -> (WorldTime, i32) {
        (self.time, self.key)
    }
}

/// Returns the events of a task, ordered by time.
fn tell(record: &Record, objects: &Objects<'_>) -> Vec<BuiltEvent> {
    let mut teller = EventBuilder {
        source: Source { record, objects },
        told: Vec::new(),
    };
    let label = OperationCatalogue::built_in()
        .find(&record.description_id)
        .map_or(&*record.description_id, |operation| operation.label);
    teller.add(
        record.queue_time,
        INFO,
        "TaskEvent",
        &format!("Task: {label}"),
    );
    let name = record.entity_name.as_deref().unwrap_or("the operation");
    let story = story_of(&record.description_id);
    if let Some(started) = record.start_time {
        let [kind, text] = story.start;
        teller.add(started, INFO, kind, &text.replace("{}", name));
    }
    for (time, phase) in &record.phase_log {
        let text = phase["message"].as_str().unwrap_or_default();
        teller.add(*time, INFO, "EventEx", &format!("{label}: {text}"));
    }
    if let Some(ended) = record.complete_time {
        let (severity, [kind, text]) = if record.state == TaskState::Error {
            (ERROR, story.failure)
        } else {
            (INFO, story.success)
        };
        let mut text = text.replace("{}", name);
        if let Some(reason) = record
            .error
            .as_ref()
            .and_then(|error| error["faultstring"].as_str())
        {
            text = format!("{text}: {reason}");
        }
        teller.add(ended, severity, kind, &text);
    } else if let Some((asked, question)) = teller.source.question() {
        let text = format!("Message on {name}: {question}");
        teller.add(asked, INFO, "VmMessageEvent", &text);
    }
    teller.told
}

struct EventBuilder<'a> {
    source: Source<'a>,
    told: Vec<BuiltEvent>,
}

impl EventBuilder<'_> {
    fn add(&mut self, time: WorldTime, severity: &'static str, kind: &str, text: &str) {
        let (record, objects) = (self.source.record, self.source.objects);
        let chain = record.event_chain_id;
        let number = i32::try_from(self.told.len()).unwrap_or(i32::MAX);
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
        event.insert("createdTime".to_owned(), objects.writer.time(time));
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
        self.told.push(BuiltEvent {
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
        if let Some(fault) = self.source.fault().filter(|_| severity == ERROR) {
            fields.insert("fault".to_owned(), fault);
        }
        fields
    }

    /// Adds event arguments for the entity and its parents.
    fn add_arguments(&self, event: &mut Map<String, Value>) {
        let inventory = self.source.objects.world.inventory();
        let mut next = self.source.place();
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
