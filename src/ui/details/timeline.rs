//! The time line of a family: one bar per member on a common axis, with queue time and run time distinguished.

use jiff::{SignedDuration, Timestamp};

use crate::{
    task::Record,
    ui::{Appearance, RenderContext, labels, styled_line::StyledLine, theme::Role},
};

/// The displayed time range and its width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    start: Timestamp,
    end: Timestamp,
    columns: usize,
}

impl Axis {
    /// Returns the range from the first queue time to the last end, or to now while a member is active; `None` if no
    /// time is known.
    pub(super) fn over<'a>(
        records: impl Iterator<Item = (&'a Record, Timestamp)>,
        columns: usize,
    ) -> Option<Self> {
        let spans = records.filter_map(|(record, now)| Span::of(record, now));
        let (start, end) = spans
            .map(|span| (span.queued, span.end))
            .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
        // A range of zero length is extended by a second.
        let end = end.max(start.checked_add(SignedDuration::from_secs(1)).ok()?);
        (columns > 0).then_some(Self {
            start,
            end,
            columns,
        })
    }

    /// Returns the position of a time from the left, in parts of a cell; `fineness` parts make a cell.
    fn parts(&self, at: Timestamp, fineness: usize) -> usize {
        let most = self.columns * fineness;
        let whole = self.end.duration_since(self.start).as_millis().max(1);
        let since = at.duration_since(self.start).as_millis().clamp(0, whole);
        let most_wide = i128::try_from(most).unwrap_or_default();
        usize::try_from(since * most_wide / whole).map_or(most, |parts| parts.min(most))
    }

    /// Draws the axis labels: both ends and, if there is room, the middle.
    pub(super) fn label(&self, ctx: &RenderContext, strip: &mut StyledLine, now: Timestamp) {
        let zone = &ctx.state.options.time_zone;
        let first = strip.width();
        let text = |at| labels::moment(at, now, zone);
        let (start, end) = (text(self.start), text(self.end));
        strip.push_max(&start, self.columns, Role::Faint);
        let half = self.end.duration_since(self.start) / 2;
        let middle = self.start.checked_add(half).map(text);
        if let Ok(middle) = middle {
            let at = (self.columns / 2).saturating_sub(middle.len() / 2);
            let is_free = at > start.len() + 1
                && at + middle.len() + 1 < self.columns.saturating_sub(end.len());
            if is_free {
                strip.pad_to(first + at).push(&middle, Role::Faint);
            }
        }
        let at = self.columns.saturating_sub(end.len());
        if first + at > strip.width() {
            strip.pad_to(first + at).push(&end, Role::Faint);
        }
    }

    /// Draws the bar of a member: dots while queued, a line while running, open at its end if active, else followed by
    /// the outcome's symbol.
    pub(super) fn bar(
        &self,
        appearance: &Appearance,
        strip: &mut StyledLine,
        record: &Record,
        now: Timestamp,
    ) {
        let Some(span) = Span::of(record, now) else {
            return;
        };
        let first = strip.width();
        let status = record.status();
        let role = labels::role(status);
        let parts = appearance.symbols.gauge;
        let fineness = parts.len();
        let queued = self.parts(span.queued, 1).min(self.columns - 1);
        let began = self.parts(span.started.unwrap_or(span.end), 1);
        let began = began.clamp(queued, self.columns - 1);
        let dots = if span.started.is_none() && span.goes_on {
            self.columns - queued
        } else {
            began - queued
        };
        strip.pad_to(first + queued);
        strip.push(&appearance.symbols.waiting.repeat(dots), Role::Queued);
        if span.started.is_some() {
            // Any run shows at least one part.
            let ran = self.parts(span.end, fineness).max(began * fineness + 1) - began * fineness;
            let (mut whole, rest) = (ran / fineness, ran % fineness);
            if span.goes_on {
                whole = (self.columns - began).saturating_sub(1);
            }
            let block = parts.last().copied().unwrap_or_default();
            strip.push(&block.repeat(whole), role);
            if span.goes_on {
                strip.push(appearance.symbols.onward, role);
            } else if rest > 0 {
                strip.push(parts.get(rest - 1).copied().unwrap_or_default(), role);
            }
        }
        let left = (first + self.columns).saturating_sub(strip.width());
        if !span.goes_on && left >= 2 {
            strip.gap(1).push(appearance.symbols.status(status), role);
        }
    }
}

/// The times of one member.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    queued: Timestamp,
    started: Option<Timestamp>,
    end: Timestamp,
    goes_on: bool,
}

impl Span {
    /// Server clocks differ: a start after the end counts as no duration.
    fn of(record: &Record, now: Timestamp) -> Option<Self> {
        let info = record.info.as_ref()?;
        let goes_on = record.status().is_active();
        let elapsed = record.elapsed(now).unwrap_or_default();
        let began = info.began()?;
        let end = began.checked_add(elapsed).unwrap_or(began);
        let queued = info.queue_time.map_or(began, |queued| queued.min(began));
        Some(Self {
            queued,
            started: info.start_time,
            end: end.max(queued),
            goes_on,
        })
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
    };

    fn record(more: &Value) -> Record {
        let id = TaskId::new(crate::task::EndpointId(0), "task-1");
        let mut record = Record::placeholder(id, Presence::Present);
        record.info = Some(info("task-1", more));
        record
    }

    fn moments(queued: i64, started: i64, completed: i64) -> Value {
        json!({"queueTime": at(queued).to_string(), "startTime": at(started).to_string(),
            "completeTime": at(completed).to_string(), "state": "success"})
    }

    fn drawn(records: &[Record], columns: usize, ascii: bool) -> Vec<String> {
        let appearance = Appearance::new(&Options {
            ascii,
            ..Options::default()
        });
        let now = at(100);
        let axis = Axis::over(records.iter().map(|record| (record, now)), columns).unwrap();
        let bar = |record| {
            let mut strip = StyledLine::new(&appearance, 80);
            axis.bar(&appearance, &mut strip, record, now);
            strip.line().to_string()
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
