//! The course of a figure as points that never shake: some operations report 41, 38, 43, 40 % while they go on evenly.

use crate::task::progress_history::ProgressHistory;

/// A figure shakes that fell at least this often …
const MAX_FALLS: usize = 3;

/// … and in one of so many changes. One that fell back once or twice lost work.
const ONE_IN: usize = 5;

/// How many stretches a course that shakes is divided into; each counts with its mean.
const MIN_STRETCHES: usize = 4;

/// One point of the course.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SeriesPoint {
    /// Seconds since the start.
    pub at: f64,
    /// The share of the whole that was done.
    pub done: f64,
}

/// The course of the figure of one task.
#[derive(Debug)]
pub(super) struct ProgressSeries {
    /// The moments that tell it, oldest first; of a figure that shakes the means of some stretches.
    pub moments: Vec<SeriesPoint>,
    /// Whether the figure shakes.
    pub shakes: bool,
}

impl ProgressSeries {
    /// The course of what was observed; without moments where there was no figure.
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

/// The means of some stretches, each at least as high as the one before.
fn smoothed(moments: &[SeriesPoint]) -> Vec<SeriesPoint> {
    let size = moments.len().div_ceil(MIN_STRETCHES).max(MAX_FALLS);
    let mut means: Vec<(SeriesPoint, f64)> = Vec::with_capacity(MIN_STRETCHES + 1);
    // Counted from the end, so that the newest stretch is always whole.
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
