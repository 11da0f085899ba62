//! A log of changes for undo: the store at an earlier time is the current one with the last changes
//! undone.
//! Contains only replaced values, in a ring of a few megabytes; a change without effect costs
//! nothing. Tasks found when watching began count as having existed before.
//! Undone changes can be applied again, so that the log is a record of the session.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use vtask_vim::types::{CompactTimestamp, FIELDS, TaskInfo};

use super::{
    change::TaskChange,
    id::{ServerId, TaskId},
    store::TaskStore,
    task_record::{Presence, TaskRecord},
};

/// Maximum size in bytes, as estimated.
pub(super) const MAX_BYTES: usize = 8 << 20;
/// Maximum number of entries; a power of two, because the ring grows by doubling.
const MAX_ENTRIES: usize = 1 << 16;

/// State of a task before a change.
#[derive(Debug, Clone)]
pub struct OldState {
    /// The task.
    pub(super) id: TaskId,
    /// Time of its last observed change of progress, phase or state.
    pub(super) last_change: Option<CompactTimestamp>,
    /// The replaced value.
    pub(super) replaced: OldValue,
}

/// The value that a change replaced.
#[derive(Debug, Clone)]
pub(super) enum OldValue {
    /// The reported progress; by far the most frequent change.
    Progress(Option<i32>),
    /// Other fields with their JSON values; `null` if unset.
    Fields(Box<ChangedFields>),
    /// Availability on the server.
    Presence(Box<Presence>),
    /// The whole record; `None` if the task was not in the store.
    Record(Option<Box<TaskRecord>>),
}

pub(super) type ChangedFields = Vec<(Cow<'static, str>, Value)>;

/// Time after the first change in which a task that is older than it still counts as found at the
/// start.
const INITIAL_LOAD: SignedDuration = SignedDuration::from_secs(10);

#[derive(Debug, Clone)]
struct UndoEntry {
    at: CompactTimestamp,
    heap: u32,
    before: OldState,
}

/// The recent changes.
#[derive(Debug, Clone, Default)]
pub struct UndoLog {
    entries: VecDeque<UndoEntry>,
    /// True if older changes were dropped.
    is_cut: bool,
    /// Heap memory of the entries in bytes.
    heap: usize,
    began: Option<Timestamp>,
    /// Server time of the first observation from each server.
    first_observed: HashMap<ServerId, Timestamp>,
}

impl UndoLog {
    /// Records the state that a change is about to replace. `now` is local time.
    pub fn note(
        &mut self,
        store: &TaskStore,
        server: ServerId,
        change: &TaskChange,
        now: Timestamp,
    ) {
        let began = *self.began.get_or_insert(now);
        let is_new = now.duration_since(began) > INITIAL_LOAD;
        if let Some(before) = self.before(store, server, change, is_new) {
            self.push(before, now);
        }
    }

    fn before(
        &mut self,
        store: &TaskStore,
        server: ServerId,
        change: &TaskChange,
        is_new: bool,
    ) -> Option<OldState> {
        let mo_id = change.mo_id().clone();
        let id = TaskId { server, mo_id };
        let handle = match change {
            TaskChange::Full { info, .. } | TaskChange::FromHistory { info, .. } => store
                .find(&id)
                .or_else(|| store.find_placeholder(&(server, info.key.clone()))),
            TaskChange::Placeholder { key, .. } => store.find_key(server, key),
            _ => store.find(&id),
        };
        let record = handle.and_then(|handle| store.get(handle));
        let replaced = match (change, record) {
            (TaskChange::Full { info, at } | TaskChange::FromHistory { info, at }, None) => {
                let first_observed = *self.first_observed.entry(server).or_insert(*at);
                (is_new
                    || info
                        .queue_time()
                        .is_some_and(|queued| queued > first_observed))
                .then_some(OldValue::Record(None))
            }
            (TaskChange::Full { info, .. }, Some(record)) => match &record.info {
                Some(old) if record.id == id => replaced_by(old, info, record),
                _ => Some(OldValue::Record(Some(Box::new(record.clone())))),
            },
            (TaskChange::FromHistory { .. }, Some(record)) => {
                let outcome_is_unknown =
                    handle.is_some_and(|handle| store.outcome_is_unknown(handle));
                outcome_is_unknown.then(|| OldValue::Record(Some(Box::new(record.clone()))))
            }
            (TaskChange::Fields { fields, .. }, Some(record)) => {
                let old = record.info.as_deref()?;
                let named = fields.iter().map(|(name, value)| (name, Some(value)));
                fields_of(old, named)
            }
            (
                TaskChange::Gone { .. }
                | TaskChange::Unreadable { .. }
                | TaskChange::Placeholder { .. },
                Some(record),
            ) => Some(OldValue::Presence(Box::new(record.presence.clone()))),
            (
                TaskChange::Gone { .. }
                | TaskChange::Unreadable { .. }
                | TaskChange::Placeholder { .. },
                None,
            ) => Some(OldValue::Record(None)),
            (TaskChange::Unwatched { .. }, Some(record)) => {
                Some(OldValue::Record(Some(Box::new(record.clone()))))
            }
            (TaskChange::Fields { .. } | TaskChange::Unwatched { .. }, None) => None,
        };
        let id = record.map_or(id, |record| record.id.clone());
        let last_change = record.and_then(TaskRecord::last_change).map(Into::into);
        replaced.map(|replaced| OldState {
            id,
            last_change,
            replaced,
        })
    }

    fn push(&mut self, before: OldState, now: Timestamp) {
        // The local clock may be set back; entries stay in order.
        let now = CompactTimestamp::from(now);
        let at = self.entries.back().map_or(now, |last| last.at.max(now));
        let heap = before.replaced.heap();
        self.heap += heap;
        let heap = u32::try_from(heap).unwrap_or(u32::MAX);
        if self.entries.len() == MAX_ENTRIES {
            self.forget_oldest();
        }
        self.entries.push_back(UndoEntry { at, heap, before });
        while self.bytes() > MAX_BYTES && self.entries.len() > 1 {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.heap = self.heap.saturating_sub(entry.heap as usize);
            self.is_cut = true;
        }
    }

    /// Returns the size in bytes.
    pub fn bytes(&self) -> usize {
        self.heap + self.entries.capacity() * size_of::<UndoEntry>()
    }

    /// True if there are no changes.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the local times of the changes, oldest first.
    pub fn times(&self) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.entries.iter().map(|entry| entry.at.into())
    }

    /// Removes the last change. Returns its local time and the state before it.
    pub fn pop(&mut self) -> Option<(Timestamp, OldState)> {
        let entry = self.entries.pop_back()?;
        self.heap = self.heap.saturating_sub(entry.heap as usize);
        Some((entry.at.into(), entry.before))
    }

    /// Returns the earliest time that can be restored, limited by the start of watching and by
    /// evicted entries.
    pub fn since(&self) -> Option<Timestamp> {
        if self.is_cut {
            self.entries.front().map(|entry| entry.at.into())
        } else {
            self.began
        }
    }
}

impl OldState {
    /// Returns the server of the task, and the change that gives the task this state. `at` is a time of its server.
    pub fn into_change(self, at: Timestamp) -> (ServerId, TaskChange) {
        let TaskId { server, mo_id } = self.id;
        let at = self.last_change.map_or(at, Into::into);
        let fields = |fields| TaskChange::Fields {
            mo_id: mo_id.clone(),
            fields,
            at,
        };
        let presence = |presence| match presence {
            Presence::Gone(at) => TaskChange::Gone {
                mo_id: mo_id.clone(),
                at,
            },
            Presence::Unreadable(reason) => TaskChange::Unreadable {
                mo_id: mo_id.clone(),
                reason,
                is_transient: false,
            },
            Presence::Present | Presence::HistoryOnly => fields(Vec::new()),
        };
        let change = match self.replaced {
            OldValue::Progress(percent) => fields(vec![("progress".into(), percent.into())]),
            OldValue::Fields(changed) => fields(*changed),
            OldValue::Presence(value) => presence(*value),
            OldValue::Record(None) => TaskChange::Unwatched {
                mo_id: mo_id.clone(),
            },
            OldValue::Record(Some(record)) => match (record.info, record.presence) {
                (Some(info), Presence::HistoryOnly) => TaskChange::FromHistory { info, at },
                (Some(info), _) => TaskChange::Full { info, at },
                (None, value) => presence(value),
            },
        };
        (server, change)
    }
}

/// Returns the values that a complete `TaskInfo` replaces; `None` if nothing changes.
fn replaced_by(old: &TaskInfo, new: &TaskInfo, record: &TaskRecord) -> Option<OldValue> {
    if record.presence != Presence::Present {
        return Some(OldValue::Record(Some(Box::new(record.clone()))));
    }
    if old == new {
        return None;
    }
    let changed: Vec<Cow<'static, str>> = FIELDS
        .iter()
        .filter(|field| old.leaf(field) != new.leaf(field))
        .map(|field| Cow::Borrowed(*field))
        .collect();
    if changed.is_empty() {
        // They differ in unknown fields.
        return Some(OldValue::Record(Some(Box::new(record.clone()))));
    }
    fields_of(old, changed.iter().map(|name| (name, None)))
}

/// Returns the current values of some fields, without those whose new value is the same.
fn fields_of<'a>(
    old: &TaskInfo,
    named: impl Iterator<Item = (&'a Cow<'static, str>, Option<&'a Value>)>,
) -> Option<OldValue> {
    let mut fields = ChangedFields::new();
    for (name, new) in named {
        if new.is_some_and(|new| old.has_value(name, new)) {
            continue;
        }
        let value = old.leaf(name).unwrap_or(Value::Null);
        let known = FIELDS.iter().find(|field| ***field == **name);
        let name = known.map_or_else(|| name.clone(), |known| Cow::Borrowed(*known));
        fields.push((name, value));
    }
    match &fields[..] {
        [] => None,
        [(name, _)] if name == "progress" => Some(OldValue::Progress(old.progress)),
        _ => {
            fields.shrink_to_fit();
            Some(OldValue::Fields(Box::new(fields)))
        }
    }
}

impl OldValue {
    /// Estimates the heap memory in bytes.
    fn heap(&self) -> usize {
        match self {
            Self::Progress(_) | Self::Record(None) => 0,
            Self::Presence(_) => size_of::<Presence>() + 16,
            Self::Fields(fields) => {
                let each = fields.iter().map(|(name, value)| {
                    let name = match name {
                        Cow::Owned(name) => name.capacity(),
                        Cow::Borrowed(_) => 0,
                    };
                    size_of::<(Cow<str>, Value)>() + name + of_value(value)
                });
                size_of::<ChangedFields>() + 16 + each.sum::<usize>()
            }
            Self::Record(Some(record)) => {
                let info = record.info.as_deref().map(TaskInfo::to_json);
                let info = info.map_or(0, |info| size_of::<TaskInfo>() + of_value(&info));
                let history = record.history.as_ref();
                let history = history.map_or(0, |history| 64 + 8 * history.points().len());
                size_of::<TaskRecord>() + info + history
            }
        }
    }
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len() + 16,
        Value::Array(values) => {
            let each = values.iter().map(|v| size_of::<Value>() + of_value(v));
            each.sum::<usize>() + 16
        }
        Value::Object(fields) => {
            let each = fields
                .iter()
                .map(|(name, value)| name.len() + 2 * size_of::<Value>() + 32 + of_value(value));
            each.sum::<usize>() + 64
        }
    }
}

#[cfg(test)]
mod tests;
