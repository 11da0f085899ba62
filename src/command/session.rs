//! Runs a short-lived session: signs in, sends requests and always signs out.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{
    CommandError, connect,
    deadline::StopReason,
    io_context::CommandIo,
    server_tasks::{self, ServerTasks},
};
use crate::{
    config::ConnectionArgs,
    metrics::RequestMetrics,
    task::ServerId,
    vim::{
        Client, ConnectOptions, Error, PastTaskSearch,
        types::{TaskEvent, TaskLocator},
        with_retries,
    },
    watch::MAX_CONCURRENT_READS,
};

/// The server ID used when there is only one server.
pub(super) const ONLY_SERVER: ServerId = ServerId(0);
/// Number of consecutive failed reads after which the server counts as failing.
const MAX_CONSECUTIVE_FAILURES: usize = 3;

/// A task ID with the value read, or the error.
pub(super) type TaskRead = (Arc<str>, Result<Value, Error>);

/// Signs in, runs `send` and signs out, even if interrupted. An expired session is replaced once.
///
/// # Errors
/// Fails if the server is unreachable or refuses, and with the errors of `send`.
pub(super) async fn run_in_session<T>(
    connect: ConnectOptions,
    io: &mut CommandIo<'_>,
    send: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let mut session = Session::open(connect, io).await?;
    let answer = session.request(io, send).await;
    session.close(io).await;
    answer
}

/// A session that is open on the server.
pub(super) struct Session {
    client: Client,
    traffic: Arc<RequestMetrics>,
    /// The reason why the last request was stopped, which limits the time for signing out.
    stop_reason: Option<StopReason>,
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
            client = with_retries(async || Client::connect(connect.clone()).await) => Ok(client),
            reason = io.stop_requested() => Err(reason),
        };
        let client = connected.map_err(|reason| reason.error(&traffic))??;
        let client = client.with_renewal();
        let mut signing_in = Box::pin(with_retries(async || client.sign_in().await));
        let signed_in = tokio::select! {
            session = &mut signing_in => Ok(session),
            reason = io.stop_requested() => Err(reason),
        };
        let stop_reason = match signed_in {
            Ok(session) => {
                session?;
                if let Some(last_error) = credentials.last_error() {
                    io.eprint(&last_error);
                }
                None
            }
            Err(reason) => {
                // A session in creation would otherwise stay open on the server.
                let _ = timeout_at(reason.sign_out_deadline(), &mut signing_in).await;
                Some(reason)
            }
        };
        drop(signing_in);
        let session = Self {
            client,
            traffic,
            stop_reason,
        };
        match stop_reason {
            None => Ok(session),
            Some(reason) => {
                let error = reason.error(&session.traffic);
                session.close(io).await;
                Err(error)
            }
        }
    }

    /// Sends requests.
    ///
    /// # Errors
    /// The errors of `send`, or the reason why the command is to stop.
    pub(super) async fn request<T>(
        &mut self,
        io: &mut CommandIo<'_>,
        send: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let client = &self.client;
        let requests = async {
            match send(client).await {
                Err(CommandError::Server(error)) if error.is_auth_failure() => {
                    Err(classify_refusal(client, error).await)
                }
                answer => answer,
            }
        };
        let reason = tokio::select! {
            answer = requests => return answer,
            reason = io.stop_requested() => reason,
        };
        self.stop_reason = Some(reason);
        Err(reason.error(&self.traffic))
    }

    /// Signs out.
    pub(super) async fn close(self, io: &mut CommandIo<'_>) {
        let sign_out_deadline = match self.stop_reason {
            None => io.deadline.map(|deadline| deadline.sign_out_deadline()),
            Some(reason) => Some(reason.sign_out_deadline()),
        };
        sign_out(&self.client, sign_out_deadline, io).await;
    }
}

/// A server that is read once or repeatedly. The session is opened with the first request.
pub(super) struct ServerReader {
    pub(super) server: ServerTasks,
    pub(super) connect: ConnectOptions,
    session: Option<Session>,
}

impl ServerReader {
    /// Prepares to read from a server.
    ///
    /// # Errors
    /// The errors of [`connect::connect_with_deadline`].
    pub(super) async fn new(server: ServerTasks, io: &CommandIo<'_>) -> Result<Self, CommandError> {
        Ok(Self {
            connect: connect::connect_with_deadline(&server.connection, io).await?,
            server,
            session: None,
        })
    }

    /// Prepares to read from the servers of TASKs.
    ///
    /// # Errors
    /// The errors of [`server_tasks::named`] and [`connect::connect_with_deadline`].
    pub(super) async fn of_tasks(
        connection: &ConnectionArgs,
        tasks: &[String],
        io: &mut CommandIo<'_>,
    ) -> Result<Vec<Self>, CommandError> {
        let mut servers = Vec::new();
        for server in server_tasks::named(connection, tasks, io)? {
            servers.push(Self::new(server, io).await?);
        }
        Ok(servers)
    }

    /// Returns the name of the server.
    pub(super) fn address(&self) -> String {
        self.connect.address.name()
    }

    /// Sends requests. After an error the next call uses a new session.
    ///
    /// # Errors
    /// Fails if the server is unreachable or refuses, and with the errors of `send`.
    pub(super) async fn request<T>(
        &mut self,
        io: &mut CommandIo<'_>,
        send: impl AsyncFnOnce(&Client) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(self.connect.clone(), io).await?,
        };
        let answer = session.request(io, send).await;
        if answer.is_ok() {
            self.session = Some(session);
        } else {
            session.close(io).await;
        }
        answer
    }

    /// Signs out if a session is open.
    pub(super) async fn close(&mut self, io: &mut CommandIo<'_>) {
        if let Some(session) = self.session.take() {
            session.close(io).await;
        }
    }
}

/// Classifies a refusal after the sign-in: if the server also refuses to send its time, the credentials are invalid;
/// otherwise only the request was refused.
async fn classify_refusal(client: &Client, error: Error) -> CommandError {
    match client.current_time().await {
        Err(probe) if probe.is_auth_failure() => CommandError::Server(error),
        _ => CommandError::Denied(error),
    }
}

/// Signs out, and prints a warning if that fails or takes too long.
async fn sign_out(client: &Client, sign_out_deadline: Option<Instant>, io: &mut CommandIo<'_>) {
    let signed_out = match sign_out_deadline {
        Some(moment) => timeout_at(moment, client.sign_out()).await,
        None => Ok(client.sign_out().await),
    };
    match signed_out {
        Ok(Ok(())) => {}
        Ok(Err(error)) => io.eprint(&error.to_string()),
        Err(_) => io.eprint(&format!(
            "signing out ({}): no answer in time; the session ends after the idle time-out of the server.",
            client.label()
        )),
    }
}

/// Reads tasks concurrently, in the order given. Failed reads are repeated. If the server keeps failing, the remaining
/// tasks get its last error.
pub(super) async fn read_all(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
    // Errors since the last successful read.
    let failures: Mutex<Vec<Error>> = Mutex::new(Vec::new());
    let failures = &failures;
    let given_up = || {
        let failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures
            .last()
            .filter(|_| failures.len() >= MAX_CONSECUTIVE_FAILURES)
            .cloned()
    };
    let note = |answer: &Result<Value, Error>| {
        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Err(error) if error.is_transient() => failures.push(error.clone()),
            _ => failures.clear(),
        }
    };
    stream::iter(tasks)
        .map(async |task| {
            if let Some(error) = given_up() {
                let error = Error {
                    action: format!("reading {task}"),
                    ..error
                };
                return (task, Err(error));
            }
            let answer = with_retries(async || client.task_info_json(&task).await).await;
            note(&answer);
            (task, answer)
        })
        .buffered(MAX_CONCURRENT_READS)
        .collect()
        .await
}

/// Reads the events of tasks concurrently, by their event chain ids.
pub(super) async fn read_events<T>(
    client: &Client,
    tasks: Vec<(T, i32)>,
) -> Vec<(T, Result<Vec<TaskEvent>, Error>)> {
    stream::iter(tasks)
        .map(async |(task, chain)| (task, client.task_events(chain).await))
        .buffered(MAX_CONCURRENT_READS)
        .collect()
        .await
}

/// Reads tasks concurrently, in the order given. Tasks that are gone are looked up in the history.
pub(super) async fn read_or_find_all(client: &Client, tasks: Vec<Arc<str>>) -> Vec<TaskRead> {
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
            *answer = find_in_history(client, task, now, error.clone()).await;
        }
    }
    read
}

/// Reads a task. If it is gone, it is looked up in the history.
///
/// # Errors
/// The error of the read, if the history has no record either.
pub(super) async fn read_or_find(
    client: &Client,
    task: &Arc<str>,
    now: Timestamp,
) -> Result<Value, CommandError> {
    let mut read = read_all(client, vec![task.clone()]).await;
    match read.pop() {
        Some((_, Err(error))) if error.is_fault("ManagedObjectNotFound") => {
            Ok(find_in_history(client, task, now, error).await?)
        }
        Some((_, answer)) => Ok(answer?),
        None => Err(CommandError::NothingFound(format!(
            "{task} does not exist."
        ))),
    }
}

/// Returns the record of a task whose object has expired, from the history. `gone` is the error of the object.
///
/// # Errors
/// `gone`, with the extent of the search, if there is no record or the history cannot be read; connection errors, and
/// an expired session.
async fn find_in_history(
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
pub(super) async fn read_recent(client: &Client) -> Result<Vec<TaskRead>, Error> {
    let recent = with_retries(async || client.recent_tasks().await).await?;
    let tasks = recent.into_iter().map(|task| task.value).collect();
    let mut read = read_all(client, tasks).await;
    read.retain(|(_, answer)| {
        let error = answer.as_ref().err();
        !error.is_some_and(|error| error.is_fault("ManagedObjectNotFound"))
    });
    let is_server_unreachable = read
        .iter()
        .all(|(_, answer)| answer.as_ref().is_err_and(Error::is_transient));
    match read.first() {
        Some((_, Err(error))) if is_server_unreachable => Err(error.clone()),
        _ => Ok(read),
    }
}
