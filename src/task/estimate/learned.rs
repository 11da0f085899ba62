//! Predictions from the progress curves of past runs.

use super::{distribution::RemainingTime, pace::Pace};
use crate::progress_curve::ProgressCurve;

/// Variances of the logarithm of the time left that count as [`PRIOR_RUNS`] further runs: of the regression, and of the
/// constant pace.
const PRIOR_VARIANCE: f64 = 0.09;
const PRIOR_PACE_VARIANCE: f64 = 0.1;
const PRIOR_RUNS: f64 = 3.0;

/// Variance added to that of the regression for a single run, which does not show how much runs differ. Chosen on the
/// classes `Approaching` and `StuckAt95Alike` of the bench `estimates`.
const SINGLE_RUN_VARIANCE: f64 = 0.3;

/// Variance of the logarithm of the duration that counts as one run.
const PRIOR_DURATION_VARIANCE: f64 = 0.3;

/// Weight of the assumption that the time left is proportional to the time passed, and the maximum slope.
const PROPORTIONAL_WEIGHT: f64 = 0.3;
const MAX_SLOPE: f64 = 1.2;

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

/// A past run at a percentage: the logarithms of the times in seconds until it was reached, and from then to the end.
#[derive(Debug, Clone, Copy)]
struct PastRun {
    reached: f64,
    left: f64,
}

impl PastRun {
    fn of(curve: &ProgressCurve, percent: u8) -> Self {
        let reached = curve.reached(percent).max(MIN_FRACTION * curve.seconds());
        Self {
            reached: reached.ln(),
            left: time_left(curve, percent).ln(),
        }
    }
}

/// Returns the seconds from reaching a percentage to the end of a run.
fn time_left(curve: &ProgressCurve, percent: u8) -> f64 {
    curve.seconds() - curve.reached(percent)
}

/// Linear regression of the logarithm of the time left in past runs. With few runs, the time left is mostly proportional
/// to the time passed.
#[derive(Debug, Clone, Copy)]
struct Regression {
    mean: PastRun,
    slope: f64,
    /// Variance of a further run.
    variance: f64,
}

impl Regression {
    /// Fits the line to at least one run.
    fn of(runs: &[PastRun]) -> Self {
        let sum = |of: &dyn Fn(&PastRun) -> f64| runs.iter().map(of).sum::<f64>();
        let count = count(runs);
        let mean = PastRun {
            reached: sum(&|run| run.reached) / count,
            left: sum(&|run| run.left) / count,
        };
        let covariance = sum(&|run| (run.reached - mean.reached) * (run.left - mean.left));
        let variance = sum(&|run| (run.reached - mean.reached).powi(2));
        let slope = (covariance + PROPORTIONAL_WEIGHT) / (variance + PROPORTIONAL_WEIGHT);
        let mut regression = Self {
            mean,
            slope: slope.clamp(0.0, MAX_SLOPE),
            variance: 0.0,
        };
        let errors = sum(&|run| (run.left - regression.predict(run.reached)).powi(2));
        regression.variance =
            (errors + PRIOR_RUNS * PRIOR_VARIANCE) / (count + 1.0) * (1.0 + 1.0 / count);
        regression
    }

    fn predict(&self, reached: f64) -> f64 {
        self.mean.left + self.slope * (reached - self.mean.reached)
    }
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
    let comparable: Vec<&ProgressCurve> = curves
        .iter()
        .filter(|curve| time_left(curve, percent) > MIN_FRACTION * curve.seconds())
        .collect();
    if comparable.is_empty() {
        return None;
    }
    let runs = comparable.iter().map(|curve| PastRun::of(curve, percent));
    let runs: Vec<PastRun> = runs.collect();
    let regression = Regression::of(&runs);
    let learned = regression.variance
        + SINGLE_RUN_VARIANCE * moving_part(&comparable, percent) / count(&runs).powi(2)
        + disagreement(pace, &comparable, percent);
    let paced = pace_variance(&runs, percent);
    let total = regression.predict(pace.reached.max(1e-3).ln());
    let weight = explained(learned, paced);
    // During a pause, the relative error of what is left of the prediction grows, and the pace approaches it.
    let rest = RemainingTime::new(total.exp(), learned.sqrt(), pace.pause).best();
    let learned_rest = learned * (total.exp() / rest).max(1.0);
    let paced_rest = PRIOR_PACE_VARIANCE + (pace.left / rest).ln().powi(2);
    let best_weight = explained(learned_rest, paced.min(paced_rest)) * count(&runs) / count(curves);
    Some(Prediction {
        best: (best_weight * rest.ln() + (1.0 - best_weight) * pace.left.ln()).exp(),
        left: (weight * total + (1.0 - weight) * (pace.left + pace.pause).ln()).exp(),
        spread: (weight * learned + (1.0 - weight) * paced).sqrt(),
    })
}

/// Returns the mean part of the time left in which progress moves: the length of a plateau differs less than the pace.
fn moving_part(curves: &[&ProgressCurve], percent: u8) -> f64 {
    let plateaus = curves.iter().map(|curve| match curve.plateau() {
        Some((level, length)) if level >= percent => length / time_left(curve, percent),
        _ => 0.0,
    });
    (1.0 - plateaus.sum::<f64>() / count(curves)).max(0.0)
}

/// Returns the variance of the logarithm of the time left by a constant pace in past runs.
fn pace_variance(runs: &[PastRun], percent: u8) -> f64 {
    let done = f64::from(percent) / 100.0;
    let log_odds = ((1.0 - done).max(MIN_FRACTION) / done.max(MIN_FRACTION)).ln();
    let errors = runs
        .iter()
        .map(|run| (run.left - run.reached - log_odds).powi(2));
    (errors.sum::<f64>() + PRIOR_RUNS * PRIOR_PACE_VARIANCE) / (count(runs) + PRIOR_RUNS)
}

fn count<T>(items: &[T]) -> f64 {
    u32::try_from(items.len()).map_or(f64::MAX, f64::from)
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
    (variances.sum::<f64>() / count(curves) - pace.variance_from(|part| part)).max(0.0)
}

/// Returns the distribution of the whole duration in a few runs.
pub(super) fn duration(curves: &[ProgressCurve], elapsed: f64) -> Option<RemainingTime> {
    if curves.is_empty() {
        return None;
    }
    let logs = || curves.iter().map(|curve| curve.seconds().ln());
    let mean = logs().sum::<f64>() / count(curves);
    let squares: f64 = logs().map(|log| (log - mean).powi(2)).sum();
    let variance = (squares + PRIOR_DURATION_VARIANCE) / count(curves);
    Some(RemainingTime::new(mean.exp(), variance.sqrt(), elapsed))
}
