//! The pace of a task, from its own progress.

use jiff::Timestamp;

use super::progress_series::{ProgressSeries, SeriesPoint};
use crate::task::progress_history::ProgressHistory;

/// Minimum length of a pause that does not count for the pace: as a fraction of the time until the last change, and as a
/// multiple of every other pause.
const MIN_PAUSE_FRACTION: f64 = 0.08;
const PAUSE_FACTOR: f64 = 4.0;

/// Maximum rise of progress at the end of a pause.
const MAX_PAUSE_RISE: f64 = 0.025;

/// Mean step, as a fraction of the whole, up to which progress counts as continuous.
const CONTINUOUS_STEP: f64 = 0.06;

/// Progress added to the rest, as the last percent mostly take longer, and percentages are rounded down.
const END_PHASE: f64 = 0.009;

/// Part of a leap that is added to the progress ahead.
const LEAP_AHEAD: f64 = 0.25;

/// Growth of the time left while progress is overdue, in seconds per second.
const MIN_RISE: f64 = 0.15;
const MAX_RISE: f64 = 3.0;

/// Part of the time left that may be counted down without progress.
const MAX_COUNTED: f64 = 0.6;

/// Times in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Percentage reached.
    pub percent: u8,
    /// Time from the start until the last change.
    pub reached: f64,
    /// Time since the last change.
    pub pause: f64,
    /// Time left if the pace stays the same.
    pub left: f64,
    /// Time from one change to the next.
    pub step: f64,
    /// Mean step beyond continuous progress, as a fraction of the whole.
    pub leap: f64,
}

impl Pace {
    /// Measures the pace. `None` without a percentage and before progress rose.
    pub(super) fn of(history: &ProgressHistory, now: Timestamp) -> Option<Self> {
        history.percent().filter(|percent| *percent > 0)?;
        let series = ProgressSeries::of(history);
        let newest = *series.points.last()?;
        let reached = newest.at.max(1e-3);
        let (mut climbs, mut risen) = (0_u32, 0.0);
        let mut before = 0.0;
        let mean_step = mean_step(history);
        let pause = single_pause(&series.points).filter(|_| !series.is_noisy);
        for point in &series.points {
            let rise = point.done - before;
            if rise > 0.0 {
                climbs += 1;
                risen += rise;
            }
            before = point.done;
        }
        if risen <= 0.0 {
            return None;
        }
        let worked = (reached - pause.unwrap_or(0.0)).max(1e-3);
        let per_share = worked / risen;
        // Values of a noisy series are means over a stretch of time.
        let stretch = match *series.points {
            [.., before, last] if series.is_noisy => last.at - before.at,
            _ => 0.0,
        };
        let leap = if series.is_noisy {
            0.0
        } else {
            // Progress before the first observation is not a leap.
            let seen = risen - series.points[0].done;
            (seen / f64::from(climbs.max(1)) - CONTINUOUS_STEP).max(0.0)
        };
        let ahead = 1.0 - newest.done + END_PHASE + LEAP_AHEAD * leap;
        let left = (ahead * per_share).max(1e-3);
        let step = (0.01 * per_share).max(mean_step).max(stretch);
        let pause = (history.elapsed(now).as_secs_f64() - newest.at).max(0.0);
        // Counts down until the next percent is due; then the pace so far falls.
        let counted = pause.min(step).min(MAX_COUNTED * left);
        let rise = ((1.0 - newest.done) / newest.done.max(0.01)).clamp(MIN_RISE, MAX_RISE);
        let left = left - counted + rise * (pause - step).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let percent = (newest.done * 100.0).round().max(1.0) as u8;
        Some(Self {
            percent,
            reached,
            pause,
            left,
            step,
            leap,
        })
    }
}

/// Returns the length of a pause that is an exception: no other one is nearly as long.
fn single_pause(points: &[SeriesPoint]) -> Option<f64> {
    let (mut longest, mut second) = (0.0_f64, 0.0_f64);
    for two in points.windows(2) {
        let length = two[1].at - two[0].at;
        if (two[1].done - two[0].done).abs() > MAX_PAUSE_RISE {
            continue;
        }
        second = second.max(length.min(longest));
        longest = longest.max(length);
    }
    let last = points.last()?.at;
    let is_single = longest > PAUSE_FACTOR * second && longest > MIN_PAUSE_FRACTION * last;
    is_single.then_some(longest - second)
}

/// Returns the mean number of seconds between two changes.
fn mean_step(history: &ProgressHistory) -> f64 {
    let first = history.points().first();
    let first = first.map_or(0.0, |point| point.since_start().as_secs_f64());
    (history.last_move().as_secs_f64() - first) / f64::from(history.moves().max(1))
}
