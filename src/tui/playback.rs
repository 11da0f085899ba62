//! Plays a record, or the session so far: which of its updates are due, and the clock of the screen meanwhile. Without the screen, so that tests
//! need no terminal.

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, Instant};

use crate::{
    app::{Playback, PlaybackState, SeekTarget},
    replay::{Batch, Replay, StopAt},
    task::TaskId,
};

/// Speeds that the keys step through.
const SPEEDS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, MAX_SPEED];
/// Highest speed.
pub const MAX_SPEED: f64 = 600.0;
/// Minimum time between two steps at a high speed.
const STEP_INTERVAL: Duration = Duration::from_millis(33);

/// A jump in progress.
#[derive(Debug, Clone, PartialEq)]
enum Seek {
    To(Timestamp),
    Find {
        stop: StopAt,
        /// Message if there is none.
        message: &'static str,
        /// Position to return to afterwards.
        from: Timestamp,
    },
}

/// A record that is played.
#[derive(Debug)]
pub struct PlaybackController {
    pub(super) replay: Replay,
    speed: f64,
    is_paused: bool,
    /// Time of the record at `anchor`.
    position: Timestamp,
    anchor: Instant,
    /// Time of the last step.
    stepped: Instant,
    seek: Option<Seek>,
    /// The task that a jump has found.
    found: Option<TaskId>,
    /// Message for the end of the jump.
    message: Option<&'static str>,
    is_damage_reported: bool,
}

/// Result of a step.
#[derive(Debug)]
pub(super) enum Step {
    /// The next update.
    Batch(Batch),
    /// A jump has arrived: the task that was searched for, or a message.
    Arrived(Option<TaskId>, Option<&'static str>),
    /// The record has no such change. Contains where to return to.
    NotFound(Timestamp),
    /// No update is due.
    Wait,
}

impl PlaybackController {
    /// Looks back from the end of the session, paused.
    pub(super) fn look_back(replay: Replay) -> Self {
        let end = replay.known_end();
        let mut player = Self::new(replay, 1.0, None);
        player.position = end.unwrap_or(player.position);
        player.is_paused = true;
        player
    }

    /// Plays from the beginning, or from a later time.
    pub fn new(replay: Replay, speed: f64, at: Option<Timestamp>) -> Self {
        let now = Instant::now();
        Self {
            position: replay.start(),
            replay,
            speed,
            is_paused: false,
            anchor: now,
            stepped: now,
            seek: at.map(Seek::To),
            found: None,
            message: None,
            is_damage_reported: false,
        }
    }

    /// Returns the time of the record.
    pub(super) fn now(&self, at: Instant) -> Timestamp {
        if self.is_paused || self.seek.is_some() {
            return self.position;
        }
        let elapsed = at.duration_since(self.anchor).as_secs_f64() * self.speed;
        let elapsed = SignedDuration::try_from_secs_f64(elapsed).unwrap_or_default();
        let now = self.position.checked_add(elapsed);
        let end = self.replay.known_end().unwrap_or(Timestamp::MAX);
        now.unwrap_or(end).min(end).max(self.position)
    }

    /// Returns the speed of the clock; `None` while it is stopped.
    pub(super) fn clock_speed(&self) -> Option<f64> {
        (!self.is_paused && self.seek.is_none()).then_some(self.speed)
    }

    /// Returns when the next step is due.
    pub(super) fn due(&mut self, at: Instant) -> Option<Instant> {
        if self.seek.is_some() {
            return Some(at);
        }
        if self.is_paused {
            return None;
        }
        let next = self.replay.next_time();
        // A session goes on after its last change.
        let next = next.or_else(|| self.replay.session_end())?;
        let wait = next.duration_since(self.position).as_secs_f64() / self.speed;
        let wait = Duration::try_from_secs_f64(wait.max(0.0)).unwrap_or(Duration::MAX);
        let due = self.anchor.checked_add(wait)?;
        Some(due.max(self.stepped + STEP_INTERVAL))
    }

    /// Returns the next update that is due.
    pub(super) fn step(&mut self, at: Instant) -> Step {
        self.stepped = at;
        let (until, stop) = match &self.seek {
            Some(Seek::To(time)) => (*time, StopAt::Nothing),
            Some(Seek::Find { stop, .. }) => (Timestamp::MAX, stop.clone()),
            None if self.is_paused => return Step::Wait,
            None => (self.now(at), StopAt::EachTime),
        };
        if let Some(batch) = self.replay.next(until, &stop) {
            if self.seek.is_some() {
                self.position = self.position.max(batch.time);
            }
            if batch.found.is_some() {
                // Other changes of the same time follow.
                self.seek = Some(Seek::To(batch.time));
                self.found.clone_from(&batch.found);
                self.is_paused = true;
            }
            return Step::Batch(batch);
        }
        let Some(seek) = self.seek.take() else {
            return Step::Wait;
        };
        self.anchor = at;
        match seek {
            Seek::To(time) => {
                if self.replay.next_time().is_some() {
                    self.position = time.max(self.position);
                } else if let Some(end) = self.replay.session_end() {
                    self.position = time.max(self.position).min(end);
                }
                Step::Arrived(self.found.take(), self.message.take())
            }
            Seek::Find { message, from, .. } => {
                self.message = Some(message);
                Step::NotFound(from)
            }
        }
    }

    /// Continues from the time of the updates so far if they take longer than the clock allows.
    pub(super) fn catch_up(&mut self, played: Timestamp, at: Instant) {
        if self.seek.is_none() && !self.is_paused && played < self.now(at) {
            self.position = self.position.max(played);
            self.anchor = at;
        }
    }

    pub(super) fn toggle_pause(&mut self, at: Instant) {
        self.position = self.now(at);
        self.anchor = at;
        self.is_paused = self.seek.take().is_some() || !self.is_paused;
    }

    pub(super) fn change_speed(&mut self, is_faster: bool, at: Instant) {
        self.position = self.now(at);
        self.anchor = at;
        let speed = if is_faster {
            SPEEDS.into_iter().find(|speed| *speed > self.speed)
        } else {
            SPEEDS.into_iter().rev().find(|speed| *speed < self.speed)
        };
        self.speed = speed.unwrap_or(self.speed);
    }

    pub(super) fn stop_seek(&mut self, at: Instant) {
        self.seek = None;
        self.is_paused = true;
        self.anchor = at;
    }

    /// Starts a jump. Returns true if the screen has to be emptied because the record is played from another place.
    pub(super) fn seek(&mut self, target: SeekTarget, at: Instant) -> bool {
        let target = self.absolute(target, at);
        self.position = self.now(at);
        self.anchor = at;
        self.found = None;
        let from = self.position;
        let find = |stop, message| Seek::Find {
            stop,
            message,
            from,
        };
        let seek = match target {
            SeekTarget::Time(time) => Seek::To(time),
            // It was made absolute.
            SeekTarget::By(_) => Seek::To(from),
            SeekTarget::PreviousChange => {
                self.is_paused = true;
                Seek::To(self.replay.previous_change().unwrap_or(Timestamp::MIN))
            }
            SeekTarget::NextChange => find(StopAt::Change, "No further changes"),
            SeekTarget::NextFailure => find(StopAt::Failure, "No further failures"),
            SeekTarget::NextChangeOf(task) => {
                find(StopAt::ChangeOf(task), "No further changes of the task")
            }
        };
        let started = self.replay.start();
        let to = match seek {
            Seek::To(time) => time.max(started),
            Seek::Find { .. } => {
                self.seek = Some(seek);
                return false;
            }
        };
        self.seek = Some(Seek::To(to));
        let is_elsewhere = to < self.position || self.replay.is_far(self.position, to);
        if is_elsewhere {
            self.position = self.replay.rewind(to);
        }
        is_elsewhere
    }

    /// Updates the display.
    pub(super) fn show(&mut self, playback: &mut Playback) {
        playback.speed = self.speed;
        playback.end = self.replay.known_end();
        let is_at_end = self.replay.next_time().is_none() && self.replay.session_end().is_none();
        playback.state = if self.seek.is_some() {
            PlaybackState::Seeking
        } else if is_at_end {
            PlaybackState::AtEnd
        } else if self.is_paused {
            PlaybackState::Paused
        } else {
            PlaybackState::Playing
        };
    }

    /// Returns a target that does not depend on the position. A jump in progress is continued from its target.
    fn absolute(&self, target: SeekTarget, at: Instant) -> SeekTarget {
        let SeekTarget::By(span) = target else {
            return target;
        };
        let end = self.replay.known_end().unwrap_or(Timestamp::MAX);
        let from = match &self.seek {
            Some(Seek::To(time)) => *time,
            _ => self.now(at),
        };
        let from = from.min(end);
        SeekTarget::Time(from.checked_add(span).unwrap_or(from))
    }

    /// True if the session has been played until now, or a jump to `target` leads there.
    pub(super) fn is_live(&mut self, target: Option<&SeekTarget>, at: Instant) -> bool {
        let Some(end) = self.replay.session_end() else {
            return false;
        };
        let target = target.map(|target| self.absolute(target.clone(), at));
        match target {
            Some(SeekTarget::Time(time)) => time >= end,
            Some(SeekTarget::NextChange) => self.replay.next_time().is_none(),
            Some(_) => false,
            None => self.seek.is_none() && !self.is_paused && self.now(at) >= end,
        }
    }

    /// Returns the damage to the record, once.
    pub(super) fn damage(&mut self) -> Option<String> {
        if self.is_damage_reported {
            return None;
        }
        let (_, damage) = self.replay.end()?;
        self.is_damage_reported = true;
        Some(damage.to_string()).filter(|damage| !damage.is_empty())
    }

    /// Returns the state to display at the start.
    pub(super) fn display(&self) -> Playback {
        let mut playback = Playback::new(self.replay.start(), self.speed);
        playback.is_session = self.replay.session_end().is_some();
        playback
    }
}
