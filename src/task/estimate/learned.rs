//! Predictions from the progress curves of past runs.

use super::{distribution::Remaining, pace::Pace};
use crate::task::progress_curve::ProgressCurve;

/// Variances of the logarithm of the time left that count as [`PRIOR_RUNS`] further runs: of the regression, and of the
/// constant pace.
const PRIOR_VARIANCE: f64 = 0.09;
const PRIOR_PACE_VARIANCE: f64 = 0.1;
const PRIOR_RUNS: f64 = 3.0;

/// Variance added to that of the regression for a single run, which does not show how much runs differ. Chosen on the
/// classes `Noisy`, `Approaching` and `StuckAt95Alike` of the example `estimates`, with the results of all classes known.
const SINGLE_RUN_VARIANCE: f64 = 0.2;

/// Variance of the logarithm of the duration that counts as one run.
const PRIOR_DURATION_VARIANCE: f64 = 0.3;

/// Weight of the assumption that the time left is proportional to the time passed.
const PROPORTIONAL_WEIGHT: f64 = 0.3;

/// Minimum time as a fraction of the duration, so that logarithms stay bounded.
const MIN_FRACTION: f64 = 0.005;

/// A prediction of the time from reaching the current percentage to the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prediction {
    /// Median in seconds.
    pub left: f64,
    /// Standard deviation of the logarithm.
    pub spread: f64,
}

/// Combines the pace with what past runs took from the same percentage on, each weighted by its
/// error in those runs. `None` without curves.
pub(super) fn predict(pace: &Pace, curves: &[ProgressCurve]) -> Option<Prediction> {
    let mut percent = pace.percent;
    // A run may stay a little above the level of the others.
    if let Some((level, _)) = curves.iter().find_map(|curve| curve.plateau_at(percent)) {
        percent = percent.min(level);
    }
    let runs: Vec<(f64, f64)> = curves
        .iter()
        .filter_map(|curve| {
            let least = MIN_FRACTION * curve.seconds();
            let reached = curve.reached(percent);
            let left = curve.seconds() - reached;
            // A run that ended at a lower percentage is no evidence.
            (left > least).then(|| (reached.max(least).ln(), left.ln()))
        })
        .collect();
    let count = f64::from(u32::try_from(runs.len()).ok().filter(|count| *count > 0)?);
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| runs.iter().map(of).sum::<f64>() / count;
    let (reached, left) = (mean(&|run| run.0), mean(&|run| run.1));
    let covariance = mean(&|run| (run.0 - reached) * (run.1 - left)) * count;
    let variance = mean(&|run| (run.0 - reached).powi(2)) * count;
    let slope = (covariance + PROPORTIONAL_WEIGHT) / (variance + PROPORTIONAL_WEIGHT);
    let slope = slope.clamp(0.0, 1.2);
    let predicted = |at: f64| left + slope * (at - reached);
    let errors = mean(&|run| (run.1 - predicted(run.0)).powi(2)) * count;
    let learned = (errors + PRIOR_RUNS * PRIOR_VARIANCE) / (count + 1.0) * (1.0 + 1.0 / count)
        + SINGLE_RUN_VARIANCE / (count * count);
    // Error of the constant pace in the same runs.
    let done = f64::from(percent) / 100.0;
    let odds = ((1.0 - done).max(MIN_FRACTION) / done.max(MIN_FRACTION)).ln();
    let pace_errors = mean(&|run| (run.1 - run.0 - odds).powi(2)) * count;
    let paced = (pace_errors + PRIOR_RUNS * PRIOR_PACE_VARIANCE) / (count + PRIOR_RUNS);
    let trust = (paced / learned).powi(3);
    let weight = trust / (1.0 + trust);
    let now = predicted(pace.reached.max(1e-3).ln());
    Some(Prediction {
        left: (weight * now + (1.0 - weight) * (pace.left + pace.pause).ln()).exp(),
        spread: (weight * learned + (1.0 - weight) * paced).sqrt(),
    })
}

/// Returns the distribution of the whole duration in a few runs.
pub(super) fn duration(curves: &[ProgressCurve], elapsed: f64) -> Option<Remaining> {
    let count = f64::from(
        u32::try_from(curves.len())
            .ok()
            .filter(|count| *count > 0)?,
    );
    let logs = || curves.iter().map(|curve| curve.seconds().ln());
    let mean = logs().sum::<f64>() / count;
    let squares: f64 = logs().map(|log| (log - mean).powi(2)).sum();
    let variance = (squares + PRIOR_DURATION_VARIANCE) / count;
    Some(Remaining::new(mean.exp(), variance.sqrt(), elapsed))
}
