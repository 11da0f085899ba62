//! Messages about a task before its cancellation is requested. Pure.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::{
    command::{display_name, json_output, targets::full},
    task::{Record, Status, TaskStore, fault_chain},
    text::duration,
};

/// Returns a message if nothing can be read of the task.
pub(super) fn unreadable(record: &Record, name: Option<&str>) -> Option<String> {
    let why = json_output::why(record).filter(|_| record.info.is_none())?;
    let task = full(name, &record.id.mo_id);
    Some(format!(
        "{task} {why}. Whether it can be cancelled is not known."
    ))
}

/// Returns a line that describes the task, and true if it can be cancelled.
pub(super) fn sentence(
    store: &TaskStore,
    record: &Record,
    name: Option<&str>,
    now: Timestamp,
) -> (String, bool) {
    let Some(info) = record.info.as_deref() else {
        let task = full(name, &record.id.mo_id);
        return (format!("{task} cannot be read."), false);
    };
    let what = named(store, record, name);
    let status = record.status();
    if status.is_finished() {
        let ago = record.finished_at().map(|at| now.duration_since(at));
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
        return (format!("{text}{stop}"), false);
    }
    let known = |field: &str, flag: bool| {
        let is_known = !info.invalid.contains(field);
        if is_known {
            flag.to_string()
        } else {
            "not known".to_owned()
        }
    };
    let flags = format!(
        "cancelable: {}, cancelled: {}",
        known("cancelable", info.cancelable),
        known("cancelled", info.cancelled)
    );
    let meaning = match (info.cancelled, info.cancelable) {
        (false, false) if info.invalid.contains("cancelable") => {
            "the server does not say whether it can be cancelled; it may refuse"
        }
        (true, _) => "cancellation was requested already, the server has not acted on it yet",
        (false, true) => "it can be cancelled",
        (false, false) => "the server says that it cannot be cancelled; it may refuse",
    };
    (
        format!(
            "{what} is {}: {meaning} ({flags}).",
            json_output::status(status)
        ),
        true,
    )
}

/// Returns a name such as `Relocate virtual machine of db-prod-01 (task-4711)`.
pub(super) fn named(store: &TaskStore, record: &Record, name: Option<&str>) -> String {
    let mut text = store.operation(record).into_owned();
    if let Some(target) = record.info.as_deref().and_then(display_name::target) {
        let _ = write!(text, " of {target}");
    }
    let _ = write!(text, " ({})", full(name, &record.id.mo_id));
    text
}
