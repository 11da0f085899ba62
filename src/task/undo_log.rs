//! What changed, so that it can be undone: the board as it was a while ago is the board of now with the last changes
//! taken back.
//!
//! Only what a change replaced is kept, in a ring that holds no more than a few megabytes; what changes nothing costs
//! nothing. Tasks that were there when watching began are taken to have been there before.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    change::TaskChange,
    id::{EndpointId, TaskId},
    record::{Presence, Record},
    store::TaskStore,
};
use crate::vim::types::{FIELDS, TaskInfo};

/// The most bytes that a journal takes, by its own reckoning.
pub(super) const MAX_BYTES: usize = 8 << 20;
/// The most changes; a power of two, which the ring grows by.
const MAX_ENTRIES: usize = 1 << 16;

/// How a task was before a change.
#[derive(Debug, Clone)]
pub struct OldState {
    /// The task.
    pub(super) id: TaskId,
    /// When it had moved last.
    pub(super) moved: Option<Timestamp>,
    /// What the change replaced.
    pub(super) was: OldValue,
}

/// What a change replaced.
#[derive(Debug, Clone)]
pub(super) enum OldValue {
    /// By far the most frequent.
    Progress(Option<i32>),
    /// Other fields, with their values as they travel; `null` where they were unset.
    Fields(Box<Fields>),
    /// Where it stood with the server.
    Presence(Box<Presence>),
    /// All of it; nothing where it was not on the board.
    Record(Option<Box<Record>>),
}

pub(super) type Fields = Vec<(Cow<'static, str>, Value)>;

/// How long after the beginning a task that is older than that may still come to have been there all along.
const INITIAL_LOAD: SignedDuration = SignedDuration::from_secs(10);

#[derive(Debug)]
struct UndoEntry {
    at: Timestamp,
    heap: u32,
    before: OldState,
}

/// The last changes, each by its place in the order of all that there ever were.
#[derive(Debug, Default)]
pub struct UndoLog {
    entries: VecDeque<UndoEntry>,
    /// The place of the oldest that is kept.
    first: u64,
    /// What the entries hold beside themselves, in bytes.
    heap: usize,
    began: Option<Timestamp>,
    /// When each endpoint was first heard of, by its clock.
    heard: HashMap<EndpointId, Timestamp>,
}

impl UndoLog {
    /// Notes what a change is about to replace. `now` is this machine's time.
    pub fn note(
        &mut self,
        board: &TaskStore,
        endpoint: EndpointId,
        change: &TaskChange,
        now: Timestamp,
    ) {
        let began = *self.began.get_or_insert(now);
        let is_new = now.duration_since(began) > INITIAL_LOAD;
        if let Some(before) = self.before(board, endpoint, change, is_new) {
            self.push(before, now);
        }
    }

    fn before(
        &mut self,
        board: &TaskStore,
        endpoint: EndpointId,
        change: &TaskChange,
        is_new: bool,
    ) -> Option<OldState> {
        let mo_id = change.mo_id().clone();
        let id = TaskId { endpoint, mo_id };
        let handle = match change {
            TaskChange::Whole { info, .. } | TaskChange::Past { info, .. } => board
                .find(&id)
                .or_else(|| board.find_ghost(&(endpoint, info.key.clone()))),
            TaskChange::Ghost { key, .. } => board.find_key(endpoint, key),
            _ => board.find(&id),
        };
        let record = handle.and_then(|handle| board.get(handle));
        let was = match (change, record) {
            (TaskChange::Whole { info, at } | TaskChange::Past { info, at }, None) => {
                let heard = *self.heard.entry(endpoint).or_insert(*at);
                (is_new || info.queue_time.is_some_and(|queued| queued > heard))
                    .then_some(OldValue::Record(None))
            }
            (TaskChange::Whole { info, .. }, Some(record)) => match &record.info {
                Some(old) if record.id == id => replaced_by(old, info, record),
                _ => Some(OldValue::Record(Some(Box::new(record.clone())))),
            },
            (TaskChange::Past { .. }, Some(record)) => {
                let misses_end = handle.is_some_and(|handle| board.misses_end(handle));
                misses_end.then(|| OldValue::Record(Some(Box::new(record.clone()))))
            }
            (TaskChange::Fields { fields, .. }, Some(record)) => {
                let old = record.info.as_deref()?;
                let named = fields.iter().map(|(name, value)| (name, Some(value)));
                fields_of(old, named)
            }
            (
                TaskChange::Gone { .. } | TaskChange::Unreadable { .. } | TaskChange::Ghost { .. },
                Some(record),
            ) => Some(OldValue::Presence(Box::new(record.presence.clone()))),
            (
                TaskChange::Gone { .. } | TaskChange::Unreadable { .. } | TaskChange::Ghost { .. },
                None,
            ) => Some(OldValue::Record(None)),
            (TaskChange::Dropped { .. }, Some(record)) => {
                Some(OldValue::Record(Some(Box::new(record.clone()))))
            }
            (TaskChange::Fields { .. } | TaskChange::Dropped { .. }, None) => None,
        };
        let id = record.map_or(id, |record| record.id.clone());
        let moved = record.and_then(|record| record.moved);
        was.map(|was| OldState { id, moved, was })
    }

    fn push(&mut self, before: OldState, now: Timestamp) {
        // This machine's clock may be set back; what was noted stays in order.
        let at = self.entries.back().map_or(now, |last| last.at.max(now));
        let heap = before.was.heap();
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
            self.first += 1;
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.heap + self.entries.capacity() * size_of::<UndoEntry>()
    }

    /// The place after the last change.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The place of the oldest change that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    fn entry(&self, place: u64) -> Option<&UndoEntry> {
        let index = place.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// When the change at a place came, by this machine's clock.
    pub fn at(&self, place: u64) -> Option<Timestamp> {
        self.entry(place).map(|entry| entry.at)
    }

    /// How things were before the change at a place.
    pub fn was(&self, place: u64) -> Option<OldState> {
        self.entry(place).map(|entry| entry.before.clone())
    }

    /// The place of the first change after a moment.
    pub fn after(&self, moment: Timestamp) -> u64 {
        let index = self.entries.partition_point(|entry| entry.at <= moment);
        self.first + index as u64
    }

    /// From when on it knows how things were: not before anything was heard, nor before what had to be forgotten.
    pub fn since(&self) -> Option<Timestamp> {
        if self.first == 0 {
            self.began
        } else {
            self.entries.front().map(|entry| entry.at)
        }
    }
}

/// What a whole `TaskInfo` replaces in another; nothing where it brings nothing new.
fn replaced_by(old: &TaskInfo, new: &TaskInfo, record: &Record) -> Option<OldValue> {
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
        // They differ in fields that this program does not know.
        return Some(OldValue::Record(Some(Box::new(record.clone()))));
    }
    fields_of(old, changed.iter().map(|name| (name, None)))
}

/// The present values of some fields; of those that are to get the value that they have, none.
fn fields_of<'a>(
    old: &TaskInfo,
    named: impl Iterator<Item = (&'a Cow<'static, str>, Option<&'a Value>)>,
) -> Option<OldValue> {
    let mut fields = Fields::new();
    for (name, new) in named {
        if &**name == "progress"
            && let Some(new) = new
            && old.progress.is_some()
            && new.as_i64() == old.progress.map(i64::from)
        {
            continue;
        }
        let value = old.leaf(name).unwrap_or(Value::Null);
        if new != Some(&value) {
            let known = FIELDS.iter().find(|field| ***field == **name);
            let name = known.map_or_else(|| name.clone(), |known| Cow::Borrowed(*known));
            fields.push((name, value));
        }
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
    /// What it holds beside itself, in bytes: a careful estimate.
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
                size_of::<Fields>() + 16 + each.sum::<usize>()
            }
            Self::Record(Some(record)) => {
                let info = record.info.as_deref().map(TaskInfo::to_json);
                let info = info.map_or(0, |info| size_of::<TaskInfo>() + of_value(&info));
                let history = record.history.as_ref();
                let history = history.map_or(0, |history| 64 + 8 * history.points().len());
                size_of::<Record>() + info + history
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
