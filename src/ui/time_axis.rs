//! A time axis with ticks, and the bars of tasks on it: queue time, run time, and expected end.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    task::{Estimate, Status, TaskRecord},
    text::{TICK_STEPS, time_ticks, width},
    ui::{styled_line::StyledLine, theme::Role},
};

/// The displayed time range and its width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    start: Timestamp,
    end: Timestamp,
    columns: usize,
}

impl Axis {
    /// Returns an axis of this range; `None` without columns. A range of zero length is extended by a second.
    pub(super) fn new(range: &Range<Timestamp>, columns: usize) -> Option<Self> {
        let second = SignedDuration::from_secs(1);
        let minimum = range.start.checked_add(second).ok()?;
        (columns > 0).then_some(Self {
            start: range.start,
            end: range.end.max(minimum),
            columns,
        })
    }

    /// Returns the range from the first queue time to the last end, or to now while a task is active; `None` if no
    /// time is known.
    pub(super) fn of_records<'a>(
        records: impl Iterator<Item = (&'a TaskRecord, Timestamp)>,
        columns: usize,
    ) -> Option<Self> {
        let bars = records.filter_map(|(record, now)| Bar::of(record, now));
        let (start, end) = bars
            .map(|bar| (bar.queued, bar.end))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        Self::new(&(start..end), columns)
    }

    /// Returns the position of a time from the left, in parts of a cell; `fineness` parts make a cell. Limited to one
    /// cell outside the axis.
    fn parts(&self, at: Timestamp, fineness: usize) -> i64 {
        let fineness = i64::try_from(fineness).unwrap_or(1);
        let maximum = i64::try_from(self.columns).unwrap_or(i64::MAX) * fineness;
        let whole = self.end.duration_since(self.start).as_millis().max(1);
        let since = at.duration_since(self.start).as_millis();
        let parts = (since * i128::from(maximum)).div_euclid(whole);
        i64::try_from(parts.clamp(-i128::from(fineness), i128::from(maximum + fineness)))
            .unwrap_or(maximum)
    }

    /// Returns the column of a time; `None` outside the axis.
    pub(super) fn column(&self, at: Timestamp) -> Option<usize> {
        let column = usize::try_from(self.parts(at, 1)).ok()?;
        (at <= self.end).then(|| column.min(self.columns - 1))
    }

    /// Draws the tick labels; with a date unless it is the date of `now`. If `now_label`, also labels the current time.
    pub(super) fn label(
        &self,
        strip: &mut StyledLine,
        (now, now_label): (Timestamp, bool),
        zone: &TimeZone,
    ) {
        let first = strip.width();
        let tick = strip.symbols().bar;
        let now_column = now_label.then(|| self.column(now)).flatten();
        let mut labels: Vec<(usize, String, Role)> = self
            .ticks(now, zone)
            .into_iter()
            .map(|(column, text)| (column, text, Role::Faint))
            .collect();
        if let Some(column) = now_column {
            let own = column..column + 4;
            labels.retain(|(at, text, _)| *at > own.end || at + width(text) + 1 < own.start);
            labels.push((column, "now".to_owned(), Role::Focus));
            labels.sort_by_key(|(column, ..)| *column);
        }
        for (column, text, role) in labels {
            if column + width(&text) < self.columns && first + column >= strip.width() {
                strip.pad_to(first + column).push(tick, role);
                let role = if role == Role::Faint { Role::Dim } else { role };
                strip.push(&text, role);
            }
        }
    }

    /// Returns the columns and texts of ticks at round times, with space for each text.
    fn ticks(&self, now: Timestamp, zone: &TimeZone) -> Vec<(usize, String)> {
        let date = |at: Timestamp| zone.to_datetime(at).date();
        let is_today = date(self.start) == date(now) && date(self.end) == date(now);
        let whole = self.end.duration_since(self.start).as_secs().max(1);
        let columns = i64::try_from(self.columns).unwrap_or(i64::MAX);
        let fits = |step: &i64| {
            let text = if is_today { 5 } else { 11 } + if *step < 60 { 3 } else { 0 };
            step * columns >= (text + 3) * whole
        };
        let Some(step) = TICK_STEPS.into_iter().find(fits) else {
            return Vec::new();
        };
        let format = |at: Timestamp| match (date(at) == date(now), step) {
            (true, ..60) => "%H:%M:%S",
            (true, _) => "%H:%M",
            (false, ..60) => "%m-%d %H:%M:%S",
            (false, _) => "%m-%d %H:%M",
        };
        time_ticks(self.start..self.end, step, zone)
            .filter_map(|at| {
                let column = self.column(at)?;
                Some((
                    column,
                    zone.to_datetime(at).strftime(format(at)).to_string(),
                ))
            })
            .collect()
    }

    /// Draws a bar: dots while queued, a thick line while running, followed by the symbol of the outcome. The bar of an
    /// active task is followed by a thin line to the expected end and a dashed one to the latest end; without estimate
    /// it is open at its end. A pointer at the edge marks a bar or an expected end outside the axis.
    pub(super) fn draw_bar(&self, strip: &mut StyledLine, bar: &Bar) {
        let symbols = strip.symbols();
        let mut cells = vec![(" ", Role::Text); self.columns];
        let role = Role::from(bar.status);
        let last_time = bar.expected.map_or(bar.end, |(_, high)| high);
        if last_time < self.start {
            cells[0] = (symbols.earlier, Role::Dim);
        } else if bar.queued > self.end {
            cells[self.columns - 1] = (symbols.pointer, Role::Dim);
        } else {
            let fineness = symbols.gauge.len();
            let cell = |parts: i64| usize::try_from(parts).unwrap_or_default();
            let maximum = i64::try_from(self.columns - 1).unwrap_or(i64::MAX);
            let queued = self.parts(bar.queued, 1).min(maximum);
            let began = self.parts(bar.started.unwrap_or(bar.end), 1).max(queued);
            let mut put = |range: Range<usize>, symbol: &'static str, role: Role| {
                let end = range.end.min(self.columns);
                if let Some(cells) = cells.get_mut(range.start..end) {
                    cells.fill((symbol, role));
                }
            };
            put(cell(queued)..cell(began), symbols.waiting, Role::Queued);
            let mut end = cell(began);
            if bar.started.is_some() && self.parts(bar.end, 1) >= 0 {
                // Any run shows at least one part.
                let began = began.min(maximum);
                let first_part = began * i64::try_from(fineness).unwrap_or(1);
                let ran = cell(self.parts(bar.end, fineness).max(first_part + 1));
                let (whole, rest) = (ran / fineness, ran % fineness);
                let full = symbols.gauge.last().copied().unwrap_or_default();
                put(cell(began)..whole, full, role);
                end = whole;
                if let Some(partial) = rest.checked_sub(1).and_then(|rest| symbols.gauge.get(rest))
                {
                    put(whole..whole + 1, partial, role);
                    end += 1;
                }
            }
            match bar.expected {
                Some((best, high)) => {
                    let column = cell(self.parts(best, 1));
                    put(end..column, symbols.track, role);
                    put(
                        end.max(column)..cell(self.parts(high, 1)),
                        symbols.hatch,
                        Role::Dim,
                    );
                    if best > self.end {
                        let last = self.columns - 1;
                        put(last..self.columns, symbols.pointer, role);
                    }
                }
                None if bar.is_active && bar.started.is_some() => {
                    let last = cell(self.parts(bar.end, 1)).min(self.columns - 1);
                    put(last..last + 1, symbols.onward, role);
                }
                None if !bar.is_active && bar.has_outcome => {
                    put(end + 1..end + 2, symbols.status(bar.status), role);
                }
                None => {}
            }
        }
        for run in cells.chunk_by(|a, b| a == b) {
            if let Some((symbol, role)) = run.first() {
                strip.repeat(symbol, run.len(), *role);
            }
        }
    }
}

/// The times of one task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    status: Status,
    queued: Timestamp,
    started: Option<Timestamp>,
    /// Now for an active task.
    end: Timestamp,
    is_active: bool,
    /// True if the symbol of the outcome follows the bar.
    has_outcome: bool,
    /// Expected and latest end of an active task.
    expected: Option<(Timestamp, Timestamp)>,
}

impl Bar {
    pub(super) fn of(record: &TaskRecord, now: Timestamp) -> Option<Self> {
        let status = record.status();
        let span = record.span(now)?;
        Some(Self {
            status,
            queued: span.queued,
            started: span.started,
            end: span.end,
            is_active: status.is_active(),
            has_outcome: true,
            expected: None,
        })
    }

    /// Returns the bar for the timeline: without the symbol of the outcome, with the expected end of an active task, and
    /// moved to the clock that is ahead by `offset`.
    #[must_use]
    pub(super) fn on_timeline(self, estimate: Option<Estimate>, offset: SignedDuration) -> Self {
        let shift = |at: Timestamp| at.checked_add(offset).unwrap_or(at);
        let end = shift(self.end);
        let after = |left| end.checked_add(left).ok();
        let estimate = estimate.filter(|_| self.is_active);
        Self {
            queued: shift(self.queued),
            started: self.started.map(shift),
            end,
            has_outcome: false,
            expected: estimate.and_then(|estimate| after(estimate.best).zip(after(estimate.high))),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        app::Options,
        task::{
            Presence, TaskId,
            fixture::{at, info},
        },
        ui::Appearance,
    };

    fn record(more: &Value) -> TaskRecord {
        let id = TaskId::new(crate::task::ServerId(0), "task-1");
        let mut record = TaskRecord::placeholder(id, Presence::Present);
        record.info = Some(info("task-1", more));
        record
    }

    fn moments(queued: i64, started: i64, completed: i64) -> Value {
        json!({"queueTime": at(queued).to_string(), "startTime": at(started).to_string(),
            "completeTime": at(completed).to_string(), "state": "success"})
    }

    fn drawn(records: &[TaskRecord], columns: usize, ascii: bool) -> Vec<String> {
        let appearance = Appearance::new(&Options {
            ascii,
            ..Options::default()
        });
        let now = at(100);
        let axis = Axis::of_records(records.iter().map(|record| (record, now)), columns).unwrap();
        let bar = |record| {
            let mut strip = StyledLine::new(&appearance, 80);
            let bar = Bar::of(record, now).unwrap();
            axis.draw_bar(&mut strip, &bar);
            strip.line().to_string().trim_end().to_owned()
        };
        records.iter().map(bar).collect()
    }

    #[test]
    fn bars_distinguish_queued_running_and_active() {
        let records = [
            record(&moments(0, 50, 75)),
            record(&json!({})),
            record(&json!({"state": "queued", "startTime": null, "queueTime": at(50).to_string()})),
        ];
        assert_eq!(
            drawn(&records, 8, false),
            ["┄┄┄┄━━ ✓", "━━━━━━━▶", "    ┄┄┄┄"]
        );
        assert_eq!(
            drawn(&records, 8, true),
            ["....## +", "#######>", "    ...."]
        );
    }

    #[test]
    fn bar_ends_have_a_resolution_of_half_a_cell() {
        let records = [
            record(&moments(0, 0, 80)),
            record(&moments(0, 0, 37)),
            record(&moments(40, 40, 40)),
        ];
        let bars = drawn(&records, 10, false);
        assert_eq!(bars[1], "━━━━╸ ✓");
        assert_eq!(bars[2], "     ╸ ✓");
    }

    #[test]
    fn implausible_times_stay_on_the_axis() {
        let records = [
            record(&moments(90, 20, 10)),
            record(&moments(0, 0, 50)),
            record(&json!({"startTime": at(900).to_string()})),
        ];
        for columns in 1..40 {
            for bar in drawn(&records, columns, false) {
                assert!(crate::text::width(&bar) <= columns, "{bar:?} in {columns}");
            }
        }
    }
}
