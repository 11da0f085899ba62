//! Time left, from what was observed of a task and from how long its operation usually takes.
//!
//! Two sources are weighed against each other. The *course* of the task itself, in several readings: an even pace, one
//! that slows down or speeds up, one that a break will hold up, each believed as far as it explains the past; of a
//! task that leaps (2 %, 19 %, 95 %), only a guess within wide bounds. Each reading stands for a handful of possible
//! ends. And the *typical* durations of the operation: ends that are usual are believed more. The answer is about the
//! median of all these ends, with an interval that held the truth in four generated runs of five or more
//! (`cargo run --release --example estimates`), and nothing where that is too wide to be of use.
//!
//! A function of its arguments alone, so that two refreshes without news differ by the time between them.

mod format;
mod mixture;
mod progress_series;
mod rate_models;
mod stall_threshold;

use std::time::Duration;

use jiff::Timestamp;

use self::{
    mixture::{LogNormal, Mixture},
    rate_models::readings,
};
use super::{progress_history::ProgressHistory, typical::DurationStats};
pub use format::TimeLeft;
pub use stall_threshold::{StallThreshold, stall_threshold};

/// An interval whose ends are further apart than this factor is of no use to anyone.
const MAX_INTERVAL_RATIO: f64 = 20.0;

/// How much of all belief lies before the low end, the best figure and the high end. What goes wrong mostly makes a task
/// longer, and the readings already reckon with that: the best figure lies a little before the middle.
const QUANTILES: [f64; 3] = [0.055, 0.44, 0.975];

/// What an estimate rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The task's own progress.
    Pace,
    /// Its own progress and what is usual for the operation.
    PaceAndTypical,
    /// What is usual alone: the operation reports no progress.
    Typical,
}

/// The time left, with how sure it is: the end lies between `low` and `high` in four runs of five.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Seldom less than this.
    pub low: Duration,
    /// About as likely more as less.
    pub best: Duration,
    /// Seldom more than this.
    pub high: Duration,
    /// What it rests on.
    pub basis: Basis,
}

/// The time left at `now` of a task that runs since `start`; `None` where nothing is known to tell it from.
pub fn estimate(
    start: Timestamp,
    history: Option<&ProgressHistory>,
    typical: Option<&DurationStats>,
    now: Timestamp,
) -> Option<Estimate> {
    let elapsed = now.duration_since(start).as_secs_f64().max(0.0);
    let readings = history.and_then(|history| readings(history, now));
    let usual = typical.map(LogNormal::of);
    let (basis, mixture) = match (readings, usual) {
        (Some(readings), usual) => {
            let basis = usual.map_or(Basis::Pace, |_| Basis::PaceAndTypical);
            (basis, Mixture::new(&readings, usual, elapsed))
        }
        (None, Some(usual)) => (Basis::Typical, Mixture::usual(usual, elapsed)),
        (None, None) => return None,
    };
    let [low, best, high] = QUANTILES.map(|share| mixture.quantile(share));
    // What is usual stands for itself, however wide.
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
