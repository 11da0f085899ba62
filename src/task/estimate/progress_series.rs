//! Progress as a series of monotonic points: some operations report 41, 38, 43, 40 % while they
//! advance evenly.

use crate::progress_history::ProgressHistory;

/// Minimum number of decreases in a noisy series.
const MIN_FALLS: usize = 3;

/// Maximum number of changes per decrease in a noisy series. A value that fell once or twice lost work instead.
const MAX_CHANGES_PER_FALL: usize = 5;

/// Number of stretches into which a noisy series is divided; each is replaced by its mean.
const STRETCHES: usize = 4;

/// One point of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SeriesPoint {
    /// Seconds since the start.
    pub at: f64,
    /// Completed fraction, 0 to 1.
    pub done: f64,
}

/// The progress series of one task.
#[derive(Debug)]
pub(super) struct ProgressSeries {
    /// The points, oldest first; means of stretches if the series is noisy.
    pub points: Vec<SeriesPoint>,
    /// True if the values are noisy.
    pub is_noisy: bool,
}

impl ProgressSeries {
    /// Builds the series of an observed history; empty if no percentage was reported.
    pub(super) fn of(history: &ProgressHistory) -> Self {
        let points = history.points().iter();
        let points: Vec<SeriesPoint> = points
            .filter_map(|point| {
                Some(SeriesPoint {
                    at: point.since_start().as_secs_f64(),
                    done: f64::from(point.percent()?) / 100.0,
                })
            })
            .collect();
        let falls = points.windows(2).filter(|two| two[1].done < two[0].done);
        let falls = falls.count();
        let is_noisy = falls >= MIN_FALLS && falls * MAX_CHANGES_PER_FALL >= points.len();
        let points = if is_noisy { smoothed(&points) } else { points };
        Self { points, is_noisy }
    }
}

/// Averages stretches so that the means do not decrease.
fn smoothed(points: &[SeriesPoint]) -> Vec<SeriesPoint> {
    let size = points.len().div_ceil(STRETCHES).max(MIN_FALLS);
    let mut means: Vec<(SeriesPoint, f64)> = Vec::with_capacity(STRETCHES + 1);
    // Counted from the end, so that the newest stretch is complete.
    for stretch in points.rchunks(size).rev() {
        #[expect(clippy::cast_precision_loss, reason = "a history keeps few points")]
        let count = stretch.len() as f64;
        let at = stretch.iter().map(|moment| moment.at).sum::<f64>() / count;
        let done = stretch.iter().map(|moment| moment.done).sum::<f64>() / count;
        let mut mean = (SeriesPoint { at, done }, count);
        while let Some((before, weight)) = means.pop_if(|(before, _)| before.done >= mean.0.done) {
            let whole = weight + mean.1;
            let of = |before: f64, now: f64| (before * weight + now * mean.1) / whole;
            let (at, done) = (of(before.at, mean.0.at), of(before.done, mean.0.done));
            mean = (SeriesPoint { at, done }, whole);
        }
        means.push(mean);
    }
    means.into_iter().map(|(mean, _)| mean).collect()
}
