//! Output of `vtask wait --json`: a line per change and a summary. Pure.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::tracker::{TaskOutcome, TrackedTask, WaitResult, WaitTracker};
use crate::{
    command::json_output,
    task::{Rule, ServerId, Status, TaskId, fault_chain},
    vim::types::TaskInfo,
    watch::ConnectionState,
};

/// The last output for each task and server, to write only changes.
#[derive(Debug, Default)]
pub(super) struct LastWritten {
    tasks: HashMap<TaskId, (Status, Option<TaskInfo>, Option<Rule>)>,
    connections: HashMap<ServerId, &'static str>,
}

impl LastWritten {
    /// Returns the line of a task if it changed.
    pub(super) fn task(
        &mut self,
        tracker: &WaitTracker,
        id: &TaskId,
        now: Timestamp,
    ) -> Option<String> {
        let server = tracker.server(id.server)?;
        let handle = tracker.store.find(id)?;
        let record = tracker.store.get(handle)?;
        let rule = tracker.warning(id, now);
        let state = (record.status(), record.info.as_deref().cloned(), rule);
        if self.tasks.get(id) == Some(&state) {
            return None;
        }
        let info = state.1.as_ref().map(TaskInfo::to_json);
        self.tasks.insert(id.clone(), state);
        let now = server.clock.at(now);
        let line = json_output::task(&tracker.store, handle, info, &server.address, now)?;
        Some(json_output::to_line(line))
    }

    /// Returns the line of a connection if its state changed.
    pub(super) fn connection(
        &mut self,
        tracker: &WaitTracker,
        id: ServerId,
        now: Timestamp,
    ) -> Option<String> {
        let server = tracker.server(id)?;
        let state = match &server.connection {
            ConnectionState::SignedOut { .. } => "signed-out",
            _ if server.given_up.is_some() => "given-up",
            ConnectionState::Connecting => "connecting",
            ConnectionState::Live => "live",
            ConnectionState::Polling { .. } => "polling",
            ConnectionState::Paused => "paused",
            ConnectionState::Retrying { .. } => "retrying",
        };
        if self.connections.insert(id, state) == Some(state) && state != "retrying" {
            return None;
        }
        let given_up = server.given_up.as_ref().map(|loss| loss.reason.clone());
        let (reason, attempt, next) = match &server.connection {
            _ if given_up.is_some() => (given_up, None, None),
            ConnectionState::Retrying {
                reason,
                attempt,
                next,
            } => (
                Some(reason.clone()),
                Some(*attempt),
                Some(server.clock.at(*next)),
            ),
            ConnectionState::Polling { reason } => (reason.clone(), None, None),
            _ => (None, None, None),
        };
        let mut line = json_output::envelope("link", &server.address, server.clock.at(now));
        line.insert("state".to_owned(), json!(state));
        line.insert("reason".to_owned(), json!(reason));
        line.insert("attempt".to_owned(), json!(attempt));
        line.insert("nextAt".to_owned(), json!(next));
        Some(json_output::to_line(line))
    }
}

/// Returns the summary line. With several servers it names none and uses the local time.
pub(super) fn summary(tracker: &WaitTracker, result: &WaitResult, now: Timestamp) -> String {
    let (server, at) = match &tracker.servers[..] {
        [only] => (Some(&*only.address), only.clock.at(now)),
        _ => (None, now),
    };
    let mut line = json_output::envelope("summary", server.unwrap_or_default(), at);
    if server.is_none() {
        line.insert("endpoint".to_owned(), Value::Null);
    }
    let outcome = result.outcome;
    line.insert("outcome".to_owned(), json!(outcome.word()));
    line.insert("exitCode".to_owned(), json!(outcome.code()));
    let waited = now.duration_since(tracker.began);
    line.insert("durationSeconds".to_owned(), json_output::seconds(waited));
    line.insert("reason".to_owned(), json!(result.reason));
    let tasks = tracker
        .tasks
        .iter()
        .map(|task| task_summary(tracker, task, now));
    line.insert("tasks".to_owned(), tasks.collect());
    json_output::to_line(line)
}

/// Returns the entry of a task in the summary.
fn task_summary(tracker: &WaitTracker, task: &TrackedTask, now: Timestamp) -> Value {
    let server = tracker.server(task.id.server);
    let record = tracker.record(&task.id);
    let time = tracker.server_time(task.id.server, now);
    let ran = record.and_then(|record| record.run_time(time));
    let fault = record.and_then(|record| record.info.as_ref()?.error.as_deref());
    let status = tracker.status(task);
    let error = match (&task.outcome, fault) {
        (TaskOutcome::Unknown(why), _) => fault_chain::message_to_json(why),
        (_, Some(fault)) => fault_chain::to_json(fault),
        _ => Value::Null,
    };
    json!({
        "endpoint": server.map(|server| &server.address),
        "moId": task.id.mo_id,
        "status": json_output::status(status),
        "outcome": json_output::outcome(status),
        "durationSeconds": ran.map_or(Value::Null, json_output::seconds),
        "error": error,
    })
}
