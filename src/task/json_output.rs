//! JSON format of `--json`, a stable interface with its own version.
//! One JSON object per line. Within a version, fields are never removed or redefined; new ones may
//! be added. Times are RFC 3339 by the server's clock, durations are in seconds, unknown values are
//! `null`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use vtask_text::json_line;
use vtask_vim::types::TaskInfo;

use super::{display_name, fault_chain, forecast::Forecaster};
use crate::{
    Handle, LocationField, Presence, Progress, Status, TaskRecord, TaskStore, TypicalDurations,
};

/// Version of the JSON format.
pub const FORMAT_VERSION: u32 = 1;

/// Fields of a task, in their order.
pub const TASK_FIELDS: [&str; 38] = [
    "version",
    "type",
    "at",
    "endpoint",
    "moId",
    "status",
    "outcome",
    "operation",
    "operationId",
    "target",
    "targetMoId",
    "host",
    "cluster",
    "datacenter",
    "folder",
    "startedBy",
    "phase",
    "progress",
    "progressDerived",
    "cancelable",
    "cancelRequested",
    "parentKey",
    "rootKey",
    "queuedAt",
    "startedAt",
    "completedAt",
    "queuedSeconds",
    "durationSeconds",
    "etaSeconds",
    "etaLowSeconds",
    "etaHighSeconds",
    "etaAt",
    "error",
    "trouble",
    "info",
    // Only of a tree.
    "depth",
    "parentMoId",
    "children",
];

/// Returns the fields that every object has: version, type, time, server.
pub fn envelope(kind: &str, server: &str, at: Timestamp) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("version".to_owned(), json!(FORMAT_VERSION));
    line.insert("type".to_owned(), json!(kind));
    line.insert("at".to_owned(), json!(at));
    line.insert("endpoint".to_owned(), json!(server));
    line
}

/// Returns the JSON name of a status.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Queued => "queued",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Success => "success",
        Status::Lost => "lost",
        Status::Unknown => "unknown",
        Status::Placeholder => "ghost",
    }
}

/// Returns the outcome of a finished task; `None` if it is not finished.
pub fn outcome(of: Status) -> Option<&'static str> {
    match of {
        Status::Failed | Status::Cancelled | Status::Success => Some(status(of)),
        Status::Lost => Some("unknown"),
        Status::Running | Status::Queued | Status::Unknown | Status::Placeholder => None,
    }
}

/// Returns a duration in seconds, to the millisecond.
pub fn seconds(span: SignedDuration) -> Value {
    let milliseconds = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    if milliseconds % 1000 == 0 {
        json!(milliseconds / 1000)
    } else {
        json!(SignedDuration::from_millis(milliseconds).as_secs_f64())
    }
}

/// Returns a duration in whole seconds.
fn whole_seconds(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}

/// Returns a task as JSON at a server time. `info` is the `TaskInfo` as sent by the server.
pub fn task(
    store: &TaskStore,
    handle: Handle,
    info: Option<Value>,
    server: &str,
    now: Timestamp,
) -> Option<Map<String, Value>> {
    watched_task(store, handle, info, server, None, now)
}

/// As [`task`], with the typical durations that estimates and warnings use.
pub fn watched_task(
    store: &TaskStore,
    handle: Handle,
    info: Option<Value>,
    server: &str,
    typical: Option<&TypicalDurations>,
    now: Timestamp,
) -> Option<Map<String, Value>> {
    let record = store.get(handle)?;
    let mut line = envelope("task", server, now);
    let mut put = |name: &str, value: Value| {
        line.insert(name.to_owned(), value);
    };
    put("moId", json!(record.id.mo_id));
    put("status", json!(status(record.status())));
    put("outcome", json!(outcome(record.status())));
    let known = record.info.as_deref();
    put(
        "operation",
        known.map_or(Value::Null, |_| json!(store.operation(record))),
    );
    let operation = known.filter(|info| !info.description_id.is_empty());
    put(
        "operationId",
        json!(operation.map(|info| &info.description_id)),
    );
    put("target", json!(known.and_then(display_name::target)));
    let entity = known.and_then(|info| info.entity.as_ref());
    put("targetMoId", json!(entity.map(|entity| &*entity.value)));
    let location = store.location(record);
    for field in LocationField::ALL {
        put(field.name(), json!(field.of(location)));
    }
    let reason = known.and_then(|info| display_name::started_by(&info.reason));
    put("startedBy", json!(reason));
    let phase = known.and_then(|info| info.description.as_ref());
    put("phase", json!(phase.map(|phase| phase.text())));
    let progress = store.progress(handle);
    put("progress", json!(progress.percent()));
    let derived = matches!(progress, Progress::Derived(_));
    put(
        "progressDerived",
        progress.percent().map_or(Value::Null, |_| json!(derived)),
    );
    let flag = |name: &str, value: fn(&TaskInfo) -> bool| {
        let known = known.filter(|info| !info.invalid().contains(name));
        json!(known.map(value))
    };
    put("cancelable", flag("cancelable", |info| info.cancelable));
    put("cancelRequested", flag("cancelled", |info| info.cancelled));
    put("parentKey", json!(known.and_then(|info| info.parent_key())));
    put("rootKey", json!(known.and_then(|info| info.root_key())));
    put("queuedAt", json!(known.and_then(TaskInfo::queue_time)));
    put("startedAt", json!(known.and_then(TaskInfo::start_time)));
    put(
        "completedAt",
        json!(known.and_then(TaskInfo::complete_time)),
    );
    let queued = record.queued_for(now).map_or(Value::Null, seconds);
    put("queuedSeconds", queued);
    let ran = record.run_time(now).map_or(Value::Null, seconds);
    put("durationSeconds", ran);
    let forecast = Forecaster::new(store, typical, now).forecast(handle);
    let left = forecast.and_then(|forecast| forecast.estimate);
    let left = left.map(|left| [left.best, left.low, left.high].map(whole_seconds));
    for (name, index) in [
        ("etaSeconds", 0),
        ("etaLowSeconds", 1),
        ("etaHighSeconds", 2),
    ] {
        put(name, json!(left.map(|left| left[index])));
    }
    let end = left.and_then(|[best, ..]| now.checked_add(SignedDuration::from_secs(best)).ok());
    put("etaAt", json!(end));
    let fault = known.and_then(|info| info.error.as_deref());
    put("error", fault.map_or(Value::Null, fault_chain::to_json));
    let warning = || {
        Some(
            store
                .warnings(handle, typical, now)
                .into_iter()
                .next()?
                .message,
        )
    };
    let trouble = trouble(record).or_else(warning);
    put("trouble", json!(trouble));
    put("info", info.unwrap_or(Value::Null));
    Some(line)
}

/// Returns the error of a failed task, or the reason why it could not be read.
pub fn why(record: &TaskRecord) -> Option<String> {
    match (&record.info, &record.presence) {
        (Some(info), _) => info.error.as_deref().map(fault_chain::one_line),
        (None, Presence::Unreadable(reason)) => Some(format!("cannot be read: {reason}")),
        (None, _) => None,
    }
}

/// Returns the reason for missing data.
fn trouble(record: &TaskRecord) -> Option<String> {
    let invalid = record.info.as_deref().map(TaskInfo::invalid);
    match &record.presence {
        Presence::Present | Presence::HistoryOnly => {
            let invalid = invalid.filter(|invalid| !invalid.is_empty())?;
            Some(format!("not readable: {invalid}"))
        }
        Presence::Gone(_) if record.status().is_finished() && record.status() != Status::Lost => {
            None
        }
        Presence::Gone(_) => Some("the task was removed from the server".to_owned()),
        Presence::Unreadable(reason) => Some(reason.to_string()),
    }
}

/// Returns an object as a line of text.
pub fn to_line(line: Map<String, Value>) -> String {
    let mut text = json_line(&Value::Object(line));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ChangeSet, ServerId, TaskChange, TaskId,
        fixture::{at, info},
    };

    fn shown(more: &Value, now: i64) -> Value {
        let mut store = TaskStore::new();
        let info = info("task-1", more);
        let raw = info.to_json();
        let change = TaskChange::Full { info, at: at(now) };
        let server_id = ServerId(0);
        store
            .apply(server_id, change, &mut ChangeSet::default())
            .unwrap();
        let handle = store.find(&TaskId::new(server_id, "task-1")).unwrap();
        let line = task(&store, handle, Some(raw), "vc01", at(now)).unwrap();
        Value::Object(line)
    }

    #[test]
    fn all_fields_are_present_and_null_if_unknown() {
        let line = shown(&json!({}), 90);
        let names: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        insta::assert_snapshot!(names.join(" "));
        assert_eq!(names, TASK_FIELDS[..names.len()]);
        assert_eq!(names.len() + 3, TASK_FIELDS.len());
        assert_eq!(line["version"], 1);
        assert_eq!(line["outcome"], Value::Null);
        assert_eq!(line["progress"], Value::Null);
        assert_eq!(line["durationSeconds"], 90);
        assert_eq!(line["at"], json!(at(90)));
        assert_eq!(line["info"]["key"], "task-1");
    }

    #[test]
    fn finished_task_has_outcome() {
        let more = json!({"state": "error", "completeTime": at(5).to_string(),
            "error": {"_typeName": "NoDiskSpace", "faultstring": "full"}});
        let line = shown(&more, 90);
        assert_eq!(
            (&line["status"], &line["outcome"]),
            (&json!("failed"), &json!("failed"))
        );
        assert_eq!(line["error"]["type"], "NoDiskSpace");
        assert_eq!(line["error"]["message"], "full");
        assert_eq!(line["error"]["rootCause"]["message"], "full");
        assert_eq!(line["durationSeconds"], 5);
    }

    #[test]
    fn warning_is_written_as_trouble() {
        let queued = json!({"state": "queued", "startTime": null, "queueTime": at(0).to_string()});
        assert_eq!(shown(&queued, 30)["trouble"], Value::Null);
        let trouble = shown(&queued, 300)["trouble"].clone();
        assert!(
            trouble.as_str().unwrap().starts_with("Queued for 5m"),
            "{trouble}"
        );
    }

    #[test]
    fn expected_end_is_estimated_from_progress() {
        let line = shown(&json!({"progress": 40}), 400);
        let eta = |name: &str| line[name].as_i64().unwrap();
        let best = eta("etaSeconds");
        assert!((300..900).contains(&best), "{best}");
        assert!(eta("etaLowSeconds") <= best && best <= eta("etaHighSeconds"));
        assert_eq!(line["etaAt"], json!(at(400 + best)));
        let done = json!({"state": "success", "progress": 40, "completeTime": at(5).to_string()});
        for more in [json!({}), done] {
            let line = shown(&more, 400);
            assert_eq!(
                (&line["etaSeconds"], &line["etaAt"]),
                (&Value::Null, &Value::Null)
            );
        }
    }

    #[test]
    fn durations_are_in_seconds() {
        assert_eq!(seconds(SignedDuration::from_secs(90)), json!(90));
        assert_eq!(seconds(SignedDuration::from_millis(1500)), json!(1.5));
        assert_eq!(
            seconds(SignedDuration::from_nanos(1_013_757_463)),
            json!(1.013)
        );
    }
}
