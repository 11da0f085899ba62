//! Geometry of the timeline: a line for each task or family on a common time axis, in charts that fit on a page.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Outage, Report, ReportTask, times::Times};
use crate::{
    task::{Status, TaskSpan, json_output},
    text::{TICK_STEPS, duration, time_ticks, truncate, width},
};

/// Width of a chart, in the units of its view box.
pub(super) const WIDTH: i64 = 960;
/// Horizontal range of the axis.
pub(super) const AXIS_X: i64 = 316;
pub(super) const AXIS_WIDTH: i64 = 566;
/// Heights of the axis labels and of a line.
pub(super) const AXIS_HEIGHT: i64 = 28;
pub(super) const LINE_HEIGHT: i64 = 24;
/// Indentation of children, and the deepest one.
const INDENT: i64 = 14;
const MAX_DEPTH: usize = 5;
/// Width of the status symbol before a name.
const SYMBOL_WIDTH: i64 = 22;
/// Width of a letter, in tenths.
const LETTER_WIDTH: i64 = 74;
/// Width of the shortest bar.
const MIN_BAR_WIDTH: i64 = 3;
/// Lines of a chart, so that three fit on a printed page, and one below the summary.
const CHART_LINES: usize = 17;
/// Maximum number of lines. With more tasks there is one line for each family.
const MAX_LINES: usize = 170;
const MAX_TICKS: i64 = 6;

/// All charts.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent entries of the legend")]
pub(super) struct Timeline {
    pub(super) charts: Vec<Chart>,
    /// True if a line is a family.
    pub(super) is_by_family: bool,
    /// Number of tasks or families left out.
    pub(super) omitted: usize,
    /// Statuses in the charts, for the legend.
    pub(super) statuses: Vec<(&'static str, &'static str)>,
    has_waiting: bool,
    has_open: bool,
    has_marks: bool,
    has_outages: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Chart {
    height: i64,
    ticks: Vec<Tick>,
    outages: Vec<Band>,
    pub(super) lines: Vec<Line>,
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: i64,
    anchor: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Band {
    x: i64,
    width: i64,
    title: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Line {
    y: i64,
    x: i64,
    status: &'static str,
    pub(super) operation: String,
    pub(super) target: String,
    pub(super) waiting: Option<Bar>,
    pub(super) running: Option<Bar>,
    is_open: bool,
    /// Ends of failed descendants without a line of their own.
    pub(super) marks: Vec<i64>,
    duration: String,
    title: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    pub(super) x: i64,
    pub(super) width: i64,
}

/// A task with the descendants that have no line of their own.
struct Family<'a> {
    head: &'a ReportTask,
    folded: &'a [ReportTask],
    span: TaskSpan,
}

impl<'a> Family<'a> {
    fn of(tasks: &'a [ReportTask]) -> Option<Self> {
        let (head, folded) = tasks.split_first()?;
        let spans = tasks.iter().filter_map(|task| task.entry.span);
        let span = spans.reduce(|one, other| TaskSpan {
            queued: one.queued.min(other.queued),
            started: match (one.started, other.started) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
            end: one.end.max(other.end),
        })?;
        Some(Self { head, folded, span })
    }

    fn failed(&self) -> impl Iterator<Item = &ReportTask> {
        let folded = self.folded.iter();
        folded.filter(|task| task.entry.status == Status::Failed)
    }

    fn is_active(&self) -> bool {
        let mut all = std::iter::once(self.head).chain(self.folded);
        all.any(|task| task.entry.status.is_active())
    }
}

struct Axis {
    start: Timestamp,
    end: Timestamp,
}

impl Axis {
    /// Returns the position of a time, limited to the axis.
    fn x(&self, at: Timestamp) -> i64 {
        let whole = self.end.duration_since(self.start).as_millis().max(1);
        let since = at.duration_since(self.start).as_millis();
        let x = (since * i128::from(AXIS_WIDTH)).div_euclid(whole);
        AXIS_X + i64::try_from(x.clamp(0, i128::from(AXIS_WIDTH))).unwrap_or_default()
    }

    fn bar(&self, from: Timestamp, to: Timestamp, minimum: i64) -> Bar {
        let x = self.x(from).min(AXIS_X + AXIS_WIDTH - minimum);
        let width = (self.x(to) - x).max(minimum);
        Bar { x, width }
    }

    fn ticks(&self, times: &Times<'_>) -> Vec<Tick> {
        let whole = self.end.duration_since(self.start).as_secs();
        let Some(step) = TICK_STEPS
            .into_iter()
            .find(|step| whole <= step * MAX_TICKS)
        else {
            return Vec::new();
        };
        let format = match (times.is_one_day(), step) {
            (true, ..60) => "%H:%M:%S",
            (true, _) => "%H:%M",
            (false, ..86_400) => "%m-%d %H:%M",
            (false, _) => "%Y-%m-%d",
        };
        let tick = |at: Timestamp| {
            let x = self.x(at);
            let anchor = match x - AXIS_X {
                ..30 => "start",
                x if x > AXIS_WIDTH - 30 => "end",
                _ => "middle",
            };
            let text = times.format(at, format).text;
            Tick { x, anchor, text }
        };
        time_ticks(self.start..self.end, step, times.zone)
            .map(tick)
            .collect()
    }

    fn outage(&self, outage: &Outage, times: &Times<'_>) -> Option<Band> {
        let ended = outage.ended.unwrap_or(self.end);
        if ended < self.start || outage.began > self.end {
            return None;
        }
        let Bar { x, width } = self.bar(outage.began, ended, 1);
        let until = outage.ended.map(|ended| times.short(ended).text);
        let title = format!(
            "{} unreachable: {} – {}",
            outage.server,
            times.short(outage.began).text,
            until.as_deref().unwrap_or("open")
        );
        Some(Band { x, width, title })
    }
}

/// Returns the charts of a report, unless no times are known.
pub(super) fn timeline(report: &Report, times: &Times<'_>) -> Option<Timeline> {
    let tasks = &report.tasks;
    let is_by_family = tasks.len() > MAX_LINES;
    let all: Vec<Option<Family<'_>>> = if is_by_family {
        let families = tasks.chunk_by(|_, next| next.depth > 0);
        families.map(Family::of).collect()
    } else {
        tasks.chunks(1).map(Family::of).collect()
    };
    let count = all.len();
    let families = most_relevant(all.into_iter().flatten().collect());
    let start = families.iter().map(|family| family.span.queued).min()?;
    let end = families.iter().map(|family| family.span.end).max()?;
    let second = SignedDuration::from_secs(1);
    let end = end.max(start.checked_add(second).unwrap_or(start));
    let axis = Axis { start, end };
    let outages = report.outages.as_deref().unwrap_or_default();
    let chart = |families: &[Family<'_>]| Chart {
        height: AXIS_HEIGHT + LINE_HEIGHT * i64::try_from(families.len()).unwrap_or_default(),
        ticks: axis.ticks(times),
        outages: outages
            .iter()
            .filter_map(|outage| axis.outage(outage, times))
            .collect(),
        lines: families
            .iter()
            .zip(0..)
            .map(|(family, index)| line(family, index, &axis, times))
            .collect(),
        from: times.full(start).text,
        to: times.full(end).text,
    };
    let charts: Vec<Chart> = families.chunks(CHART_LINES).map(chart).collect();
    let statuses = families.iter().map(|family| family.head.entry.status);
    // The line of a queued task is only dotted.
    let mut statuses: Vec<Status> = statuses
        .filter(|status| *status != Status::Queued)
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    let lines = || charts.iter().flat_map(|chart| &chart.lines);
    Some(Timeline {
        is_by_family,
        omitted: count - families.len(),
        statuses: statuses
            .into_iter()
            .map(|status| (json_output::status(status), status.word()))
            .collect(),
        has_waiting: lines().any(|line| line.waiting.is_some()),
        has_open: lines().any(|line| line.is_open),
        has_marks: lines().any(|line| !line.marks.is_empty()),
        has_outages: charts.iter().any(|chart| !chart.outages.is_empty()),
        charts,
    })
}

/// Returns the families that fit, in their order: those with failures, then the longest.
fn most_relevant(families: Vec<Family<'_>>) -> Vec<Family<'_>> {
    if families.len() <= MAX_LINES {
        return families;
    }
    let mut ranked: Vec<(usize, Family<'_>)> = families.into_iter().enumerate().collect();
    ranked.sort_by_key(|(_, family)| {
        let has_failed = family.head.entry.status == Status::Failed || family.failed().count() > 0;
        let length = family.span.end.duration_since(family.span.queued);
        std::cmp::Reverse((has_failed, length))
    });
    ranked.truncate(MAX_LINES);
    ranked.sort_by_key(|(index, _)| *index);
    ranked.into_iter().map(|(_, family)| family).collect()
}

fn line(family: &Family<'_>, index: i64, axis: &Axis, times: &Times<'_>) -> Line {
    let entry = &family.head.entry;
    let span = family.span;
    let depth = i64::try_from(family.head.depth.min(MAX_DEPTH)).unwrap_or_default();
    let x = INDENT * depth;
    let (operation, target) = name(family, AXIS_X - x - SYMBOL_WIDTH);
    let started = span.started.unwrap_or(span.end);
    let running = span
        .started
        .map(|started| axis.bar(started, span.end, MIN_BAR_WIDTH));
    let waiting = (started > span.queued)
        .then(|| axis.bar(span.queued, started, 0))
        .filter(|bar| bar.width > 0);
    let whole = span.end.duration_since(span.started.unwrap_or(span.queued));
    let full_name = match &entry.target {
        Some(target) => format!("{} – {target}", entry.operation()),
        None => entry.operation().to_owned(),
    };
    let end = if family.is_active() {
        "now".to_owned()
    } else {
        times.short(span.end).text
    };
    let title = format!(
        "{full_name}: {}, {} – {end} ({})",
        entry.status.word(),
        times.short(span.started.unwrap_or(span.queued)).text,
        duration(whole)
    );
    Line {
        y: AXIS_HEIGHT + LINE_HEIGHT * index,
        x,
        status: json_output::status(entry.status),
        operation,
        target,
        waiting,
        running,
        is_open: family.is_active() && span.started.is_some(),
        marks: family
            .failed()
            .filter_map(|task| Some(axis.x(task.entry.span?.end)))
            .collect(),
        duration: duration(whole),
        title,
    }
}

/// Returns operation and target, cut to a width.
fn name(family: &Family<'_>, available: i64) -> (String, String) {
    let columns = usize::try_from(available * 10 / LETTER_WIDTH).unwrap_or_default();
    let entry = &family.head.entry;
    let mut target = entry.target.clone().unwrap_or_default();
    if !family.folded.is_empty() {
        target = format!("{target} (+{})", family.folded.len());
    }
    let operation = entry.operation();
    let rest = columns.saturating_sub(width(operation) + 1);
    let target = truncate(&target, rest.max(columns / 2), "…").into_owned();
    let rest = columns.saturating_sub(width(&target) + 1);
    (truncate(operation, rest, "…").into_owned(), target)
}
