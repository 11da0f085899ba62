//! Handles the results of requests: updates the watch set and collects changes to send.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    CancelResponse, HistoryLookup, Update,
    endpoint::{Endpoint, StopReason},
    failure_detector::{Failure, concerns_all},
    push::Fetch,
    read_loop::{InFlight, PendingRequest},
    renewals::Call,
    watch_set::Origin,
};
use crate::{
    task::{Labels, ServerClock, TaskChange},
    vim::{
        Digest, Error,
        types::{ManagedObjectReference, OperationLabel, TaskInfo, TaskLocator},
    },
};

/// Delay before reading a task again whose answer was older than a pushed change.
const STALE_READ_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// The reason why reading ended.
pub(super) enum LoopExit {
    /// The session is dead; tasks being read become due again.
    SessionDead(Box<Error>),
    Halted(StopReason),
}

impl From<StopReason> for LoopExit {
    fn from(halt: StopReason) -> Self {
        Self::Halted(halt)
    }
}

/// A task as read, or `None` if it was unchanged.
pub(super) type TaskAnswer = Result<Option<Box<(TaskInfo, Digest)>>, Error>;

/// A finished request.
pub(super) enum Completed {
    Task(Arc<str>, TaskAnswer),
    Recent(Result<Vec<ManagedObjectReference>, Error>),
    Clock(Timestamp, Result<Timestamp, Error>),
    Labels(Result<Vec<OperationLabel>, Error>),
    Cancel(Arc<str>, Result<(), Error>),
    LookedUp(TaskLocator, Result<Option<Value>, Error>),
    /// Tasks added to the view, and those that the server does not know.
    View(Vec<Arc<str>>, Result<Vec<ManagedObjectReference>, Error>),
    /// A task read because the long poll is silent.
    Check(Arc<str>, Result<Box<TaskInfo>, Error>),
    /// The running wait was cancelled; its own result follows.
    Nudge,
}

impl Completed {
    /// True if it shows that the server answers.
    fn is_good(&self) -> bool {
        match self {
            Self::Task(_, answer) => answer.is_ok(),
            Self::Clock(_, answer) => answer.is_ok(),
            Self::Labels(answer) => answer.is_ok(),
            Self::LookedUp(_, answer) => answer.is_ok(),
            Self::Recent(answer) | Self::View(_, answer) => answer.is_ok(),
            Self::Check(_, answer) => answer.is_ok(),
            Self::Cancel(..) | Self::Nudge => false,
        }
    }
}

impl Endpoint {
    pub(super) async fn take_answer(
        &mut self,
        reading: &mut InFlight,
        asked: Instant,
        done: Completed,
    ) -> Result<(), LoopExit> {
        if done.is_good() {
            reading.doubts.good(Instant::now());
        }
        match done {
            Completed::Task(mo_id, answer) => self.handle_task(reading, &mo_id, answer)?,
            Completed::Recent(answer) => self.take_recent(reading, answer).await?,
            Completed::Clock(sent, Ok(server)) => {
                reading.is_probing = false;
                let clock = ServerClock::from_reading(server, sent, Timestamp::now());
                self.clock_was_read();
                self.set_clock(clock).await?;
            }
            Completed::Clock(_, Err(error)) => {
                reading.is_probing = false;
                if self.ends_session(Call::Clock, &error) {
                    return Err(LoopExit::SessionDead(Box::new(error)));
                }
                // A single failure among good answers means nothing.
                if !reading.doubts.succeeded_since(asked) && self.clock_failure_counts(&error) {
                    return Err(StopReason::Failed(Box::new(error)).into());
                }
            }
            Completed::Labels(answer) => self.take_labels(answer).await?,
            Completed::Cancel(mo_id, answer) => self.handle_cancel(reading, mo_id, answer).await?,
            Completed::LookedUp(trace, answer) => {
                self.handle_history(reading, trace, answer).await?;
            }
            Completed::View(joining, answer) => {
                self.handle_view_change(reading, &joining, answer).await?;
            }
            Completed::Check(mo_id, answer) => self.take_check(reading, &mo_id, asked, answer)?,
            Completed::Nudge => {}
        }
        Ok(())
    }

    /// Handles the labels of operations. They are optional: built-in labels replace them, and an error of the
    /// connection shows in other requests.
    async fn take_labels(
        &mut self,
        answer: Result<Vec<OperationLabel>, Error>,
    ) -> Result<(), StopReason> {
        match answer {
            Ok(rows) if self.labels.end(Instant::now()) => {
                self.tell(Update::Labels(Labels::new(rows))).await
            }
            // They are requested again on the next connection, if that comes in time.
            Err(error) if error.is_session_dead() || concerns_all(&error) => Ok(()),
            Ok(_) | Err(_) => {
                self.labels.end(Instant::now());
                Ok(())
            }
        }
    }

    fn handle_task(
        &mut self,
        reading: &mut InFlight,
        mo_id: &Arc<str>,
        answer: TaskAnswer,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        let asked = reading.finish(mo_id).unwrap_or(now);
        if !self.watched.contains(mo_id) {
            return Ok(());
        }
        let before = self.watched.asked(mo_id, asked);
        match answer {
            Ok(None) => self.watched.unchanged(mo_id, now),
            Ok(Some(_)) if self.watched.is_stale(mo_id, asked) => {
                self.watched.at(mo_id, now + STALE_READ_AFTER);
            }
            Ok(Some(answer)) => {
                let (info, digest) = *answer;
                reading.note_change_time(before.unwrap_or(asked));
                self.session.was_good = true;
                self.handle_task_info(reading, mo_id, Box::new(info), Some(digest));
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => {
                self.session.was_good = true;
                self.vanished(reading, mo_id, error.reason());
            }
            Err(error) if self.ends_session(Call::Task(mo_id.clone()), &error) => {
                self.watched.at(mo_id, now);
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_transient() => {
                return self.handle_failed_read(reading, mo_id, error, asked);
            }
            Err(error) => {
                self.unreadable(reading, mo_id, error.reason(), false);
                reading.doubts.read(mo_id);
                return Ok(());
            }
        }
        self.renewals.succeeded(&Call::Task(mo_id.clone()));
        reading.doubts.read(mo_id);
        Ok(())
    }

    /// Handles a failed read that may succeed later.
    fn handle_failed_read(
        &mut self,
        reading: &mut InFlight,
        mo_id: &Arc<str>,
        error: Error,
        asked: Instant,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        self.watched.in_vain(mo_id);
        let ask = match reading.doubts.task(mo_id, &error, asked) {
            Failure::All => {
                self.watched.at(mo_id, now);
                return Err(StopReason::Failed(Box::new(error)).into());
            }
            Failure::Once { ask } => {
                self.watched.at(mo_id, now + self.options.tempo.first_retry);
                ask
            }
            Failure::Again { ask, times } => {
                self.unreadable(reading, mo_id, error.reason(), true);
                let tempo = &self.options.tempo;
                let longer = 2_u32.saturating_pow(times - 1);
                let pause = tempo.first_retry.saturating_mul(longer);
                self.watched.at(mo_id, now + pause.min(tempo.unreadable));
                ask
            }
        };
        if ask && !reading.is_probing {
            reading.is_probing = true;
            reading.ask_time();
        }
        Ok(())
    }

    /// Handles a whole `TaskInfo`, read or pushed.
    pub(super) fn handle_task_info(
        &mut self,
        reading: &mut InFlight,
        mo_id: &Arc<str>,
        mut info: Box<TaskInfo>,
        digest: Option<Digest>,
    ) {
        info.intern_id(mo_id);
        let now = Instant::now();
        if let Fetch::Push(push) = &mut self.fetch
            && info.state.is_finished()
        {
            push.settled(mo_id);
        }
        if self.options.questions && self.watched.contains(mo_id) {
            self.lookups.seen(mo_id, &info);
        }
        for key in self.watched.read(mo_id, &info, digest, now) {
            self.watched.add(&key, Origin::Lineage, now);
        }
        let at = self.now();
        reading.changes.push(TaskChange::Whole { info, at });
        self.make_room(reading);
    }

    /// Evicts finished tasks beyond the limits.
    pub(super) fn make_room(&mut self, reading: &mut InFlight) {
        for mo_id in self.watched.make_room() {
            self.leave_view(&mo_id);
            reading.changes.push(TaskChange::Dropped { mo_id });
        }
    }

    pub(super) fn vanished(&mut self, reading: &mut InFlight, mo_id: &Arc<str>, reason: String) {
        self.leave_view(mo_id);
        self.lookups.left(mo_id);
        let change = if self.watched.vanished(mo_id) {
            TaskChange::Gone {
                mo_id: mo_id.clone(),
                at: self.now(),
            }
        } else {
            TaskChange::Ghost {
                key: mo_id.clone(),
                reason: reason.into(),
            }
        };
        reading.changes.push(change);
    }

    /// Reports a task that cannot be read; `may_pass` if a retry may help.
    pub(super) fn unreadable(
        &mut self,
        reading: &mut InFlight,
        mo_id: &Arc<str>,
        reason: String,
        may_pass: bool,
    ) {
        if let Fetch::Push(push) = &mut self.fetch {
            push.settled(mo_id);
        }
        self.watched.unreadable(mo_id, Instant::now());
        reading.changes.push(TaskChange::Unreadable {
            mo_id: mo_id.clone(),
            reason: reason.into(),
            may_pass,
        });
    }

    pub(super) fn leave_view(&mut self, mo_id: &Arc<str>) {
        if let Fetch::Push(push) = &mut self.fetch {
            push.leave(mo_id);
        }
    }

    async fn handle_cancel(
        &mut self,
        reading: &mut InFlight,
        mo_id: Arc<str>,
        answer: Result<(), Error>,
    ) -> Result<(), LoopExit> {
        reading.cancels.retain(|task| *task != mo_id);
        let answer = match answer {
            Err(error) if self.ends_session(Call::Cancel(mo_id.clone()), &error) => {
                self.wishes.push(PendingRequest::Cancel(mo_id));
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            other => {
                self.renewals.succeeded(&Call::Cancel(mo_id.clone()));
                cancel_response(other)
            }
        };
        self.wishes.push(PendingRequest::Read(mo_id.clone()));
        self.tell(Update::Cancel { mo_id, answer }).await?;
        Ok(())
    }

    /// Handles the history record of an expired task; only a finished one counts, because running tasks do not expire.
    async fn handle_history(
        &mut self,
        reading: &mut InFlight,
        trace: TaskLocator,
        answer: Result<Option<Value>, Error>,
    ) -> Result<(), LoopExit> {
        let mo_id = trace.mo_id.clone();
        if answer.is_ok() {
            self.renewals.succeeded(&Call::LookUp);
        }
        let answer = match answer {
            Ok(found) => match found.map(TaskInfo::from_json) {
                Some(Ok(info)) if info.state.is_finished() => {
                    self.recall(reading, &mo_id, Box::new(info));
                    HistoryLookup::Found
                }
                Some(Err(malformed)) => HistoryLookup::Failed(malformed.to_string().into()),
                Some(Ok(_)) | None => HistoryLookup::NotFound,
            },
            Err(error) if self.ends_session(Call::LookUp, &error) => {
                self.wishes.push(PendingRequest::LookUp(trace));
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_transient() => HistoryLookup::Unanswered(error.reason().into()),
            Err(error) => HistoryLookup::Failed(error.reason().into()),
        };
        self.send_changes(reading).await?;
        self.tell(Update::LookedUp { mo_id, answer }).await?;
        Ok(())
    }
}

fn cancel_response(answer: Result<(), Error>) -> CancelResponse {
    let Err(error) = answer else {
        return CancelResponse::Accepted;
    };
    match error.fault().map(|fault| (fault.type_name(), fault)) {
        Some(("NotSupported", _)) => CancelResponse::NotSupported,
        Some(("InvalidState", _)) => CancelResponse::InvalidState,
        Some(("ManagedObjectNotFound", _)) => CancelResponse::Gone,
        Some(("NoPermission", fault)) => CancelResponse::NoPermission {
            privilege: fault
                .field("privilegeId")
                .and_then(|privilege| privilege.as_str())
                .unwrap_or("Global.CancelTask")
                .to_owned(),
        },
        _ => CancelResponse::Failed(error.reason().into()),
    }
}
