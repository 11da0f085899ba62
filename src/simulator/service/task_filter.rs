//! `TaskFilterSpec`: selection of tasks by a history collector.

use jiff::Timestamp;
use serde_json::Value;

use super::fields::Fields;
use crate::method_fault::MethodFault;
use crate::world::World;
use crate::world::inventory::{EntityId, Inventory};
use crate::world::task::{Record, TaskId, TaskState};
use crate::world::time::{Calendar, WorldTime};

/// Entities that match, relative to the given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntityRecursion {
    Itself,
    Children,
    All,
}

/// A period, including both ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeRange {
    begin: Option<WorldTime>,
    end: Option<WorldTime>,
}

impl TimeRange {
    /// Parses `beginTime` and `endTime`.
    pub(super) fn read(fields: &mut Fields, calendar: &Calendar) -> Result<Self, MethodFault> {
        let world_time = |time: Timestamp| calendar.to_world_time(time);
        let begin = fields.optional_time("beginTime")?.map(world_time);
        let end = fields.optional_time("endTime")?.map(world_time);
        Ok(Self { begin, end })
    }

    pub(super) fn contains(&self, time: WorldTime) -> bool {
        self.begin.is_none_or(|begin| begin <= time) && self.end.is_none_or(|end| time <= end)
    }
}

/// Field of `TaskReason` and ID of the alarm or scheduled task that started a task.
pub(super) type Trigger = (&'static str, String);

/// Time of a task that a period is compared with.
type TaskTime = fn(&Record) -> Option<WorldTime>;

/// A `TaskFilterSpec`; empty lists and missing fields match everything.
#[derive(Clone, Debug)]
pub(super) struct TaskFilter {
    entity: Option<(EntityId, EntityRecursion)>,
    time: Option<(TaskTime, TimeRange)>,
    /// True if system tasks match, and the users whose tasks match (all if empty).
    users: Option<(bool, Vec<String>)>,
    activations: Vec<String>,
    states: Vec<String>,
    chains: Vec<i32>,
    tags: Vec<String>,
    parents: Option<Vec<TaskId>>,
    roots: Option<Vec<TaskId>>,
    triggers: Vec<Trigger>,
}

/// Parses `EventFilterSpecByEntity` or `TaskFilterSpecByEntity`.
pub(super) fn read_entity(
    fields: &mut Fields,
    type_name: &str,
    world: &World,
) -> Result<Option<(EntityId, EntityRecursion)>, MethodFault> {
    let Some(mut by_entity) = fields.optional_object("entity", type_name)? else {
        return Ok(None);
    };
    let reference = by_entity.reference("entity", "ManagedEntity")?;
    let recursion = match by_entity.string("recursion")?.as_str() {
        "self" => EntityRecursion::Itself,
        "children" => EntityRecursion::Children,
        "all" => EntityRecursion::All,
        _ => {
            return Err(MethodFault::invalid_argument(
                "filter.entity.recursion",
                "It must be self, children or all.",
            ));
        }
    };
    by_entity.done()?;
    let entity = world
        .inventory()
        .find(&reference)
        .ok_or_else(|| MethodFault::object_not_found(&reference))?;
    Ok(Some((entity, recursion)))
}

/// Parses `EventFilterSpecByUsername` or `TaskFilterSpecByUsername`: true if system tasks match, and the users (all if
/// empty).
pub(super) fn read_users(
    fields: &mut Fields,
    type_name: &str,
) -> Result<Option<(bool, Vec<String>)>, MethodFault> {
    let Some(mut by_user) = fields.optional_object("userName", type_name)? else {
        return Ok(None);
    };
    let users = (by_user.boolean("systemUser")?, by_user.strings("userList")?);
    by_user.done()?;
    Ok(Some(users))
}

/// Parses the required alarm and scheduled task; empty matches all tasks.
pub(super) fn read_triggers(fields: &mut Fields) -> Result<Vec<Trigger>, MethodFault> {
    let mut triggers = Vec::new();
    for (field, kind) in [("alarm", "Alarm"), ("scheduledTask", "ScheduledTask")] {
        if let Some(reference) = fields.optional_reference(field, kind)? {
            triggers.push((field, reference.id.to_string()));
        }
    }
    Ok(triggers)
}

/// True if a task with this `TaskReason` was started by all triggers.
pub(super) fn was_triggered(triggers: &[Trigger], reason: &Value) -> bool {
    triggers
        .iter()
        .all(|(field, id)| reason[*field]["value"] == id.as_str())
}

pub(super) fn entity_matches(
    filter: (EntityId, EntityRecursion),
    entity: Option<EntityId>,
    inventory: &Inventory,
) -> bool {
    let (named, recursion) = filter;
    entity.is_some_and(|entity| match recursion {
        EntityRecursion::Itself => entity == named,
        EntityRecursion::Children => entity != named && inventory.is_within(entity, named),
        EntityRecursion::All => inventory.is_within(entity, named),
    })
}

impl TaskFilter {
    pub(super) fn read(
        mut fields: Fields,
        world: &World,
        calendar: &Calendar,
    ) -> Result<Self, MethodFault> {
        let entity = read_entity(&mut fields, "TaskFilterSpecByEntity", world)?;
        let time = match fields.optional_object("time", "TaskFilterSpecByTime")? {
            Some(by_time) => Some(read_time(by_time, calendar)?),
            None => None,
        };
        let users = read_users(&mut fields, "TaskFilterSpecByUsername")?;
        let states = fields.strings("state")?;
        let wrong = states
            .iter()
            .find(|state| TaskState::named(state).is_none());
        if let Some(wrong) = wrong {
            return Err(MethodFault::invalid_argument(
                "filter.state",
                &format!("There is no state {wrong}."),
            ));
        }
        let filter = Self {
            entity,
            time,
            users,
            activations: fields.strings("activationId")?,
            states,
            chains: fields.ints("eventChainId")?,
            tags: fields.strings("tag")?,
            parents: task_keys(&fields.strings("parentTaskKey")?),
            roots: task_keys(&fields.strings("rootTaskKey")?),
            triggers: read_triggers(&mut fields)?,
        };
        fields.done()?;
        Ok(filter)
    }

    /// Removes the conditions that some servers ignore.
    pub(super) fn without_ignored(self) -> Self {
        Self {
            users: None,
            activations: Vec::new(),
            chains: Vec::new(),
            tags: Vec::new(),
            parents: None,
            roots: None,
            ..self
        }
    }

    pub(super) fn matches(&self, task: &Record, inventory: &Inventory) -> bool {
        let contains = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|listed| listed == value))
        };
        let family = |keys: &Option<Vec<TaskId>>, value: Option<TaskId>| {
            keys.as_ref()
                .is_none_or(|keys| value.is_some_and(|value| keys.contains(&value)))
        };
        let entity = || inventory.find(task.entity.as_ref()?);
        family(&self.parents, task.parent)
            && family(&self.roots, task.root)
            && self
                .entity
                .is_none_or(|filter| entity_matches(filter, entity(), inventory))
            && self
                .time
                .is_none_or(|(of, period)| of(task).is_some_and(|time| period.contains(time)))
            && self
                .users
                .as_ref()
                .is_none_or(|(system, users)| user_matches(*system, users, &task.reason))
            && contains(&self.activations, task.activation_id.as_deref())
            && contains(&self.states, Some(task.state.name()))
            && (self.chains.is_empty() || self.chains.contains(&task.event_chain_id))
            // An empty tag matches tasks without a tag.
            && contains(&self.tags, Some(task.change_tag.as_deref().unwrap_or("")))
            && was_triggered(&self.triggers, &task.reason)
    }
}

/// `TaskInfoFilterSpecFilterTaskResults`: omits the results of some tasks.
#[derive(Clone, Debug, Default)]
pub(super) struct ResultFilter {
    all: bool,
    operations: Vec<String>,
    /// True if the listed operations keep their results, and the others lose them.
    is_inverted: bool,
}

impl ResultFilter {
    pub(super) fn read(mut fields: Fields) -> Result<Self, MethodFault> {
        let filter = Self {
            all: fields.optional_boolean("removeAll")?.unwrap_or(false),
            operations: fields.strings("descriptionIds")?,
            is_inverted: fields.optional_boolean("filterIn")?.unwrap_or(false),
        };
        fields.done()?;
        Ok(filter)
    }

    /// True if the results of this operation are omitted.
    pub(super) fn omits(&self, operation: Option<&str>) -> bool {
        let is_named = self
            .operations
            .iter()
            .any(|named| Some(&**named) == operation);
        self.all || (!self.operations.is_empty() && is_named != self.is_inverted)
    }
}

fn read_time(
    mut fields: Fields,
    calendar: &Calendar,
) -> Result<(TaskTime, TimeRange), MethodFault> {
    let of: TaskTime = match fields.string("timeType")?.as_str() {
        "queuedTime" => |task| Some(task.queue_time),
        "startedTime" => |task| task.start_time,
        "completedTime" => |task| task.complete_time,
        _ => {
            let why = "It must be queuedTime, startedTime or completedTime.";
            return Err(MethodFault::invalid_argument("filter.time.timeType", why));
        }
    };
    let period = TimeRange::read(&mut fields, calendar)?;
    fields.done()?;
    Ok((of, period))
}

/// Parses task keys; `None` if there are none. Invalid keys match no task.
fn task_keys(texts: &[String]) -> Option<Vec<TaskId>> {
    (!texts.is_empty()).then(|| {
        texts
            .iter()
            .filter_map(|text| TaskId::parse(text))
            .collect()
    })
}

/// True if the user of the event or reason matches.
pub(super) fn user_matches(system: bool, users: &[String], origin: &Value) -> bool {
    match origin["userName"].as_str().filter(|user| !user.is_empty()) {
        Some(user) => users.is_empty() || users.iter().any(|listed| listed == user),
        None => system,
    }
}
