//! A record as a source of updates for the screen, at any of its times.
//!
//! It takes the place of the fetch loops: it returns the updates that they sent, and answers the commands of the screen.
//! The record is a file, or the session so far.

mod known_tasks;
mod recording_file;
mod responses;
mod session_history;

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;

use known_tasks::KnownTasks;
use recording_file::{PlayedLine, RecordingFile};
use session_history::MAX_STEPS;
pub use session_history::SessionHistory;

use crate::{
    recording::{Damage, ReadError, Source},
    task::{ServerId, TaskChange, TaskId, TaskStore},
    watch::{Update, recording_codec::RecordedUpdate},
};

/// Maximum number of changes in one update.
const MAX_CHANGES: usize = 4096;

/// Lines before which an update ends, so that the screen can stop there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StopAt {
    /// None. As for the others but [`EachTime`](Self::EachTime), an update may contain the changes of several times.
    #[default]
    Nothing,
    /// The end of the changes of each time.
    EachTime,
    /// A change of any task.
    Change,
    /// A task that fails.
    Failure,
    /// A change of this task.
    ChangeOf(TaskId),
}

/// The next update of a record.
#[derive(Debug)]
pub struct Batch {
    /// Time of the last line.
    pub time: Timestamp,
    /// The vCenter.
    pub server: ServerId,
    /// The update; `None` if the screen has no use for the lines.
    pub update: Option<Update>,
    /// The task whose change was searched for, with which the update ends.
    pub found: Option<TaskId>,
}

/// A record that is played.
#[derive(Debug)]
pub struct Replay {
    input: Input,
    known: KnownTasks,
    /// Tasks whose events were sent.
    with_events: HashSet<TaskId>,
    /// Times of the last changes, each once.
    steps: VecDeque<Timestamp>,
}

/// The source of the changes that are played.
#[derive(Debug)]
enum Input {
    File(Box<RecordingFile>),
    Session(Box<SessionHistory>),
}

impl Replay {
    /// Opens a record, of which one vCenter or all are shown.
    ///
    /// # Errors
    /// Those of [`Reader::open`](crate::recording::Reader::open).
    pub fn open(source: Source, only: Option<u16>) -> Result<Self, ReadError> {
        let record = RecordingFile::open(source, only)?;
        Ok(Self::of(Input::File(Box::new(record))))
    }

    /// Plays the session so far, from its end. The events of some tasks are known.
    pub fn of_session(session: SessionHistory, with_events: HashSet<TaskId>) -> Self {
        let steps = session.times();
        Self {
            with_events,
            steps,
            ..Self::of(Input::Session(Box::new(session)))
        }
    }

    fn of(input: Input) -> Self {
        Self {
            input,
            known: KnownTasks::default(),
            with_events: HashSet::new(),
            steps: VecDeque::new(),
        }
    }

    /// Returns the first time.
    pub fn start(&self) -> Timestamp {
        match &self.input {
            Input::File(record) => record.header.started,
            Input::Session(session) => session.start,
        }
    }

    /// Returns the time of the last line and the damage found; `None` until they are known.
    pub fn end(&self) -> Option<(Timestamp, Damage)> {
        match &self.input {
            Input::File(record) => record.checkpoints.end(),
            Input::Session(session) => Some((session.end, Damage::default())),
        }
    }

    /// Returns the time of the last line as far as it is known without reading everything.
    pub fn known_end(&self) -> Option<Timestamp> {
        match &self.input {
            Input::File(record) => record.known_end(),
            Input::Session(session) => Some(session.end),
        }
    }

    /// Returns the end of the session; `None` for a file.
    pub fn session_end(&self) -> Option<Timestamp> {
        match &self.input {
            Input::File(_) => None,
            Input::Session(session) => Some(session.end),
        }
    }

    /// Returns the tasks from which the session is played after [`rewind`](Self::rewind); `None` for a file, which
    /// contains all of them.
    pub fn base(&self) -> Option<&TaskStore> {
        match &self.input {
            Input::File(_) => None,
            Input::Session(session) => Some(&session.base),
        }
    }

    /// Returns the time of the next line; `None` at the end.
    pub fn next_time(&mut self) -> Option<Timestamp> {
        match &mut self.input {
            Input::File(record) => record.player.next_time(),
            Input::Session(session) => session.next_time(),
        }
    }

    fn next_until(&mut self, until: Timestamp) -> Option<PlayedLine> {
        match &mut self.input {
            Input::File(record) => record.next_until(until),
            Input::Session(session) => session.next_until(until),
        }
    }

    /// Returns the vCenter of the next line if it changes a task.
    fn next_change(&mut self) -> Option<ServerId> {
        match &mut self.input {
            Input::File(record) => record.next_change(),
            Input::Session(session) => session.next_change(),
        }
    }

    /// Returns the time of the change before the last one.
    pub fn previous_change(&self) -> Option<Timestamp> {
        self.steps.iter().rev().nth(1).copied()
    }

    /// Returns the next update of lines until a time.
    pub fn next(&mut self, until: Timestamp, stop: &StopAt) -> Option<Batch> {
        let first = self.next_until(until)?;
        let mut batch = Batch {
            time: first.t,
            server: first.server,
            update: None,
            found: None,
        };
        let mut changes = Vec::new();
        let mut line = Some(first);
        while let Some(current) = line.take() {
            batch.time = current.t;
            let (update, found) = self.take(current, stop);
            match update {
                Some(RecordedUpdate::Task(change)) => changes.push(change),
                Some(RecordedUpdate::Other(update)) => {
                    batch.update = Some(update);
                    break;
                }
                None => {}
            }
            batch.found = found;
            if batch.found.is_some()
                || changes.len() >= MAX_CHANGES
                || !self.continues(batch.server, batch.time, stop)
            {
                break;
            }
            line = self.next_until(until);
        }
        if !changes.is_empty() {
            let since = std::time::Instant::now();
            batch.update = Some(Update::Tasks { changes, since });
        }
        Some(batch)
    }

    /// True if the next line changes a task of the same vCenter and belongs to the same update.
    fn continues(&mut self, server: ServerId, time: Timestamp, stop: &StopAt) -> bool {
        let is_same_time = *stop != StopAt::EachTime || self.next_time() == Some(time);
        is_same_time && self.next_change() == Some(server)
    }

    /// Returns the update of a line, and its task if it was searched for.
    fn take(
        &mut self,
        line: PlayedLine,
        stop: &StopAt,
    ) -> (Option<RecordedUpdate>, Option<TaskId>) {
        let PlayedLine {
            t,
            server,
            update: Some(update),
            size,
        } = line
        else {
            return (None, None);
        };
        let Some(noted) = self.known.note(server, &update, size) else {
            return (None, None);
        };
        match &update {
            RecordedUpdate::Task(change) => {
                self.add_step(t);
                let is_found = match stop {
                    StopAt::Nothing | StopAt::EachTime => false,
                    StopAt::Change => true,
                    StopAt::Failure => noted.has_failed,
                    StopAt::ChangeOf(task) => is_of(change, server, task),
                };
                let found = is_found.then(|| TaskId::new(server, change.mo_id().clone()));
                return (Some(update), found);
            }
            RecordedUpdate::Other(Update::Events { mo_id, .. }) => {
                self.with_events.insert(TaskId::new(server, mo_id.clone()));
            }
            RecordedUpdate::Other(_) => {}
        }
        (Some(update), None)
    }

    fn add_step(&mut self, t: Timestamp) {
        if self.steps.back() != Some(&t) {
            self.steps.push_back(t);
            if self.steps.len() > MAX_STEPS {
                self.steps.pop_front();
            }
        }
    }

    /// True if a jump from the position `from` to a later time is faster by [`rewind`](Self::rewind).
    pub fn is_far(&self, from: Timestamp, to: Timestamp) -> bool {
        match &self.input {
            Input::File(record) => record.is_far(from, to),
            Input::Session(_) => false,
        }
    }

    /// Goes to a place from which a time can be reached: the beginning, or a checkpoint in a long record. The screen has
    /// to be emptied, or have the tasks of [`base`](Self::base). Returns the time there.
    pub fn rewind(&mut self, to: Timestamp) -> Timestamp {
        self.known = KnownTasks::default();
        match &mut self.input {
            Input::File(record) => {
                self.with_events.clear();
                self.steps.clear();
                record.rewind(to)
            }
            Input::Session(session) => {
                let time = session.rewind(to);
                self.steps = session.times();
                time
            }
        }
    }
}

/// True for a change of a task.
fn is_of(change: &TaskChange, server: ServerId, task: &TaskId) -> bool {
    task.server == server && *change.mo_id() == task.mo_id
}
