//! Predictions from the progress curves of past runs.

use super::{distribution::Remaining, pace::Pace};
use crate::task::progress_curve::ProgressCurve;

/// Variances of the logarithm of the time left that count as [`PRIOR_RUNS`] further runs: of the regression, and of the
/// constant pace.
const PRIOR_VARIANCE: f64 = 0.09;
const PRIOR_PACE_VARIANCE: f64 = 0.1;
const PRIOR_RUNS: f64 = 3.0;

/// Variance added to that of the regression for a single run, which does not show how much runs differ. Chosen on the
/// classes `Approaching` and `StuckAt95Alike` of the example `estimates`.
const SINGLE_RUN_VARIANCE: f64 = 0.3;

/// Variance of the logarithm of the duration that counts as one run.
const PRIOR_DURATION_VARIANCE: f64 = 0.3;

/// Weight of the assumption that the time left is proportional to the time passed.
const PROPORTIONAL_WEIGHT: f64 = 0.3;

/// Minimum time as a fraction of the duration, so that logarithms stay bounded.
const MIN_FRACTION: f64 = 0.005;

/// A prediction from the pace and past runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prediction {
    /// Best estimate of the time left in seconds.
    pub best: f64,
    /// Median of the time from reaching the current percentage to the end in seconds.
    pub left: f64,
    /// Standard deviation of its logarithm.
    pub spread: f64,
}

/// Combines the pace with what past runs took from the same percentage on. The past runs count as far as they explain
/// the error that the pace had in them: if they explain nothing, the pace is returned. `None` without curves.
pub(super) fn predict(pace: &Pace, curves: &[ProgressCurve]) -> Option<Prediction> {
    let mut percent = pace.percent;
    // A run may stay a little above the level of the others.
    if let Some((level, _)) = curves.iter().find_map(|curve| curve.plateau_at(percent)) {
        percent = percent.min(level);
    }
    // A run that ended at a lower percentage is no evidence.
    let left_of = |curve: &ProgressCurve| curve.seconds() - curve.reached(percent);
    let comparable: Vec<&ProgressCurve> = curves
        .iter()
        .filter(|curve| left_of(curve) > MIN_FRACTION * curve.seconds())
        .collect();
    let runs: Vec<(f64, f64)> = comparable
        .iter()
        .map(|curve| {
            let reached = curve.reached(percent).max(MIN_FRACTION * curve.seconds());
            (reached.ln(), left_of(curve).ln())
        })
        .collect();
    let count = f64::from(u32::try_from(runs.len()).ok().filter(|count| *count > 0)?);
    let curve_count = f64::from(u32::try_from(curves.len()).ok()?);
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| runs.iter().map(of).sum::<f64>() / count;
    let (reached, left) = (mean(&|run| run.0), mean(&|run| run.1));
    let covariance = mean(&|run| (run.0 - reached) * (run.1 - left)) * count;
    let variance = mean(&|run| (run.0 - reached).powi(2)) * count;
    let slope = (covariance + PROPORTIONAL_WEIGHT) / (variance + PROPORTIONAL_WEIGHT);
    let slope = slope.clamp(0.0, 1.2);
    let predicted = |at: f64| left + slope * (at - reached);
    let errors = mean(&|run| (run.1 - predicted(run.0)).powi(2)) * count;
    let learned = (errors + PRIOR_RUNS * PRIOR_VARIANCE) / (count + 1.0) * (1.0 + 1.0 / count);
    // The length of a plateau differs less than the pace.
    let plateaus = comparable.iter().map(|curve| match curve.plateau() {
        Some((level, length)) if level >= percent => length / left_of(curve),
        _ => 0.0,
    });
    let moving = 1.0 - plateaus.sum::<f64>() / count;
    let learned = learned
        + SINGLE_RUN_VARIANCE * moving.max(0.0) / (count * count)
        + disagreement(pace, &comparable, percent);
    // Error of the constant pace in the same runs.
    let done = f64::from(percent) / 100.0;
    let odds = ((1.0 - done).max(MIN_FRACTION) / done.max(MIN_FRACTION)).ln();
    let pace_errors = mean(&|run| (run.1 - run.0 - odds).powi(2)) * count;
    let paced = (pace_errors + PRIOR_RUNS * PRIOR_PACE_VARIANCE) / (count + PRIOR_RUNS);
    let total = predicted(pace.reached.max(1e-3).ln());
    let weight = explained(learned, paced);
    // During a pause, the relative error of what is left of the prediction grows, and the pace approaches it.
    let rest = Remaining::new(total.exp(), learned.sqrt(), pace.pause).best();
    let learned_rest = learned * (total.exp() / rest).max(1.0);
    let paced_rest = PRIOR_PACE_VARIANCE + (pace.left / rest).ln().powi(2);
    let best_weight = explained(learned_rest, paced.min(paced_rest)) * count / curve_count;
    Some(Prediction {
        best: (best_weight * rest.ln() + (1.0 - best_weight) * pace.left.ln()).exp(),
        left: (weight * total + (1.0 - weight) * (pace.left + pace.pause).ln()).exp(),
        spread: (weight * learned + (1.0 - weight) * paced).sqrt(),
    })
}

/// Returns the weight of a prediction by its variance and that of the constant pace: 0 unless it is better, and near 1 if
/// it is much better.
fn explained(learned: f64, paced: f64) -> f64 {
    1.0 - (1.0 - paced / learned).min(0.0).exp()
}

/// Returns how much less the curves agree with the task so far than a constant pace does: the difference of the variances
/// of the logarithm.
fn disagreement(pace: &Pace, curves: &[&ProgressCurve], percent: u8) -> f64 {
    let percent = f64::from(percent);
    let variances = curves.iter().map(|curve| {
        let whole = curve.reached(percent).max(MIN_FRACTION);
        pace.variance_from(|part| curve.reached(part * percent) / whole)
    });
    let count = f64::from(u32::try_from(curves.len()).unwrap_or(u32::MAX));
    (variances.sum::<f64>() / count.max(1.0) - pace.variance_from(|part| part)).max(0.0)
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
