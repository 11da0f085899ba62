//! Texts of `vtask wait`: task lines, window title, notifications. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::tracker::{TaskOutcome, TrackedTask, WaitTracker};
use crate::{
    command::{display_name, json_output, notify::terminal::TabProgress},
    task::{FinishedTask, Progress, Status, TaskId, fault_chain},
};

/// Describes a task in one line: `task-4711 running 42% Relocate virtual machine · db-prod-01: Copying disks`.
pub(super) fn change(tracker: &WaitTracker, task: &TrackedTask) -> String {
    let name = tracker.display_name(&task.id);
    let status = tracker.status(task);
    let Some((record, info)) = tracker
        .record(&task.id)
        .and_then(|record| Some((record, record.info.as_deref()?)))
    else {
        return match &task.outcome {
            TaskOutcome::Unknown(why) => format!("{name} unknown: {why}"),
            _ => format!("{name} not found; looking it up in the history"),
        };
    };
    let mut text = format!("{name} {}", json_output::status(status));
    if let Some(percent) = progress(tracker, task)
        .percent()
        .filter(|_| status.is_active())
    {
        let _ = write!(text, " {percent}%");
    }
    text.push(' ');
    text.push_str(&tracker.store.operation(record));
    if let Some(target) = display_name::target(info) {
        let _ = write!(text, " · {target}");
    }
    if record.is_cancel_requested() {
        text.push_str(" (cancellation requested)");
    }
    let more = match (&task.outcome, &info.error, &info.description) {
        (TaskOutcome::Unknown(why), _, _) => Some(why.to_string()),
        (TaskOutcome::Searching(_), _, _) => {
            Some("missing; looking it up in the history".to_owned())
        }
        (_, Some(error), _) => Some(fault_chain::one_line(error)),
        (_, _, Some(phase)) if status.is_active() => Some(phase.text().to_owned()),
        _ => None,
    };
    if let Some(more) = more {
        let _ = write!(text, ": {more}");
    }
    text
}

/// Returns a text that changes with the state of a task, but not with its progress or phase.
pub(super) fn state(tracker: &WaitTracker, task: &TrackedTask) -> String {
    let record = tracker.record(&task.id);
    let info = record.and_then(|record| record.info.as_deref());
    let more = match &task.outcome {
        TaskOutcome::Unknown(why) => why.to_string(),
        TaskOutcome::Searching(_) => "looked up".to_owned(),
        TaskOutcome::Open | TaskOutcome::Ended(_) => String::new(),
    };
    let is_cancelled = info.is_some_and(|info| info.cancelled);
    let status = json_output::status(tracker.status(task));
    format!("{status} {} {is_cancelled} {more}", info.is_some())
}

/// Returns the error of a task that did not succeed, with its causes.
pub(super) fn error(tracker: &WaitTracker, task: &TrackedTask) -> Vec<String> {
    let name = tracker.display_name(&task.id);
    let record = tracker.record(&task.id);
    let info = record.and_then(|record| record.info.as_deref());
    match (&task.outcome, info.and_then(|info| info.error.as_deref())) {
        (TaskOutcome::Unknown(why), _) => vec![format!("outcome of {name} unknown: {why}")],
        (TaskOutcome::Ended(status @ (Status::Failed | Status::Cancelled)), Some(fault)) => {
            let status = json_output::status(*status);
            let first = format!("{name} {status}: {}", fault_chain::described(fault));
            let causes = fault_chain::caused_by(fault).into_iter();
            let causes = causes.map(|cause| format!("  {cause}"));
            std::iter::once(first).chain(causes).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn progress(tracker: &WaitTracker, task: &TrackedTask) -> Progress {
    let handle = tracker.store.find(&task.id);
    handle.map_or(Progress::None, |handle| tracker.store.progress(handle))
}

/// Returns the window title: a single task, or the totals.
pub(super) fn title(tracker: &WaitTracker) -> String {
    let one = match &tracker.tasks[..] {
        [task] => tracker.record(&task.id),
        _ => None,
    };
    match one.and_then(|record| Some((record, record.info.as_deref()?))) {
        Some((record, info)) => {
            let target = display_name::target(info).unwrap_or_default();
            let percent = record
                .progress()
                .percent()
                .filter(|_| record.status().is_active());
            let percent = percent
                .map(|percent| format!("{percent}% "))
                .unwrap_or_default();
            format!("{percent}{} {target}", tracker.store.operation(record))
        }
        None => totals(tracker),
    }
}

/// Returns the mean progress; ended tasks count as 100 %.
pub(super) fn tab_progress(tracker: &WaitTracker) -> TabProgress {
    let mut sum = 0_usize;
    let mut failed = false;
    let mut known = true;
    for task in &tracker.tasks {
        failed |= matches!(
            task.outcome,
            TaskOutcome::Ended(Status::Failed) | TaskOutcome::Unknown(_)
        );
        match (task.is_decided(), progress(tracker, task).percent()) {
            (true, _) => sum += 100,
            (false, Some(percent)) => sum += usize::from(percent),
            (false, None) => known = false,
        }
    }
    let percent = sum.checked_div(tracker.tasks.len()).unwrap_or(0);
    let percent = u8::try_from(percent).unwrap_or(100);
    match (failed, known) {
        (true, _) => TabProgress::Failed(percent),
        (false, true) if !tracker.tasks.is_empty() => TabProgress::At(percent),
        (false, _) => TabProgress::Busy,
    }
}

/// Describes a finished task for `--exec`.
pub(super) fn finished_task(
    tracker: &WaitTracker,
    id: &TaskId,
    now: Timestamp,
) -> Option<FinishedTask> {
    let task = tracker.task(id)?;
    let server = tracker.server(id.server)?;
    let described = tracker.record(id).and_then(|record| {
        FinishedTask::new(
            &tracker.store,
            record,
            &server.address,
            server.clock.at(now),
        )
    });
    let mut finished = described.unwrap_or_default();
    finished.mo_id = id.mo_id.to_string();
    finished.server = server.address.to_string();
    finished.outcome = json_output::outcome(tracker.status(task)).unwrap_or("unknown");
    if let TaskOutcome::Unknown(why) = &task.outcome {
        finished.error = why.to_string();
    }
    Some(finished)
}

/// Returns totals such as `2 of 3 ended, 1 failed`.
pub(in crate::command) fn totals(tracker: &WaitTracker) -> String {
    if tracker.tasks.is_empty() {
        return "no task has started yet".to_owned();
    }
    let count = |predicate: fn(&TaskOutcome) -> bool| {
        tracker
            .tasks
            .iter()
            .filter(|task| predicate(&task.outcome))
            .count()
    };
    let done = count(|outcome| matches!(outcome, TaskOutcome::Ended(_)));
    let mut text = format!("{done} of {} ended", tracker.tasks.len());
    for (number, word) in [
        (
            count(|outcome| *outcome == TaskOutcome::Ended(Status::Failed)),
            "failed",
        ),
        (
            count(|outcome| *outcome == TaskOutcome::Ended(Status::Cancelled)),
            "cancelled",
        ),
        (
            count(|outcome| matches!(outcome, TaskOutcome::Unknown(_))),
            "unknown",
        ),
    ] {
        if number > 0 {
            let _ = write!(text, ", {number} {word}");
        }
    }
    text
}
