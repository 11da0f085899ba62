//! Handles the results of requests: updates the watch set and collects changes to send.

use std::sync::Arc;

use jiff::Timestamp;
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
        Digest, Error, PastTaskSearch,
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
    RecentTasks(Result<Vec<ManagedObjectReference>, Error>),
    Clock(Timestamp, Result<Timestamp, Error>),
    Labels(Result<Vec<OperationLabel>, Error>),
    Cancel(Arc<str>, Result<(), Error>),
    HistoryLookup(TaskLocator, Result<PastTaskSearch, Error>),
    /// Tasks added to the view, and those that the server does not know.
    View(Vec<Arc<str>>, Result<Vec<ManagedObjectReference>, Error>),
    /// A task read because the long poll is silent.
    Check(Arc<str>, Result<Box<TaskInfo>, Error>),
    /// The running wait was cancelled; its own result follows.
    WaitCancelled,
}

impl Completed {
    /// True if it shows that the server answers.
    fn is_good(&self) -> bool {
        match self {
            Self::Task(_, answer) => answer.is_ok(),
            Self::Clock(_, answer) => answer.is_ok(),
            Self::Labels(answer) => answer.is_ok(),
            Self::HistoryLookup(_, answer) => answer.is_ok(),
            Self::RecentTasks(answer) | Self::View(_, answer) => answer.is_ok(),
            Self::Check(_, answer) => answer.is_ok(),
            Self::Cancel(..) | Self::WaitCancelled => false,
        }
    }
}

impl Endpoint {
    pub(super) async fn handle_response(
        &mut self,
        in_flight: &mut InFlight,
        asked: Instant,
        done: Completed,
    ) -> Result<(), LoopExit> {
        if done.is_good() {
            in_flight.failures.record_success(Instant::now());
        }
        match done {
            Completed::Task(mo_id, answer) => self.handle_task(in_flight, &mo_id, answer)?,
            Completed::RecentTasks(answer) => self.handle_recent_tasks(in_flight, answer).await?,
            Completed::Clock(sent, Ok(server)) => {
                in_flight.is_probing = false;
                let clock = ServerClock::from_reading(server, sent, Timestamp::now());
                self.clock_was_read();
                self.set_clock(clock).await?;
            }
            Completed::Clock(_, Err(error)) => {
                in_flight.is_probing = false;
                if self.ends_session(Call::Clock, &error) {
                    return Err(LoopExit::SessionDead(Box::new(error)));
                }
                // A single failure among good answers means nothing.
                if !in_flight.failures.succeeded_since(asked) && self.clock_failure_counts(&error) {
                    return Err(StopReason::Failed(Box::new(error)).into());
                }
            }
            Completed::Labels(answer) => self.handle_labels(answer).await?,
            Completed::Cancel(mo_id, answer) => {
                self.handle_cancel(in_flight, mo_id, answer).await?;
            }
            Completed::HistoryLookup(trace, answer) => {
                self.handle_history(in_flight, trace, answer).await?;
            }
            Completed::View(joining, answer) => {
                self.handle_view_change(in_flight, &joining, answer).await?;
            }
            Completed::Check(mo_id, answer) => {
                self.handle_check(in_flight, &mo_id, asked, answer)?;
            }
            Completed::WaitCancelled => {}
        }
        Ok(())
    }

    /// Handles the labels of operations. They are optional: built-in labels replace them, and an error of the
    /// connection shows in other requests.
    async fn handle_labels(
        &mut self,
        answer: Result<Vec<OperationLabel>, Error>,
    ) -> Result<(), StopReason> {
        match answer {
            Ok(rows) if self.labels.end(Instant::now()) => {
                self.send_update(Update::Labels(Labels::new(rows))).await
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
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        answer: TaskAnswer,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        let asked = in_flight.finish(mo_id).unwrap_or(now);
        if !self.watched.contains(mo_id) {
            return Ok(());
        }
        let before = self.watched.mark_requested(mo_id, asked);
        match answer {
            Ok(None) => self.watched.record_unchanged(mo_id, now),
            Ok(Some(_)) if self.watched.is_stale(mo_id, asked) => {
                self.watched.schedule_at(mo_id, now + STALE_READ_AFTER);
            }
            Ok(Some(answer)) => {
                let (info, digest) = *answer;
                in_flight.note_change_time(before.unwrap_or(asked));
                self.session.was_good = true;
                self.handle_task_info(in_flight, mo_id, Box::new(info), Some(digest));
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => {
                self.session.was_good = true;
                self.mark_expired(in_flight, mo_id, error.reason());
            }
            Err(error) if self.ends_session(Call::Task(mo_id.clone()), &error) => {
                self.watched.schedule_at(mo_id, now);
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_transient() => {
                return self.handle_failed_read(in_flight, mo_id, error, asked);
            }
            Err(error) => {
                self.unreadable(in_flight, mo_id, error.reason(), false);
                in_flight.failures.record_task_success(mo_id);
                return Ok(());
            }
        }
        self.renewals.succeeded(&Call::Task(mo_id.clone()));
        in_flight.failures.record_task_success(mo_id);
        Ok(())
    }

    /// Handles a failed read that may succeed later.
    fn handle_failed_read(
        &mut self,
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        error: Error,
        asked: Instant,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        self.watched.record_failure(mo_id);
        let ask = match in_flight.failures.record_task_failure(mo_id, &error, asked) {
            Failure::Connection => {
                self.watched.schedule_at(mo_id, now);
                return Err(StopReason::Failed(Box::new(error)).into());
            }
            Failure::First { ask } => {
                self.watched
                    .schedule_at(mo_id, now + self.options.tempo.initial_backoff);
                ask
            }
            Failure::Repeated { ask, times } => {
                self.unreadable(in_flight, mo_id, error.reason(), true);
                let tempo = &self.options.tempo;
                let longer = 2_u32.saturating_pow(times - 1);
                let pause = tempo.initial_backoff.saturating_mul(longer);
                self.watched
                    .schedule_at(mo_id, now + pause.min(tempo.unreadable));
                ask
            }
        };
        if ask && !in_flight.is_probing {
            in_flight.is_probing = true;
            in_flight.ask_time();
        }
        Ok(())
    }

    /// Handles a whole `TaskInfo`, read or pushed.
    pub(super) fn handle_task_info(
        &mut self,
        in_flight: &mut InFlight,
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
        for key in self.watched.record_read(mo_id, &info, digest, now) {
            self.watched.add(&key, Origin::Lineage, now);
        }
        let at = self.now();
        in_flight.changes.push(TaskChange::Full { info, at });
        self.make_room(in_flight);
    }

    /// Evicts finished tasks beyond the limits.
    pub(super) fn make_room(&mut self, in_flight: &mut InFlight) {
        for mo_id in self.watched.make_room() {
            self.leave_view(&mo_id);
            in_flight.changes.push(TaskChange::Unwatched { mo_id });
        }
    }

    pub(super) fn mark_expired(
        &mut self,
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        reason: String,
    ) {
        self.leave_view(mo_id);
        self.lookups.left(mo_id);
        let change = if self.watched.mark_expired(mo_id) {
            TaskChange::Gone {
                mo_id: mo_id.clone(),
                at: self.now(),
            }
        } else {
            TaskChange::Placeholder {
                key: mo_id.clone(),
                reason: reason.into(),
            }
        };
        in_flight.changes.push(change);
    }

    /// Reports a task that cannot be read; `may_pass` if a retry may help.
    pub(super) fn unreadable(
        &mut self,
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        reason: String,
        may_pass: bool,
    ) {
        if let Fetch::Push(push) = &mut self.fetch {
            push.settled(mo_id);
        }
        self.watched.mark_unreadable(mo_id, Instant::now());
        in_flight.changes.push(TaskChange::Unreadable {
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
        in_flight: &mut InFlight,
        mo_id: Arc<str>,
        answer: Result<(), Error>,
    ) -> Result<(), LoopExit> {
        in_flight.cancels.retain(|task| *task != mo_id);
        let answer = match answer {
            Err(error) if self.ends_session(Call::Cancel(mo_id.clone()), &error) => {
                self.pending.push(PendingRequest::Cancel(mo_id));
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            other => {
                self.renewals.succeeded(&Call::Cancel(mo_id.clone()));
                cancel_response(other)
            }
        };
        self.pending.push(PendingRequest::Read(mo_id.clone()));
        self.send_update(Update::Cancel { mo_id, answer }).await?;
        Ok(())
    }

    /// Handles the history record of an expired task; only a finished one counts, because running tasks do not expire.
    async fn handle_history(
        &mut self,
        in_flight: &mut InFlight,
        trace: TaskLocator,
        answer: Result<PastTaskSearch, Error>,
    ) -> Result<(), LoopExit> {
        let mo_id = trace.mo_id.clone();
        if answer.is_ok() {
            self.renewals.succeeded(&Call::LookUp);
        }
        let answer = match answer {
            Ok(PastTaskSearch::Found(record)) => match TaskInfo::from_json(record) {
                Ok(info) if info.state.is_finished() => {
                    self.recall(in_flight, &mo_id, Box::new(info));
                    HistoryLookup::Found
                }
                Ok(_) => {
                    HistoryLookup::NotFound("Its record in the server's history has no end.".into())
                }
                Err(malformed) => HistoryLookup::Failed(malformed.to_string().into()),
            },
            Ok(PastTaskSearch::NotFound(searched)) => HistoryLookup::NotFound(searched),
            Err(error) if self.ends_session(Call::LookUp, &error) => {
                self.pending.push(PendingRequest::LookUp(trace));
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_transient() => HistoryLookup::Unanswered(error.reason().into()),
            Err(error) => HistoryLookup::Failed(error.reason().into()),
        };
        self.send_changes(in_flight).await?;
        self.send_update(Update::LookedUp { mo_id, answer }).await?;
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
