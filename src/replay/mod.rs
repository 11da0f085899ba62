//! A record as a source of updates for the screen, at any of its times.
//!
//! It takes the place of the fetch loops: it returns the updates that they sent, and answers the commands of the screen.

mod known_tasks;
mod responses;

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;

use known_tasks::KnownTasks;

use crate::{
    record::{Checkpoints, Damage, Header, Line, Player, ReadError, Source},
    task::{EndpointId, TaskChange, TaskId},
    watch::{
        Update,
        recording::{self, RecordedUpdate},
    },
};

/// Decompressed bytes that are played before the target of a jump. Records up to this size are always played from their
/// beginning, so that a position looks the same however it was reached.
const LEAD_BYTES: u64 = 64 << 20;
/// Maximum number of changes in one update.
const MAX_CHANGES: usize = 4096;
/// Number of times of changes to which one can step back.
const MAX_STEPS: usize = 10_000;

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
    pub endpoint: EndpointId,
    /// The update; `None` if the screen has no use for the lines.
    pub update: Option<Update>,
    /// The task whose change was searched for, with which the update ends.
    pub found: Option<TaskId>,
}

/// A record that is played.
#[derive(Debug)]
pub struct Replay {
    source: Source,
    header: Header,
    /// The only vCenter that is shown.
    only: Option<u16>,
    player: Player,
    checkpoints: Checkpoints,
    /// Time of a line near the end of the file.
    last_time: Option<Timestamp>,
    known: KnownTasks,
    /// Tasks whose events were sent.
    with_events: HashSet<TaskId>,
    /// Times of the last changes, each once.
    steps: VecDeque<Timestamp>,
}

impl Replay {
    /// Opens a record, of which one vCenter or all are shown.
    ///
    /// # Errors
    /// Those of [`Reader::open`](crate::record::Reader::open).
    pub fn open(source: Source, only: Option<u16>) -> Result<Self, ReadError> {
        let player = Player::new(source.open()?);
        Ok(Self {
            checkpoints: Checkpoints::start(&source)?,
            header: player.header().clone(),
            last_time: source.last_time(player.header()),
            source,
            only,
            player,
            known: KnownTasks::default(),
            with_events: HashSet::new(),
            steps: VecDeque::new(),
        })
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the time of the last line and the damage found; `None` until they are known.
    pub fn end(&self) -> Option<(Timestamp, Damage)> {
        self.checkpoints.end()
    }

    /// Returns the time of the last line as far as it is known without reading everything.
    pub fn known_end(&self) -> Option<Timestamp> {
        let end = self.checkpoints.end().map(|(end, _)| end);
        end.or(self.last_time)
    }

    /// Returns the time of the next line; `None` at the end.
    pub fn next_time(&mut self) -> Option<Timestamp> {
        self.player.next_time()
    }

    /// Returns the time of the change before the last one.
    pub fn previous_change(&self) -> Option<Timestamp> {
        self.steps.iter().rev().nth(1).copied()
    }

    /// Returns the next update of lines until a time.
    pub fn next(&mut self, until: Timestamp, stop: &StopAt) -> Option<Batch> {
        let first = self.player.next_until(until)?;
        let (vc, endpoint) = (first.vc, EndpointId(first.vc));
        let mut batch = Batch {
            time: first.t,
            endpoint,
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
                || !self.continues(vc, batch.time, stop)
            {
                break;
            }
            line = self.player.next_until(until);
        }
        if !changes.is_empty() {
            let since = std::time::Instant::now();
            batch.update = Some(Update::Tasks { changes, since });
        }
        Some(batch)
    }

    /// True if the next line changes a task of the same vCenter and belongs to the same update.
    fn continues(&mut self, vc: u16, time: Timestamp, stop: &StopAt) -> bool {
        let is_same_time = *stop != StopAt::EachTime || self.player.next_time() == Some(time);
        is_same_time
            && self
                .player
                .peek()
                .is_some_and(|(line, _)| line.vc == vc && line.entry.is_change())
    }

    /// Returns the update of a line, and its task if it was searched for.
    fn take(&mut self, line: Line, stop: &StopAt) -> (Option<RecordedUpdate>, Option<TaskId>) {
        let is_shown = self.only.is_none_or(|only| only == line.vc)
            && usize::from(line.vc) < self.header.vcenters.len();
        if !is_shown {
            return (None, None);
        }
        let (t, endpoint) = (line.t, EndpointId(line.vc));
        let Some(noted) = self.known.note(&line) else {
            return (None, None);
        };
        let Some(update) = recording::update(line.entry, t) else {
            return (None, None);
        };
        match &update {
            RecordedUpdate::Task(change) => {
                self.add_step(t);
                let is_found = match stop {
                    StopAt::Nothing | StopAt::EachTime => false,
                    StopAt::Change => true,
                    StopAt::Failure => noted.has_failed,
                    StopAt::ChangeOf(task) => is_of(change, endpoint, task),
                };
                let found = is_found.then(|| TaskId::new(endpoint, change.mo_id().clone()));
                return (Some(update), found);
            }
            RecordedUpdate::Other(Update::Events { mo_id, .. }) => {
                self.with_events
                    .insert(TaskId::new(endpoint, mo_id.clone()));
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
        let start = self.checkpoints.before(to, LEAD_BYTES);
        start.is_some_and(|checkpoint| checkpoint.time() > from)
    }

    /// Goes to a place from which a time can be reached: the beginning, or a checkpoint in a long record. The screen has
    /// to be empty. Returns the time there.
    pub fn rewind(&mut self, to: Timestamp) -> Timestamp {
        self.known = KnownTasks::default();
        self.with_events.clear();
        self.steps.clear();
        let checkpoint = self.checkpoints.before(to, LEAD_BYTES);
        let at_checkpoint = checkpoint.and_then(|checkpoint| {
            let player = Player::at(&self.source, &checkpoint, self.header.clone());
            Some((player.ok()?, checkpoint.time()))
        });
        if let Some((player, time)) = at_checkpoint {
            self.player = player;
            return time;
        }
        // A file that can no longer be opened ends here; it was reported when it was opened first.
        if let Ok(reader) = self.source.open() {
            self.player = Player::new(reader);
        }
        self.header.started
    }
}

/// True for a change of a task.
fn is_of(change: &TaskChange, endpoint: EndpointId, task: &TaskId) -> bool {
    task.endpoint == endpoint && *change.mo_id() == task.mo_id
}
