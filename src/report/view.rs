//! The texts of a report, as the template and the Markdown print them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    Outage, Report, ReportTask,
    causes::{Cause, root_causes},
    timeline::{self, Timeline},
    times::{Moment, Times},
};
use crate::{
    task::{FaultEntry, Status, StatusCounts, display_name, json_output},
    text::duration,
    vim::types::TaskEvent,
};

/// Maximum number of events of a task; the last ones are kept.
const MAX_EVENTS: usize = 100;
/// Maximum number of users in the summary.
const MAX_USERS: usize = 5;
/// Width of the bar of shares, in the units of its view box.
const SHARES_WIDTH: i64 = 1000;
/// The deepest indentation of a table row.
const MAX_DEPTH: usize = 5;

#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    title: &'a str,
    pub(super) created: Moment,
    pub(super) zone: String,
    servers: &'a [String],
    selection: Option<&'a str>,
    /// Beginning, end and length.
    pub(super) period: Option<(Moment, Moment, String)>,
    pub(super) headline: String,
    counts: Vec<Count>,
    shares_width: i64,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) causes: Vec<Cause<'a>>,
    pub(super) timeline: Option<Timeline>,
    chart: ChartSize,
    pub(super) failures: Vec<Failure<'a>>,
    pub(super) cancellations: Vec<Cancellation<'a>>,
    pub(super) outages: Option<Vec<OutageView<'a>>>,
    pub(super) tasks: Vec<TaskRow<'a>>,
    pub(super) has_servers: bool,
    notes: &'a [String],
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct ChartSize {
    width: i64,
    x: i64,
    axis_width: i64,
    axis_height: i64,
    line_height: i64,
}

/// Number of tasks in a status, with its part of the bar of shares.
#[derive(Debug, Serialize)]
struct Count {
    status: &'static str,
    word: &'static str,
    tasks: u32,
    x: i64,
    width: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct Failure<'a> {
    task: TaskRow<'a>,
    faults: Vec<(&'a str, &'a str)>,
    events: Vec<EventView<'a>>,
    omitted_events: usize,
}

#[derive(Debug, Serialize)]
struct EventView<'a> {
    time: Option<Moment>,
    user: &'a str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Cancellation<'a> {
    pub(super) task: TaskRow<'a>,
    pub(super) state: &'static str,
    pub(super) ended: Option<Moment>,
    pub(super) at: Option<Moment>,
    pub(super) user: Option<&'a str>,
    pub(super) answer: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct OutageView<'a> {
    pub(super) server: &'a str,
    pub(super) began: Moment,
    pub(super) ended: Option<Moment>,
    pub(super) duration: Option<String>,
    pub(super) reason: &'a str,
}

/// The columns of a task.
#[derive(Debug, Serialize)]
pub(super) struct TaskRow<'a> {
    pub(super) id: &'a str,
    pub(super) server: &'a str,
    pub(super) status: &'static str,
    pub(super) word: &'static str,
    pub(super) depth: usize,
    pub(super) operation: &'a str,
    pub(super) target: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    phase: Option<&'a str>,
    pub(super) progress: Option<u8>,
    pub(super) queued: Option<Moment>,
    started: Option<Moment>,
    completed: Option<Moment>,
    pub(super) waited: Option<String>,
    pub(super) ran: Option<String>,
    pub(super) error: Option<&'a str>,
    /// Number of its failure, from 1.
    failure: Option<usize>,
}

impl<'a> View<'a> {
    pub(super) fn new(report: &'a Report, zone: &'a TimeZone) -> Self {
        let spans = || report.tasks.iter().filter_map(|task| task.entry.span);
        let first = spans().map(|span| span.queued).min();
        let last = spans().map(|span| span.end).max();
        let times = Times::new(
            zone,
            first.unwrap_or(report.created),
            last.unwrap_or(report.created),
        );
        let failed: Vec<&ReportTask> = with_status(report, Status::Failed).collect();
        let mut failure = 0;
        let tasks = report.tasks.iter().map(|task| {
            let is_failure = task.entry.status == Status::Failed;
            failure += usize::from(is_failure);
            TaskRow::of(task, is_failure.then_some(failure), &times)
        });
        let counts = counts(report);
        Self {
            title: &report.title,
            created: times.full(report.created),
            zone: times.zone_name(report.created),
            servers: &report.servers,
            selection: report.selection.as_deref(),
            period: first.zip(last).map(|(first, last)| {
                let length = duration(last.duration_since(first));
                (times.full(first), times.full(last), length)
            }),
            headline: headline(report.tasks.len(), &counts),
            counts,
            shares_width: SHARES_WIDTH,
            facts: facts(report),
            causes: root_causes(&failed),
            timeline: timeline::timeline(report, &times),
            chart: ChartSize {
                width: timeline::WIDTH,
                x: timeline::AXIS_X,
                axis_width: timeline::AXIS_WIDTH,
                axis_height: timeline::AXIS_HEIGHT,
                line_height: timeline::LINE_HEIGHT,
            },
            failures: failed
                .iter()
                .zip(1..)
                .map(|(task, number)| Failure::of(task, number, &times))
                .collect(),
            cancellations: cancellations(report, &times),
            outages: report.outages.as_ref().map(|outages| {
                let outages = outages.iter();
                outages
                    .map(|outage| OutageView::of(outage, &times))
                    .collect()
            }),
            tasks: tasks.collect(),
            has_servers: report.servers.len() > 1,
            notes: &report.notes,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl<'a> TaskRow<'a> {
    fn of(task: &'a ReportTask, failure: Option<usize>, times: &Times<'_>) -> Self {
        let entry = &task.entry;
        let time = |at: Option<Timestamp>| at.map(|at| times.short(at));
        let is_finished = entry.status.is_finished();
        let fault = entry.faults.first().map(|fault| fault.text.as_str());
        Self {
            id: &entry.id,
            server: &entry.server,
            status: json_output::status(entry.status),
            word: entry.status.word(),
            depth: task.depth.min(MAX_DEPTH),
            operation: entry.operation(),
            target: entry.target.as_deref(),
            user: entry.started_by.as_deref(),
            phase: entry.phase.as_deref(),
            progress: entry
                .progress
                .filter(|_| !is_finished || entry.status == Status::Failed),
            queued: time(entry.queued),
            started: time(entry.started),
            completed: time(entry.completed),
            waited: entry.waited.map(duration),
            ran: entry.ran.map(duration),
            error: fault.or(entry.unreadable.as_deref()),
            failure,
        }
    }
}

impl<'a> Failure<'a> {
    fn of(task: &'a ReportTask, number: usize, times: &Times<'_>) -> Self {
        let fault = |fault: &'a FaultEntry| (fault.type_name.as_str(), fault.text.as_str());
        let events = &task.entry.events;
        let omitted_events = events.len().saturating_sub(MAX_EVENTS);
        let event = |event: &'a TaskEvent| EventView {
            time: event.created.map(|at| times.short(at)),
            user: &event.user,
            text: event.text(),
        };
        Self {
            task: TaskRow::of(task, Some(number), times),
            faults: task.entry.faults.iter().map(fault).collect(),
            events: events.iter().skip(omitted_events).map(event).collect(),
            omitted_events,
        }
    }
}

impl<'a> OutageView<'a> {
    fn of(outage: &'a Outage, times: &Times<'_>) -> Self {
        let length = |ended: Timestamp| duration(ended.duration_since(outage.began));
        Self {
            server: &outage.server,
            began: times.short(outage.began),
            ended: outage.ended.map(|at| times.short(at)),
            duration: outage.ended.map(length),
            reason: &outage.reason,
        }
    }
}

fn with_status(report: &Report, status: Status) -> impl Iterator<Item = &ReportTask> {
    let tasks = report.tasks.iter();
    tasks.filter(move |task| task.entry.status == status)
}

/// Counts the tasks of each status that occurs.
fn counts(report: &Report) -> Vec<Count> {
    let mut counts = StatusCounts::default();
    for task in &report.tasks {
        counts.add(task.entry.status);
    }
    let total = i64::from(counts.total().max(1));
    let mut before = 0;
    let order = [
        Status::Failed,
        Status::Cancelled,
        Status::Lost,
        Status::Unknown,
        Status::Placeholder,
        Status::Queued,
        Status::Running,
        Status::Success,
    ];
    let of_status = order.into_iter().filter(|status| counts[*status] > 0);
    of_status
        .map(|status| {
            let tasks = counts[status];
            let x = before * SHARES_WIDTH / total;
            before += i64::from(tasks);
            Count {
                status: json_output::status(status),
                word: match status {
                    Status::Success => "succeeded",
                    other => other.word(),
                },
                tasks,
                x,
                width: before * SHARES_WIDTH / total - x,
            }
        })
        .collect()
}

/// Returns a sentence such as `12 tasks: 2 failed, 10 succeeded.`
fn headline(tasks: usize, counts: &[Count]) -> String {
    if tasks == 0 {
        return "No tasks.".to_owned();
    }
    let counts = counts.iter();
    let counts: Vec<String> = counts
        .map(|count| format!("{} {}", count.tasks, count.word))
        .collect();
    format!("{}: {}.", display_name::tasks(tasks), counts.join(", "))
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let longest = |name, span: fn(&ReportTask) -> Option<SignedDuration>| {
        let spans = report
            .tasks
            .iter()
            .filter_map(|task| Some((span(task)?, task)));
        let (span, task) = spans.max_by_key(|(span, _)| *span)?;
        let entry = &task.entry;
        let target = entry.target.as_ref().map(|target| format!(" – {target}"));
        let text = format!(
            "{} ({}{})",
            duration(span),
            entry.operation(),
            target.unwrap_or_default()
        );
        (span >= SignedDuration::from_secs(1)).then_some((name, text))
    };
    let longest_run = longest("Longest run", |task| task.entry.ran);
    let longest_wait = longest("Longest wait", |task| task.entry.waited);
    let facts = [longest_run, longest_wait, started_by(report)];
    facts.into_iter().flatten().collect()
}

fn started_by(report: &Report) -> Option<(&'static str, String)> {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for task in report.tasks.iter().filter(|task| task.depth == 0) {
        if let Some(user) = task.entry.started_by.as_deref() {
            *users.entry(user).or_default() += 1;
        }
    }
    let mut users: Vec<(&str, usize)> = users.into_iter().collect();
    users.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others = users.len().saturating_sub(MAX_USERS);
    let shown = users.iter().take(MAX_USERS);
    let mut shown: Vec<String> = shown
        .map(|(user, count)| format!("{user} ({count})"))
        .collect();
    if others > 0 {
        shown.push(format!("{others} more"));
    }
    (!shown.is_empty()).then(|| ("Started by", shown.join(", ")))
}

/// Returns a row for each cancel request, and for each cancelled task without a known request.
fn cancellations<'a>(report: &'a Report, times: &Times<'_>) -> Vec<Cancellation<'a>> {
    let mut rows = Vec::new();
    for task in &report.tasks {
        let entry = &task.entry;
        let state = match entry.status {
            status if status.is_active() && entry.cancel_requested => "cancelling",
            status => status.word(),
        };
        let row = || Cancellation {
            task: TaskRow::of(task, None, times),
            state,
            ended: entry.completed.map(|at| times.short(at)),
            at: None,
            user: None,
            answer: None,
        };
        rows.extend(task.cancel_requests.iter().map(|request| Cancellation {
            at: Some(times.short(request.at)),
            user: Some(&request.user),
            answer: Some(&request.answer),
            ..row()
        }));
        let is_cancelled = entry.status == Status::Cancelled || entry.cancel_requested;
        if is_cancelled && task.cancel_requests.is_empty() {
            rows.push(row());
        }
    }
    rows
}
