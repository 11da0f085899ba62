//! Runs a short-lived session: signs in, sends requests and always signs out.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{CommandError, deadline::Ending, io_context::CommandIo};
use crate::{
    metrics::RequestMetrics,
    task::{ChangeSet, EndpointId, Handle, Labels, ServerClock, TaskChange, TaskId, TaskStore},
    vim::{
        Client, ConnectOptions, Error, InventoryCache, MAX_LOCATED_AT_ONCE, NoThrottle,
        PastTaskSearch, retrying,
        types::{Malformed, TaskInfo, TaskLocator},
    },
};

/// The endpoint ID used when there is only one server.
pub(super) const ONLY_ENDPOINT: EndpointId = EndpointId(0);
/// Maximum number of concurrent reads.
const MAX_CONCURRENT_READS: usize = 8;
/// Number of consecutive failed reads after which the server counts as failing.
const IN_A_ROW: usize = 3;

/// A task ID with the value read, or the error.
pub(super) type TaskRead = (Arc<str>, Result<Value, Error>);

/// Signs in, runs `ask` and signs out, even if interrupted.
///
/// # Errors
/// Fails if the server is unreachable or refuses, and with the errors of `ask`.
pub(super) async fn with<T>(
    connect: ConnectOptions,
    io: &mut CommandIo<'_>,
    ask: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let mut session = Session::open(connect, io).await?;
    let answer = session.ask(io, ask).await;
    session.close(io).await;
    answer
}

/// A session that is open on the server.
pub(super) struct Session {
    client: Client,
    traffic: Arc<RequestMetrics>,
    /// The reason why the last request was stopped, which limits the time for signing out.
    ending: Option<Ending>,
}

impl Session {
    /// Connects and signs in.
    ///
    /// # Errors
    /// Fails if the server is unreachable or refuses, or the command is to stop.
    pub(super) async fn open(
        connect: ConnectOptions,
        io: &mut CommandIo<'_>,
    ) -> Result<Self, CommandError> {
        let credentials = connect.credentials.clone();
        let traffic = connect.traffic.clone();
        let connected = tokio::select! {
            client = retrying(async || Client::connect(connect.clone()).await) => Ok(client),
            ending = io.ending() => Err(ending),
        };
        let client = connected.map_err(|ending| ending.error(&traffic))??;
        let mut signing_in = Box::pin(retrying(async || client.sign_in().await));
        let signed_in = tokio::select! {
            session = &mut signing_in => Ok(session),
            ending = io.ending() => Err(ending),
        };
        let stopped = match signed_in {
            Ok(session) => {
                session?;
                if let Some(trouble) = credentials.trouble() {
                    io.say(&trouble);
                }
                None
            }
            Err(ending) => {
                // A session in creation would otherwise stay open on the server.
                let _ = timeout_at(ending.leave_by(), &mut signing_in).await;
                Some(ending)
            }
        };
        drop(signing_in);
        let session = Self {
            client,
            traffic,
            ending: stopped,
        };
        match stopped {
            None => Ok(session),
            Some(ending) => {
                let error = ending.error(&session.traffic);
                session.close(io).await;
                Err(error)
            }
        }
    }

    /// Sends requests.
    ///
    /// # Errors
    /// The errors of `ask`, or the reason why the command is to stop.
    pub(super) async fn ask<T>(
        &mut self,
        io: &mut CommandIo<'_>,
        ask: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let client = &self.client;
        let ask = async {
            match ask(client).await {
                Err(CommandError::Server(error)) if error.is_auth_failure() => {
                    Err(refused(client, error).await)
                }
                answer => answer,
            }
        };
        let ending = tokio::select! {
            answer = ask => return answer,
            ending = io.ending() => ending,
        };
        self.ending = Some(ending);
        Err(ending.error(&self.traffic))
    }

    /// Signs out.
    pub(super) async fn close(self, io: &mut CommandIo<'_>) {
        let leave_by = match self.ending {
            None => io.deadline.map(|deadline| deadline.leave_by()),
            Some(ending) => Some(ending.leave_by()),
        };
        sign_out(&self.client, leave_by, io).await;
    }
}

/// A server that is read once or repeatedly. The session is opened with the first request.
pub(super) struct ServerReader {
    pub(super) connect: ConnectOptions,
    session: Option<Session>,
}

impl ServerReader {
    pub(super) fn new(connect: ConnectOptions) -> Self {
        Self {
            connect,
            session: None,
        }
    }

    /// Sends requests. After an error the next call uses a new session.
    ///
    /// # Errors
    /// Fails if the server is unreachable or refuses, and with the errors of `ask`.
    pub(super) async fn ask<T>(
        &mut self,
        io: &mut CommandIo<'_>,
        ask: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(self.connect.clone(), io).await?,
        };
        let answer = session.ask(io, ask).await;
        if answer.is_ok() {
            self.session = Some(session);
        } else {
            session.close(io).await;
        }
        answer
    }

    /// Signs out if a session is open.
    pub(super) async fn close(self, io: &mut CommandIo<'_>) {
        if let Some(session) = self.session {
            session.close(io).await;
        }
    }
}

/// What a refusal means that came after the sign-in: the credentials count for nothing where the server refuses the
/// simplest question, too; else it is about one request.
async fn refused(client: &Client, error: Error) -> CommandError {
    match client.current_time().await {
        Err(probe) if probe.is_auth_failure() => CommandError::Server(error),
        _ => CommandError::Denied(error),
    }
}

/// Signs out, and prints a warning if that fails or takes too long.
async fn sign_out(client: &Client, leave_by: Option<Instant>, io: &mut CommandIo<'_>) {
    let signed_out = match leave_by {
        Some(moment) => timeout_at(moment, client.sign_out()).await,
        None => Ok(client.sign_out().await),
    };
    match signed_out {
        Ok(Ok(())) => {}
        Ok(Err(error)) => io.say(&error.to_string()),
        Err(_) => io.say(&format!(
            "signing out ({}): no answer in time; the session ends once it is idle for long enough.",
            client.label()
        )),
    }
}

/// Reads tasks, a few at a time, in the order given. What spoils one answer may pass: it is asked for again. A server
/// that fails again and again is left alone: the rest of the tasks have the last of its errors.
pub(super) async fn read_all(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
    let mut read = read_each(client, tasks).await;
    let is_dead = |(_, answer): &&TaskRead| answer.as_ref().is_err_and(Error::is_session_dead);
    let lost: Vec<Arc<str>> = read
        .iter()
        .filter(is_dead)
        .map(|(task, _)| task.clone())
        .collect();
    // A session may die for some calls only; another one helps at once.
    if !lost.is_empty() && client.can_renew() && client.sign_in().await.is_ok() {
        let mut again = read_each(client, lost).await;
        for (task, answer) in &mut read {
            if let Some(at) = again.iter().position(|(other, _)| other == task) {
                *answer = again.swap_remove(at).1;
            }
        }
    }
    read
}

async fn read_each(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
    // The errors of the tasks that were read in vain since one was read well.
    let in_vain: Mutex<Vec<Error>> = Mutex::new(Vec::new());
    let in_vain = &in_vain;
    let given_up = || {
        let in_vain = in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        in_vain
            .last()
            .filter(|_| in_vain.len() >= IN_A_ROW)
            .cloned()
    };
    let note = |answer: &Result<Value, Error>| {
        let mut in_vain = in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Err(error) if error.is_transient() => in_vain.push(error.clone()),
            _ => in_vain.clear(),
        }
    };
    stream::iter(tasks)
        .map(async |task| {
            if let Some(error) = given_up() {
                let error = Error {
                    doing: format!("reading {task}"),
                    ..error
                };
                return (task, Err(error));
            }
            let answer = retrying(async || client.task_info_json(&task).await).await;
            note(&answer);
            (task, answer)
        })
        .buffered(MAX_CONCURRENT_READS)
        .collect()
        .await
}

/// Reads tasks concurrently, in the order given. Tasks that are gone are looked up in the history.
pub(super) async fn read_or_recall_all(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
    let mut read = read_all(client, tasks).await;
    let is_gone = |(_, answer): &&mut TaskRead| {
        let error = answer.as_ref().err();
        error.is_some_and(|error| error.is_fault("ManagedObjectNotFound"))
    };
    for (task, answer) in read.iter_mut().filter(is_gone) {
        // The server's time for the history search, read only if needed because most tasks exist.
        let now = client
            .current_time()
            .await
            .unwrap_or_else(|_| Timestamp::now());
        if let Err(error) = answer {
            *answer = recall(client, task, now, error.clone()).await;
        }
    }
    read
}

/// Reads a task. If it is gone, it is looked up in the history.
///
/// # Errors
/// The error of the read, if the history has no record either.
pub(super) async fn read_or_recall(
    client: &Client,
    task: &Arc<str>,
    now: Timestamp,
) -> Result<Value, CommandError> {
    let mut read = read_all(client, vec![task.clone()]).await;
    match read.pop() {
        Some((_, Err(error))) if error.is_fault("ManagedObjectNotFound") => {
            Ok(recall(client, task, now, error).await?)
        }
        Some((_, answer)) => Ok(answer?),
        None => Err(CommandError::NothingFound(format!("{task} is not there."))),
    }
}

/// Returns the record of a task whose object has expired, from the history. `gone` is the error of the object.
///
/// # Errors
/// `gone`, with the extent of the search, if there is no record or the history cannot be read; connection errors, and
/// an expired session.
async fn recall(
    client: &Client,
    task: &Arc<str>,
    now: Timestamp,
    gone: Error,
) -> Result<Value, Error> {
    let locator = TaskLocator::named(task.clone());
    match client.find_past_task(&locator, now).await {
        Ok(PastTaskSearch::Found(info)) => Ok(info),
        Ok(PastTaskSearch::NotFound(searched)) => Err(gone.with_history(searched)),
        Err(error) if error.fault().is_some() && !error.is_session_dead() => {
            let reason = error.reason();
            Err(gone.with_history(format!("The server's history cannot be read: {reason}").into()))
        }
        Err(error) => Err(error),
    }
}

/// Reads the recent tasks of the server. Tasks that vanish meanwhile are left out.
///
/// # Errors
/// Fails if neither the list nor any of its tasks can be read.
async fn read_recent(client: &Client) -> Result<Vec<TaskRead>, Error> {
    let recent = retrying(async || client.recent_tasks().await).await?;
    let tasks = recent.into_iter().map(|task| task.value).collect();
    let mut read = read_all(client, tasks).await;
    read.retain(|(_, answer)| {
        let error = answer.as_ref().err();
        !error.is_some_and(|error| error.is_fault("ManagedObjectNotFound"))
    });
    let is_server_away = read
        .iter()
        .all(|(_, answer)| answer.as_ref().is_err_and(Error::is_transient));
    match read.first() {
        Some((_, Err(error))) if is_server_away => Err(error.clone()),
        _ => Ok(read),
    }
}

/// The tasks of which nothing is known but their names: why, for each.
#[derive(Debug, Default)]
pub(super) struct Unread(Vec<String>);

impl Unread {
    /// One sentence about all of them; nothing where there are none.
    pub(super) fn note(&self) -> Option<String> {
        let first = self.0.first()?;
        Some(match self.0.len() {
            1 => first.clone(),
            count => format!("{count} tasks cannot be read. The first: {first}"),
        })
    }
}

/// Tasks read at one time, with the values sent by the server.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) store: TaskStore,
    pub(super) raw: HashMap<Arc<str>, Value>,
    /// The server's time.
    pub(super) now: Timestamp,
}

impl Snapshot {
    /// Creates an empty snapshot with the server's clock and operation labels. If they cannot be read, the local clock
    /// and names derived from the operation IDs are used.
    pub(super) async fn begin(client: &Client) -> Self {
        let sent = Timestamp::now();
        let (time, labels) = tokio::join!(client.current_time(), client.operation_labels());
        let received = Timestamp::now();
        let clock = time.map(|time| ServerClock::from_reading(time, sent, received));
        let mut store = TaskStore::new();
        store.set_labels(ONLY_ENDPOINT, labels.map(Labels::new).unwrap_or_default());
        Self {
            store,
            raw: HashMap::new(),
            now: clock.unwrap_or_default().at(received),
        }
    }

    /// Reads a single task from the server or its history.
    ///
    /// # Errors
    /// Fails if the task is unknown or malformed.
    pub(super) async fn of(
        client: &Client,
        task: &Arc<str>,
    ) -> Result<(Self, Handle), CommandError> {
        let mut snapshot = Self::begin(client).await;
        let raw = read_or_recall(client, task, snapshot.now).await?;
        let added = snapshot.add_read(task, Ok(raw), &client.label());
        let handle = added.map_err(|why| {
            CommandError::NothingFound(format!(
                "{why} `vtask get --json` prints what the server sends."
            ))
        })?;
        Ok((snapshot, handle))
    }

    #[cfg(test)]
    pub(super) fn empty(now: Timestamp) -> Self {
        Self {
            store: TaskStore::new(),
            raw: HashMap::new(),
            now,
        }
    }

    /// Adds what is recent on the server. A task that cannot be read is there by its name. Answers which those are.
    ///
    /// # Errors
    /// Fails if neither the list nor any of its tasks can be read.
    pub(super) async fn add_recent(&mut self, client: &Client) -> Result<Unread, Error> {
        let mut unread = Unread::default();
        for (mo_id, answer) in read_recent(client).await? {
            if let Err(why) = self.add_read(&mo_id, answer, &client.label()) {
                unread.0.push(why);
            }
        }
        Ok(unread)
    }

    /// Reads where the targets of the tasks are in the inventory.
    ///
    /// # Errors
    /// Fails if the inventory cannot be read at all.
    pub(super) async fn add_locations(&mut self, client: &Client) -> Result<(), Error> {
        let infos = self.store.iter();
        let infos = infos.filter_map(|(_, record)| record.info.as_ref()?.entity.clone());
        let entities: HashSet<_> = infos.collect();
        let entities: Vec<_> = entities.into_iter().collect();
        let mut cache = InventoryCache::default();
        for batch in entities.chunks(MAX_LOCATED_AT_ONCE) {
            let located = client.locate(&NoThrottle, &mut cache, batch).await?;
            self.store
                .set_locations(ONLY_ENDPOINT, located, &mut ChangeSet::default());
        }
        Ok(())
    }

    /// Adds a task as it was read from that server. One of which nothing can be read is there by its name; why is
    /// answered.
    ///
    /// # Errors
    /// Fails if nothing of the task can be read.
    pub(super) fn add_read(
        &mut self,
        mo_id: &Arc<str>,
        answer: Result<Value, Error>,
        server: &str,
    ) -> Result<Handle, String> {
        let (reason, why) = match answer {
            Ok(raw) => match TaskInfo::of_task(mo_id, raw.clone()) {
                Ok(info) => {
                    let put = self.put(mo_id, Box::new(info), raw);
                    return put
                        .ok_or_else(|| format!("reading {mo_id} ({server}) came to nothing."));
                }
                Err(malformed) => {
                    let why = format!("reading {mo_id} ({server}): {malformed}.");
                    (malformed.to_string(), why)
                }
            },
            Err(error) => (error.reason(), error.to_string()),
        };
        let change = TaskChange::Unreadable {
            mo_id: mo_id.clone(),
            reason: reason.into(),
            may_pass: false,
        };
        let _ = self
            .store
            .apply(ONLY_ENDPOINT, change, &mut ChangeSet::default());
        Err(why)
    }

    /// Adds a task of the history as the server sent it; one that is there already stays.
    ///
    /// # Errors
    /// Fails if it names no task or contains nothing about it.
    pub(super) fn add(&mut self, raw: Value) -> Result<Handle, Malformed> {
        let info = Box::new(TaskInfo::from_json(raw.clone())?);
        let mo_id = info.mo_id().clone();
        self.put(&mo_id, info, raw).ok_or(Malformed::Missing {
            type_name: "TaskInfo",
            field: "task",
        })
    }

    fn put(&mut self, mo_id: &Arc<str>, mut info: Box<TaskInfo>, raw: Value) -> Option<Handle> {
        info.task.value = mo_id.clone();
        if !self.raw.contains_key(mo_id) {
            let change = TaskChange::Full { info, at: self.now };
            let _ = self
                .store
                .apply(ONLY_ENDPOINT, change, &mut ChangeSet::default());
            self.raw.insert(mo_id.clone(), raw);
        }
        self.find(mo_id)
    }

    pub(super) fn find(&self, mo_id: &Arc<str>) -> Option<Handle> {
        self.store.find(&TaskId::new(ONLY_ENDPOINT, mo_id.clone()))
    }

    /// Returns the value sent by the server.
    pub(super) fn raw(&self, handle: Handle) -> Option<Value> {
        let record = self.store.get(handle)?;
        self.raw.get(&record.id.mo_id).cloned()
    }
}
