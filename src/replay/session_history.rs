//! The session so far as a record: the changes that are undone on a copy of the tasks, and applied again when they are
//! played.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use super::recording_file::PlayedLine;
use crate::{
    task::{ChangeSet, ServerClock, ServerId, TaskChange, TaskStore, UndoLog},
    watch::recording_codec::RecordedUpdate,
};

/// Number of times of changes to which one can step back.
pub(super) const MAX_STEPS: usize = 10_000;
/// Number of changes that are played before the target of a jump, so that short steps back need not undo more.
const LEAD: usize = 2048;

/// The changes of a session until now.
#[derive(Debug)]
pub struct SessionHistory {
    /// First time that can be shown, by the local clock.
    pub(super) start: Timestamp,
    /// Time at which the session was copied.
    pub(super) end: Timestamp,
    /// Changes before those of `changes`.
    log: UndoLog,
    /// The tasks before the first of `changes`.
    pub(super) base: TaskStore,
    /// Changes with their local times, oldest first.
    changes: VecDeque<(Timestamp, ServerId, TaskChange)>,
    /// Index of the next change to play.
    next: usize,
    clocks: HashMap<ServerId, ServerClock>,
}

impl SessionHistory {
    /// Copies the tasks and their changes at the local time `now`.
    pub fn new(
        log: &UndoLog,
        store: &TaskStore,
        clocks: HashMap<ServerId, ServerClock>,
        now: Timestamp,
    ) -> Self {
        Self {
            start: log.since().unwrap_or(now).min(now),
            end: now,
            log: log.clone(),
            base: store.clone(),
            changes: VecDeque::new(),
            next: 0,
            clocks,
        }
    }

    /// Returns the times of the last changes that were played, each once.
    pub(super) fn times(&self) -> VecDeque<Timestamp> {
        let played = self.changes.range(..self.next).map(|(t, ..)| *t);
        let all = played.rev().chain(self.log.times().rev());
        let mut times = VecDeque::new();
        for time in all {
            if times.front() != Some(&time) {
                times.push_front(time);
            }
            if times.len() >= MAX_STEPS {
                break;
            }
        }
        times
    }

    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.changes.get(self.next).map(|(t, ..)| *t)
    }

    pub(super) fn next_until(&mut self, until: Timestamp) -> Option<PlayedLine> {
        let (t, server, change) = self.changes.get(self.next)?;
        if *t > until {
            return None;
        }
        self.next += 1;
        Some(PlayedLine {
            t: *t,
            server: *server,
            update: Some(RecordedUpdate::Task(change.clone())),
            size: 0,
        })
    }

    pub(super) fn next_change(&self) -> Option<ServerId> {
        self.changes.get(self.next).map(|(_, server, _)| *server)
    }

    /// Goes to a place before a time. Returns the time there.
    pub(super) fn rewind(&mut self, to: Timestamp) -> Timestamp {
        let mut undone = ChangeSet::default();
        let before = |session: &Self| session.changes.partition_point(|(t, ..)| *t <= to);
        while before(self) < LEAD && self.undo(&mut undone) {}
        let time = self.log.times().next_back().unwrap_or(self.start);
        for handle in undone.changed {
            let Some(record) = self.base.get(handle) else {
                continue;
            };
            let clock = self.clocks.get(&record.id.server).copied();
            let seen = clock.unwrap_or_default().at(time);
            let history = record.history.as_ref();
            let history = history.and_then(|history| history.until(seen));
            self.base
                .set_progress_history(handle, history.map(Box::new));
        }
        self.next = 0;
        time
    }

    /// Moves the last change of the log to those that can be played; false if there is none.
    fn undo(&mut self, undone: &mut ChangeSet) -> bool {
        let Some((t, before)) = self.log.pop() else {
            return false;
        };
        let after = self.base.undo(before, undone);
        let (server, change) = after.into_change(t);
        self.changes.push_front((t, server, change));
        true
    }
}
