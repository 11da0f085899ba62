//! What the answers mean: for the set of watched tasks, for the board, for the loop itself.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    CancelAnswer, LookUpAnswer, Update,
    doubts::{Trouble, concerns_all},
    endpoint::{Endpoint, Halt},
    push::Fetch,
    reading::{Reading, Wish},
    renewals::Call,
    watched::Origin,
};
use crate::{
    task::{Labels, ServerClock, TaskChange},
    vim::{
        Digest, Error, Trace,
        types::{ManagedObjectReference, OperationLabel, TaskInfo},
    },
};

/// How long a task is left alone whose answer was overtaken by a pushed change.
const OVERTAKEN: std::time::Duration = std::time::Duration::from_secs(1);

/// Why reading ended.
pub(super) enum End {
    /// The session is dead; what was being read is due again.
    SessionDead(Box<Error>),
    Halted(Halt),
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

/// A task as read, unless it was unchanged.
pub(super) type TaskAnswer = Result<Option<Box<(TaskInfo, Digest)>>, Error>;

/// A request that came to its end.
pub(super) enum Done {
    Task(Arc<str>, TaskAnswer),
    Recent(Result<Vec<ManagedObjectReference>, Error>),
    Clock(Timestamp, Result<Timestamp, Error>),
    Labels(Result<Vec<OperationLabel>, Error>),
    Cancel(Arc<str>, Result<(), Error>),
    LookedUp(Trace, Result<Option<Value>, Error>),
    /// Tasks were put into the view; those that the server does not know.
    View(Vec<Arc<str>>, Result<Vec<ManagedObjectReference>, Error>),
    /// A task that was read because the long poll is silent.
    Check(Arc<str>, Result<TaskInfo, Error>),
    /// The running wait was told to end; the wait itself tells how it ended.
    Nudge,
}

impl Done {
    /// Whether it shows that the server answers.
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
        reading: &mut Reading,
        asked: Instant,
        done: Done,
    ) -> Result<(), End> {
        if done.is_good() {
            reading.doubts.good(Instant::now());
        }
        match done {
            Done::Task(mo_id, answer) => self.take_task(reading, &mo_id, answer)?,
            Done::Recent(answer) => self.take_recent(reading, answer).await?,
            Done::Clock(sent, Ok(server)) => {
                reading.is_probing = false;
                let clock = ServerClock::from_reading(server, sent, Timestamp::now());
                self.clock_was_read();
                self.set_clock(clock).await?;
            }
            Done::Clock(_, Err(error)) => {
                reading.is_probing = false;
                if self.ends_session(Call::Clock, &error) {
                    return Err(End::SessionDead(Box::new(error)));
                }
                // A single lost answer among good ones means nothing.
                if !reading.doubts.is_well_since(asked) && self.clock_failure_counts(&error) {
                    return Err(Halt::Failed(Box::new(error)).into());
                }
            }
            Done::Labels(answer) => self.take_labels(answer).await?,
            Done::Cancel(mo_id, answer) => self.take_cancel(reading, mo_id, answer).await?,
            Done::LookedUp(trace, answer) => self.take_past(reading, trace, answer).await?,
            Done::View(joining, answer) => self.take_view(reading, &joining, answer).await?,
            Done::Check(mo_id, answer) => self.take_check(reading, &mo_id, asked, answer)?,
            Done::Nudge => {}
        }
        Ok(())
    }

    /// Takes the labels of operations, if they are in time. Nothing depends on them: where they cannot be read,
    /// operations have the built-in labels, and what else an error means other requests find out.
    async fn take_labels(
        &mut self,
        answer: Result<Vec<OperationLabel>, Error>,
    ) -> Result<(), Halt> {
        match answer {
            Ok(rows) if self.labels.end(Instant::now()) => {
                self.tell(Update::Labels(Labels::new(rows))).await
            }
            // They are requested anew on the next connection, if that comes soon.
            Err(error) if error.is_session_dead() || concerns_all(&error) => Ok(()),
            Ok(_) | Err(_) => {
                self.labels.end(Instant::now());
                Ok(())
            }
        }
    }

    fn take_task(
        &mut self,
        reading: &mut Reading,
        mo_id: &Arc<str>,
        answer: TaskAnswer,
    ) -> Result<(), End> {
        let now = Instant::now();
        let asked = reading.finish(mo_id).unwrap_or(now);
        if !self.watched.contains(mo_id) {
            return Ok(());
        }
        let before = self.watched.asked(mo_id, asked);
        match answer {
            Ok(None) => self.watched.unchanged(mo_id, now),
            Ok(Some(_)) if self.watched.is_stale(mo_id, asked) => {
                self.watched.at(mo_id, now + OVERTAKEN);
            }
            Ok(Some(answer)) => {
                let (info, digest) = *answer;
                reading.happened(before.unwrap_or(asked));
                self.session.was_good = true;
                self.take_whole(reading, mo_id, Box::new(info), Some(digest));
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => {
                self.session.was_good = true;
                self.vanished(reading, mo_id, error.reason());
            }
            Err(error) if self.ends_session(Call::Task(mo_id.clone()), &error) => {
                self.watched.at(mo_id, now);
                return Err(End::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_passing() => {
                return self.take_bad_answer(reading, mo_id, error, asked);
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

    /// A task was read in vain, for a reason that may pass.
    fn take_bad_answer(
        &mut self,
        reading: &mut Reading,
        mo_id: &Arc<str>,
        error: Error,
        asked: Instant,
    ) -> Result<(), End> {
        let now = Instant::now();
        self.watched.in_vain(mo_id);
        let ask = match reading.doubts.task(mo_id, &error, asked) {
            Trouble::All => {
                self.watched.at(mo_id, now);
                return Err(Halt::Failed(Box::new(error)).into());
            }
            Trouble::Once { ask } => {
                self.watched.at(mo_id, now + self.options.tempo.first_retry);
                ask
            }
            Trouble::Again { ask, times } => {
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

    /// A whole `TaskInfo` came, read or pushed.
    pub(super) fn take_whole(
        &mut self,
        reading: &mut Reading,
        mo_id: &Arc<str>,
        mut info: Box<TaskInfo>,
        digest: Option<Digest>,
    ) {
        info.share_name(mo_id);
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

    /// Finished tasks beyond the limits leave.
    pub(super) fn make_room(&mut self, reading: &mut Reading) {
        for mo_id in self.watched.make_room() {
            self.leave_view(&mo_id);
            reading.changes.push(TaskChange::Dropped { mo_id });
        }
    }

    pub(super) fn vanished(&mut self, reading: &mut Reading, mo_id: &Arc<str>, reason: String) {
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

    /// A task cannot be read; `may_pass`: asking again may help.
    pub(super) fn unreadable(
        &mut self,
        reading: &mut Reading,
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

    async fn take_cancel(
        &mut self,
        reading: &mut Reading,
        mo_id: Arc<str>,
        answer: Result<(), Error>,
    ) -> Result<(), End> {
        reading.cancels.retain(|task| *task != mo_id);
        let answer = match answer {
            Err(error) if self.ends_session(Call::Cancel(mo_id.clone()), &error) => {
                self.wishes.push(Wish::Cancel(mo_id));
                return Err(End::SessionDead(Box::new(error)));
            }
            other => {
                self.renewals.succeeded(&Call::Cancel(mo_id.clone()));
                cancel_answer(other)
            }
        };
        self.wishes.push(Wish::Read(mo_id.clone()));
        self.tell(Update::Cancel { mo_id, answer }).await?;
        Ok(())
    }

    /// What the history says of a task that vanished; only an end counts, for what is still going on does not vanish.
    async fn take_past(
        &mut self,
        reading: &mut Reading,
        trace: Trace,
        answer: Result<Option<Value>, Error>,
    ) -> Result<(), End> {
        let mo_id = trace.mo_id.clone();
        if answer.is_ok() {
            self.renewals.succeeded(&Call::LookUp);
        }
        let answer = match answer {
            Ok(found) => match found.map(TaskInfo::from_json) {
                Some(Ok(info)) if info.state.is_finished() => {
                    self.recall(reading, &mo_id, Box::new(info));
                    LookUpAnswer::Found
                }
                Some(Err(malformed)) => LookUpAnswer::Failed(malformed.to_string().into()),
                Some(Ok(_)) | None => LookUpAnswer::NotFound,
            },
            Err(error) if self.ends_session(Call::LookUp, &error) => {
                self.wishes.push(Wish::LookUp(trace));
                return Err(End::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_passing() => LookUpAnswer::Unanswered(error.reason().into()),
            Err(error) => LookUpAnswer::Failed(error.reason().into()),
        };
        self.tell_changes(reading).await?;
        self.tell(Update::LookedUp { mo_id, answer }).await?;
        Ok(())
    }
}

fn cancel_answer(answer: Result<(), Error>) -> CancelAnswer {
    let Err(error) = answer else {
        return CancelAnswer::Accepted;
    };
    match error.fault().map(|fault| (fault.type_name(), fault)) {
        Some(("NotSupported", _)) => CancelAnswer::NotSupported,
        Some(("InvalidState", _)) => CancelAnswer::InvalidState,
        Some(("ManagedObjectNotFound", _)) => CancelAnswer::Gone,
        Some(("NoPermission", fault)) => CancelAnswer::NoPermission {
            privilege: fault
                .field("privilegeId")
                .and_then(|privilege| privilege.as_str())
                .unwrap_or("Global.CancelTask")
                .to_owned(),
        },
        _ => CancelAnswer::Failed(error.reason().into()),
    }
}
