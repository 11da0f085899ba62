//! The tasks and servers of a record as they were at a time.

use std::collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry as Slot};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{Damage, Entry, Header, Line, Reader, line::mo_id, value_size};

/// Maximum number of tasks kept; the lines of further ones are ignored. The same limit applies to past tasks and to
/// locations.
const MAX_TASKS: usize = 100_000;
/// Maximum size of the recorded state, as JSON. A record of a hundred thousand tasks needs less.
const MAX_BYTES: usize = 256 << 20;
/// Maximum number of tasks whose events are kept, and their size for one task.
const MAX_TASKS_WITH_EVENTS: usize = 5000;
const MAX_EVENT_BYTES: usize = 256 << 10;

type Key = (u16, String);

/// The last lines about a task, and its fields.
#[derive(Debug, Clone, Default, PartialEq)]
struct TaskState {
    info: Option<TaskFields>,
    /// The fields are from the server's history.
    is_past: bool,
    /// Not readable, expired, or known by the key only.
    presence: Option<Entry>,
    entity_state: Option<Entry>,
    answer: Option<Entry>,
    /// Sizes of `presence`, `entity_state` and `answer` as JSON, in bytes.
    sizes: [usize; 3],
}

/// The fields of a `TaskInfo`. Kept as text, which takes a fraction of the memory of a parsed one.
#[derive(Debug, Clone, PartialEq)]
struct TaskFields {
    info: Box<[u8]>,
    /// Length of the line with `info`.
    length: usize,
    /// Later values; `null` if unset.
    changed: Map<String, Value>,
    /// Size of `changed`.
    changed_size: usize,
    /// The server's time of the last change.
    at: Timestamp,
}

/// The tasks and servers of a record as they were at a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordedState {
    tasks: HashMap<Key, TaskState>,
    /// Finished tasks that are not shown: of the server's history, or no longer watched.
    history: BTreeMap<Key, Box<[u8]>>,
    /// The last entries about each vCenter, by kind.
    servers: BTreeMap<u16, [Option<Entry>; 4]>,
    /// Places of entities, by vCenter, type and moId.
    locations: BTreeMap<(u16, String, String), Entry>,
    /// Events of tasks.
    events: HashMap<Key, (Entry, usize)>,
    /// Tasks with events, those whose events came first in front.
    events_order: VecDeque<Key>,
    bytes: usize,
}

impl RecordedState {
    /// Returns the state at the end of a record, and the damage found.
    pub fn at_end(mut reader: Reader) -> (Self, Damage) {
        let mut state = Self::default();
        while let Some(line) = reader.next() {
            state.apply(line, reader.line_length());
        }
        (state, reader.damage().clone())
    }

    /// Applies a line of a length in bytes.
    pub fn apply(&mut self, line: Line, length: usize) {
        let vc = line.vc;
        let about_server = match &line.entry {
            Entry::Server(_) => Some(0),
            Entry::ClockOffset(_) => Some(1),
            Entry::Link(_) => Some(2),
            Entry::Labels(_) => Some(3),
            _ => None,
        };
        if let Some(kind) = about_server {
            self.servers.entry(vc).or_default()[kind] = Some(line.entry);
            return;
        }
        match line.entry {
            Entry::History { tasks } => {
                for info in tasks {
                    if let Some(id) = mo_id(&info) {
                        let key = (vc, id.to_owned());
                        self.keep_past(key, text_of(&info));
                    }
                }
            }
            Entry::Location(location) => {
                let key = (vc, location.kind.clone(), location.value.clone());
                let is_known = self.locations.contains_key(&key);
                if is_known || self.locations.len() < MAX_TASKS && self.reserve(length) {
                    self.locations.insert(key, Entry::Location(location));
                }
            }
            entry => {
                let Some(id) = entry.task() else { return };
                let key = (vc, id.to_owned());
                match entry {
                    Entry::Unwatched { .. } => self.unwatch(key),
                    events @ Entry::Events { .. } => self.keep_events(key, events, length),
                    entry => self.apply_to_task(key, entry, length),
                }
            }
        }
    }

    fn apply_to_task(&mut self, key: Key, entry: Entry, length: usize) {
        if self.bytes + length > MAX_BYTES {
            return;
        }
        let may_add = self.tasks.len() < MAX_TASKS && !matches!(entry, Entry::Change { .. });
        let task = match self.tasks.entry(key) {
            Slot::Occupied(task) => task.into_mut(),
            Slot::Vacant(entry) if may_add => entry.insert(TaskState::default()),
            Slot::Vacant(_) => return,
        };
        self.bytes -= task.size();
        match entry {
            Entry::Task { info, at } => task.set(&info, length, at, false),
            Entry::PastTask { info, at } if task.is_outcome_unknown() => {
                task.set(&info, length, at, true);
            }
            Entry::Change { fields, at, .. } => task.change(fields, at),
            entry @ (Entry::Gone { .. } | Entry::Unreadable { .. } | Entry::Placeholder { .. }) => {
                task.presence = Some(entry);
                task.sizes[0] = length;
            }
            entry @ Entry::EntityState { .. } => {
                task.entity_state = Some(entry);
                task.sizes[1] = length;
            }
            entry @ Entry::CancelAnswer { .. } => {
                task.answer = Some(entry);
                task.sizes[2] = length;
            }
            _ => {}
        }
        self.bytes += task.size();
    }

    /// Counts bytes if there is space for them.
    fn reserve(&mut self, length: usize) -> bool {
        let fits = self.bytes + length <= MAX_BYTES;
        if fits {
            self.bytes += length;
        }
        fits
    }

    /// Keeps a finished task that is not shown.
    fn keep_past(&mut self, key: Key, info: Box<[u8]>) {
        let is_known = self.history.contains_key(&key);
        if !is_known && self.history.len() < MAX_TASKS && self.reserve(info.len()) {
            self.history.insert(key, info);
        }
    }

    /// Removes a task that is no longer watched. If it has finished, it can still be looked up.
    fn unwatch(&mut self, key: Key) {
        let Some(task) = self.tasks.remove(&key) else {
            return;
        };
        self.bytes -= task.size();
        if let Some(info) = task.info.filter(TaskFields::is_finished) {
            self.keep_past(key, text_of(&Value::Object(info.value())));
        }
    }

    fn keep_events(&mut self, key: Key, events: Entry, length: usize) {
        if length > MAX_EVENT_BYTES || !self.reserve(length) {
            return;
        }
        match self.events.insert(key.clone(), (events, length)) {
            Some((_, before)) => self.bytes -= before,
            None => self.events_order.push_back(key),
        }
        if self.events_order.len() > MAX_TASKS_WITH_EVENTS
            && let Some(oldest) = self.events_order.pop_front()
            && let Some((_, length)) = self.events.remove(&oldest)
        {
            self.bytes -= length;
        }
    }

    /// Returns the fields of a task.
    pub fn task(&self, vc: u16, mo_id: &str) -> Option<Map<String, Value>> {
        let task = self.tasks.get(&(vc, mo_id.to_owned()))?;
        task.info.as_ref().map(TaskFields::value)
    }

    /// Returns the time of a vCenter minus the time of the record.
    pub fn clock_offset(&self, vc: u16) -> SignedDuration {
        match self.servers.get(&vc) {
            Some([_, Some(Entry::ClockOffset(millis)), ..]) => SignedDuration::from_millis(*millis),
            _ => SignedDuration::ZERO,
        }
    }

    /// Returns a record that consists of this state, as plain lines.
    pub fn to_record(&self, header: &Header, t: Timestamp) -> Vec<u8> {
        let mut text = Vec::new();
        append(&mut text, header);
        self.append_lines(&mut text, t);
        text
    }

    /// Writes the lines of this state to a record.
    pub(super) fn append_lines(&self, text: &mut Vec<u8>, t: Timestamp) {
        for line in self.lines(t) {
            append(text, &line);
        }
    }

    /// Returns the lines with which a record that continues from this state begins. Tasks are in the order of their last
    /// changes.
    pub fn lines(&self, t: Timestamp) -> impl Iterator<Item = Line> {
        let servers = self.servers.iter().flat_map(|(vc, entries)| {
            let entries = entries.iter().flatten();
            entries.map(|entry| (*vc, entry.clone()))
        });
        let mut tasks: Vec<_> = self.tasks.iter().collect();
        tasks.sort_unstable_by_key(|(key, task)| (task.info.as_ref().map(|info| info.at), *key));
        let tasks = tasks.into_iter().flat_map(|((vc, _), task)| {
            let info = task.info.as_ref().map(|fields| {
                let (at, info) = (fields.at, Value::Object(fields.value()));
                if task.is_past {
                    Entry::PastTask { at, info }
                } else {
                    Entry::Task { at, info }
                }
            });
            let rest = [&task.presence, &task.entity_state, &task.answer];
            let rest = rest.into_iter().flatten().cloned();
            info.into_iter().chain(rest).map(|entry| (*vc, entry))
        });
        let history = self.history.iter().filter_map(|((vc, _), info)| {
            let tasks = vec![serde_json::from_slice(info).ok()?];
            Some((*vc, Entry::History { tasks }))
        });
        let locations = self.locations.iter();
        let locations = locations.map(|((vc, ..), entry)| (*vc, entry.clone()));
        let events = self.events_order.iter();
        let events = events.filter_map(|key| Some((key.0, self.events.get(key)?.0.clone())));
        let all = servers.chain(tasks).chain(history).chain(locations);
        let all = all.chain(events);
        all.map(move |(vc, entry)| Line { t, vc, entry })
    }
}

impl TaskState {
    /// Returns the size as JSON.
    fn size(&self) -> usize {
        let info = self.info.as_ref();
        let info = info.map_or(0, |info| info.length + info.changed_size);
        info + self.sizes.iter().sum::<usize>()
    }

    fn set(&mut self, info: &Value, length: usize, at: Timestamp, is_past: bool) {
        if info.is_object() {
            self.info = Some(TaskFields {
                info: text_of(info),
                length,
                changed: Map::new(),
                changed_size: 0,
                at,
            });
            self.is_past = is_past;
            self.presence = None;
            self.sizes[0] = 0;
        }
    }

    /// True if nothing is known of the task, or it disappeared before it had ended.
    fn is_outcome_unknown(&self) -> bool {
        let is_gone = matches!(self.presence, Some(Entry::Gone { .. }));
        self.info
            .as_ref()
            .is_none_or(|info| is_gone && !info.is_finished())
    }

    fn change(&mut self, fields: Map<String, Value>, at: Timestamp) {
        if let Some(known) = &mut self.info {
            known.at = at;
            for (name, value) in fields {
                known.changed_size += name.len() + value_size(&value);
                let length = name.len();
                if let Some(replaced) = known.changed.insert(name, value) {
                    known.changed_size -= length + value_size(&replaced);
                }
            }
        }
    }
}

impl TaskFields {
    fn is_finished(&self) -> bool {
        let value = self.value();
        // A pushed value is wrapped in an object with `_value`.
        let state = value.get("state");
        let state = state.and_then(|state| state.as_str().or_else(|| state["_value"].as_str()));
        matches!(state, Some("success" | "error"))
    }

    fn value(&self) -> Map<String, Value> {
        let mut fields: Map<String, Value> = serde_json::from_slice(&self.info).unwrap_or_default();
        for (name, value) in &self.changed {
            if value.is_null() {
                fields.shift_remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        fields
    }
}

/// Serializes a JSON value, which cannot fail.
fn text_of(value: &Value) -> Box<[u8]> {
    serde_json::to_vec(value).unwrap_or_default().into()
}

fn append(text: &mut Vec<u8>, line: &impl serde::Serialize) {
    if serde_json::to_writer(&mut *text, line).is_ok() {
        text.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(entry: &Value) -> Line {
        let mut line = json!({"t": "2026-11-29T10:00:00Z", "vc": 0});
        let fields = line.as_object_mut().unwrap();
        fields.extend(entry.as_object().unwrap().clone());
        serde_json::from_value(line).unwrap()
    }

    fn lines() -> Vec<Line> {
        let at = "2026-11-29T10:00:00Z";
        let info = json!({"key": "task-1", "task": {"type": "Task", "value": "task-1"}, "state": "running", "progress": 1});
        let change =
            |fields: &Value| json!({"change": {"task": "task-1", "at": at, "fields": fields}});
        [
            json!({"link": {"state": "live"}}),
            json!({"labels": {"x": "X"}}),
            json!({"task": {"at": at, "info": info}}),
            change(&json!({"progress": 50})),
            change(&json!({"progress": null, "state": "success"})),
            json!({"events": {"task": "task-1", "events": [{"key": 1}]}}),
            json!({"cancel_answer": {"task": "task-1", "answer": "accepted"}}),
            json!({"gone": {"task": "task-1", "at": at}}),
            json!({"placeholder": {"task": "task-2", "reason": "x"}}),
            json!({"task": {"at": at, "info": {"key": "task-3"}}}),
            json!({"unwatched": {"task": "task-3"}}),
            json!({"task": {"at": at, "info": {"key": "task-4", "state": "success"}}}),
            json!({"unwatched": {"task": "task-4"}}),
            json!({"task": {"at": at, "info": {"key": "task-6", "state": "running"}}}),
            json!({"gone": {"task": "task-6", "at": at}}),
            json!({"past_task": {"at": at, "info": {"key": "task-6", "state": "error"}}}),
            json!({"task": {"at": at, "info": {"key": "task-7", "state": "running"}}}),
            json!({"change": {"task": "task-7", "at": at, "fields": {"state": {"_value": "success"}}}}),
            json!({"unwatched": {"task": "task-7"}}),
            json!({"history": {"tasks": [{"key": "task-5", "state": "error"}]}}),
            json!({"location": {"type": "VirtualMachine", "value": "vm-1", "host": "esx-01"}}),
        ]
        .iter()
        .map(line)
        .collect()
    }

    fn state_of(lines: impl IntoIterator<Item = Line>) -> RecordedState {
        let mut state = RecordedState::default();
        lines.into_iter().for_each(|line| state.apply(line, 100));
        state
    }

    #[test]
    fn the_state_follows_the_lines() {
        let state = state_of(lines());
        let task = state.task(0, "task-1").unwrap();
        assert_eq!(task["state"], "success");
        assert!(!task.contains_key("progress"));
        assert!(state.task(0, "task-3").is_none());
        let kept: Vec<Line> = state.lines(Timestamp::UNIX_EPOCH).collect();
        assert_eq!(kept.len(), 12);
        assert_eq!(state.task(0, "task-6").unwrap()["state"], "error");
        let rebuilt = state_of(kept.clone());
        let same: Vec<Line> = rebuilt.lines(Timestamp::UNIX_EPOCH).collect();
        assert_eq!(same, kept);
    }

    #[test]
    fn size_is_bounded_whatever_the_lines_contain() {
        let mut state = RecordedState::default();
        let at = Timestamp::UNIX_EPOCH;
        for number in 0..MAX_TASKS + 10 {
            let info = json!({"key": format!("task-{number}")});
            let entry = Entry::Task { at, info };
            state.apply(
                Line {
                    t: at,
                    vc: 0,
                    entry,
                },
                10_000,
            );
        }
        assert!(state.bytes <= MAX_BYTES, "{}", state.bytes);
        assert_eq!(state.tasks.len(), MAX_BYTES / 10_000);
        for _ in 0..100 {
            let fields = json!({"progress": 1}).as_object().unwrap().clone();
            let task = "task-1".to_owned();
            let entry = Entry::Change { task, at, fields };
            state.apply(
                Line {
                    t: at,
                    vc: 0,
                    entry,
                },
                100,
            );
        }
        assert!(state.bytes <= MAX_BYTES, "{}", state.bytes);
    }

    #[test]
    fn replaced_values_use_no_memory() {
        let at = Timestamp::UNIX_EPOCH;
        let mut state = RecordedState::default();
        let mut apply = |task: &str, entry: Value, length| {
            let mut line = line(&entry);
            (line.t, line.vc) = (at, 0);
            assert_eq!(line.entry.task(), Some(task));
            state.apply(line, length);
        };
        for number in 0..100 {
            let id = format!("task-{number}");
            apply(&id, json!({"task": {"at": at, "info": {"key": id}}}), 100);
            for percent in 0..100 {
                let change =
                    json!({"change": {"task": id, "at": at, "fields": {"progress": percent}}});
                apply(&id, change, 60_000);
            }
        }
        for number in 0..100 {
            assert_eq!(
                state.task(0, &format!("task-{number}")).unwrap()["progress"],
                99
            );
        }
        assert!(state.bytes < 20_000, "{}", state.bytes);
    }
}
