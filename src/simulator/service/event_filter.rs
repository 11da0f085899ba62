//! `EventFilterSpec` and `EventManagerViewByStartId`: selection of events.

use serde_json::Value;

use super::event::BuiltEvent;
use super::fields::Fields;
use super::task_filter::{
    EntityRecursion, TimeRange, Trigger, entity_matches, read_entity, read_triggers, read_users,
    user_matches, was_triggered,
};
use crate::method_fault::MethodFault;
use crate::world::World;
use crate::world::inventory::{EntityId, Inventory};
use crate::world::task::Record;
use crate::world::time::Calendar;

/// Maximum number of events in one response.
const MAX_EVENTS: usize = 1000;

/// Values of `category`.
const CATEGORIES: [&str; 4] = ["info", "warning", "error", "user"];

/// An `EventFilterSpec`; empty lists and missing fields match everything.
#[derive(Debug)]
pub(super) struct EventFilter {
    /// Event chain of one task.
    pub(super) chain: Option<i32>,
    entity: Option<(EntityId, EntityRecursion)>,
    period: Option<TimeRange>,
    /// True if events of the system match, and the users whose events match (all if empty).
    users: Option<(bool, Vec<String>)>,
    triggers: Vec<Trigger>,
    categories: Vec<String>,
    /// Event types, including `EventEx`.
    types: Vec<String>,
    /// Event types; the `eventTypeId` in case of an `EventEx`.
    ids: Vec<String>,
    tags: Vec<String>,
    maximum: usize,
    /// True if `fullFormattedMessage` is included.
    has_text: bool,
}

impl EventFilter {
    pub(super) fn read(
        mut fields: Fields,
        world: &World,
        calendar: &Calendar,
    ) -> Result<Self, MethodFault> {
        let period = match fields.optional_object("time", "EventFilterSpecByTime")? {
            Some(mut by_time) => {
                let period = TimeRange::read(&mut by_time, calendar)?;
                by_time.done()?;
                Some(period)
            }
            None => None,
        };
        let categories = fields.strings("category")?;
        if let Some(wrong) = categories
            .iter()
            .find(|category| !CATEGORIES.contains(&category.as_str()))
        {
            return Err(MethodFault::invalid_argument(
                "filter.category",
                &format!("There is no category {wrong}."),
            ));
        }
        // Applies to the first page of a collector only, which is never delayed here.
        fields.optional_boolean("delayedInit")?;
        let filter = Self {
            chain: fields.optional_int("eventChainId")?,
            entity: read_entity(&mut fields, "EventFilterSpecByEntity", world)?,
            period,
            users: read_users(&mut fields, "EventFilterSpecByUsername")?,
            triggers: read_triggers(&mut fields)?,
            categories,
            types: fields.strings("type")?,
            ids: fields.strings("eventTypeId")?,
            tags: fields.strings("tag")?,
            maximum: fields
                .optional_count("maxCount")?
                .map_or(MAX_EVENTS, |maximum| maximum.min(MAX_EVENTS)),
            has_text: fields.optional_boolean("disableFullMessage")? != Some(true),
        };
        fields.done()?;
        Ok(filter)
    }

    /// True if the events of a task can match.
    pub(super) fn matches_task(&self, record: &Record, inventory: &Inventory) -> bool {
        let entity = record
            .entity
            .as_ref()
            .and_then(|entity| inventory.find(entity));
        was_triggered(&self.triggers, &record.reason)
            && self
                .entity
                .is_none_or(|filter| entity_matches(filter, entity, inventory))
    }

    /// True if an event of a matching task matches.
    pub(super) fn matches(&self, event: &BuiltEvent) -> bool {
        let text = |field: &str| event.event[field].as_str().unwrap_or_default();
        let (kind, id) = (text("_typeName"), text("eventTypeId"));
        let id = if id.is_empty() { kind } else { id };
        // An empty tag matches events without a tag.
        let tag = text("changeTag");
        matches_any(&self.types, |listed| {
            is_type(listed, kind) || is_type(listed, id)
        }) && matches_any(&self.ids, |listed| is_type(listed, id))
            && matches_any(&self.tags, |listed| listed == tag)
            && matches_any(&self.categories, |listed| is_of_category(event, listed))
            && self
                .users
                .as_ref()
                .is_none_or(|(system, users)| user_matches(*system, users, &event.event))
            && self.period.is_none_or(|period| period.contains(event.time))
    }

    /// Returns the event with or without its text, as requested.
    pub(super) fn to_json(&self, mut event: BuiltEvent) -> Value {
        if let Some(fields) = event.event.as_object_mut().filter(|_| !self.has_text) {
            fields.remove("fullFormattedMessage");
        }
        event.event
    }

    /// Limits the events to the newest ones, or to those next to the start of the page.
    pub(super) fn limit(&self, events: &mut Vec<BuiltEvent>, view: Option<EventView>) {
        if let Some(view) = view {
            events.retain(|event| view.contains(event.key));
            events.sort_by_key(|event| event.key);
        } else {
            events.sort_by_key(|event| event.time);
        }
        if view.is_some_and(|view| view.forward) {
            events.truncate(self.maximum);
        } else {
            events.drain(..events.len().saturating_sub(self.maximum));
        }
    }
}

fn matches_any(list: &[String], matches: impl Fn(&str) -> bool) -> bool {
    list.is_empty() || list.iter().any(|listed| matches(listed))
}

/// True if `listed` is the type, with or without the package of its class (`vim.event.TaskEvent`).
fn is_type(listed: &str, kind: &str) -> bool {
    listed == kind || listed.ends_with(&format!(".{kind}"))
}

/// True if the event has the category, which is its severity: `error` for failures, else `info`; no event is a
/// `warning`. Every event with a user also has the category `user`.
fn is_of_category(event: &BuiltEvent, category: &str) -> bool {
    if category == "user" {
        event.event["userName"] != ""
    } else {
        event.severity == category
    }
}

/// An `EventManagerViewByStartId`: the events after or before a start event.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventView {
    start: i32,
    forward: bool,
}

impl EventView {
    /// Parses `eventViewSpec`.
    pub(super) fn read(fields: &mut Fields) -> Result<Option<Self>, MethodFault> {
        let Some(mut spec) =
            fields.optional_object("eventViewSpec", "EventManagerViewByStartId")?
        else {
            return Ok(None);
        };
        let start = spec.int("startEventId")?;
        if start < 0 {
            return Err(MethodFault::invalid_argument(
                "eventViewSpec.startEventId",
                "It must not be negative.",
            ));
        }
        let forward = spec.boolean("isForward")?;
        spec.done()?;
        Ok(Some(Self { start, forward }))
    }

    fn contains(self, key: i32) -> bool {
        if self.forward {
            key > self.start
        } else {
            key < self.start
        }
    }
}
