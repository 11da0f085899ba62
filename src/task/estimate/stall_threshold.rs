//! The pause after which a task counts as stalled.

use std::time::Duration;

use jiff::Timestamp;

use super::{estimate, progress_series::ProgressSeries, rate_models::step_size};
use crate::task::{progress_history::ProgressHistory, typical::DurationStats};

/// Minimum allowed pause.
const MIN_STALL: Duration = Duration::from_secs(60);

/// Minimum allowed pause of a task with fewer than three observed changes and no typical durations.
const STALL_WITHOUT_HISTORY: Duration = Duration::from_secs(600);

/// Allowed pause as a multiple of the longest previous one.
const LONGEST_PAUSE_FACTOR: f64 = 2.0;

/// Allowed pause as a fraction of the expected total duration.
const TOTAL_DURATION_FRACTION: f64 = 0.29;

/// Allowed pause as a fraction of the time until the pause began, without typical durations.
const ELAPSED_FRACTION: f64 = 0.5;

/// The allowed pause of a task and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallThreshold {
    /// Duration beyond which a pause counts as a stall.
    pub allowed: Duration,
    /// The longest previous pause, if it determines the allowed one.
    pub longest_before: Option<Duration>,
}

/// Returns the allowed length of the current pause of a task running since `start`. It depends only
/// on what was known when the pause began.
pub fn stall_threshold(
    start: Timestamp,
    history: &ProgressHistory,
    typical: Option<&DurationStats>,
) -> StallThreshold {
    let moved = history.start() + history.last_move();
    let past = moved.duration_since(start).as_secs_f64().max(0.0);
    let from_pauses = history.longest_pause().mul_f64(LONGEST_PAUSE_FACTOR);
    let whole = estimate(start, Some(history), typical, moved)
        .map(|estimate| past + estimate.best.as_secs_f64());
    // Tasks that progress in leaps pause between them.
    let share = TOTAL_DURATION_FRACTION + step_size(&ProgressSeries::of(history));
    let typical_model = typical.map(|typical| typical.median().as_secs_f64());
    let floor = if history.moves() < 3 && typical.is_none() {
        STALL_WITHOUT_HISTORY
    } else {
        MIN_STALL
    };
    let from_duration = match (typical_model, whole) {
        (Some(typical_model), Some(whole)) => share * typical_model.min(2.0 * whole).max(whole),
        (Some(typical_model), None) => share * typical_model.max(past),
        (None, Some(whole)) => (1.5 * share * whole).max(ELAPSED_FRACTION * past),
        (None, None) => ELAPSED_FRACTION * past,
    };
    let from_duration = Duration::try_from_secs_f64(from_duration).unwrap_or(Duration::MAX);
    StallThreshold {
        allowed: from_pauses.max(from_duration).max(floor),
        longest_before: (from_pauses >= from_duration).then(|| history.longest_pause()),
    }
}
