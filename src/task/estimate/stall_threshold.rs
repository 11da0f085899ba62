//! How long a task may stand still before it counts as stalled.

use std::time::Duration;

use jiff::Timestamp;

use super::{estimate, progress_series::ProgressSeries, rate_models::step_size};
use crate::task::{progress_history::ProgressHistory, typical::DurationStats};

/// Nothing is called stalled sooner than this.
const MIN_STALL: Duration = Duration::from_secs(60);

/// Nothing without any rhythm or typical durations to go by is called stalled sooner than this.
const STALL_WITHOUT_HISTORY: Duration = Duration::from_secs(600);

/// How often a pause may be as long as the longest so far before it is unusual.
const LONGEST_PAUSE_FACTOR: f64 = 2.0;

/// The share of its whole duration that an operation may stand still, whatever its rhythm was so far.
const ELAPSED_FRACTION: f64 = 0.29;

/// Without typical durations: the share of the time until the pause began.
const TYPICAL_FRACTION: f64 = 0.5;

/// How long a task may stand still, and what allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallThreshold {
    /// A pause longer than this is a stall.
    pub allowed: Duration,
    /// The longest pause before, which makes this one unusual; `None` when the allowance comes from elsewhere.
    pub longest_before: Option<Duration>,
}

/// How long the present pause of a task that runs since `start` may last. It depends on what was known when the
/// pause began, not on how long it lasts.
pub fn stall_threshold(
    start: Timestamp,
    history: &ProgressHistory,
    typical: Option<&DurationStats>,
) -> StallThreshold {
    let moved = history.start() + history.last_move();
    let past = moved.duration_since(start).as_secs_f64().max(0.0);
    let of_rhythm = history.longest_pause().mul_f64(LONGEST_PAUSE_FACTOR);
    let whole = estimate(start, Some(history), typical, moved)
        .map(|estimate| past + estimate.best.as_secs_f64());
    // Who leaps stands still in between.
    let share = ELAPSED_FRACTION + step_size(&ProgressSeries::of(history));
    let usual = typical.map(|typical| typical.median().as_secs_f64());
    let floor = if history.moves() < 3 && typical.is_none() {
        STALL_WITHOUT_HISTORY
    } else {
        MIN_STALL
    };
    let of_whole = match (usual, whole) {
        (Some(usual), Some(whole)) => share * usual.min(2.0 * whole).max(whole),
        (Some(usual), None) => share * usual.max(past),
        (None, Some(whole)) => (1.5 * share * whole).max(TYPICAL_FRACTION * past),
        (None, None) => TYPICAL_FRACTION * past,
    };
    let of_whole = Duration::try_from_secs_f64(of_whole).unwrap_or(Duration::MAX);
    StallThreshold {
        allowed: of_rhythm.max(of_whole).max(floor),
        longest_before: (of_rhythm >= of_whole).then(|| history.longest_pause()),
    }
}
