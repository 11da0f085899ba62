//! A task in the store: the last values sent by the server, and observations made while watching.

use std::{borrow::Cow, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use vtask_text::ago;
use vtask_vim::types::{CompactTimestamp, Malformed, TaskInfo};

use super::{
    clock::span, id::TaskId, progress::Progress, progress_history::ProgressHistory, status::Status,
};

/// Availability of a task on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// On the server, as far as known.
    Present,
    /// Removed; noticed at this server time.
    Gone(Timestamp),
    /// Known from the server's history only; the object may no longer exist.
    HistoryOnly,
    /// Could not be read for this reason; it may exist.
    Unreadable(Arc<str>),
}

/// Everything known about one task.
#[derive(Debug, Clone)]
pub struct TaskRecord {
    /// The task's id.
    pub id: TaskId,
    /// The last `TaskInfo`; `None` for a placeholder, of which only the key is known.
    pub info: Option<Box<TaskInfo>>,
    /// Availability on the server.
    pub presence: Presence,
    /// True if the task must not be evicted.
    pub pinned: bool,
    seen: Option<CompactTimestamp>,
    last_change: Option<CompactTimestamp>,
    cancel_observation: Option<Box<CancelObservation>>,
    /// Progress and phases observed while the task was running.
    pub history: Option<Box<ProgressHistory>>,
}

/// First observation of a requested cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelObservation {
    /// Server time of the first observation.
    pub at: Timestamp,
    /// True if the task was seen before without the request; else the request may be older.
    pub is_exact: bool,
}

impl CancelObservation {
    /// Returns when cancellation was requested: `12s ago`, or `at least 12s ago` unless the time is exact.
    pub fn ago(self, now: Timestamp) -> String {
        let age = now.duration_since(self.at);
        if self.is_exact || age < SignedDuration::from_secs(5) {
            ago(age)
        } else {
            format!("at least {}", ago(age))
        }
    }
}

/// The times of a task in their order: `queued` ≤ `started` ≤ `end`, whatever the server sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskSpan {
    /// Creation time, else the start.
    pub queued: Timestamp,
    /// Start time.
    pub started: Option<Timestamp>,
    /// End of a finished task, now for an active one.
    pub end: Timestamp,
}

impl TaskRecord {
    /// Creates a record of which only the id is known.
    pub fn placeholder(id: TaskId, presence: Presence) -> Self {
        Self {
            id,
            info: None,
            presence,
            pinned: false,
            seen: None,
            last_change: None,
            cancel_observation: None,
            history: None,
        }
    }

    /// Returns the server time of the last observation.
    pub fn observed_at(&self) -> Option<Timestamp> {
        self.seen.map(Into::into)
    }

    /// Returns the server time of the last observed change of progress, phase or state.
    pub fn last_change(&self) -> Option<Timestamp> {
        self.last_change.map(Into::into)
    }

    pub(super) fn set_last_change(&mut self, at: Option<CompactTimestamp>) {
        self.last_change = at;
    }

    /// Returns the first observation of a requested cancellation.
    pub fn cancel_observation(&self) -> Option<CancelObservation> {
        self.cancel_observation.as_deref().copied()
    }

    pub(super) fn set_cancel_observation(&mut self, cancel_observation: Option<CancelObservation>) {
        self.cancel_observation = cancel_observation.map(Box::new);
    }

    /// Returns the key by which other tasks refer to this one as parent or root.
    pub fn key(&self) -> Arc<str> {
        match &self.info {
            Some(info) => info.key.clone(),
            None => self.id.mo_id.clone(),
        }
    }

    /// Replaces the values with a new `TaskInfo`; a task marked as removed is present again.
    pub(super) fn replace(&mut self, info: Box<TaskInfo>, at: Timestamp) {
        if self.info.as_ref().is_none_or(|old| has_changed(old, &info)) {
            self.last_change = Some(at.into());
        }
        let phase_began = self
            .info
            .as_ref()
            .is_some_and(|old| old.description != info.description);
        self.info = Some(info);
        self.record_progress(phase_began, at);
        self.presence = Presence::Present;
        self.mark_seen(at);
    }

    /// Assigns new values to some fields. Skips and reports a value that does not fit its field.
    pub(super) fn assign(
        &mut self,
        fields: Vec<(Cow<'static, str>, Value)>,
        at: Timestamp,
    ) -> Result<(), Malformed> {
        let mut outcome = Ok(());
        let Some(info) = &mut self.info else {
            return outcome;
        };
        let mut phase_began = false;
        for (field, value) in fields {
            let phase = (field == "description").then(|| info.description.clone());
            if matches!(&*field, "progress" | "description" | "state") {
                self.last_change = Some(at.into());
            }
            if let Err(error) = info.assign(&field, value) {
                outcome = Err(error);
            }
            phase_began |= phase.is_some_and(|before| before != info.description);
        }
        self.record_progress(phase_began, at);
        self.presence = Presence::Present;
        self.mark_seen(at);
        outcome
    }

    /// Adds the current progress to the history of a running task, from the first percentage or
    /// phase on. A task that finished before it was watched has no history.
    fn record_progress(&mut self, phase_began: bool, at: Timestamp) {
        if self.status() != Status::Running {
            return;
        }
        let Some(info) = &self.info else {
            return;
        };
        let percent = self.progress().percent();
        match &mut self.history {
            Some(history) => history.observe(at, percent, phase_began),
            None if percent.is_some() || info.description.is_some() => {
                let history = ProgressHistory::begin(info.start_time(), at, percent);
                self.history = Some(Box::new(history));
            }
            None => {}
        }
    }

    fn mark_seen(&mut self, at: Timestamp) {
        let before = self.seen.replace(at.into());
        if self.is_cancel_requested() {
            let is_exact = before.is_some();
            self.cancel_observation
                .get_or_insert_with(|| Box::new(CancelObservation { at, is_exact }));
        }
    }

    /// Returns the status of the task.
    pub fn status(&self) -> Status {
        match &self.info {
            None => Status::Placeholder,
            Some(info) => match Status::of(info) {
                status if status.is_finished() => status,
                _ if self.is_gone() => Status::Lost,
                status => status,
            },
        }
    }

    /// True if the object was removed from the server.
    pub fn is_gone(&self) -> bool {
        matches!(self.presence, Presence::Gone(_))
    }

    /// Returns the text to display beside the status: the error of a failed task, or the phase of
    /// an active one.
    pub fn detail_text(&self) -> Option<String> {
        let info = self.info.as_ref()?;
        let phase = || {
            let phase = info.description.as_ref();
            Some(
                phase
                    .filter(|_| self.status().is_active())?
                    .text()
                    .to_owned(),
            )
        };
        info.error.as_ref().map(|error| error.text()).or_else(phase)
    }

    /// True if cancellation was requested and the task is still active.
    pub fn is_cancel_requested(&self) -> bool {
        self.status().is_active() && self.info.as_ref().is_some_and(|info| info.cancelled)
    }

    /// Returns the percentage reported by the server. See
    /// [`TaskStore::progress`](super::TaskStore::progress) for one derived from the children.
    pub fn progress(&self) -> Progress {
        Progress::reported(self.info.as_ref().and_then(|info| info.progress))
    }

    /// Returns the time between queueing and start, or until now if still queued. Never negative;
    /// `None` if the timestamps are inconsistent.
    pub fn queued_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let info = self.info.as_ref()?;
        let end = info.start_time().or(info.complete_time()).unwrap_or(now);
        span(info.queue_time()?, end)
    }

    /// Returns the time since the start, or between start and end. Never negative; `None` before
    /// the start and if the timestamps are inconsistent.
    pub fn run_time(&self, now: Timestamp) -> Option<SignedDuration> {
        let info = self.info.as_ref()?;
        span(info.start_time()?, self.end(now))
    }

    /// Returns the age of an active task or the total duration of a finished one, displayed as
    /// "elapsed". Never negative; `None` if the timestamps are inconsistent.
    pub fn elapsed(&self, now: Timestamp) -> Option<SignedDuration> {
        let info = self.info.as_ref()?;
        span(info.began()?, self.end(now))
    }

    /// Returns the times for a time line; `None` if none is known. Server clocks differ: a start after the end counts
    /// as no duration.
    pub fn span(&self, now: Timestamp) -> Option<TaskSpan> {
        let info = self.info.as_ref()?;
        let began = info.began()?;
        let elapsed = self.elapsed(now).unwrap_or_default();
        let queued = info.queue_time().map_or(began, |queued| queued.min(began));
        let end = began.checked_add(elapsed).unwrap_or(began).max(queued);
        Some(TaskSpan {
            queued,
            started: info.start_time(),
            end,
        })
    }

    /// Returns the start time of a running task.
    pub fn running_since(&self) -> Option<Timestamp> {
        let info = self.info.as_ref()?;
        (self.status() == Status::Running).then_some(info.start_time()?)
    }

    /// Returns the queue time of a queued task.
    pub fn queued_since(&self) -> Option<Timestamp> {
        let info = self.info.as_ref()?;
        info.queue_time()
            .filter(|_| self.status() == Status::Queued)
    }

    /// Returns the completion time of a finished task, if the server sent one.
    pub fn completed_at(&self) -> Option<Timestamp> {
        let info = self.info.as_ref()?;
        info.complete_time().filter(|_| self.status().is_finished())
    }

    /// Returns the end of a finished task: its completion time, else the time at which its end was noticed.
    pub fn ended_at(&self) -> Option<Timestamp> {
        let is_finished = self.status().is_finished();
        is_finished.then(|| self.known_end()).flatten()
    }

    fn known_end(&self) -> Option<Timestamp> {
        let complete = self.info.as_deref().and_then(TaskInfo::complete_time);
        complete.or(match (&self.presence, self.observed_at()) {
            (Presence::Gone(at), _) => Some(*at),
            (_, Some(seen)) if self.status().is_finished() => Some(seen),
            _ => None,
        })
    }

    /// Returns the end of the task: its completion time or the time at which the removal was
    /// noticed; `now` for a task without either.
    fn end(&self, now: Timestamp) -> Timestamp {
        self.known_end().unwrap_or(now)
    }
}

fn has_changed(old: &TaskInfo, new: &TaskInfo) -> bool {
    old.progress != new.progress || old.state != new.state || old.description != new.description
}
