//! `vtask wait --json`: every change as a line, the summary as the last. Pure.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::waiting::{Awaited, Conclusion, Fate, Waiting};
use crate::{
    command::shape,
    task::{EndpointId, Rule, Status, TaskId, fault_chain},
    vim::types::TaskInfo,
    watch::Link,
};

/// What was written last of each task, so that only changes are.
#[derive(Debug, Default)]
pub(super) struct Written {
    tasks: HashMap<TaskId, (Status, Option<TaskInfo>, Option<Rule>)>,
    links: HashMap<EndpointId, &'static str>,
}

impl Written {
    /// The line of a task, if it changed.
    pub(super) fn task(
        &mut self,
        waiting: &Waiting,
        id: &TaskId,
        now: Timestamp,
    ) -> Option<String> {
        let place = waiting.place(id.endpoint)?;
        let handle = waiting.board.find(id)?;
        let record = waiting.board.get(handle)?;
        let rule = waiting.trouble(id, now);
        let state = (record.status(), record.info.as_deref().cloned(), rule);
        if self.tasks.get(id) == Some(&state) {
            return None;
        }
        let info = state.1.as_ref().map(TaskInfo::to_json);
        self.tasks.insert(id.clone(), state);
        let now = place.clock.at(now);
        let line = shape::task(&waiting.board, handle, info, &place.endpoint, now)?;
        Some(shape::written(line))
    }

    /// The line of a server's connection, if its state changed.
    pub(super) fn link(
        &mut self,
        waiting: &Waiting,
        id: EndpointId,
        now: Timestamp,
    ) -> Option<String> {
        let place = waiting.place(id)?;
        let state = match &place.link {
            Link::SignedOut { .. } => "signed-out",
            _ if place.lost.is_some() => "given-up",
            Link::Connecting => "connecting",
            Link::Live => "live",
            Link::Polling { .. } => "polling",
            Link::Paused => "paused",
            Link::Retrying { .. } => "retrying",
        };
        if self.links.insert(id, state) == Some(state) && state != "retrying" {
            return None;
        }
        let given_up = place.lost.as_ref().map(|loss| loss.reason.clone());
        let (reason, attempt, next) = match &place.link {
            _ if given_up.is_some() => (given_up, None, None),
            Link::Retrying {
                reason,
                attempt,
                next,
            } => (
                Some(reason.clone()),
                Some(*attempt),
                Some(place.clock.at(*next)),
            ),
            Link::Polling { reason } => (reason.clone(), None, None),
            _ => (None, None, None),
        };
        let mut line = shape::line("link", &place.endpoint, place.clock.at(now));
        line.insert("state".to_owned(), json!(state));
        line.insert("reason".to_owned(), json!(reason));
        line.insert("attempt".to_owned(), json!(attempt));
        line.insert("nextAt".to_owned(), json!(next));
        Some(shape::written(line))
    }
}

/// The last line. With several servers it is of none of them, and its time is this machine's.
pub(super) fn summary(waiting: &Waiting, conclusion: &Conclusion, now: Timestamp) -> String {
    let (endpoint, at) = match &waiting.places[..] {
        [only] => (Some(&*only.endpoint), only.clock.at(now)),
        _ => (None, now),
    };
    let mut line = shape::line("summary", endpoint.unwrap_or_default(), at);
    if endpoint.is_none() {
        line.insert("endpoint".to_owned(), Value::Null);
    }
    let outcome = conclusion.outcome;
    line.insert("outcome".to_owned(), json!(outcome.word()));
    line.insert("exitCode".to_owned(), json!(outcome.code()));
    let waited = now.duration_since(waiting.began);
    line.insert("durationSeconds".to_owned(), shape::seconds(waited));
    line.insert("reason".to_owned(), json!(conclusion.reason));
    let tasks = waiting
        .awaited
        .iter()
        .map(|task| summed(waiting, task, now));
    line.insert("tasks".to_owned(), tasks.collect());
    shape::written(line)
}

/// How a task stands at the end.
fn summed(waiting: &Waiting, task: &Awaited, now: Timestamp) -> Value {
    let place = waiting.place(task.id.endpoint);
    let record = waiting.record(&task.id);
    let time = waiting.server_time(task.id.endpoint, now);
    let ran = record.and_then(|record| record.ran_for(time));
    let fault = record.and_then(|record| record.info.as_ref()?.error.as_deref());
    let status = waiting.status(task);
    let error = match (&task.fate, fault) {
        (Fate::Unknown(why), _) => fault_chain::message_to_json(why),
        (_, Some(fault)) => fault_chain::to_json(fault),
        _ => Value::Null,
    };
    json!({
        "endpoint": place.map(|place| &place.endpoint),
        "moId": task.id.mo_id,
        "status": shape::status(status),
        "outcome": shape::outcome(status),
        "durationSeconds": ran.map_or(Value::Null, shape::seconds),
        "error": error,
    })
}
