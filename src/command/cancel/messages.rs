//! Messages about a task before its cancellation is requested. Pure.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::{
    command::{display_name, json_output, server_tasks::full},
    task::{Status, TaskRecord, TaskStore, fault_chain},
    text::duration,
};

/// Returns a message if nothing can be read of the task.
pub(super) fn unreadable(record: &TaskRecord, name: Option<&str>) -> Option<String> {
    let why = json_output::why(record).filter(|_| record.info.is_none())?;
    let task = full(name, &record.id.mo_id);
    Some(format!("{task} {why}."))
}

/// Returns a line that describes the task.
pub(super) fn sentence(
    store: &TaskStore,
    record: &TaskRecord,
    name: Option<&str>,
    now: Timestamp,
) -> String {
    let Some(info) = record.info.as_deref() else {
        let task = full(name, &record.id.mo_id);
        return format!("{task} cannot be read.");
    };
    let what = named(store, record, name);
    let status = record.status();
    if status.is_finished() {
        let ago = record.completed_at().map(|at| now.duration_since(at));
        let when = ago.map_or("already".to_owned(), |ago| {
            format!("{} ago", duration(ago.max(SignedDuration::ZERO)))
        });
        let fault = record
            .info
            .as_deref()
            .and_then(|info| info.error.as_deref());
        let why = fault
            .filter(|_| status == Status::Failed)
            .map(|fault| format!(": {}", fault_chain::described(fault)));
        let text = format!(
            "{what} finished {when}: {}{}",
            json_output::status(status),
            why.unwrap_or_default()
        );
        let stop = if text.ends_with('.') { "" } else { "." };
        return format!("{text}{stop}");
    }
    let known = |field: &str, flag: bool| {
        let is_known = !info.invalid().contains(field);
        if is_known {
            flag.to_string()
        } else {
            "unknown".to_owned()
        }
    };
    let flags = format!(
        "cancelable: {}, cancelled: {}",
        known("cancelable", info.cancelable),
        known("cancelled", info.cancelled)
    );
    let meaning = match (info.cancelled, info.cancelable) {
        (false, false) if info.invalid().contains("cancelable") => {
            "unknown if it can be cancelled; the server may refuse"
        }
        (true, _) => "cancellation was requested before and is pending",
        (false, true) => "cancelable",
        (false, false) => "not cancelable; the server may refuse",
    };
    let status = json_output::status(status);
    format!("{what} is {status}: {meaning} ({flags}).")
}

/// Returns a name such as `Relocate virtual machine of db-prod-01 (task-4711)`.
pub(super) fn named(store: &TaskStore, record: &TaskRecord, name: Option<&str>) -> String {
    let mut text = store.operation(record).into_owned();
    if let Some(target) = record.info.as_deref().and_then(display_name::target) {
        let _ = write!(text, " of {target}");
    }
    let _ = write!(text, " ({})", full(name, &record.id.mo_id));
    text
}
