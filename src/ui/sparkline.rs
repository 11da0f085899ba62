//! A sparkline of the recent pace of a task.

use jiff::Timestamp;

use super::{styled_line::StyledLine, theme::Role};
use crate::task::{ProgressHistory, TaskRecord};

/// Time shown for a short run, in milliseconds; of a longer one, its last third is shown.
const MIN_SPAN: u64 = 10 * 60 * 1000;

/// Minimum run time in milliseconds. The reports of a shorter run are too few: their rounding would show as changes.
const MIN_RUN: u64 = 60 * 1000;

/// The levels, from the bottom. The highest one leaves space above, so that rows do not merge.
const LEVELS: [char; 5] = ['▁', '▂', '▃', '▄', '▅'];
const ASCII_LEVELS: [char; 4] = ['_', '.', '-', '^'];

/// Draws the pace of a running task, oldest first. A steady pace is in the middle; the highest level is the greatest pace
/// within the time shown, at least twice the mean.
pub(super) fn draw(cell: &mut StyledLine, record: &TaskRecord, now: Timestamp, is_stale: bool) {
    if let Some(history) = &record.history {
        let line = line(history, now, cell.remaining(), cell.symbols().ascii);
        cell.push(&line, if is_stale { Role::Stale } else { Role::Dim });
    }
}

fn line(history: &ProgressHistory, now: Timestamp, columns: usize, ascii: bool) -> String {
    let signs: &[char] = if ascii { &ASCII_LEVELS } else { &LEVELS };
    let levels = levels(history, now, columns, signs.len());
    levels
        .iter()
        .filter_map(|level| signs.get(*level))
        .collect()
}

/// A time since the start in milliseconds, and the progress at that time in thousandths of a percent.
type Point = (u64, u64);

/// Returns the level of each column, 0 to `height - 1`; empty until progress was observed.
fn levels(history: &ProgressHistory, now: Timestamp, columns: usize, height: usize) -> Vec<usize> {
    let line = polyline(history, now);
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return Vec::new();
    };
    let whole = last.0 - first.0;
    let span = whole.min((whole / 3).max(MIN_SPAN));
    let count = u64::try_from(columns).unwrap_or_default();
    if whole < MIN_RUN || count == 0 {
        return Vec::new();
    }
    let bound = |bound| progress_at(&line, last.0 - span + span * bound / count);
    let mut before = bound(0);
    let gains = (1..=count).map(|column| {
        let end = bound(column);
        end.saturating_sub(std::mem::replace(&mut before, end))
    });
    let gains: Vec<u64> = gains.collect();
    let twice_mean = 2 * gains.iter().sum::<u64>() / count;
    let maximum = gains.iter().copied().max().unwrap_or_default();
    let maximum = maximum.max(twice_mean).max(1);
    let steps = u64::try_from(height.saturating_sub(1)).unwrap_or_default();
    let level = |gain: u64| usize::try_from((gain * steps + maximum / 2) / maximum).ok();
    gains.into_iter().filter_map(level).collect()
}

/// Returns the observed progress, extended to `now`. Reported values are rounded down, so up to one more percent may
/// have been done at the last pace.
fn polyline(history: &ProgressHistory, now: Timestamp) -> Vec<Point> {
    let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let points = history.points().iter();
    let points = points.filter_map(|point| {
        let percent = point.percent()?;
        Some((millis(point.since_start()), u64::from(percent) * 1000))
    });
    let mut line: Vec<Point> = points.collect();
    let end = millis(history.elapsed(now));
    if let [.., before, last] = line[..]
        && end > last.0
    {
        let gain = last.1.saturating_sub(before.1) * (end - last.0);
        let hidden = (gain / (last.0 - before.0).max(1)).min(1000);
        line.push((end, (last.1 + hidden).min(100_000)));
    }
    line
}

/// Interpolates between the two nearest points.
fn progress_at(line: &[Point], at: u64) -> u64 {
    let next = line.partition_point(|point| point.0 < at);
    let before = next.checked_sub(1).and_then(|before| line.get(before));
    match (before, line.get(next)) {
        (Some(before), Some(next)) => {
            let (past, span) = (at - before.0, next.0 - before.0);
            (before.1 * (span - past) + next.1 * past) / span.max(1)
        }
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    fn run(points: &[(i64, u8)]) -> ProgressHistory {
        let mut history = ProgressHistory::begin(Some(at(0)), at(0), Some(0));
        for (second, percent) in points {
            history.observe(at(*second), Some(*percent), false);
        }
        history
    }

    #[test]
    fn steady_progress_is_at_mid_height() {
        let steps = (1..=50).map(|percent| (i64::from(percent) * 10, percent));
        let steady = run(&steps.collect::<Vec<_>>());
        assert_eq!(line(&steady, at(500), 4, false), "▃▃▃▃");
        assert_eq!(
            line(&steady, at(509), 4, false),
            "▃▃▃▃",
            "a pause shorter than a step"
        );
        assert_eq!(line(&steady, at(500), 4, true), "----");
    }

    #[test]
    fn stall_and_speed_are_visible() {
        let stalled = run(&[(100, 40), (200, 80)]);
        assert_eq!(line(&stalled, at(400), 4, false), "▅▅▁▁");
        let faster = run(&[(200, 10), (400, 50)]);
        assert_eq!(line(&faster, at(400), 4, false), "▂▂▄▄");
        assert_eq!(line(&faster, at(400), 4, true), "..--");
    }

    #[test]
    fn long_run_shows_its_last_third() {
        let history = run(&[(6000, 60), (9000, 61)]);
        assert_eq!(line(&history, at(9000), 3, true), "---");
    }

    #[test]
    fn short_or_unknown_runs_are_empty() {
        assert_eq!(line(&run(&[]), at(0), 8, false), "");
        let none = ProgressHistory::begin(Some(at(0)), at(0), None);
        assert_eq!(line(&none, at(100), 8, false), "");
        assert_eq!(line(&run(&[(1, 3), (50, 99)]), at(59), 8, false), "");
        for now in 60..160 {
            for columns in 0..20 {
                let history = run(&[(1, 3), (2, 1), (50, 99)]);
                let length = line(&history, at(now), columns, false).chars().count();
                assert!(length == columns || length == 0);
            }
        }
    }
}
