//! A task as Markdown for a ticket: what ran where, who started it, how it ended and why.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Handle, TaskStore, display_name, export::escaped, fault_chain, json_output};
use crate::{text::duration, vim::types::TaskEvent};

/// Maximum number of events; the last ones are kept.
const MAX_EVENTS: usize = 10;

/// Describes a task in Markdown, with its last events. `now` is the server's time.
pub(crate) fn ticket(
    store: &TaskStore,
    handle: Handle,
    endpoint: &str,
    events: &[TaskEvent],
    now: Timestamp,
) -> Option<String> {
    let record = store.get(handle)?;
    let info = record.info.as_deref();
    let operation = info.map(|_| store.operation(record));
    let mut title = escaped(operation.as_deref().unwrap_or("Task"));
    if let Some(target) = info.and_then(display_name::target) {
        let _ = write!(title, " – {}", escaped(target));
    }
    let mut text = format!("### {title}\n\n");
    let time = |time: Option<Timestamp>| time.map(|time| format!("{time:.0}"));
    let progress = store
        .progress(handle)
        .percent()
        .filter(|_| record.status().is_active());
    let progress = progress
        .map(|percent| format!(" at {percent}%"))
        .unwrap_or_default();
    let rows = [
        (
            "State",
            Some(format!(
                "{}{progress}",
                json_output::status(record.status())
            )),
        ),
        ("Task", Some(record.id.mo_id.to_string())),
        ("vCenter", Some(endpoint.to_owned())),
        (
            "Started by",
            info.and_then(|info| display_name::started_by(&info.reason))
                .map(str::to_owned),
        ),
        ("Queued", time(info.and_then(|info| info.queue_time))),
        ("Started", time(info.and_then(|info| info.start_time))),
        ("Completed", time(info.and_then(|info| info.complete_time))),
        ("Duration", record.run_time(now).map(duration)),
        (
            "Phase",
            info.and_then(|info| info.description.as_ref())
                .map(|phase| phase.text().to_owned()),
        ),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "- **{name}:** {}", escaped(&value));
        }
    }
    if let Some(fault) = info.and_then(|info| info.error.as_deref()) {
        let _ = write!(
            text,
            "\n**Error:** {}: {}\n",
            escaped(fault.type_name()),
            escaped(&fault_chain::described(fault))
        );
        for cause in fault_chain::caused_by(fault) {
            let _ = writeln!(text, "\n- {}", escaped(&cause));
        }
    } else if let Some(why) = json_output::why(record) {
        let _ = write!(text, "\n**Error:** {}\n", escaped(&why));
    }
    let last = &events[events.len().saturating_sub(MAX_EVENTS)..];
    if !last.is_empty() {
        text.push_str("\n**Events:**\n\n");
    }
    for event in last {
        let time = time(event.created).unwrap_or_else(|| "unknown time".to_owned());
        let user = if event.user.is_empty() {
            String::new()
        } else {
            format!(" {}", escaped(&event.user))
        };
        let _ = writeln!(text, "- {time}{user}: {}", escaped(event.text()));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::task::{
        ChangeSet, EndpointId, TaskChange, TaskId,
        fixture::{at, info},
    };

    #[test]
    fn a_ticket_has_what_a_colleague_needs() {
        let more = json!({
            "state": "error", "entityName": "db_prod|01", "completeTime": at(125).to_string(),
            "reason": {"_typeName": "TaskReasonUser", "userName": "LAB\\kim"},
            "error": {"_typeName": "PatchInstallFailed", "faultstring": "The host cannot be remediated.",
                "faultCause": {"_typeName": "NoDiskSpace", "faultstring": "full\u{1b}[31m"}},
        });
        let mut store = TaskStore::new();
        let change = TaskChange::Full {
            info: info("task-1", &more),
            at: at(0),
        };
        let here = EndpointId(0);
        store
            .apply(here, change, &mut ChangeSet::default())
            .unwrap();
        let handle = store.find(&TaskId::new(here, "task-1")).unwrap();
        let events: Vec<TaskEvent> = (0..12)
            .map(|second| {
                TaskEvent::from_json(json!({"_typeName": "TaskEvent", "key": second, "createdTime": at(second).to_string(),
                    "userName": "LAB\\kim", "fullFormattedMessage": format!("step {second}")}))
            })
            .collect();
        insta::assert_snapshot!(ticket(&store, handle, "vc01.lab", &events, at(200)).unwrap());
    }
}
