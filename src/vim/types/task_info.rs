//! `TaskInfo`: the properties of a task.

mod fields;
mod rare_fields;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use self::rare_fields::Unknown;

pub use self::fields::{CHANGING_FIELDS, FIELDS, REQUIRED_FIELDS};

use self::rare_fields::Rare;
use super::{
    any::{Malformed, boolean, int, is_unset, items, items_as_sent, object_as_sent, scalar_text},
    compact_timestamp::CompactTimestamp,
    fault::Fault,
    intern::intern,
    invalid_fields::InvalidFields,
    limits::truncate_deep,
    message::LocalizableMessage,
    reason::TaskReason,
    reference::ManagedObjectReference,
    task_state::TaskState,
    time::date_time,
};

/// Information about a task, with one field for each of the API's.
///
/// It is assigned field by field ([`TaskInfo::assign`]), both from `GET Task/{moId}/info` and from the leaves of a
/// property collector, with the same result.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskInfo {
    /// Unique key; parents and roots are referred to by key.
    pub key: Arc<str>,
    /// Reference to the task; its value is the moId for requests.
    pub task: ManagedObjectReference,
    /// Current phase; changes while the task runs.
    pub description: Option<Box<LocalizableMessage>>,
    /// Method that created the task, such as `CloneVM_Task`; unset for internal tasks.
    pub name: Option<Arc<str>>,
    /// Operation, such as `VirtualMachine.clone`.
    pub description_id: Arc<str>,
    /// Entity of the operation.
    pub entity: Option<ManagedObjectReference>,
    /// Name of the entity, kept by the server even if the entity is gone.
    pub entity_name: Option<Box<str>>,
    /// Entities locked by the operation while it runs.
    pub locked: Vec<ManagedObjectReference>,
    /// State of the task.
    pub state: TaskState,
    /// True if cancellation was requested (the task may still be running).
    pub cancelled: bool,
    /// True if the operation can be cancelled; may change while it runs.
    pub cancelable: bool,
    /// Fault of a failed task.
    pub error: Option<Box<Fault>>,
    /// Result of the task, as sent.
    pub result: Option<Box<Value>>,
    /// Percent done, 0 to 100 according to the reference; unset if the operation reports none.
    pub progress: Option<i32>,
    /// Origin of the task.
    pub reason: TaskReason,
    queue_time: Option<CompactTimestamp>,
    start_time: Option<CompactTimestamp>,
    complete_time: Option<CompactTimestamp>,
    /// Event chain id of the task's events.
    pub event_chain_id: i32,
    /// Key of the parent task.
    pub parent_task_key: Option<Arc<str>>,
    /// Key of the root task; a root may name itself or nothing.
    pub root_task_key: Option<Arc<str>>,
    rare: Rare,
}

impl TaskInfo {
    /// Reads a whole `TaskInfo`. Missing required fields and fields of another kind than declared are recorded in
    /// [`invalid`](Self::invalid); all others are used.
    ///
    /// # Errors
    /// Returns an error if it is no object, names no task, or has no other field.
    pub fn from_json(value: Value) -> Result<Self, Malformed> {
        Self::read(None, value)
    }

    /// Reads the `TaskInfo` of a task with a known moId.
    ///
    /// # Errors
    /// Returns an error if it is no object or has no field but the task's name.
    pub fn of_task(mo_id: &str, value: Value) -> Result<Self, Malformed> {
        Self::read(Some(mo_id), value)
    }

    fn read(mo_id: Option<&str>, value: Value) -> Result<Self, Malformed> {
        let fields = object_as_sent("info", value)?;
        let mut info = Self::blank();
        let mut present = [false; REQUIRED_FIELDS.len()];
        let mut has_content = false;
        for (field, value) in fields {
            if is_unset(&value) {
                continue;
            }
            if let Some(index) = REQUIRED_FIELDS.iter().position(|name| *name == field) {
                present[index] = true;
            }
            let is_name = matches!(&*field, "key" | "task" | "_typeName");
            info.assign_or_note(&field, value);
            has_content |=
                !is_name && FIELDS.contains(&&*field) && !info.invalid().contains(&field);
        }
        for (field, _) in REQUIRED_FIELDS
            .iter()
            .zip(present)
            .filter(|(_, present)| !present)
        {
            info.rare.edit(|rare| rare.invalid.add(missing(field)));
        }
        if info.task.value.is_empty() {
            let name = mo_id.unwrap_or(&info.key);
            info.task = ManagedObjectReference::task(name);
        }
        if info.key.is_empty() {
            info.key = info.task.value.clone();
        }
        if info.task.value.is_empty() {
            return Err(missing("task"));
        }
        if !has_content {
            return Err(missing("state"));
        }
        Ok(info)
    }

    /// Returns a `TaskInfo` without any field assigned.
    fn blank() -> Self {
        Self {
            key: Arc::default(),
            task: ManagedObjectReference::task(""),
            description: None,
            name: None,
            description_id: Arc::default(),
            entity: None,
            entity_name: None,
            locked: Vec::new(),
            state: TaskState::Other(Box::default()),
            cancelled: false,
            cancelable: false,
            error: None,
            result: None,
            progress: None,
            reason: TaskReason::Other(Box::default()),
            queue_time: None,
            start_time: None,
            complete_time: None,
            event_chain_id: 0,
            parent_task_key: None,
            root_task_key: None,
            rare: Rare::default(),
        }
    }

    /// Assigns one field by its name on the wire; `null` unsets an optional field. Unknown fields are kept.
    ///
    /// # Errors
    /// Returns an error, leaving the field as it was, if the value is of another kind or unsets a required field.
    pub fn assign(&mut self, field: &str, value: Value) -> Result<(), Malformed> {
        let value = truncate_deep(value);
        let unset = is_unset(&value);
        if unset && let Some(required) = REQUIRED_FIELDS.iter().find(|name| **name == field) {
            return Err(missing(required));
        }
        match field {
            "key" => self.key = self.intern_key(scalar_text(field, value)?),
            "task" => {
                self.task = ManagedObjectReference::task_from_json(field, value)?;
                if self.task.value == self.key {
                    self.task.value = self.key.clone();
                }
            }
            "description" => {
                let message = optional(unset, || LocalizableMessage::from_json(field, value))?;
                self.description = message.map(Box::new);
            }
            "name" => self.name = text(unset, field, value)?.map(|name| intern(&name)),
            "descriptionId" => self.description_id = intern(&scalar_text(field, value)?),
            "entity" => {
                self.entity = optional(unset, || ManagedObjectReference::from_json(field, value))?;
            }
            "entityName" => self.entity_name = text(unset, field, value)?,
            "locked" => {
                let items = items(field, value)?.into_iter();
                let entities = items.map(|item| ManagedObjectReference::from_json(field, item));
                self.locked = entities.collect::<Result<_, _>>()?;
                self.locked.shrink_to_fit();
                // Usually an operation locks its own entity.
                if let Some(entity) = &self.entity {
                    let same = self.locked.iter_mut().filter(|locked| *locked == entity);
                    same.for_each(|locked| locked.value = entity.value.clone());
                }
            }
            "state" => self.state = TaskState::from_json(field, value)?,
            "cancelled" => self.cancelled = boolean(field, value)?,
            "cancelable" => self.cancelable = boolean(field, value)?,
            "error" => self.error = (!unset).then(|| Box::new(Fault::new(value))),
            "result" => self.result = (!unset).then(|| Box::new(value)),
            "progress" => self.progress = optional(unset, || int(field, value))?,
            "progressDetails" => {
                let details = items_as_sent(field, value)?;
                self.rare.edit(|rare| rare.progress_details = details);
            }
            "reason" => self.reason = TaskReason::from_json(value),
            "queueTime" => self.queue_time = Some(date_time(field, value)?.into()),
            "startTime" => {
                self.start_time = optional(unset, || date_time(field, value))?.map(Into::into);
            }
            "completeTime" => {
                self.complete_time = optional(unset, || date_time(field, value))?.map(Into::into);
            }
            "eventChainId" => self.event_chain_id = int(field, value)?,
            "changeTag" => {
                let tag = text(unset, field, value)?;
                self.rare.edit(|rare| rare.change_tag = tag);
            }
            "parentTaskKey" => {
                let key = optional(unset, || scalar_text(field, value))?;
                self.parent_task_key = key.map(|key| self.intern_key(key));
            }
            "rootTaskKey" => {
                let key = optional(unset, || scalar_text(field, value))?;
                self.root_task_key = key.map(|key| self.intern_key(key));
            }
            "activationId" => {
                let id = text(unset, field, value)?;
                self.rare.edit(|rare| rare.activation_id = id);
            }
            "_typeName" if value == "TaskInfo" => {}
            unknown => self.rare.edit(|rare| rare.unknown.assign(unknown, value)),
        }
        if !self.invalid().is_empty() {
            self.rare.edit(|rare| rare.invalid.remove(field));
        }
        Ok(())
    }

    /// Assigns one field; an invalid value leaves the field unchanged and is recorded in [`invalid`](Self::invalid).
    pub fn assign_or_note(&mut self, field: &str, value: Value) {
        if let Err(malformed) = self.assign(field, value) {
            self.rare.edit(|rare| rare.invalid.add(malformed));
        }
    }

    /// True if assigning this value, in any form that servers send, would not change the field.
    pub fn has_value(&self, field: &str, value: &Value) -> bool {
        if field == "progress" && self.progress.map(i64::from) == value.as_i64() {
            return self.progress.is_some() || value.is_null();
        }
        let own = self.leaf(field);
        if own.as_ref().unwrap_or(&Value::Null) == value {
            return true;
        }
        let mut other = Self::blank();
        other.assign(field, value.clone()).is_ok() && other.leaf(field) == own
    }

    /// Returns the creation time, by the server's clock. Required by the API, but unset if the server sent no valid time.
    pub fn queue_time(&self) -> Option<Timestamp> {
        self.queue_time.map(Into::into)
    }

    /// Returns the start time, by the server's clock.
    pub fn start_time(&self) -> Option<Timestamp> {
        self.start_time.map(Into::into)
    }

    /// Returns the completion time, by the server's clock.
    pub fn complete_time(&self) -> Option<Timestamp> {
        self.complete_time.map(Into::into)
    }

    /// Returns further progress values of the operation (`KeyAnyValue` objects), as sent. Since 8.0.1.0.
    pub fn progress_details(&self) -> &[Value] {
        &self.rare.get().progress_details
    }

    /// Returns the tag given by the user to the operation.
    pub fn change_tag(&self) -> Option<&str> {
        self.rare.get().change_tag.as_deref()
    }

    /// Returns the client token that links a call with this task.
    pub fn activation_id(&self) -> Option<&str> {
        self.rare.get().activation_id.as_deref()
    }

    /// Returns the unknown fields, as sent.
    pub fn unknown(&self) -> &Unknown {
        &self.rare.get().unknown
    }

    /// Returns the fields that are required and missing, or of another kind than declared.
    pub fn invalid(&self) -> &InvalidFields {
        &self.rare.get().invalid
    }

    /// Returns the start time, else the creation time.
    pub fn began(&self) -> Option<Timestamp> {
        self.start_time.or(self.queue_time).map(Into::into)
    }

    /// Returns the time for ordering the task in the history: the creation time, else the earliest known one.
    pub fn ordering_time(&self) -> Option<Timestamp> {
        let known = self.queue_time.or(self.start_time);
        known.or(self.complete_time).map(Into::into)
    }

    /// Interns a key: usually a task's key equals its moId, and its parent is its root.
    fn intern_key(&self, key: String) -> Arc<str> {
        let others = [&self.key, &self.task.value].into_iter();
        let mut others = others
            .chain(&self.parent_task_key)
            .chain(&self.root_task_key);
        let same = others.find(|other| ***other == *key).cloned();
        same.unwrap_or_else(|| key.into())
    }

    /// Returns the moId for requests.
    pub fn mo_id(&self) -> &Arc<str> {
        &self.task.value
    }

    /// Replaces the moId, and the key if equal, by a shared copy.
    pub fn intern_id(&mut self, mo_id: &Arc<str>) {
        for name in [&mut self.task.value, &mut self.key] {
            if *name == *mo_id {
                *name = mo_id.clone();
            }
        }
    }

    /// Returns the key of the parent, unless the task names itself.
    pub fn parent_key(&self) -> Option<&Arc<str>> {
        self.parent_task_key
            .as_ref()
            .filter(|key| !key.is_empty() && **key != self.key)
    }

    /// Returns the key of the root, unless the task is its own root.
    pub fn root_key(&self) -> Option<&Arc<str>> {
        self.root_task_key
            .as_ref()
            .filter(|key| !key.is_empty() && **key != self.key)
    }

    /// True if the task ended by cancellation.
    pub fn ended_cancelled(&self) -> bool {
        self.state == TaskState::Error
            && self
                .error
                .as_deref()
                .is_some_and(Fault::is_request_canceled)
    }

    /// Returns the `TaskInfo` in wire format: set fields only, in the order of the reference.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("_typeName".to_owned(), json!("TaskInfo"));
        for field in FIELDS {
            if let Some(value) = self.field(field) {
                object.insert(field.to_owned(), value);
            }
        }
        object.extend(
            self.unknown()
                .iter()
                .map(|(field, value)| (field.clone(), value.clone())),
        );
        Value::Object(object)
    }

    /// Returns one field in wire format, known or unknown; `None` if it is unset.
    pub fn leaf(&self, field: &str) -> Option<Value> {
        self.field(field)
            .or_else(|| self.unknown().get(field).cloned())
    }

    /// Returns one known field in wire format; `None` if it is unset or unknown.
    fn field(&self, field: &str) -> Option<Value> {
        let text = |text: Option<&str>| text.map(|text| json!(text));
        let time = |time: Option<Timestamp>| time.map(|time| json!(time));
        let reference = ManagedObjectReference::to_json;
        match field {
            "key" => Some(json!(self.key)),
            "task" => Some(self.task.to_json()),
            "description" => self.description.as_ref().map(|message| message.to_json()),
            "name" => text(self.name.as_deref()),
            "descriptionId" => {
                (!self.description_id.is_empty()).then(|| json!(self.description_id))
            }
            "entity" => self.entity.as_ref().map(reference),
            "entityName" => text(self.entity_name.as_deref()),
            "locked" => (!self.locked.is_empty())
                .then(|| self.locked.iter().map(reference).collect::<Vec<_>>().into()),
            "state" | "cancelled" | "cancelable" | "eventChainId"
                if self.invalid().contains(field) =>
            {
                None
            }
            "state" => Some(json!(self.state.as_str())),
            "cancelled" => Some(json!(self.cancelled)),
            "cancelable" => Some(json!(self.cancelable)),
            "error" => self.error.as_ref().map(|fault| fault.as_json().clone()),
            "result" => self.result.as_deref().cloned(),
            "progress" => self.progress.map(|progress| json!(progress)),
            "progressDetails" => {
                let details = self.progress_details();
                (!details.is_empty()).then(|| json!(details))
            }
            "reason" => Some(self.reason.to_json()).filter(|reason| !reason.is_null()),
            "queueTime" => time(self.queue_time()),
            "startTime" => time(self.start_time()),
            "completeTime" => time(self.complete_time()),
            "eventChainId" => Some(json!(self.event_chain_id)),
            "changeTag" => text(self.change_tag()),
            "parentTaskKey" => self.parent_task_key.as_ref().map(|key| json!(key)),
            "rootTaskKey" => self.root_task_key.as_ref().map(|key| json!(key)),
            "activationId" => text(self.activation_id()),
            _ => None,
        }
    }
}

fn optional<T>(
    unset: bool,
    read: impl FnOnce() -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    if unset { Ok(None) } else { read().map(Some) }
}

fn text(unset: bool, field: &str, value: Value) -> Result<Option<Box<str>>, Malformed> {
    optional(unset, || {
        scalar_text(field, value).map(String::into_boxed_str)
    })
}

fn missing(field: &'static str) -> Malformed {
    Malformed::Missing {
        type_name: "TaskInfo",
        field,
    }
}

#[cfg(test)]
mod tests;
