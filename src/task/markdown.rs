//! A task as Markdown for a ticket: what ran where, who started it, how it ended and why.

use std::fmt::Write as _;

use jiff::Timestamp;
use vtask_text::duration;
use vtask_vim::types::TaskEvent;

use super::{Handle, TaskEntry, TaskStore, export::escaped, json_output};

/// Maximum number of events; the last ones are kept.
const MAX_EVENTS: usize = 10;

/// Describes a task in Markdown, with its last events. `now` is the server's time.
pub fn task_markdown(
    store: &TaskStore,
    handle: Handle,
    server: &str,
    events: &[TaskEvent],
    now: Timestamp,
) -> Option<String> {
    TaskEntry::of(store, handle, server, events, now).map(|task| entry_markdown(&task))
}

/// Describes a task in Markdown, with its last events.
pub fn entry_markdown(task: &TaskEntry) -> String {
    let mut title = escaped(task.operation.as_deref().unwrap_or("Task"));
    if let Some(target) = &task.target {
        let _ = write!(title, " – {}", escaped(target));
    }
    let mut text = format!("### {title}\n\n");
    let time = |time: Option<Timestamp>| time.map(|time| format!("{time:.0}"));
    let progress = task.progress.filter(|_| task.status.is_active());
    let progress = progress
        .map(|percent| format!(" at {percent}%"))
        .unwrap_or_default();
    let rows = [
        (
            "State",
            Some(format!("{}{progress}", json_output::status(task.status))),
        ),
        ("Task", Some(task.id.clone())),
        ("vCenter", Some(task.server.clone())),
        ("Started by", task.started_by.clone()),
        ("Queued", time(task.queued)),
        ("Started", time(task.started)),
        ("Completed", time(task.completed)),
        ("Duration", task.ran.map(duration)),
        ("Phase", task.phase.clone()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "- **{name}:** {}", escaped(&value));
        }
    }
    if let Some((fault, causes)) = task.faults.split_first() {
        let _ = write!(
            text,
            "\n**Error:** {}: {}\n",
            escaped(&fault.type_name),
            escaped(&fault.text)
        );
        for cause in causes {
            let _ = writeln!(text, "\n- {}", escaped(&cause.caused_by()));
        }
    } else if let Some(why) = &task.unreadable {
        let _ = write!(text, "\n**Error:** {}\n", escaped(why));
    }
    let last = &task.events[task.events.len().saturating_sub(MAX_EVENTS)..];
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
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        ChangeSet, ServerId, TaskChange, TaskId,
        fixture::{at, info},
    };

    #[test]
    fn markdown_contains_times_error_and_events() {
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
        let server_id = ServerId(0);
        store
            .apply(server_id, change, &mut ChangeSet::default())
            .unwrap();
        let handle = store.find(&TaskId::new(server_id, "task-1")).unwrap();
        let events: Vec<TaskEvent> = (0..12)
            .map(|second| {
                TaskEvent::from_json(json!({"_typeName": "TaskEvent", "key": second, "createdTime": at(second).to_string(),
                    "userName": "LAB\\kim", "fullFormattedMessage": format!("step {second}")}))
            })
            .collect();
        insta::assert_snapshot!(
            task_markdown(&store, handle, "vc01.lab", &events, at(200)).unwrap()
        );
    }
}
