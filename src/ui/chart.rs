//! Progress over time as a chart with a resolution of an eighth of a cell.
//!
//! Each sample holds until the next one. Where no progress was reported the chart is empty; 0 % has a baseline.

use std::time::Duration;

use ratatui::text::Line;

use super::{Appearance, styled_line::StyledLine, theme::Role};
use crate::task::ProgressHistory;

/// Label for the time before the task was first seen.
const UNWATCHED_LABEL: &str = "not watched yet";

const MIN_SAMPLES: usize = 2;

/// Maximum and minimum chart width.
const MAX_COLUMNS: usize = 60;
const MIN_COLUMNS: usize = 12;

/// Minimum and maximum chart height without the x axis.
const MIN_ROWS: usize = 2;
const MAX_ROWS: usize = 4;

/// Returns the chart of the `span` since the start, labeled `name`, in at most `rows` lines. Drops the x axis if that
/// would leave too few; empty if there are too few samples or too little space.
pub(super) fn lines(
    appearance: &Appearance,
    history: &ProgressHistory,
    span: Duration,
    name: (&str, u16),
    columns: u16,
    rows: usize,
) -> Vec<Line<'static>> {
    let before = usize::from(name.1);
    let width = usize::from(columns).saturating_sub(before).min(MAX_COLUMNS);
    let figures = history.points().iter().filter(|p| p.percent().is_some());
    let has_x_axis = rows > MIN_ROWS;
    let rows = rows.saturating_sub(usize::from(has_x_axis)).min(MAX_ROWS);
    if figures.count() < MIN_SAMPLES || width < MIN_COLUMNS || rows < MIN_ROWS {
        return Vec::new();
    }
    let samples = samples(history, span, width);
    let unseen = samples.iter().take_while(|sample| !sample.seen).count();
    let mut lines = Vec::with_capacity(rows + 1);
    for row in 0..rows {
        let mut line = StyledLine::new(appearance, columns);
        let (title, scale) = if row == 0 { (name.0, "100%") } else { ("", "") };
        line.push(title, Role::Heading)
            .pad_to(before.saturating_sub(scale.len() + 1))
            .push(scale, Role::Faint)
            .pad_to(before);
        let mut samples = samples.as_slice();
        if row + 1 == rows && unseen >= UNWATCHED_LABEL.len() + 2 {
            let middle = before + (unseen - UNWATCHED_LABEL.len()) / 2;
            line.pad_to(middle).push(UNWATCHED_LABEL, Role::Faint);
            line.pad_to(before + unseen);
            samples = samples.get(unseen..).unwrap_or_default();
        }
        let text: String = samples
            .iter()
            .map(|sample| cell(appearance, sample.percent, rows, rows - 1 - row))
            .collect();
        line.push(&text, Role::Gauge);
        lines.push(line.line());
    }
    if has_x_axis {
        lines.push(x_axis(appearance, &samples, before, columns));
    }
    lines
}

/// Returns the x axis with a mark at each start of a phase.
fn x_axis(
    appearance: &Appearance,
    samples: &[ChartSample],
    before: usize,
    columns: u16,
) -> Line<'static> {
    let mut line = StyledLine::new(appearance, columns);
    let any = samples.iter().any(|sample| sample.phase_began);
    let scale = if any { "phases" } else { "0%" };
    line.pad_to(before.saturating_sub(scale.len() + 1))
        .push(scale, Role::Faint)
        .pad_to(before);
    for run in samples.chunk_by(|a, b| a.phase_began == b.phase_began) {
        let (sign, role) = match run.first() {
            Some(sample) if sample.phase_began => (appearance.symbols.phase, Role::Key),
            _ => (appearance.symbols.rule, Role::Faint),
        };
        line.repeat(sign, run.len(), role);
    }
    line.line()
}

/// The content of one chart column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct ChartSample {
    percent: Option<u8>,
    phase_began: bool,
    /// True if the task was watched at this time.
    seen: bool,
}

/// Returns the last sample of each of `width` equal time slices.
fn samples(history: &ProgressHistory, span: Duration, width: usize) -> Vec<ChartSample> {
    let span = span.max(history.last_move()).as_millis().max(1);
    let last = width.saturating_sub(1);
    let column = |since_start: Duration| {
        let column = since_start.as_millis().saturating_mul(width as u128) / span;
        usize::try_from(column).map_or(last, |column| column.min(last))
    };
    let mut samples = vec![ChartSample::default(); width];
    let mut points = history.points().iter().peekable();
    let (mut percent, mut seen) = (None, false);
    for (index, sample) in samples.iter_mut().enumerate() {
        while let Some(point) = points.next_if(|point| column(point.since_start()) <= index) {
            percent = point.percent();
            seen = true;
            sample.phase_began |= point.phase_began();
        }
        sample.percent = percent;
        sample.seen = seen;
    }
    samples
}

/// Returns the block character of a chart cell, `above` rows over the x axis.
fn cell(appearance: &Appearance, percent: Option<u8>, rows: usize, above: usize) -> &'static str {
    let heights = appearance.symbols.heights;
    let Some(percent) = percent else {
        return " ";
    };
    let parts = rows * heights.len() * usize::from(percent) / 100;
    // Any progress above 0 shows at least one eighth.
    let parts = parts.max(usize::from(percent > 0));
    match parts.saturating_sub(above * heights.len()) {
        0 => " ",
        own => heights
            .get(own - 1)
            .or(heights.last())
            .copied()
            .unwrap_or(" "),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{app::Options, task::fixture::at};

    fn draw(
        history: &ProgressHistory,
        now: Timestamp,
        columns: u16,
        rows: usize,
        ascii: bool,
    ) -> String {
        let appearance = Appearance::new(&Options {
            ascii,
            ..Options::default()
        });
        let span = history.elapsed(now);
        let lines = lines(&appearance, history, span, ("Progress", 14), columns, rows);
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    fn progress_chart() -> ProgressHistory {
        let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
        for step in 1..=10_u8 {
            history.observe(at(10 * i64::from(step)), Some(5 * step), step == 4);
        }
        history
    }

    #[test]
    fn progress_phase_and_plateau() {
        let text = draw(&progress_chart(), at(200), 32, 3, false);
        insta::assert_snapshot!("climb", text);
    }

    #[test]
    fn in_ascii() {
        let text = draw(&progress_chart(), at(200), 32, 4, true);
        assert!(text.is_ascii());
        insta::assert_snapshot!("ascii", text);
    }

    #[test]
    fn chart_is_empty_without_progress() {
        let mut history = ProgressHistory::begin(Some(at(0)), at(100), None);
        history.observe(at(120), Some(50), false);
        history.observe(at(140), Some(75), false);
        let text = draw(&history, at(200), 32, 3, false);
        insta::assert_snapshot!("late", text);
    }

    #[test]
    fn time_before_the_first_sample_is_labeled() {
        let mut history = ProgressHistory::begin(Some(at(0)), at(800), Some(70));
        history.observe(at(900), Some(80), false);
        let text = draw(&history, at(1000), 44, 4, false);
        insta::assert_snapshot!("unseen", text);
    }

    #[test]
    fn no_chart_without_samples_or_space() {
        let history = progress_chart();
        assert_eq!(draw(&history, at(200), 23, 9, false), "");
        assert_eq!(draw(&history, at(200), 80, 1, false), "");
        let one = ProgressHistory::begin(Some(at(0)), at(50), Some(20));
        assert_eq!(draw(&one, at(200), 80, 9, false), "");
    }

    #[test]
    fn chart_fits_every_size() {
        for columns in 0..90 {
            for rows in 0..9 {
                let text = draw(&progress_chart(), at(95), columns, rows, false);
                assert!(text.lines().count() <= rows);
                let widest = text.lines().map(crate::text::width).max();
                assert!(widest.unwrap_or(0) <= usize::from(columns));
            }
        }
    }
}
