//! What is told of what is waited for, in words: a task's line, the window's title, what a command of the user's own
//! is told. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{
    progress_bars,
    tracker::{TaskOutcome, TrackedTask, WaitTracker},
};
use crate::{
    command::{
        display_name, json_output,
        notify::{exec::FinishedTask, terminal::TabProgress},
    },
    task::{Progress, Record, Status, TaskId, fault_chain},
};

/// How a task stands, in one line: `task-4711 running 42% Relocate virtual machine · db-prod-01: Copying disks`.
pub(super) fn change(waiting: &WaitTracker, task: &TrackedTask) -> String {
    let name = waiting.called(&task.id);
    let status = waiting.status(task);
    let Some((record, info)) = waiting
        .record(&task.id)
        .and_then(|record| Some((record, record.info.as_deref()?)))
    else {
        return match &task.fate {
            TaskOutcome::Unknown(why) => format!("{name} unknown: {why}"),
            _ => format!("{name} not visible; looking for it in the history"),
        };
    };
    let mut text = format!("{name} {}", json_output::status(status));
    if let Some(percent) = progress(waiting, task)
        .percent()
        .filter(|_| status.is_active())
    {
        let _ = write!(text, " {percent}%");
    }
    text.push(' ');
    text.push_str(&waiting.board.operation(record));
    if let Some(target) = display_name::target(info) {
        let _ = write!(text, " · {target}");
    }
    if record.is_cancel_requested() {
        text.push_str(" (cancellation requested)");
    }
    let more = match (&task.fate, &info.error, &info.description) {
        (TaskOutcome::Unknown(why), _, _) => Some(why.to_string()),
        (TaskOutcome::Sought(_), _, _) => {
            Some("vanished; looking for its end in the history".to_owned())
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

/// Why a task failed, with what led to it; nothing where one fault is all there is.
pub(super) fn failure(waiting: &WaitTracker, task: &TrackedTask) -> Vec<String> {
    let info = waiting
        .record(&task.id)
        .and_then(|record| record.info.as_deref());
    let Some(fault) = info.and_then(|info| info.error.as_deref()) else {
        return Vec::new();
    };
    let causes = fault_chain::caused_by(fault);
    if causes.is_empty() {
        return causes;
    }
    let name = waiting.called(&task.id);
    let mut lines = vec![format!("{name} failed: {}", fault_chain::described(fault))];
    lines.extend(causes.into_iter().map(|cause| format!("  {cause}")));
    lines
}

/// How far a task is.
pub(super) fn progress(waiting: &WaitTracker, task: &TrackedTask) -> Progress {
    let handle = waiting.board.find(&task.id);
    handle.map_or(Progress::None, |handle| waiting.board.progress(handle))
}

/// What stands in the window's title: the task, or how many there are.
pub(super) fn title(waiting: &WaitTracker) -> String {
    let one = match &waiting.awaited[..] {
        [task] => waiting.record(&task.id),
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
            format!("{percent}{} {target}", waiting.board.operation(record))
        }
        None => progress_bars::sum(waiting),
    }
}

/// All together, in percent: what is over counts as done.
pub(super) fn mark(waiting: &WaitTracker) -> TabProgress {
    let mut sum = 0_usize;
    let mut failed = false;
    let mut known = true;
    for task in &waiting.awaited {
        failed |= matches!(
            task.fate,
            TaskOutcome::Ended(Status::Failed) | TaskOutcome::Unknown(_)
        );
        match (task.is_decided(), progress(waiting, task).percent()) {
            (true, _) => sum += 100,
            (false, Some(percent)) => sum += usize::from(percent),
            (false, None) => known = false,
        }
    }
    let percent = sum.checked_div(waiting.awaited.len()).unwrap_or(0);
    let percent = u8::try_from(percent).unwrap_or(100);
    match (failed, known) {
        (true, _) => TabProgress::Failed(percent),
        (false, true) if !waiting.awaited.is_empty() => TabProgress::At(percent),
        (false, _) => TabProgress::Busy,
    }
}

/// What is told of a task that ended.
pub(super) fn ended(waiting: &WaitTracker, id: &TaskId, now: Timestamp) -> Option<FinishedTask> {
    let task = waiting.task(id)?;
    let place = waiting.place(id.endpoint)?;
    let record = waiting.record(id);
    let info = record.and_then(|record| record.info.as_deref());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(FinishedTask {
        mo_id: id.mo_id.to_string(),
        operation: record
            .filter(|record| record.info.is_some())
            .map(|record| waiting.board.operation(record).into_owned())
            .unwrap_or_default(),
        target: text(info.and_then(display_name::target)),
        outcome: json_output::outcome(waiting.status(task)).unwrap_or("unknown"),
        duration: record.and_then(|record: &Record| record.run_time(place.clock.at(now))),
        error: match (&task.fate, info.and_then(|info| info.error.as_deref())) {
            (TaskOutcome::Unknown(why), _) => why.to_string(),
            (_, Some(fault)) => fault.text(),
            _ => String::new(),
        },
        started_by: text(info.and_then(|info| display_name::started_by(&info.reason))),
        endpoint: place.endpoint.to_string(),
    })
}
