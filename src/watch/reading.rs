//! Reading while the server answers: which requests are made, and what their answers mean.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    CancelAnswer, Link, Privilege, Update,
    endpoint::{Endpoint, Halt},
    watched::Origin,
};
use crate::{
    task::{Labels, ServerClock, TaskChange},
    vim::{
        Client, Digest, Error,
        types::{ManagedObjectReference, OperationLabel, TaskInfo},
    },
};

/// How many requests are under way at once, at most.
const IN_FLIGHT: usize = 8;
/// Clocks drift: how often the server's is read.
const CLOCK_INTERVAL: Duration = Duration::from_secs(300);
/// How many updates are gathered before the first of them is told.
const GATHERED: usize = 64;

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

/// What was asked for and needs the server.
#[derive(Debug, Clone)]
pub(super) enum Wish {
    Read(Arc<str>),
    Cancel(Arc<str>),
    CheckPrivilege(Arc<str>),
    Discover,
    /// The state of the connection is to be told again: it was paused, or no longer.
    ShowLink,
}

/// A task as read, unless it was unchanged.
type TaskAnswer = Result<Option<Box<(TaskInfo, Digest)>>, Error>;

/// A request that came to its end.
enum Done {
    Task(Arc<str>, TaskAnswer),
    Recent(Result<Vec<ManagedObjectReference>, Error>),
    Clock(Timestamp, Result<Timestamp, Error>),
    Labels(Result<Vec<OperationLabel>, Error>),
    Cancel(Arc<str>, Result<(), Error>),
    Privilege(Arc<str>, Result<Privilege, Error>),
}

/// What is under way.
struct Reading {
    client: Arc<Client>,
    requests: JoinSet<Done>,
    /// The tasks that are being read.
    tasks: Vec<Arc<str>>,
    /// The tasks whose cancellation is being asked for.
    cancels: Vec<Arc<str>>,
    changes: Vec<TaskChange>,
    discover_at: Option<Instant>,
    clock_at: Instant,
}

impl Endpoint {
    /// Reads until something ends it.
    pub(super) async fn read_on(&mut self, client: Arc<Client>) -> End {
        let now = Instant::now();
        let mut reading = Reading {
            client,
            requests: JoinSet::new(),
            tasks: Vec::new(),
            cancels: Vec::new(),
            changes: Vec::new(),
            discover_at: self.options.discover.then_some(now),
            clock_at: now + CLOCK_INTERVAL,
        };
        let Err(end) = self.read_until_end(&mut reading).await;
        reading.requests.abort_all();
        for task in reading.tasks {
            self.watched.put_back(&task, Instant::now());
        }
        // The loop may end because nobody listens: then nobody misses these.
        let _ = self.tell_changes(&mut reading.changes).await;
        for mo_id in reading.cancels {
            let why = "the connection broke before the answer came; look at the task's flags.";
            let answer = CancelAnswer::Failed(why.into());
            let _ = self.tell(Update::Cancel { mo_id, answer }).await;
        }
        end
    }

    async fn read_until_end(
        &mut self,
        reading: &mut Reading,
    ) -> Result<std::convert::Infallible, End> {
        self.show_link().await?;
        reading.start(|client| async move { Done::Labels(client.operation_labels().await) });
        loop {
            self.start_requests(reading);
            let idle = self.next_time(reading);
            tokio::select! {
                biased;
                command = self.commands.recv() => self.take(command).await?,
                Some(done) = reading.requests.join_next() => {
                    let mut next = Some(done);
                    while let Some(done) = next {
                        // A request that panicked or was aborted has no answer.
                        if let Ok(done) = done {
                            self.take_answer(reading, done).await?;
                        }
                        next = match reading.changes.len() {
                            ..GATHERED => reading.requests.try_join_next(),
                            _ => None,
                        };
                    }
                    self.tell_changes(&mut reading.changes).await?;
                }
                () = sleep_until(idle) => {}
            }
            for wish in std::mem::take(&mut self.wishes) {
                self.grant(reading, wish).await?;
            }
        }
    }

    /// Starts as many of the requests that are due as may be under way.
    fn start_requests(&mut self, reading: &mut Reading) {
        let now = Instant::now();
        if self.paused {
            return;
        }
        if reading.clock_at <= now {
            reading.clock_at = now + CLOCK_INTERVAL;
            let sent = Timestamp::now();
            reading
                .start(move |client| async move { Done::Clock(sent, client.current_time().await) });
        }
        if reading.discover_at.is_some_and(|at| at <= now) {
            reading.discover_at = Some(now + self.options.discover_interval);
            reading.start(|client| async move { Done::Recent(client.recent_tasks().await) });
        }
        while reading.requests.len() < IN_FLIGHT
            && let Some((mo_id, known)) = self.watched.next_due(now)
        {
            reading.read(mo_id, known);
        }
    }

    /// When there is something to start again, if nothing else happens.
    fn next_time(&self, reading: &Reading) -> Instant {
        const NEVER: Duration = Duration::from_secs(3600);
        let far = Instant::now() + NEVER;
        if self.paused {
            return far;
        }
        let tasks = match reading.requests.len() {
            ..IN_FLIGHT => self.watched.next_time(),
            _ => None,
        };
        [tasks, reading.discover_at, Some(reading.clock_at)]
            .into_iter()
            .flatten()
            .fold(far, Instant::min)
    }

    async fn grant(&mut self, reading: &mut Reading, wish: Wish) -> Result<(), End> {
        match wish {
            Wish::Read(mo_id) => {
                if self.watched.begin(&mo_id) {
                    reading.read(mo_id, None);
                }
            }
            Wish::Cancel(mo_id) => {
                reading.cancels.push(mo_id.clone());
                reading.start(|client| async move {
                    let answer = client.cancel_task(&mo_id).await;
                    Done::Cancel(mo_id, answer)
                });
            }
            Wish::CheckPrivilege(mo_id) => {
                let key = self.session_key.clone();
                reading.start(|client| async move {
                    let privilege = privilege(&client, &mo_id, &key).await;
                    Done::Privilege(mo_id, privilege)
                });
            }
            Wish::Discover => {
                reading.discover_at = reading.discover_at.map(|_| Instant::now());
            }
            Wish::ShowLink => self.show_link().await?,
        }
        Ok(())
    }

    async fn show_link(&self) -> Result<(), Halt> {
        let link = if self.paused {
            Link::Paused
        } else {
            Link::Polling { reason: None }
        };
        self.tell(Update::Link(link)).await
    }

    async fn take_answer(&mut self, reading: &mut Reading, done: Done) -> Result<(), End> {
        match done {
            Done::Task(mo_id, answer) => {
                reading.tasks.retain(|task| *task != mo_id);
                self.take_task(&mut reading.changes, &mo_id, answer)?;
            }
            Done::Recent(answer) => {
                for task in usable(answer)?.unwrap_or_default() {
                    self.watched
                        .add(&task.value, Origin::Discovered, Instant::now());
                }
            }
            Done::Clock(sent, answer) => {
                if let Some(server) = usable(answer)? {
                    let clock = ServerClock::from_reading(server, sent, Timestamp::now());
                    self.set_clock(clock).await?;
                }
            }
            Done::Labels(answer) => {
                if let Some(rows) = usable(answer)? {
                    self.tell(Update::Labels(Labels::new(rows))).await?;
                }
            }
            Done::Cancel(mo_id, answer) => self.take_cancel(reading, mo_id, answer).await?,
            Done::Privilege(mo_id, answer) => {
                let privilege = match answer {
                    Ok(privilege) => privilege,
                    Err(error) if error.is_session_dead() => {
                        self.wishes.push(Wish::CheckPrivilege(mo_id));
                        return Err(End::SessionDead(Box::new(error)));
                    }
                    Err(error) => Privilege::Unknown(error.reason().into()),
                };
                self.tell(Update::Privilege { mo_id, privilege }).await?;
            }
        }
        Ok(())
    }

    fn take_task(
        &mut self,
        changes: &mut Vec<TaskChange>,
        mo_id: &Arc<str>,
        answer: TaskAnswer,
    ) -> Result<(), End> {
        let now = Instant::now();
        if !self.watched.contains(mo_id) {
            return Ok(());
        }
        match answer {
            Ok(None) => self.watched.unchanged(mo_id, now),
            Ok(Some(answer)) => {
                let (info, digest) = *answer;
                self.session_was_good = true;
                for key in self.watched.read(mo_id, &info, digest, now) {
                    self.watched.add(&key, Origin::Lineage, now);
                }
                let info = Box::new(info);
                let at = self.now();
                changes.push(TaskChange::Whole { info, at });
                let dropped = self.watched.make_room().into_iter();
                changes.extend(dropped.map(|mo_id| TaskChange::Dropped { mo_id }));
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => {
                self.session_was_good = true;
                changes.push(self.vanished(mo_id, &error));
            }
            Err(error) if error.is_session_dead() => {
                self.watched.put_back(mo_id, now);
                return Err(End::SessionDead(Box::new(error)));
            }
            Err(error) if error.is_passing() => {
                self.watched.put_back(mo_id, now);
                return Err(Halt::Failed(Box::new(error)).into());
            }
            Err(error) => {
                self.watched.unreadable(mo_id, now);
                changes.push(TaskChange::Unreadable {
                    mo_id: mo_id.clone(),
                    reason: error.reason().into(),
                });
            }
        }
        Ok(())
    }

    fn vanished(&mut self, mo_id: &Arc<str>, error: &Error) -> TaskChange {
        if self.watched.vanished(mo_id) {
            TaskChange::Gone {
                mo_id: mo_id.clone(),
                at: self.now(),
            }
        } else {
            TaskChange::Ghost {
                key: mo_id.clone(),
                reason: error.reason().into(),
            }
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
            Err(error) if error.is_session_dead() => {
                self.wishes.push(Wish::Cancel(mo_id));
                return Err(End::SessionDead(Box::new(error)));
            }
            other => cancel_answer(other),
        };
        self.watched.hurry(&mo_id, Instant::now());
        self.tell(Update::Cancel { mo_id, answer }).await?;
        Ok(())
    }

    async fn tell_changes(&self, changes: &mut Vec<TaskChange>) -> Result<(), Halt> {
        if changes.is_empty() {
            return Ok(());
        }
        self.tell(Update::Tasks(std::mem::take(changes))).await
    }
}

impl Reading {
    fn start<F>(&mut self, request: impl FnOnce(Arc<Client>) -> F)
    where
        F: Future<Output = Done> + Send + 'static,
    {
        self.requests.spawn(request(self.client.clone()));
    }

    fn read(&mut self, mo_id: Arc<str>, known: Option<Digest>) {
        self.tasks.push(mo_id.clone());
        self.start(move |client| async move {
            let answer = client.changed_task_info(&mo_id, known).await;
            Done::Task(mo_id, answer.map(|answer| answer.map(Box::new)))
        });
    }
}

/// What a request for something dispensable brought: `None` where the server just does not have it.
fn usable<T>(answer: Result<T, Error>) -> Result<Option<T>, End> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_session_dead() => Err(End::SessionDead(Box::new(error))),
        Err(error) if error.is_passing() => Err(Halt::Failed(Box::new(error)).into()),
        Err(_) => Ok(None),
    }
}

async fn privilege(client: &Client, mo_id: &str, key: &str) -> Result<Privilege, Error> {
    if key.is_empty() {
        let why = "the session was handed in, and the server tells privileges by its key only";
        return Ok(Privilege::Unknown(why.into()));
    }
    let Some(entity) = client.task_info(mo_id).await?.entity else {
        return Ok(Privilege::Unknown("the task names no entity".into()));
    };
    Ok(match client.may_cancel(&entity, key).await? {
        Some(true) => Privilege::Granted,
        Some(false) => Privilege::Denied,
        None => Privilege::Unknown("the server does not say".into()),
    })
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
