//! Output rows of tasks.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    display_name, json_output,
    output::{Changes, OutputRow},
    server_tasks::ServerTasks,
    snapshot::Snapshot,
    table,
};
use crate::{
    task::{Handle, Progress, Status, TaskRecord},
    text::duration,
    vim::types::{TaskInfo, TaskLocator},
    watch::{Command, Update},
};

/// Returns the row of a task. On a terminal, times are short and the progress of a parent may be derived from its
/// children.
pub(super) fn row(
    server: &ServerTasks,
    address: &str,
    snapshot: &Snapshot,
    handle: Handle,
    is_terminal: bool,
) -> Option<OutputRow> {
    let record = snapshot.store.get(handle)?;
    let now = snapshot.now;
    let raw = snapshot.raw(handle);
    let json = json_output::task(&snapshot.store, handle, raw, address, now)?;
    let info = record.info.as_deref();
    let progress = match snapshot.store.progress(handle) {
        Progress::Reported(percent) => format!("{percent}%"),
        Progress::Derived(percent) if is_terminal => format!("≈{percent}%"),
        Progress::Derived(_) | Progress::None => String::new(),
    };
    let time = |time: Option<Timestamp>| match time {
        Some(time) if is_terminal => short_time(time, now),
        Some(time) => format!("{time:.0}"),
        None => String::new(),
    };
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let operation = info.map(|_| snapshot.store.operation(record).into_owned());
    let phase = info.and_then(|info| info.description.as_ref());
    let why = json_output::why(record);
    let id = server.full(&record.id.mo_id);
    let state = match (record.status(), info) {
        (Status::Unknown, Some(info)) if !info.state.as_str().is_empty() => info.state.as_str(),
        (status, _) => json_output::status(status),
    };
    let cells = vec![
        ("task", id.clone()),
        ("state", state.to_owned()),
        ("progress", progress),
        ("queued", time(info.and_then(TaskInfo::queue_time))),
        ("started", time(info.and_then(TaskInfo::start_time))),
        ("completed", time(info.and_then(TaskInfo::complete_time))),
        (
            "elapsed",
            record.elapsed(now).map(duration).unwrap_or_default(),
        ),
        ("cancelable", cancelable(record).to_owned()),
        ("target", text(info.and_then(display_name::target))),
        (
            "started-by",
            text(info.and_then(|info| display_name::started_by(&info.reason))),
        ),
        ("operation", operation.unwrap_or_default()),
        ("phase", text(phase.map(|phase| phase.text()))),
        ("error", why.clone().unwrap_or_default()),
        (
            "parent",
            text(info.and_then(|info| info.parent_key()).map(|key| &**key)),
        ),
        (
            "root",
            text(info.and_then(|info| info.root_key()).map(|key| &**key)),
        ),
        ("endpoint", address.to_owned()),
    ];
    Some(OutputRow {
        id,
        json,
        cells,
        note: why.map(|why| table::cell(&why)),
    })
}

/// Applies an update of the fetch loop. Returns the changed rows, and requests the history records of tasks that were
/// removed before their end was seen.
pub(super) fn changes(snapshot: &mut Snapshot, update: Update, server: &ServerTasks) -> Changes {
    let changed = snapshot.apply(update);
    let lost = changed.iter().filter_map(|mo_id| {
        let record = snapshot.store.get(snapshot.find(mo_id)?)?;
        let info = record.info.as_deref()?;
        let is_lost = record.status() == Status::Lost;
        is_lost.then(|| Command::LookUp(TaskLocator::of(info)))
    });
    Changes {
        commands: lost.collect(),
        rows: changed.iter().map(|mo_id| server.full(mo_id)).collect(),
        message: None,
    }
}

/// Returns whether a task can be cancelled, in the words of the API.
fn cancelable(record: &TaskRecord) -> &'static str {
    let info = record.info.as_deref();
    let known = info.filter(|info| !info.invalid().contains("cancelable"));
    let is_active = record.status().is_active();
    match (
        is_active,
        record.is_cancel_requested(),
        known.map(|info| info.cancelable),
    ) {
        (true, true, _) => "cancel requested",
        (true, false, Some(true)) => "yes",
        (true, false, Some(false)) => "no",
        (_, _, None) | (false, _, _) => "-",
    }
}

/// Formats a time in the local time zone, with the date unless it is recent.
pub(super) fn short_time(time: Timestamp, now: Timestamp) -> String {
    const RECENT: SignedDuration = SignedDuration::from_hours(20);
    let is_recent = now.duration_since(time).abs() < RECENT;
    let format = if is_recent { "%H:%M:%S" } else { "%m-%d %H:%M" };
    time.to_zoned_datetime(TimeZone::system())
        .strftime(format)
        .to_string()
}
