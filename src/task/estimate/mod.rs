//! Estimates the time left from a task's observed progress and its operation's typical durations.
//! Two sources are combined. *Rate models* of the task's own progress: a constant rate, one that
//! slows down or speeds up, and one with an interruption still ahead, each weighted by its fit to
//! the past; for a task that progresses in leaps (2 %, 19 %, 95 %), only a guess with wide bounds.
//! Each model yields a handful of possible values. The *typical* durations of the operation: values
//! that lead to a usual total duration get a higher weight. The result is about the median of these
//! values, with an interval that contained the true value in at least four of five generated runs
//! (`cargo run --release --example estimates`), or nothing if the interval is too wide to be
//! useful.
//! A pure function, so that without new data an estimate changes only by the elapsed time.

mod format;
mod mixture;
mod progress_series;
mod rate_models;
mod set_forecast;
mod stall_threshold;

use std::time::Duration;

use jiff::Timestamp;

use self::{
    mixture::{LogNormal, Mixture},
    rate_models::rates,
};
use super::{progress_history::ProgressHistory, typical::DurationStats};
pub use format::TimeLeft;
pub(in crate::task) use format::{interval, rounded, short};
pub use set_forecast::SetForecast;
pub use stall_threshold::{StallThreshold, stall_threshold};

/// Ratio of upper to lower end beyond which an interval is too wide to be useful.
const MAX_INTERVAL_RATIO: f64 = 20.0;

/// Quantiles of the low, best and high value. Unexpected events mostly make a task longer and the
/// models already include them, so the best value is a little below the median.
const QUANTILES: [f64; 3] = [0.055, 0.44, 0.975];

/// Data that an estimate is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The task's own progress.
    Pace,
    /// Its own progress and the typical durations of the operation.
    PaceAndTypical,
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
    typical: Option<&DurationStats>,
    now: Timestamp,
) -> Option<Estimate> {
    let elapsed = now.duration_since(start).as_secs_f64().max(0.0);
    let rates = history.and_then(|history| rates(history, now));
    let typical_model = typical.map(LogNormal::of);
    let (basis, mixture) = match (rates, typical_model) {
        (Some(rates), typical_model) => {
            let basis = typical_model.map_or(Basis::Pace, |_| Basis::PaceAndTypical);
            (basis, Mixture::new(&rates, typical_model, elapsed))
        }
        (None, Some(typical_model)) => (
            Basis::Typical,
            Mixture::typical_model(typical_model, elapsed),
        ),
        (None, None) => return None,
    };
    let [low, best, high] = QUANTILES.map(|share| mixture.quantile(share));
    // An estimate from typical durations is useful however wide.
    let useful =
        basis == Basis::Typical || high <= MAX_INTERVAL_RATIO * low.max(0.02 * (elapsed + best));
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

#[cfg(test)]
mod tests;
