//! Estimates the time left from a task's own progress and from past runs of its operation.
//!
//! Two assumptions are weighed against each other. *The pace continues*: the time left follows from the progress so
//! far, or, if the progress curves of past runs are known, from what those took from the same percentage on. *The
//! progress says little*: the whole run takes as long as past runs did, or, if none are known, the time left may be
//! anything up to a multiple of the time so far. The longer progress is overdue, the more the second one counts. The
//! interval covers both; `cargo bench --bench estimates` measures how often it contains the true value.
//!
//! A pure function, so that without new data an estimate changes only by the elapsed time.

mod distribution;
mod format;
mod learned;
mod pace;
mod progress_series;
mod set_forecast;
mod stall_threshold;

use std::time::Duration;

use jiff::Timestamp;

use self::{
    distribution::{QUANTILES, RemainingTime, quantile},
    pace::Pace,
};
use super::{
    progress_history::ProgressHistory,
    typical::{DurationStats, PastRuns},
};
pub use format::TimeLeft;
pub(crate) use format::{interval, rounded, short};
pub use set_forecast::SetForecast;
pub use stall_threshold::{StallThreshold, stall_threshold};

/// Ratio of the latest to the expected total duration beyond which an interval is too wide to be useful.
const MAX_WHOLE_RATIO: f64 = 10.0;

/// Standard deviation of the logarithm of the time left if the pace continues.
const PACE_SPREAD: f64 = 0.45;

/// Prior probability that the progress so far says little about the time left, without and with
/// progress curves of past runs.
const DOUBT: f64 = 0.2;
const DOUBT_WITH_CURVES: f64 = 0.08;

/// Spread of the time left if nothing is known about it, and the part of the time so far that is
/// added to it.
const UNKNOWN_SPREAD: f64 = 1.1;
const UNKNOWN_FRACTION: f64 = 0.6;

/// Doubt below which it does not affect the best value, and from which the best value ignores the pace.
const EFFECTIVE_DOUBT: [f64; 2] = [0.6, 0.98];

/// Factor of the odds of doubt for the best value, without progress curves. Chosen on the classes `Noisy` and `Bursts` of
/// the bench `estimates`.
const BEST_DOUBT_FACTOR: f64 = 0.5;

/// Minimum of the time in which doubt about overdue progress grows, as a fraction of the time so far.
const MIN_OVERDUE_FRACTION: f64 = 0.03;

/// Data that an estimate is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The task's own progress, with the typical durations of the operation if they are known.
    Pace,
    /// The typical durations only: the operation reports no progress.
    Typical,
}

/// Estimated time left; the true value is between `low` and `high` in four of five runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Lower end of the interval.
    pub low: Duration,
    /// Best estimate, near the median.
    pub best: Duration,
    /// Upper end of the interval.
    pub high: Duration,
    /// Data that the estimate is based on.
    pub basis: Basis,
}

/// Estimates the time left at `now` of a task running since `start`; `None` without data or if the
/// interval is too wide.
pub fn estimate(
    start: Timestamp,
    history: Option<&ProgressHistory>,
    past: PastRuns<'_>,
    now: Timestamp,
) -> Option<Estimate> {
    let elapsed = now.duration_since(start).as_secs_f64().max(0.0);
    let pace = history.and_then(|history| Pace::of(history, now));
    let typical = past
        .durations
        .map(|durations| typical_duration(durations, elapsed));
    let (basis, best, parts) = match (pace, typical) {
        (Some(pace), typical) => from_pace(&pace, past, typical, elapsed),
        (None, Some(typical)) => (Basis::Typical, typical.best(), vec![(1.0, typical)]),
        (None, None) => return None,
    };
    let [low, _, high] = QUANTILES.map(|share| quantile(&parts, share));
    let (low, high) = (low.min(best), high.max(best));
    // An estimate from typical durations is useful however wide.
    let useful = basis == Basis::Typical || elapsed + high <= MAX_WHOLE_RATIO * (elapsed + best);
    let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    match (duration(low), duration(best), duration(high)) {
        (Some(low), Some(best), Some(high)) if useful => Some(Estimate {
            low,
            best,
            high,
            basis,
        }),
        _ => None,
    }
}

/// Returns the best value and the weighted distributions for a task that reports progress.
fn from_pace(
    pace: &Pace,
    past: PastRuns<'_>,
    typical: Option<RemainingTime>,
    elapsed: f64,
) -> (Basis, f64, Vec<(f64, RemainingTime)>) {
    let learned = learned::predict(pace, past.curves);
    let typical = typical.or_else(|| learned::duration(past.curves, elapsed));
    let rounding = 0.5 / f64::from(pace.percent);
    let (left, spread, prior) = learned.map_or(
        (
            pace.left + pace.pause,
            // A pace that changed so far may change again.
            PACE_SPREAD
                .hypot(rounding)
                .hypot(3.0 * pace.leap)
                .hypot(pace.variance_from(|part| part).sqrt()),
            DOUBT,
        ),
        |learned| (learned.left, learned.spread, DOUBT_WITH_CURVES),
    );
    let continued = RemainingTime::new(left, spread, pace.pause);
    // Continuous in time, so that an estimate without new data does not jump.
    let overdue = (pace.pause - pace.usual).max(0.0);
    let patience = pace.usual.max(MIN_OVERDUE_FRACTION * elapsed);
    let likelihood = typical.map_or(1.0, |typical| {
        typical.likelihood(elapsed + left - pace.pause)
    });
    let overdue_ratio = if learned.is_some() {
        0.0
    } else {
        overdue / patience
    };
    let against = prior / (1.0 - prior) * (overdue_ratio.min(50.0)).exp() / likelihood.max(1e-6);
    let doubt = against / (1.0 + against);
    let unknown = typical.unwrap_or_else(|| {
        let left = left.min(3.0 * elapsed) + UNKNOWN_FRACTION * elapsed;
        RemainingTime::new(left, UNKNOWN_SPREAD, pace.pause)
    });
    let paced = learned.map_or(pace.left, |learned| learned.best);
    let doubted = typical.map_or(paced, RemainingTime::best);
    // The more progress there is, the less a different duration of past runs counts against it.
    let done = f64::from(pace.percent) / 100.0;
    let against = if learned.is_none() {
        against * BEST_DOUBT_FACTOR * ((1.0 - done) / done).min(1.0)
    } else {
        against
    };
    let best_doubt = against / (1.0 + against);
    let [none, full] = EFFECTIVE_DOUBT;
    let weight = ((best_doubt - none) / (full - none)).clamp(0.0, 1.0);
    let weight = weight * weight * (3.0 - 2.0 * weight);
    let best = ((1.0 - weight) * paced.ln() + weight * doubted.max(1e-3).ln()).exp();
    (
        Basis::Pace,
        best,
        vec![(1.0 - doubt, continued), (doubt, unknown)],
    )
}

/// Returns the distribution of the whole duration.
fn typical_duration(durations: &DurationStats, elapsed: f64) -> RemainingTime {
    let log = |percent| durations.percentile(percent).as_secs_f64().max(0.01).ln();
    // The 10th and the 90th percentile are 2.563 standard deviations apart. A few runs underestimate
    // the spread, so it has a minimum.
    let spread = ((log(90) - log(10)) / 2.563).max(0.15);
    RemainingTime::new(log(50).exp(), spread, elapsed)
}

#[cfg(test)]
mod tests;
