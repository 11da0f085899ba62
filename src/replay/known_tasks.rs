//! The tasks that a record has mentioned, with limits on their number and size.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use crate::{
    recording::value_size,
    task::{ServerId, Status, TaskChange, TaskId},
    vim::types::FIELDS,
    watch::{Update, recording_codec::RecordedUpdate},
};

/// Maximum number of tasks.
const MAX_TASKS: usize = 100_000;
/// Maximum size of the tasks that the screen keeps, as JSON.
const MAX_BYTES: usize = 512 << 20;
/// Time between the end of a task and its first observation within which it counts as having failed just now.
const RECENT_MILLIS: i64 = 10_000;

/// A task that was mentioned.
#[derive(Debug, Clone, Copy, Default)]
struct KnownTask {
    is_failed: bool,
    bytes: usize,
}

/// The tasks that a record has mentioned.
#[derive(Debug)]
pub(super) struct KnownTasks {
    tasks: HashMap<TaskId, KnownTask>,
    bytes: usize,
    max_bytes: usize,
}

impl Default for KnownTasks {
    fn default() -> Self {
        Self {
            tasks: HashMap::new(),
            bytes: 0,
            max_bytes: MAX_BYTES,
        }
    }
}

/// Facts about a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineFacts {
    /// The task fails with this line.
    pub(super) has_failed: bool,
}

impl KnownTasks {
    /// Considers an update of a size in bytes; `None` if there is no space for what it contains.
    pub(super) fn note(
        &mut self,
        server: ServerId,
        update: &RecordedUpdate,
        size: usize,
    ) -> Option<LineFacts> {
        let mo_id = match update {
            RecordedUpdate::Task(change) => change.mo_id(),
            RecordedUpdate::Other(
                Update::Events { mo_id, .. }
                | Update::EntityState { mo_id, .. }
                | Update::Cancel { mo_id, .. },
            ) => mo_id,
            RecordedUpdate::Other(_) => return Some(LineFacts::default()),
        };
        let key = TaskId::new(server, mo_id.clone());
        let known = self.tasks.get(&key).copied();
        if let RecordedUpdate::Task(TaskChange::Unwatched { .. }) = update {
            self.tasks.remove(&key);
            self.bytes -= known.map_or(0, |known| known.bytes);
            return Some(LineFacts::default());
        }
        let before = known.unwrap_or_default();
        let mut task = before;
        let mut noted = LineFacts::default();
        match update {
            RecordedUpdate::Task(
                TaskChange::Full { info, at } | TaskChange::FromHistory { info, at },
            ) => {
                let failed = Status::of(info) == Status::Failed;
                let is_recent = info.complete_time().is_some_and(|ended| {
                    at.duration_since(ended).as_millis() < i128::from(RECENT_MILLIS)
                });
                noted.has_failed = failed && !task.is_failed && (known.is_some() || is_recent);
                task.is_failed = failed;
                task.bytes = size;
            }
            RecordedUpdate::Task(TaskChange::Fields { fields, .. }) => {
                let value = |field: &str| {
                    let mut values = fields.iter().rev().filter(|(name, _)| name == field);
                    values.next().map(|(_, value)| value)
                };
                if let Some(state) = value("state").and_then(unboxed) {
                    let error = value("error").unwrap_or(&Value::Null);
                    let failed = state == "error" && !is_cancelled(error);
                    noted.has_failed = failed && !task.is_failed;
                    task.is_failed = failed;
                }
                task.bytes += kept_size(fields);
            }
            RecordedUpdate::Other(Update::Events { .. }) => task.bytes += size,
            _ => {}
        }
        let bytes = (self.bytes - before.bytes).saturating_add(task.bytes);
        if bytes > self.max_bytes || (known.is_none() && self.tasks.len() >= MAX_TASKS) {
            return None;
        }
        self.bytes = bytes;
        self.tasks.insert(key, task);
        Some(noted)
    }
}

/// True for the fault of a cancelled task.
fn is_cancelled(error: &Value) -> bool {
    [&error["fault"], error]
        .iter()
        .any(|fault| fault["_typeName"] == "RequestCanceled")
}

fn unboxed(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value["_value"].as_str())
}

/// Returns the size of fields that are kept in addition to what was there: unknown ones, and long values.
fn kept_size(fields: &[(Cow<'static, str>, Value)]) -> usize {
    let kept = fields.iter().map(|(name, value)| {
        let size = value_size(value);
        let is_known = FIELDS.contains(&&**name);
        if is_known && size < 1024 { 0 } else { size }
    });
    kept.sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::watch::recording_codec;

    fn note(known: &mut KnownTasks, entry: &Value) -> Option<bool> {
        let read = serde_json::from_value(entry.clone()).unwrap();
        let update = recording_codec::decode(read).unwrap();
        let noted = known.note(ServerId(0), &update, entry.to_string().len());
        noted.map(|noted| noted.has_failed)
    }

    fn task(more: &Value) -> Value {
        let info = crate::task::fixture::info("task-1", more).to_json();
        json!({"task": {"at": "2026-11-29T10:00:00Z", "info": info}})
    }

    fn change(fields: &Value) -> Value {
        json!({"change": {"task": "task-1", "at": "2026-11-29T10:00:00Z", "fields": fields}})
    }

    #[test]
    fn a_failure_counts_once_and_when_it_happens() {
        let known = &mut KnownTasks::default();
        let old = json!({"state": "error", "completeTime": "2026-11-29T09:00:00Z"});
        assert_eq!(note(known, &task(&old)), Some(false), "before the record");
        let known = &mut KnownTasks::default();
        assert_eq!(note(known, &task(&json!({}))), Some(false));
        let failed = json!({"state": "error", "error": {"fault": {"_typeName": "NoDiskSpace"}}});
        assert_eq!(note(known, &change(&failed)), Some(true));
        assert_eq!(note(known, &task(&failed)), Some(false), "sent again");
        let known = &mut KnownTasks::default();
        note(known, &task(&json!({})));
        let cancelled =
            json!({"state": "error", "error": {"fault": {"_typeName": "RequestCanceled"}}});
        assert_eq!(note(known, &change(&cancelled)), Some(false));
    }

    #[test]
    fn size_is_bounded() {
        let known = &mut KnownTasks {
            max_bytes: MAX_BYTES >> 10,
            ..KnownTasks::default()
        };
        let long = "x".repeat(1 << 10);
        let mut noted_count = 0;
        for number in 0..1000 {
            let fields = json!({format!("field-{number}"): long});
            noted_count += usize::from(note(known, &change(&fields)).is_some());
        }
        assert!((500..520).contains(&noted_count), "{noted_count}");
        assert!(known.bytes <= known.max_bytes);
        let removed = json!({"unwatched": {"task": "task-1"}});
        assert!(note(known, &removed).is_some());
        assert_eq!(known.bytes, 0);
    }
}
