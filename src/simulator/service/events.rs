//! Events: what the server tells of a task's life, made up from the task when somebody asks.

use serde_json::{Map, Value, json};

use super::history::of_chain;
use super::history_filter::{Period, entity_matches, read_entity, read_users, user_matches};
use super::objects::Objects;
use super::stories::story_of;
use super::{Answer, Call, Core};
use crate::simulator::fault::Fault;
use crate::simulator::scenario::Catalogue;
use crate::simulator::world::inventory::{EntityId, EntityKind};
use crate::simulator::world::task::{Record, TaskState};
use crate::simulator::world::time::WorldTime;

/// Most events in one answer.
const MOST: usize = 1000;

impl Core {
    /// `EventManager.QueryEvents`.
    pub(super) fn query_events(&mut self, token: &str, call: &Call) -> Result<Answer, Fault> {
        if !self.behaviours.events_permission {
            return Err(Fault::no_permission(&call.object, "System.View"));
        }
        let mut outer = self.fields(call)?;
        let mut filter = outer.object("filter", "EventFilterSpec")?;
        outer.done()?;
        let chain = filter
            .optional_int("eventChainId")?
            .filter(|_| self.behaviours.fine_filters);
        let entity = read_entity(&mut filter, "EventFilterSpecByEntity", &self.world)?;
        let period = match filter.optional_object("time", "EventFilterSpecByTime")? {
            Some(mut by_time) => {
                let period = Period::read(&mut by_time, &self.calendar)?;
                by_time.done()?;
                Some(period)
            }
            None => None,
        };
        let users = read_users(&mut filter, "EventFilterSpecByUsername")?;
        let types = filter.strings("eventTypeId")?;
        let most = filter.optional_count("maxCount")?.unwrap_or(MOST).min(MOST);
        filter.optional_boolean("disableFullMessage")?;
        filter.done()?;

        let objects = self.objects(token);
        let mut told: Vec<(WorldTime, Value)> = if let Some(chain) = chain {
            of_chain(chain, &objects)
                .map(|record| tell(&record, &objects))
                .unwrap_or_default()
        } else {
            let inventory = self.world.inventory();
            let living = self
                .world
                .tasks()
                .map(|task| &task.record)
                .filter(|record| {
                    let place = record
                        .entity
                        .as_ref()
                        .and_then(|entity| inventory.find(entity));
                    entity.is_none_or(|wanted| entity_matches(wanted, place, inventory))
                });
            living.flat_map(|record| tell(record, &objects)).collect()
        };
        told.sort_by_key(|(time, _)| *time);
        told.retain(|(time, event)| {
            let kind = event["eventTypeId"]
                .as_str()
                .or(event["_typeName"].as_str())
                .unwrap_or_default();
            let of_type = types.is_empty()
                || types
                    .iter()
                    .any(|listed| listed == kind || listed.ends_with(&format!(".{kind}")));
            let of_user = users
                .as_ref()
                .is_none_or(|(system, users)| user_matches(*system, users, event));
            of_type && of_user && period.is_none_or(|period| period.contains(*time))
        });
        // The newest, in the order of time.
        let skip = told.len().saturating_sub(most);
        Ok(Answer::List(
            told.into_iter()
                .skip(skip)
                .map(|(_, event)| event)
                .collect(),
        ))
    }
}

/// The events of a task, in the order of time.
fn tell(record: &Record, objects: &Objects<'_>) -> Vec<(WorldTime, Value)> {
    let mut teller = Teller {
        record,
        objects,
        told: Vec::new(),
    };
    let label = Catalogue::built_in()
        .find(&record.description_id)
        .map_or(&*record.description_id, |operation| operation.label);
    let info = objects.pen.info(record);
    teller.add(
        record.queue_time,
        "TaskEvent",
        &format!("Task: {label}"),
        [("info", info)],
    );
    let name = record.entity_name.as_deref().unwrap_or("the operation");
    let story = story_of(&record.description_id);
    if let Some(started) = record.start_time {
        let [kind, text] = story.start;
        teller.add(started, kind, &text.replace("{}", name), []);
    }
    for (time, phase) in &record.phase_log {
        let text = phase["message"].as_str().unwrap_or_default();
        teller.add(*time, "EventEx", &format!("{label}: {text}"), []);
    }
    if let Some(ended) = record.complete_time {
        let failed = record.state == TaskState::Error;
        let [kind, text] = if failed { story.failure } else { story.success };
        let mut text = text.replace("{}", name);
        if let Some(reason) = record
            .error
            .as_ref()
            .and_then(|error| error["faultstring"].as_str())
        {
            text = format!("{text}: {reason}");
        }
        teller.add(ended, kind, &text, []);
    } else if let Some(question) = teller.question() {
        teller.add(
            objects.world.now(),
            "VmMessageEvent",
            &format!("Message on {name}: {question}"),
            [],
        );
    }
    teller.told
}

struct Teller<'a> {
    record: &'a Record,
    objects: &'a Objects<'a>,
    told: Vec<(WorldTime, Value)>,
}

impl Teller<'_> {
    fn place(&self) -> Option<EntityId> {
        self.record
            .entity
            .as_ref()
            .and_then(|entity| self.objects.world.inventory().find(entity))
    }

    fn question(&self) -> Option<&str> {
        self.objects
            .world
            .inventory()
            .entity(self.place()?)
            .question
            .as_ref()?["text"]
            .as_str()
    }

    fn add<const N: usize>(
        &mut self,
        time: WorldTime,
        kind: &str,
        text: &str,
        more: [(&str, Value); N],
    ) {
        let chain = self.record.event_chain_id;
        let number = i32::try_from(self.told.len()).unwrap_or(i32::MAX);
        let mut event = Map::new();
        event.insert("_typeName".to_owned(), json!(kind));
        event.insert(
            "key".to_owned(),
            json!(chain.wrapping_mul(16).wrapping_add(number)),
        );
        event.insert("chainId".to_owned(), json!(chain));
        event.insert("createdTime".to_owned(), self.objects.pen.time(time));
        event.insert(
            "userName".to_owned(),
            json!(self.record.reason["userName"].as_str().unwrap_or("")),
        );
        event.insert("fullFormattedMessage".to_owned(), json!(text));
        if kind == "EventEx" {
            event.insert(
                "eventTypeId".to_owned(),
                json!(format!("com.vmware.vc.{}", self.record.description_id)),
            );
            event.insert("severity".to_owned(), json!("info"));
        }
        self.add_arguments(&mut event);
        event.extend(
            more.into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        self.told.push((time, Value::Object(event)));
    }

    /// What the event is about: the entity, and what contains it.
    fn add_arguments(&self, event: &mut Map<String, Value>) {
        let inventory = self.objects.world.inventory();
        let mut next = self.place();
        while let Some(id) = next {
            let entity = inventory.entity(id);
            let argument = match entity.kind {
                EntityKind::VirtualMachine => Some(("vm", "VmEventArgument", "vm")),
                EntityKind::Host => Some(("host", "HostEventArgument", "host")),
                EntityKind::Cluster => Some((
                    "computeResource",
                    "ComputeResourceEventArgument",
                    "computeResource",
                )),
                EntityKind::Datastore => Some(("ds", "DatastoreEventArgument", "datastore")),
                EntityKind::Datacenter => {
                    Some(("datacenter", "DatacenterEventArgument", "datacenter"))
                }
                EntityKind::Folder(_) | EntityKind::ResourcePool => None,
            };
            if let Some((field, type_name, inner)) = argument {
                let argument = json!({"_typeName": type_name, "name": &*entity.name, inner: entity.reference.to_json()});
                event.insert(field.to_owned(), argument);
            }
            next = entity.host.or(entity.parent);
        }
    }
}
