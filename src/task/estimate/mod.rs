//! Time left, from what was observed of a task and from how long its operation usually takes.
//!
//! Two sources are weighed against each other. The *pace* of the task itself: the time that each climb of its
//! progress took, read in several shapes (even, slowing down, speeding up), each believed as far as it explains the
//! past. And the *typical* durations of the operation, given that it has run this long already. An even pace soon
//! outweighs what is usual; a task that leaps (2 %, 19 %, 95 %) says little about its end, and what is usual then
//! decides. The answer is the median of all that, with the middle nine tenths (which hold the truth in four runs of
//! five: every model is too sure of itself), and nothing where that is too wide to be of use.
//!
//! A function of its arguments alone, so that two refreshes without news differ by the time between them.

mod mixture;
mod pace;
mod patience;
mod show;

use std::time::Duration;

use jiff::Timestamp;

use self::{
    mixture::{Mixture, Normal},
    pace::Pace,
};
use super::{history::History, typical::Typical};
pub use patience::{Patience, patience};
pub use show::TimeLeft;

/// An interval whose ends are further apart than this factor is of no use to anyone.
const WIDEST: f64 = 12.0;

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
    /// As likely more as less.
    pub best: Duration,
    /// Seldom more than this.
    pub high: Duration,
    /// What it rests on.
    pub basis: Basis,
}

/// The time left at `now` of a task that runs since `start`; `None` where nothing is known to tell it from.
pub fn estimate(
    start: Timestamp,
    history: Option<&History>,
    typical: Option<&Typical>,
    now: Timestamp,
) -> Option<Estimate> {
    let elapsed = now.duration_since(start).as_secs_f64().max(0.0);
    let pace = history.and_then(|history| Pace::of(history, now));
    let usual = typical.map(Normal::of);
    let basis = match (&pace, &usual) {
        (Some(_), Some(_)) => Basis::PaceAndTypical,
        (Some(_), None) => Basis::Pace,
        (None, Some(_)) => Basis::Typical,
        (None, None) => return None,
    };
    let mixture = Mixture::new(pace.as_ref(), usual, elapsed);
    let [low, best, high] = [0.05, 0.5, 0.95].map(|share| mixture.quantile(share));
    // What is usual stands for itself, however wide.
    let useful = basis == Basis::Typical || high <= WIDEST * low.max(0.02 * (elapsed + best));
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
