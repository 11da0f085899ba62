//! One session of a command that asks a few things and leaves: signed in, asked, signed out, whatever happens.

use std::{collections::HashMap, sync::Arc};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{CommandError, io_context::CommandIo};
use crate::{
    task::{ChangeSet, EndpointId, Handle, Labels, ServerClock, TaskChange, TaskId, TaskStore},
    vim::{
        Client, ConnectOptions, Error, TaskLocator,
        types::{Malformed, TaskInfo},
    },
};

/// The one server that is asked.
pub(super) const ONLY_ENDPOINT: EndpointId = EndpointId(0);
/// How many tasks are read at once.
const MAX_CONCURRENT_READS: usize = 8;

/// A task as it was read.
pub(super) type TaskRead = (Arc<str>, Result<Value, Error>);

/// Signs in, asks, and signs out; an interruption ends it early, signed out.
///
/// # Errors
/// When the server cannot be reached or refuses, and what `ask` answers.
pub(super) async fn with<T>(
    connect: ConnectOptions,
    stage: &mut CommandIo<'_>,
    ask: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let credentials = connect.credentials.clone();
    let traffic = connect.traffic.clone();
    let connected = tokio::select! {
        client = Client::connect(connect) => Ok(client),
        ending = stage.ending() => Err(ending),
    };
    let client = connected.map_err(|ending| ending.error(&traffic))??;
    let mut signing_in = Box::pin(client.sign_in());
    let signed_in = tokio::select! {
        session = &mut signing_in => Ok(session),
        ending = stage.ending() => Err(ending),
    };
    let asked = match signed_in {
        Ok(session) => {
            session?;
            if let Some(trouble) = credentials.trouble() {
                stage.say(&trouble);
            }
            tokio::select! {
                answer = ask(&client) => Ok(answer),
                ending = stage.ending() => Err(ending),
            }
        }
        Err(ending) => {
            // A session that is being made would be left behind.
            let _ = timeout_at(ending.leave_by(), &mut signing_in).await;
            Err(ending)
        }
    };
    drop(signing_in);
    let leave_by = match &asked {
        Ok(_) => stage.deadline.map(|deadline| deadline.leave_by()),
        Err(ending) => Some(ending.leave_by()),
    };
    let answer = asked.unwrap_or_else(|ending| Err(ending.error(&traffic)));
    sign_out(&client, leave_by, stage).await;
    answer
}

/// Signs out, and says so where that fails or takes until a moment.
async fn sign_out(client: &Client, leave_by: Option<Instant>, stage: &mut CommandIo<'_>) {
    let signed_out = match leave_by {
        Some(moment) => timeout_at(moment, client.sign_out()).await,
        None => Ok(client.sign_out().await),
    };
    match signed_out {
        Ok(Ok(())) => {}
        Ok(Err(error)) => stage.say(&error.to_string()),
        Err(_) => stage.say(&format!(
            "signing out ({}): no answer in time; the session ends once it is idle for long enough.",
            client.server()
        )),
    }
}

/// Reads tasks, a few at a time, in the order given.
pub(super) async fn read_all(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
    stream::iter(tasks)
        .map(async |task| {
            let info = client.task_info_json(&task).await;
            (task, info)
        })
        .buffered(MAX_CONCURRENT_READS)
        .collect()
        .await
}

/// Reads tasks, a few at a time, in the order given; those whose object is gone come from the history.
pub(super) async fn read_or_recall_all(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
    let mut read = read_all(client, tasks).await;
    let is_gone = |(_, answer): &&mut TaskRead| {
        let error = answer.as_ref().err();
        error.is_some_and(|error| error.is_fault("ManagedObjectNotFound"))
    };
    for (task, answer) in read.iter_mut().filter(is_gone) {
        // Only now, because most tasks are there: the time of the server, which its history goes by.
        let now = client
            .current_time()
            .await
            .unwrap_or_else(|_| Timestamp::now());
        match recall(client, task, now).await {
            Ok(Some(info)) => *answer = Ok(info),
            Ok(None) => {}
            Err(error) => *answer = Err(error),
        }
    }
    read
}

/// Reads a task; one whose object is gone is looked for in the history.
///
/// # Errors
/// As reading it has, where the history does not know it either.
pub(super) async fn read_or_recall(
    client: &Client,
    task: &Arc<str>,
    now: Timestamp,
) -> Result<Value, CommandError> {
    match client.task_info_json(task).await {
        Err(error) if error.is_fault("ManagedObjectNotFound") => {
            Ok(recall(client, task, now).await?.ok_or(error)?)
        }
        answer => Ok(answer?),
    }
}

/// Returns the record of a task whose object is gone; nothing where the history has none, or cannot be read.
///
/// # Errors
/// The connection's troubles, and a dead session.
async fn recall(client: &Client, task: &Arc<str>, now: Timestamp) -> Result<Option<Value>, Error> {
    match client
        .find_past_task(&TaskLocator::named(task.clone()), now)
        .await
    {
        Err(error) if error.fault().is_some() && !error.is_session_dead() => Ok(None),
        answer => answer,
    }
}

/// Reads what is recent on the server; what vanishes meanwhile is left out.
///
/// # Errors
/// When the list cannot be read, or a task in it for another reason than that it is gone.
pub(super) async fn read_recent(client: &Client) -> Result<Vec<Value>, Error> {
    let recent = client.recent_tasks().await?;
    let tasks = recent.into_iter().map(|task| task.value).collect();
    let read = read_all(client, tasks).await.into_iter();
    read.filter_map(|(_, answer)| match answer {
        Err(error) if error.is_fault("ManagedObjectNotFound") => None,
        answer => Some(answer),
    })
    .collect()
}

/// Tasks as they were at one time, each with what the server sent.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) board: TaskStore,
    pub(super) raw: HashMap<Arc<str>, Value>,
    /// The server's time.
    pub(super) now: Timestamp,
}

impl Snapshot {
    /// An empty one, with the server's clock and what operations are called. Where the server does not tell those,
    /// this machine's clock counts, and operations are called by words made of their ids.
    pub(super) async fn begin(client: &Client) -> Self {
        let sent = Timestamp::now();
        let (time, labels) = tokio::join!(client.current_time(), client.operation_labels());
        let received = Timestamp::now();
        let clock = time.map(|time| ServerClock::from_reading(time, sent, received));
        let mut board = TaskStore::new();
        board.set_labels(ONLY_ENDPOINT, labels.map(Labels::new).unwrap_or_default());
        Self {
            board,
            raw: HashMap::new(),
            now: clock.unwrap_or_default().at(received),
        }
    }

    /// One with a single task, from the server or from its history.
    ///
    /// # Errors
    /// When the task is not known, or makes no sense.
    pub(super) async fn of(
        client: &Client,
        task: &Arc<str>,
    ) -> Result<(Self, Handle), CommandError> {
        let mut snapshot = Self::begin(client).await;
        let raw = read_or_recall(client, task, snapshot.now).await?;
        let handle = snapshot.add(raw).map_err(|malformed| {
            CommandError::NothingFound(format!(
                "reading {task}: {malformed}. Try `vtask get --json`."
            ))
        })?;
        Ok((snapshot, handle))
    }

    /// An empty one of a server that tells nothing.
    #[cfg(test)]
    pub(super) fn empty(now: Timestamp) -> Self {
        Self {
            board: TaskStore::new(),
            raw: HashMap::new(),
            now,
        }
    }

    /// Adds a task as the server sent it; one that is there already stays.
    ///
    /// # Errors
    /// When it is no `TaskInfo`.
    pub(super) fn add(&mut self, raw: Value) -> Result<Handle, Malformed> {
        let info = Box::new(TaskInfo::from_json(raw.clone())?);
        let mo_id = info.mo_id().clone();
        if !self.raw.contains_key(&mo_id) {
            let change = TaskChange::Whole { info, at: self.now };
            self.board
                .apply(ONLY_ENDPOINT, change, &mut ChangeSet::default())?;
            self.raw.insert(mo_id.clone(), raw);
        }
        self.find(&mo_id).ok_or(Malformed::Missing {
            type_name: "TaskInfo",
            field: "task",
        })
    }

    /// Where a task is.
    pub(super) fn find(&self, mo_id: &Arc<str>) -> Option<Handle> {
        self.board.find(&TaskId::new(ONLY_ENDPOINT, mo_id.clone()))
    }

    /// What the server sent of a task.
    pub(super) fn raw(&self, handle: Handle) -> Option<Value> {
        let record = self.board.get(handle)?;
        self.raw.get(&record.id.mo_id).cloned()
    }
}
