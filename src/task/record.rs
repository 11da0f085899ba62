//! One task on the board: what the server said last, and what was noticed while watching.

use std::{borrow::Cow, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    id::TaskId, progress::Progress, progress_history::ProgressHistory, sanity::span, status::Status,
};
use crate::vim::types::{Malformed, TaskInfo};

/// Where a task stands with the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// On the server, as far as is known.
    Present,
    /// Vanished; noticed at this time by the server's clock.
    Gone(Timestamp),
    /// Known from the server's history only; whether the object is still there is not known.
    Past,
    /// Could not be read, for this reason; it may be there.
    Unreadable(Arc<str>),
}

/// What is known of one task.
#[derive(Debug, Clone)]
pub struct Record {
    /// Whose it is.
    pub id: TaskId,
    /// What the server said last; `None` for a ghost, of which only the key is known.
    pub info: Option<Box<TaskInfo>>,
    /// Where the task stands with the server.
    pub presence: Presence,
    /// Never dropped, whatever else has to make room.
    pub pinned: bool,
    /// When it was last heard of, by the server's clock.
    pub seen: Option<Timestamp>,
    /// When its progress, phase or state last changed while watched, by the server's clock.
    pub moved: Option<Timestamp>,
    /// Since when its cancellation is seen to be requested.
    pub cancel_seen: Option<CancelSeen>,
    /// The course of its progress and phases while it was watched running.
    pub history: Option<Box<ProgressHistory>>,
}

/// Since when a cancellation is seen to be requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelSeen {
    /// When it was first seen, by the server's clock.
    pub at: Timestamp,
    /// Whether the task was known before without it; else the request is older than that.
    pub is_exact: bool,
}

impl CancelSeen {
    /// What stands before "3 min ago" for it to be true: `at least `, or nothing.
    pub fn at_least(self) -> &'static str {
        if self.is_exact { "" } else { "at least " }
    }
}

impl Record {
    /// A task of which only the name is known.
    pub fn ghost(id: TaskId, presence: Presence) -> Self {
        Self {
            id,
            info: None,
            presence,
            pinned: false,
            seen: None,
            moved: None,
            cancel_seen: None,
            history: None,
        }
    }

    /// The key by which others name the task as their parent or root.
    pub fn key(&self) -> Arc<str> {
        match &self.info {
            Some(info) => info.key.clone(),
            None => self.id.mo_id.clone(),
        }
    }

    /// Takes what the server said anew; a task that was thought gone is back.
    pub(super) fn take(&mut self, info: Box<TaskInfo>, at: Timestamp) {
        if self.info.as_ref().is_none_or(|old| has_moved(old, &info)) {
            self.moved = Some(at);
        }
        let phase_began = self
            .info
            .as_ref()
            .is_some_and(|old| old.description != info.description);
        self.info = Some(info);
        self.record_progress(phase_began, at);
        self.presence = Presence::Present;
        self.note(at);
    }

    /// Takes new values of some fields. A value that does not fit is left out, and reported.
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
                self.moved = Some(at);
            }
            if let Err(error) = info.assign(&field, value) {
                outcome = Err(error);
            }
            phase_began |= phase.is_some_and(|before| before != info.description);
        }
        self.record_progress(phase_began, at);
        self.presence = Presence::Present;
        self.note(at);
        outcome
    }

    /// Adds to the history what is now known, once there is something to tell. What finished before it was watched
    /// has none.
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
                let history = ProgressHistory::begin(info.start_time, at, percent);
                self.history = Some(Box::new(history));
            }
            None => {}
        }
    }

    fn note(&mut self, at: Timestamp) {
        let before = self.seen.replace(at);
        if self.is_cancel_requested() {
            let is_exact = before.is_some();
            self.cancel_seen.get_or_insert(CancelSeen { at, is_exact });
        }
    }

    /// What the task's state means.
    pub fn status(&self) -> Status {
        match &self.info {
            None => Status::Ghost,
            Some(info) => match Status::of(info) {
                status if status.is_finished() => status,
                _ if self.is_gone() => Status::Lost,
                status => status,
            },
        }
    }

    /// Whether the object vanished from the server.
    pub fn is_gone(&self) -> bool {
        matches!(self.presence, Presence::Gone(_))
    }

    /// What is to be said beside its state: why it ended as it did, or its phase while it goes on.
    pub fn remark(&self) -> Option<String> {
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

    /// Whether cancellation was requested and the task still runs (or waits).
    pub fn is_cancel_requested(&self) -> bool {
        self.status().is_active() && self.info.as_ref().is_some_and(|info| info.cancelled)
    }

    /// The server's own figure, or none. See [`Board::progress`](super::TaskStore::progress) for one derived from the
    /// children.
    pub fn progress(&self) -> Progress {
        Progress::reported(self.info.as_ref().and_then(|info| info.progress))
    }

    /// How long the task waited before it ran (until now, if it still waits). Never negative;
    /// `None` where its times make no sense.
    pub fn queued_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let info = self.info.as_ref()?;
        let end = info.start_time.or(info.complete_time).unwrap_or(now);
        span(info.queue_time?, end)
    }

    /// How long the task has run, or did. `None` before it starts, and where its times make no
    /// sense. Never negative.
    pub fn run_time(&self, now: Timestamp) -> Option<SignedDuration> {
        let info = self.info.as_ref()?;
        span(info.start_time?, self.end(now))
    }

    /// How long ago the task was made, or how long it took in all: what "elapsed" means on the screen.
    /// Never negative; `None` where its times make no sense.
    pub fn elapsed(&self, now: Timestamp) -> Option<SignedDuration> {
        let info = self.info.as_ref()?;
        span(info.began()?, self.end(now))
    }

    /// Since when the task runs, while it does.
    pub fn running_since(&self) -> Option<Timestamp> {
        let info = self.info.as_ref()?;
        (self.status() == Status::Running).then_some(info.start_time?)
    }

    /// Since when the task waits to be run, while it does.
    pub fn queued_since(&self) -> Option<Timestamp> {
        let info = self.info.as_ref()?;
        info.queue_time.filter(|_| self.status() == Status::Queued)
    }

    /// When the task finished, if it has and the server said when.
    pub fn finished_at(&self) -> Option<Timestamp> {
        let info = self.info.as_ref()?;
        info.complete_time.filter(|_| self.status().is_finished())
    }

    /// When the clock of this task stopped: at its completion, or when it was noticed to have vanished; else now.
    fn end(&self, now: Timestamp) -> Timestamp {
        let complete = self.info.as_ref().and_then(|info| info.complete_time);
        complete.unwrap_or(match (&self.presence, self.seen) {
            (Presence::Gone(at), _) => *at,
            (_, Some(seen)) if self.status().is_finished() => seen,
            _ => now,
        })
    }
}

fn has_moved(old: &TaskInfo, new: &TaskInfo) -> bool {
    old.progress != new.progress || old.state != new.state || old.description != new.description
}
