//! Plays a record: the lines up to a time.

use std::{collections::VecDeque, io};

use jiff::Timestamp;

use super::{Checkpoint, Damage, Header, Line, Reader, RecordedState, Source};

/// Position in a record. Time never goes back: a line with an earlier time than the one before is played at once.
#[derive(Debug)]
pub struct Player {
    /// Lines of a checkpoint, before those of the file.
    first: VecDeque<Line>,
    reader: Reader,
    /// The next line, once it was read.
    next: Option<Line>,
    now: Timestamp,
}

impl Player {
    /// Starts at the beginning of a record.
    pub fn new(reader: Reader) -> Self {
        Self {
            now: reader.header().started,
            first: VecDeque::new(),
            reader,
            next: None,
        }
    }

    /// Starts at a checkpoint, with the lines that give all tasks their states at it.
    ///
    /// # Errors
    /// Fails if the record cannot be read again.
    pub fn at(source: &Source, checkpoint: &Checkpoint, header: Header) -> io::Result<Self> {
        Ok(Self {
            first: checkpoint.lines(),
            reader: source.open_at(checkpoint.offset, header)?,
            next: None,
            now: checkpoint.time,
        })
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    /// Returns the latest time of the lines played so far; the start if there are none.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the damage found so far.
    pub fn damage(&self) -> &Damage {
        self.reader.damage()
    }

    /// Returns the next line, with its time in the file, and its length in bytes.
    pub fn peek(&mut self) -> Option<(&Line, usize)> {
        if let Some(line) = self.first.front() {
            return Some((line, 0));
        }
        if self.next.is_none() {
            self.next = self.reader.next();
        }
        let length = self.reader.line_length();
        self.next.as_ref().map(|line| (line, length))
    }

    /// Returns the time of the next line; `None` at the end of the record.
    pub fn next_time(&mut self) -> Option<Timestamp> {
        let now = self.now;
        self.peek().map(|(line, _)| line.t.max(now))
    }

    /// Returns the next line if it arrived by `until`.
    pub fn next_until(&mut self, until: Timestamp) -> Option<Line> {
        let due = self.next_time().filter(|due| *due <= until)?;
        self.now = due;
        let line = self.first.pop_front().or_else(|| self.next.take())?;
        Some(Line { t: due, ..line })
    }

    /// Plays the lines until a time. Returns the state that those about a vCenter leave, and passes each of them to
    /// `observe`.
    pub fn state_at(
        &mut self,
        vc: u16,
        until: Timestamp,
        mut observe: impl FnMut(&Line),
    ) -> RecordedState {
        let mut state = RecordedState::default();
        while let Some((_, length)) = self.peek()
            && let Some(line) = self.next_until(until)
        {
            if line.vc == vc {
                observe(&line);
                state.apply(line, length);
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::{Value, json};

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
}
