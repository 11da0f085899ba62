//! The progress bars of `vtask wait`: a line per task and a line of totals. Pure.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::{
    bar::{BarStyle, bar, percentage},
    messages,
    tracker::{TaskOutcome, TrackedTask, WaitTracker},
};
use crate::{
    command::{connection_report::connection, display_name, io_context::Size},
    task::{Forecast, Forecaster, Status, TaskRecord},
    text::{duration, prefix, sanitize, truncate, width},
};

/// Preferred and minimum width of the bar in columns.
const BAR_WIDTHS: (usize, usize) = (24, 8);
/// Width of the remaining time in columns.
const TIME_LEFT_WIDTH: usize = 7;
/// Minimum width of the task name in columns.
const NAME_WIDTH: usize = 20;

/// Returns the lines for a terminal of the given size, with the totals last.
pub(in crate::command) fn lines(
    tracker: &WaitTracker,
    now: Timestamp,
    size: Size,
    style: BarStyle,
) -> Vec<String> {
    // The last column stays free, because some terminals wrap when it is written.
    let (columns, rows) = (size.0.saturating_sub(1), size.1.saturating_sub(2).max(1));
    let mut shown: Vec<&TrackedTask> = tracker.tasks.iter().collect();
    let available = rows.saturating_sub(1);
    let mut hidden = 0;
    if shown.len() > available {
        // If space is short, running and failed tasks are kept.
        shown.sort_by_key(|task| rank(tracker.status(task)));
        hidden = shown.len() - available.saturating_sub(1);
        shown.truncate(available.saturating_sub(1));
    }
    let mut lines: Vec<String> = shown
        .into_iter()
        .map(|task| line(tracker, task, now, columns, style))
        .collect();
    if hidden > 0 && rows > 1 {
        let more = format!("  and {hidden} more");
        lines.push(prefix(&more, columns).to_owned());
    }
    lines.push(totals(tracker, now, columns, style));
    lines
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Running => 0,
        Status::Queued | Status::Unknown => 1,
        Status::Failed => 2,
        Status::Cancelled | Status::Lost => 3,
        Status::Placeholder => 4,
        Status::Success => 5,
    }
}

fn line(
    tracker: &WaitTracker,
    task: &TrackedTask,
    now: Timestamp,
    columns: usize,
    style: BarStyle,
) -> String {
    let status = tracker.status(task);
    let record = tracker.record(&task.id);
    let time = tracker.server_time(task.id.server, now);
    let elapsed = record.and_then(|record| record.elapsed(time));
    let name = name(tracker, task, record, style);
    let (sign, color) = (sign(status, style), color(status));
    let mut right = String::new();
    if status.is_active() {
        let progress = messages::progress(tracker, task);
        let available = columns.saturating_sub(NAME_WIDTH + 26);
        if available >= BAR_WIDTHS.1 {
            let wide = available.min(columns / 5).clamp(BAR_WIDTHS.1, BAR_WIDTHS.0);
            right.push_str(&bar(progress, wide, now, style));
            right.push(' ');
        }
        right.push_str(&percentage(progress));
        if columns >= 40 {
            let elapsed = elapsed.map(duration).unwrap_or_default();
            let _ = write!(right, " {elapsed:>7}");
        }
        if columns >= 60 {
            let left = forecast(tracker, task, now);
            let left = left.filter(|left| left.estimate.is_some());
            let left = left.map(|left| left.time_left().to_string());
            let _ = write!(right, " {:>TIME_LEFT_WIDTH$}", left.unwrap_or_default());
        }
    } else {
        right.push_str(word(task, status));
        if let Some(elapsed) = elapsed.filter(|_| columns >= 40) {
            let _ = write!(right, "  {}", duration(elapsed));
        }
    }
    if style.ascii {
        right = right.replace('–', "-").replace(['≈', '…'], "~");
    }
    let available = columns.saturating_sub(width(&right) + 4);
    let ellipsis = if style.ascii { "~" } else { "…" };
    let name = truncate(&name, available, ellipsis);
    let gap = " ".repeat(available.saturating_sub(width(&name)));
    let text = format!("{name}{gap}  {right}");
    let text = prefix(&text, columns.saturating_sub(2));
    if style.color {
        format!("\u{1b}[{color}m{sign}\u{1b}[0m {text}")
    } else {
        format!("{sign} {text}")
    }
}

/// Returns the name of a task with its phase or its error.
fn name(
    tracker: &WaitTracker,
    task: &TrackedTask,
    record: Option<&TaskRecord>,
    style: BarStyle,
) -> String {
    let dot = if style.ascii { " - " } else { " · " };
    let mut parts: Vec<String> = Vec::new();
    let server = tracker.server(task.id.server);
    parts.extend(server.and_then(|server| Some(server.name.as_deref()?.to_owned())));
    match record.and_then(|record| Some((record, record.info.as_deref()?))) {
        Some((record, info)) => {
            parts.push(tracker.store.operation(record).into_owned());
            parts.extend(display_name::target(info).map(str::to_owned));
            parts.extend(record.detail_text());
        }
        None => parts.push(task.id.mo_id.to_string()),
    }
    match &task.outcome {
        TaskOutcome::Unknown(why) => parts.push(why.to_string()),
        TaskOutcome::Searching(_) => {
            parts.push("missing; looking it up in the history".to_owned());
        }
        TaskOutcome::Open | TaskOutcome::Ended(_) => {}
    }
    sanitize(&parts.join(dot)).into_owned()
}

fn word(task: &TrackedTask, status: Status) -> &'static str {
    match (status, &task.outcome) {
        (Status::Success, _) => "done",
        (Status::Placeholder | Status::Lost, TaskOutcome::Open | TaskOutcome::Searching(_)) => "…",
        (status, _) => status.word(),
    }
}

fn sign(status: Status, style: BarStyle) -> &'static str {
    crate::ui::Symbols::new(style.ascii).status(status)
}

fn color(status: Status) -> u8 {
    match status {
        Status::Running => 36,
        Status::Success => 32,
        Status::Failed => 31,
        Status::Cancelled => 35,
        Status::Queued | Status::Lost | Status::Unknown => 33,
        Status::Placeholder => 90,
    }
}

fn totals(tracker: &WaitTracker, now: Timestamp, columns: usize, style: BarStyle) -> String {
    let dot = if style.ascii { " - " } else { " · " };
    let mut parts = vec![messages::totals(tracker)];
    parts.push(duration(now.duration_since(tracker.began)));
    let open = tracker.tasks.iter().filter(|task| !task.is_decided());
    let estimates = open.map(|task| forecast(tracker, task, now)?.estimate);
    // The longest remaining time; unknown if any is unknown.
    let longest = estimates
        .collect::<Option<Vec<_>>>()
        .and_then(|estimates| estimates.into_iter().map(|left| left.best).max())
        .and_then(|longest| SignedDuration::try_from(longest).ok());
    if let Some(longest) = longest {
        parts.push(format!("~{} left", duration(longest)));
    }
    parts.push(connections(tracker, now));
    let text = sanitize(&parts.join(dot)).into_owned();
    let ellipsis = if style.ascii { "~" } else { "…" };
    let text = truncate(&text, columns, ellipsis);
    if style.color {
        format!("\u{1b}[2m{text}\u{1b}[0m")
    } else {
        text.into_owned()
    }
}

/// Returns the expected end of a task.
fn forecast(tracker: &WaitTracker, task: &TrackedTask, now: Timestamp) -> Option<Forecast> {
    let handle = tracker.store.find(&task.id)?;
    let time = tracker.server_time(task.id.server, now);
    Forecaster::new(&tracker.store, None, time).forecast(handle)
}

/// Describes the connections, once if all are in the same state.
fn connections(tracker: &WaitTracker, now: Timestamp) -> String {
    let states = tracker.servers.iter().map(|server| match &server.given_up {
        Some(_) => "given up".to_owned(),
        None => connection(&server.connection, now),
    });
    let states: Vec<String> = states.collect();
    if states.windows(2).all(|pair| pair[0] == pair[1]) {
        return states.into_iter().next().unwrap_or_default();
    }
    let named = tracker.servers.iter().zip(states);
    let named = named.map(|(server, state)| {
        let name = server.name.as_deref().unwrap_or(&server.address);
        format!("{name} {state}")
    });
    named.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        command::wait::tracker::WaitCondition,
        task::{
            TaskChange,
            fixture::{at, info},
        },
        watch::{ConnectionState, Update},
    };

    const PLAIN: BarStyle = BarStyle {
        ascii: false,
        color: false,
    };

    fn tracker(name: Option<&str>) -> WaitTracker {
        let condition = WaitCondition::all_ended(SignedDuration::from_mins(10));
        let tasks = ["task-1", "task-2", "task-3", "task-4"].map(Into::into);
        let mut tracker = WaitTracker::new(condition, at(0));
        let server = tracker.add_server("vc01.lab", name, &tasks, None);
        tracker.handle(server, Update::Connection(ConnectionState::Live), at(0));
        let infos = [
            info(
                "task-1",
                &json!({"progress": 1, "entityName": "db-prod-01",
                "description": {"key": "k", "message": "Copying disk 2 of 3"}}),
            ),
            info(
                "task-2",
                &json!({"entityName": "データベース-東京", "descriptionId": "VirtualMachine.consolidateDisks"}),
            ),
            info(
                "task-3",
                &json!({"state": "error", "completeTime": at(9).to_string(), "entityName": "web\u{1b}[2J",
                "error": {"_typeName": "X", "faultstring": "Not enough resources to fail over everything at once"}}),
            ),
        ];
        let changes = infos
            .map(|info| TaskChange::Full { info, at: at(1) })
            .to_vec();
        let since = std::time::Instant::now();
        tracker.handle(server, Update::Tasks { changes, since }, at(1));
        // Steady progress, so that a remaining time is shown.
        for second in (2..60).step_by(2) {
            let mo_id = "task-1".into();
            let fields = vec![("progress".into(), json!(40 * second / 60))];
            let at = at(second);
            let changes = vec![TaskChange::Fields { mo_id, fields, at }];
            tracker.handle(server, Update::Tasks { changes, since }, at);
        }
        tracker
    }

    #[test]
    fn bars_at_common_and_narrow_width() {
        let tracker = tracker(None);
        let mut text = String::new();
        for columns in [100, 80, 50, 30] {
            text.push_str(&lines(&tracker, at(60), (columns, 24), PLAIN).join("\n"));
            text.push_str("\n\n");
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn several_servers_are_distinguished() {
        let mut tracker = tracker(Some("lab"));
        let branch = tracker.add_server("vc02.lab", Some("branch"), &["task-1".into()], None);
        let reason = "connecting (vc02.lab): connection refused.".into();
        let retrying = ConnectionState::Retrying {
            attempt: 2,
            next: at(70),
            reason,
        };
        tracker.handle(branch, Update::Connection(retrying), at(59));
        let mut text = String::new();
        for columns in [120, 60] {
            text.push_str(&lines(&tracker, at(60), (columns, 24), PLAIN).join("\n"));
            text.push_str("\n\n");
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn bars_fit_the_terminal() {
        let tracker = tracker(None);
        for ascii in [false, true] {
            for columns in 1..130 {
                for rows in 1..8 {
                    let style = BarStyle {
                        ascii,
                        color: false,
                    };
                    let lines = lines(&tracker, at(60), (columns, rows), style);
                    assert!(lines.len() < rows.max(2), "{columns}x{rows}");
                    assert!(
                        lines.iter().all(|line| width(line) < columns.max(3)),
                        "{columns}: {lines:?}"
                    );
                    assert!(!lines.concat().contains('\u{1b}'));
                    assert!(!ascii || columns < 30 || !lines[0].contains('█'));
                }
            }
        }
    }
}
