//! The pace of a task, from its own progress.

use jiff::Timestamp;

use super::progress_series::{ProgressSeries, SeriesPoint};
use crate::progress_history::ProgressHistory;

/// Minimum length of a pause that does not count for the pace: as a fraction of the time until the last change, and as a
/// multiple of every other time between two changes.
const MIN_PAUSE_FRACTION: f64 = 0.08;
const PAUSE_FACTOR: f64 = 4.0;

/// Maximum rise of progress at the end of a pause.
const MAX_PAUSE_RISE: f64 = 0.025;

/// Mean step, as a fraction of the whole, up to which progress counts as continuous.
const CONTINUOUS_STEP: f64 = 0.06;

/// Number of the last points that show the recent pace, and its limits as multiples of the mean.
const RECENT_POINTS: usize = 3;
const RECENT_LIMITS: (f64, f64) = (1.0, 5.0);

/// Maximum step over which the time left is counted down, as a fraction of the whole. Larger steps are not regular
/// enough. Chosen on the classes `Stepped`, `UnequalDisks` and `Bursts` of the bench `estimates`, as was the number of
/// points.
const MAX_COUNTED_STEP: f64 = 0.02;

/// Minimum progress ahead, as the last percents mostly take longer and percentages are rounded down. Chosen so that the
/// estimates of `SlowingDown` and `FixedEndPhase` do not jump.
const MIN_AHEAD: f64 = 0.025;

/// Part of the time left that is never counted down without progress.
const MIN_LEFT: f64 = 0.4;

/// Parts of the current percentage at which the times so far are compared with a curve, and their minimum part of the
/// time, so that logarithms stay bounded.
const QUARTERS: [f64; 3] = [0.25, 0.5, 0.75];
const MIN_PART: f64 = 0.005;

/// Number of mean steps up to which a pause is usual.
const USUAL_STEPS: f64 = 3.0;

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
    /// Pause up to which progress is not overdue.
    pub usual: f64,
    /// Times after which a quarter, a half and three quarters of the percentage was last reached.
    pub quarters: [f64; 3],
    /// Mean step beyond continuous progress, as a fraction of the whole.
    pub leap: f64,
}

impl Pace {
    /// Measures the pace. `None` without a percentage and before progress rose.
    pub(super) fn of(history: &ProgressHistory, now: Timestamp) -> Option<Self> {
        history.percent().filter(|percent| *percent > 0)?;
        let series = ProgressSeries::of(history);
        let points = &*series.points;
        let newest = *points.last()?;
        let reached = newest.at.max(1e-3);
        let rises = points.windows(2).map(|two| two[1].done - two[0].done);
        let rises = rises.filter(|rise| *rise > 0.0);
        let (climb_count, climbed) =
            rises.fold((0_u32, 0.0), |(count, sum), rise| (count + 1, sum + rise));
        // Progress before the first observation is not a leap.
        let leap = (climbed / f64::from(climb_count.max(1)) - CONTINUOUS_STEP).max(0.0);
        let climbed = climbed + points[0].done;
        if climbed <= 0.0 {
            return None;
        }
        let exception = single_pause(points).filter(|_| !series.is_noisy);
        let worked = (reached - exception.unwrap_or(0.0)).max(1e-3);
        let mean_step = mean_step(history).max(0.01 * worked / climbed);
        // Values of a noisy series are means over a stretch of time.
        let stretch = match *points {
            [.., before, last] if series.is_noisy => Some(last.at - before.at),
            _ => None,
        };
        let pause = (history.elapsed(now).as_secs_f64() - newest.at).max(0.0);
        let ahead = (1.0 - newest.done).max(MIN_AHEAD) / climbed;
        // A mean of a noisy series is not rounded down.
        let (step, mean_phase) = stretch.map_or_else(
            || {
                let recent = recent_pace(points) * climbed / worked;
                let recent = recent.clamp(RECENT_LIMITS.0, RECENT_LIMITS.1);
                let step = mean_step.min(MAX_COUNTED_STEP * worked / climbed);
                (step * recent, 0.5)
            },
            |stretch| (stretch, 0.0),
        );
        let left = counted_down(ahead, worked + pause, pause / step, mean_phase, step);
        let usual = USUAL_STEPS * mean_step.max(stretch.unwrap_or(0.0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let percent = (newest.done * 100.0).round().max(1.0) as u8;
        Some(Self {
            percent,
            reached,
            quarters: QUARTERS.map(|part| last_reached(points, part * newest.done)),
            pause,
            usual: usual.max(history.longest_pause().as_secs_f64()),
            left: left.max(1e-3),
            leap: if series.is_noisy { 0.0 } else { leap },
        })
    }

    /// Returns the variance of the logarithm of the times so far from a curve of progress, which is given as the part of
    /// the time for a part of the current percentage.
    pub(super) fn variance_from(&self, curve: impl Fn(f64) -> f64) -> f64 {
        let quarters = QUARTERS.into_iter().zip(self.quarters);
        let errors = quarters.map(|(part, reached)| {
            let own = (reached / self.reached).max(MIN_PART);
            (own / curve(part).max(MIN_PART)).ln().powi(2)
        });
        errors.sum::<f64>() / 3.0
    }
}

/// Returns the time left, from the ratio of the work ahead to the work done and the time spent. "Elapsed ÷ progress" alone
/// rises until the next change of progress, on which it falls; this is counted down, and the same on average. `phase` is
/// the time since the last change in steps, `mean_phase` its mean at a change.
fn counted_down(ahead: f64, spent: f64, phase: f64, mean_phase: f64, step: f64) -> f64 {
    let naive = ahead * spent;
    let phase = if phase <= 1.0 {
        phase - mean_phase
    } else {
        (1.0 - mean_phase) / phase
    };
    let counted = (1.0 + ahead) * phase * step;
    (naive - counted).max(MIN_LEFT * naive)
}

/// Returns the time after which a fraction of the whole was last reached, interpolated linearly.
fn last_reached(points: &[SeriesPoint], done: f64) -> f64 {
    let below = points.iter().rposition(|point| point.done < done);
    let before = below.map_or(SeriesPoint { at: 0.0, done: 0.0 }, |below| points[below]);
    let after = points[below.map_or(0, |below| below + 1).min(points.len() - 1)];
    let part = (done - before.done) / (after.done - before.done).max(1e-3);
    before.at + (after.at - before.at) * part.min(1.0)
}

/// Returns the length of a pause that is an exception: no other time between two points is nearly as long.
fn single_pause(points: &[SeriesPoint]) -> Option<f64> {
    let (mut longest, mut rise, mut second) = (0.0_f64, 0.0_f64, 0.0_f64);
    for two in points.windows(2) {
        let length = two[1].at - two[0].at;
        second = second.max(length.min(longest));
        if length > longest {
            (longest, rise) = (length, two[1].done - two[0].done);
        }
    }
    let last = points.last()?.at;
    let is_single = longest > PAUSE_FACTOR * second && longest > MIN_PAUSE_FRACTION * last;
    (is_single && rise.abs() <= MAX_PAUSE_RISE).then_some(longest - second)
}

/// Returns the seconds per share of progress in the last points.
fn recent_pace(points: &[SeriesPoint]) -> f64 {
    let recent = &points[points.len().saturating_sub(RECENT_POINTS)..];
    match recent {
        [first, .., last] => (last.at - first.at) / (last.done - first.done).max(0.005),
        _ => 0.0,
    }
}

/// Returns the mean number of seconds between two changes.
fn mean_step(history: &ProgressHistory) -> f64 {
    let first = history.points().first();
    let first = first.map_or(0.0, |point| point.since_start().as_secs_f64());
    (history.last_move().as_secs_f64() - first) / f64::from(history.moves().max(1))
}
