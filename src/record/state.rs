//! The tasks and servers of a record as they were at a time.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Damage, Entry, Line, Reader};

/// Maximum number of tasks kept; the lines of further ones are ignored.
const MAX_TASKS: usize = 100_000;
/// Maximum size of the recorded state, as JSON. A record of a hundred thousand tasks needs less.
const MAX_BYTES: usize = 256 << 20;
/// Maximum number of tasks whose events are kept.
const MAX_TASKS_WITH_EVENTS: usize = 1000;

type Key = (u16, String);

/// The last lines about a task, and its fields.
#[derive(Debug, Clone, Default, PartialEq)]
struct TaskState {
    /// `TaskInfo`, and the server's time of the last change.
    info: Option<(Map<String, Value>, Timestamp)>,
    /// The fields are from the server's history.
    is_past: bool,
    /// Not readable, expired, or known by the key only.
    presence: Option<Entry>,
    entity_state: Option<Entry>,
    answer: Option<Entry>,
    /// Size as JSON, at most.
    bytes: usize,
}

/// The tasks and servers of a record as they were at a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordedState {
    tasks: HashMap<Key, TaskState>,
    /// The last entries about each vCenter, by kind.
    servers: BTreeMap<u16, [Option<Entry>; 4]>,
    /// Events of tasks.
    events: HashMap<Key, Entry>,
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
        let Some(id) = line.entry.task() else { return };
        let key = (vc, id.to_owned());
        match line.entry {
            Entry::Unwatched { .. } => {
                let removed = self.tasks.remove(&key);
                self.bytes -= removed.map_or(0, |task| task.bytes);
            }
            events @ Entry::Events { .. } => self.keep_events(key, events, length),
            Entry::Change { .. } if !self.tasks.contains_key(&key) => {}
            entry => self.apply_to_task(key, entry, length),
        }
    }

    fn apply_to_task(&mut self, key: Key, entry: Entry, length: usize) {
        let is_known = self.tasks.contains_key(&key);
        let has_room = self.bytes + length <= MAX_BYTES;
        if !has_room || (!is_known && self.tasks.len() >= MAX_TASKS) {
            return;
        }
        let task = self.tasks.entry(key).or_default();
        self.bytes -= task.bytes;
        match entry {
            Entry::Task { info, at } => task.set(info, at, false),
            Entry::PastTask { info, at } if task.info.is_none() => task.set(info, at, true),
            Entry::Change { fields, at, .. } => task.change(fields, at),
            entry @ Entry::EntityState { .. } => task.entity_state = Some(entry),
            entry @ Entry::CancelAnswer { .. } => task.answer = Some(entry),
            entry @ (Entry::Gone { .. } | Entry::Unreadable { .. } | Entry::Placeholder { .. }) => {
                task.presence = Some(entry);
            }
            _ => {}
        }
        task.bytes += length;
        // Replaced values are counted, too, until the sum is much larger than what it can be.
        if task.bytes > 64 << 10 {
            let info = task.info.as_ref();
            let text = info.map(|(fields, _)| serde_json::to_vec(fields).unwrap_or_default());
            task.bytes = text.map_or(0, |text| text.len()) + length;
        }
        self.bytes += task.bytes;
    }

    fn keep_events(&mut self, key: Key, events: Entry, length: usize) {
        if length > MAX_BYTES / MAX_TASKS_WITH_EVENTS {
            return;
        }
        if self.events.insert(key.clone(), events).is_none() {
            self.events_order.push_back(key);
        }
        if self.events_order.len() > MAX_TASKS_WITH_EVENTS
            && let Some(oldest) = self.events_order.pop_front()
        {
            self.events.remove(&oldest);
        }
    }

    /// Returns the fields of a task.
    pub fn task(&self, vc: u16, mo_id: &str) -> Option<&Map<String, Value>> {
        let task = self.tasks.get(&(vc, mo_id.to_owned()))?;
        task.info.as_ref().map(|(fields, _)| fields)
    }

    /// Returns the lines with which a record that continues from this state begins.
    pub fn lines(&self, t: Timestamp) -> impl Iterator<Item = Line> {
        let servers = self.servers.iter().flat_map(|(vc, entries)| {
            let entries = entries.iter().flatten();
            entries.map(|entry| (*vc, entry.clone()))
        });
        let mut tasks: Vec<_> = self.tasks.iter().collect();
        tasks.sort_unstable_by_key(|(key, _)| *key);
        let tasks = tasks.into_iter().flat_map(|((vc, _), task)| {
            let info = task.info.clone().map(|(fields, at)| {
                let info = Value::Object(fields);
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
        let events = self.events_order.iter();
        let events = events.filter_map(|key| Some((key.0, self.events.get(key)?.clone())));
        let all = servers.chain(tasks).chain(events);
        all.map(move |(vc, entry)| Line { t, vc, entry })
    }
}

impl TaskState {
    fn set(&mut self, info: Value, at: Timestamp, is_past: bool) {
        if let Value::Object(fields) = info {
            self.info = Some((fields, at));
            self.is_past = is_past;
            self.presence = None;
            self.bytes = 0;
        }
    }

    fn change(&mut self, fields: Map<String, Value>, at: Timestamp) {
        let Some((known, last)) = &mut self.info else {
            return;
        };
        *last = at;
        for (name, value) in fields {
            if value.is_null() {
                known.shift_remove(&name);
            } else {
                known.insert(name, value);
            }
        }
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
        assert_eq!(kept.len(), 7);
        let again = state_of(kept.clone());
        let same: Vec<Line> = again.lines(Timestamp::UNIX_EPOCH).collect();
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
}
