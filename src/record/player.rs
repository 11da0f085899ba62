//! Plays a record: the lines up to a time, and the state of all tasks at it.

use std::{
    collections::{BTreeMap, HashMap},
    iter::Peekable,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Damage, Entry, Header, Line, Reader, line::mo_id};

/// Maximum number of tasks kept per record; the lines of further ones are ignored.
const MAX_TASKS: usize = 100_000;

/// Position in a record. Time never goes back: a line with an earlier time than the one before is played at once.
#[derive(Debug)]
pub struct Player {
    lines: Peekable<Reader>,
    header: Header,
    now: Timestamp,
}

impl Player {
    /// Starts at the beginning of a record.
    pub fn new(reader: Reader) -> Self {
        let header = reader.header().clone();
        Self {
            now: header.started,
            lines: reader.peekable(),
            header,
        }
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the time of the next line; `None` at the end of the record.
    pub fn next_time(&mut self) -> Option<Timestamp> {
        let now = self.now;
        self.lines.peek().map(|line| line.t.max(now))
    }

    /// Returns the next line if it arrived by `until`.
    pub fn next_until(&mut self, until: Timestamp) -> Option<Line> {
        let due = self.next_time().filter(|due| *due <= until)?;
        self.now = due;
        let line = self.lines.next()?;
        Some(Line { t: due, ..line })
    }
}

/// The tasks and servers of a record as they were at a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordedState {
    /// The fields of each task and the server's time of the last change, by vCenter and moId.
    tasks: HashMap<(u16, String), (Map<String, Value>, Timestamp)>,
    /// The last entries about each vCenter: server, clock and link.
    servers: BTreeMap<u16, [Option<Entry>; 3]>,
}

impl RecordedState {
    /// Returns the state at the end of a record, and what could not be read.
    pub fn at_end(mut reader: Reader) -> (Self, Damage) {
        let mut state = Self::default();
        for line in reader.by_ref() {
            state.apply(line);
        }
        (state, reader.damage().clone())
    }

    /// Applies a line.
    pub fn apply(&mut self, line: Line) {
        let vc = line.vc;
        let about_server = match &line.entry {
            Entry::Server(_) => Some(0),
            Entry::ClockOffset(_) => Some(1),
            Entry::Link(_) => Some(2),
            _ => None,
        };
        if let Some(kind) = about_server {
            self.servers.entry(vc).or_default()[kind] = Some(line.entry);
            return;
        }
        match line.entry {
            Entry::Task { info, at } => {
                let Some(id) = mo_id(&info).map(str::to_owned) else {
                    return;
                };
                let has_room = self.tasks.len() < MAX_TASKS;
                if let Value::Object(fields) = info
                    && (has_room || self.tasks.contains_key(&(vc, id.clone())))
                {
                    self.tasks.insert((vc, id), (fields, at));
                }
            }
            Entry::Change { task, fields, at } => {
                let Some((known, last)) = self.tasks.get_mut(&(vc, task)) else {
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
            Entry::Unwatched { task } => {
                self.tasks.remove(&(vc, task));
            }
            _ => {}
        }
    }

    /// Returns the fields of a task.
    pub fn task(&self, vc: u16, mo_id: &str) -> Option<&Map<String, Value>> {
        let task = self.tasks.get(&(vc, mo_id.to_owned()));
        task.map(|(fields, _)| fields)
    }

    /// Returns the lines with which a record that continues from this state begins.
    pub fn into_lines(self, t: Timestamp) -> Vec<Line> {
        let servers = self.servers.into_iter().flat_map(|(vc, entries)| {
            let entries = entries.into_iter().flatten();
            entries.map(move |entry| Line { t, vc, entry })
        });
        let mut tasks: Vec<_> = self.tasks.into_iter().collect();
        tasks.sort_by(|(a, _), (b, _)| a.cmp(b));
        let tasks = tasks.into_iter().map(|((vc, _), (fields, at))| {
            let info = Value::Object(fields);
            let entry = Entry::Task { at, info };
            Line { t, vc, entry }
        });
        servers.chain(tasks).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn record(lines: &[(i64, Value)]) -> Reader {
        let header = Header::new(time(0), vec!["vc01".to_owned()]);
        let mut text = serde_json::to_string(&header).unwrap() + "\n";
        for (second, entry) in lines {
            let mut line = json!({"t": time(*second), "vc": 0});
            line.as_object_mut()
                .unwrap()
                .extend(entry.as_object().unwrap().clone());
            text.push_str(&line.to_string());
            text.push('\n');
        }
        Reader::new(Cursor::new(text), "test").unwrap()
    }

    fn lines() -> Vec<(i64, Value)> {
        let info = json!({"key": "task-1", "task": {"type": "Task", "value": "task-1"}, "state": "running", "progress": 1});
        let change =
            |fields: Value| json!({"change": {"task": "task-1", "at": time(0), "fields": fields}});
        vec![
            (0, json!({"link": {"state": "live"}})),
            (1, json!({"task": {"at": time(1), "info": info}})),
            (5, change(json!({"progress": 50}))),
            // The local clock was set back.
            (3, change(json!({"progress": 60}))),
            (9, change(json!({"progress": null, "state": "success"}))),
        ]
    }

    #[test]
    fn lines_are_played_in_order_and_time_never_goes_back() {
        let mut player = Player::new(record(&lines()));
        assert_eq!(player.next_time(), Some(time(0)));
        let mut times = Vec::new();
        while let Some(line) = player.next_until(time(8)) {
            times.push(line.t);
        }
        assert_eq!(times, [0, 1, 5, 5].map(time));
        assert_eq!(player.next_time(), Some(time(9)));
        assert!(player.next_until(time(9)).is_some());
        assert_eq!(player.next_time(), None);
    }

    #[test]
    fn the_state_follows_the_lines() {
        let mut player = Player::new(record(&lines()));
        let mut state = RecordedState::default();
        while let Some(line) = player.next_until(time(8)) {
            state.apply(line);
        }
        assert_eq!(state.task(0, "task-1").unwrap()["progress"], 60);
        let (state, damage) = RecordedState::at_end(record(&lines()));
        assert_eq!(damage, Damage::default());
        let task = state.task(0, "task-1").unwrap();
        assert_eq!(task["state"], "success");
        assert!(!task.contains_key("progress"));
        let mut again = RecordedState::default();
        let lines = state.clone().into_lines(time(20));
        assert_eq!(lines.len(), 2);
        for line in lines {
            again.apply(line);
        }
        assert_eq!(again, state);
    }
}
