//! Progress as a series of monotonic points: some operations report 41, 38, 43, 40 % while they
//! advance evenly.

use crate::task::progress_history::ProgressHistory;

/// Minimum number of decreases for a noisy series, and
const MAX_FALLS: usize = 3;

/// its maximum number of changes per decrease. A value that fell once or twice lost work instead.
const ONE_IN: usize = 5;

/// Number of stretches into which a noisy series is divided; each is replaced by its mean.
const MIN_STRETCHES: usize = 4;

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
    pub moments: Vec<SeriesPoint>,
    /// True if the values are noisy.
    pub shakes: bool,
}

impl ProgressSeries {
    /// Builds the series of an observed history; empty if no percentage was reported.
    pub(super) fn of(history: &ProgressHistory) -> Self {
        let points = history.points().iter();
        let moments: Vec<SeriesPoint> = points
            .filter_map(|point| {
                Some(SeriesPoint {
                    at: point.since_start().as_secs_f64(),
                    done: f64::from(point.percent()?) / 100.0,
                })
            })
            .collect();
        let falls = moments.windows(2).filter(|two| two[1].done < two[0].done);
        let falls = falls.count();
        let shakes = falls >= MAX_FALLS && falls * ONE_IN >= moments.len();
        let moments = if shakes { smoothed(&moments) } else { moments };
        Self { moments, shakes }
    }
}

/// Averages stretches so that the means do not decrease.
fn smoothed(moments: &[SeriesPoint]) -> Vec<SeriesPoint> {
    let size = moments.len().div_ceil(MIN_STRETCHES).max(MAX_FALLS);
    let mut means: Vec<(SeriesPoint, f64)> = Vec::with_capacity(MIN_STRETCHES + 1);
    // Counted from the end, so that the newest stretch is complete.
    for stretch in moments.rchunks(size).rev() {
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
