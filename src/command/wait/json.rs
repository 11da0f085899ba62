//! `vtask wait --json`: every change as a line, the summary as the last. Pure.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::waiting::{Conclusion, Fate, Waiting};
use crate::{command::shape, task::Status, vim::types::TaskInfo, watch::Link};

/// What was written last of each task, so that only changes are.
#[derive(Debug, Default)]
pub(super) struct Written {
    tasks: HashMap<Arc<str>, (Status, Option<TaskInfo>)>,
    link: Option<&'static str>,
}

impl Written {
    /// The line of a task, if it changed.
    pub(super) fn task(
        &mut self,
        waiting: &Waiting,
        mo_id: &Arc<str>,
        endpoint: &str,
        now: Timestamp,
    ) -> Option<String> {
        let handle = waiting.handle(mo_id)?;
        let record = waiting.board.get(handle)?;
        let state = (record.status(), record.info.as_deref().cloned());
        if self.tasks.get(mo_id) == Some(&state) {
            return None;
        }
        let info = state.1.as_ref().map(TaskInfo::to_json);
        self.tasks.insert(mo_id.clone(), state);
        let line = shape::task(
            &waiting.board,
            handle,
            info,
            endpoint,
            waiting.server_time(now),
        )?;
        Some(shape::written(line))
    }

    /// The line of the connection, if its state changed.
    pub(super) fn link(
        &mut self,
        waiting: &Waiting,
        endpoint: &str,
        now: Timestamp,
    ) -> Option<String> {
        let state = match &waiting.link {
            Link::Connecting => "connecting",
            Link::Live => "live",
            Link::Polling { .. } => "polling",
            Link::Paused => "paused",
            Link::Retrying { .. } => "retrying",
            Link::SignedOut { .. } => "signed-out",
        };
        if self.link == Some(state) && state != "retrying" {
            return None;
        }
        self.link = Some(state);
        let (reason, attempt, next) = match &waiting.link {
            Link::Retrying {
                reason,
                attempt,
                next,
            } => (
                Some(reason.clone()),
                Some(*attempt),
                Some(waiting.clock.at(*next)),
            ),
            Link::Polling { reason } => (reason.clone(), None, None),
            Link::SignedOut { reason } => (Some(reason.clone()), None, None),
            _ => (None, None, None),
        };
        let mut line = shape::line("link", endpoint, waiting.server_time(now));
        line.insert("state".to_owned(), json!(state));
        line.insert("reason".to_owned(), json!(reason));
        line.insert("attempt".to_owned(), json!(attempt));
        line.insert("nextAt".to_owned(), json!(next));
        Some(shape::written(line))
    }
}

/// The last line.
pub(super) fn summary(
    waiting: &Waiting,
    conclusion: &Conclusion,
    endpoint: &str,
    now: Timestamp,
) -> String {
    let mut line = shape::line("summary", endpoint, waiting.server_time(now));
    let outcome = conclusion.outcome;
    line.insert("outcome".to_owned(), json!(outcome.word()));
    line.insert("exitCode".to_owned(), json!(outcome.code()));
    let waited = now.duration_since(waiting.began);
    line.insert("durationSeconds".to_owned(), shape::seconds(waited));
    line.insert("reason".to_owned(), json!(conclusion.reason));
    let tasks: Vec<Value> = waiting
        .awaited
        .iter()
        .map(|task| {
            let record = waiting.record(&task.mo_id);
            let time = waiting.server_time(now);
            let ran = record.and_then(|record| record.ran_for(time));
            let fault = record.and_then(|record| record.info.as_ref()?.error.as_deref());
            let status = waiting.status(task);
            let error = match (&task.fate, fault) {
                (Fate::Unknown(why), _) => json!({"type": null, "message": why}),
                (_, Some(fault)) => shape::error(fault),
                _ => Value::Null,
            };
            json!({
                "moId": task.mo_id,
                "status": shape::status(status),
                "outcome": shape::outcome(status),
                "durationSeconds": ran.map_or(Value::Null, shape::seconds),
                "error": error,
            })
        })
        .collect();
    line.insert("tasks".to_owned(), json!(tasks));
    shape::written(line)
}
