//! The pause after which a task counts as stalled.

use std::time::Duration;

use jiff::Timestamp;

use super::{estimate, pace::Pace};
use crate::task::{
    progress_curve::SAME_LEVEL, progress_history::ProgressHistory, typical::PastRuns,
};

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

/// Allowed pause as a multiple of the longest one of past runs at the same percentage, and what is
/// added to it for a single known run.
const USUAL_PAUSE_FACTOR: f64 = 1.3;
const FEW_RUNS_FACTOR: f64 = 2.5;

/// Percentage from which a pause may take until the end.
const LAST_PHASE_PERCENT: u8 = 90;

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
    past: PastRuns<'_>,
) -> StallThreshold {
    let moved = history.start() + history.last_move();
    let ran = moved.duration_since(start).as_secs_f64().max(0.0);
    let from_pauses = history.longest_pause().mul_f64(LONGEST_PAUSE_FACTOR);
    let whole = estimate(start, Some(history), past, moved)
        .map(|estimate| ran + estimate.best.as_secs_f64());
    // Tasks that progress in leaps pause between them.
    let share = TOTAL_DURATION_FRACTION + Pace::of(history, moved).map_or(0.0, |pace| pace.leap);
    let typical = past.durations.map(|typical| typical.median().as_secs_f64());
    let floor = if history.moves() < 3 && typical.is_none() {
        STALL_WITHOUT_HISTORY
    } else {
        MIN_STALL
    };
    let from_duration = match (typical, whole) {
        (Some(typical), Some(whole)) => share * typical.min(2.0 * whole).max(whole),
        (Some(typical), None) => share * typical.max(ran),
        (None, Some(whole)) => (1.5 * share * whole).max(ELAPSED_FRACTION * ran),
        (None, None) => ELAPSED_FRACTION * ran,
    };
    let from_duration = from_duration.max(usual_pause(history, past));
    let from_duration = Duration::try_from_secs_f64(from_duration).unwrap_or(Duration::MAX);
    StallThreshold {
        allowed: from_pauses.max(from_duration).max(floor),
        longest_before: (from_pauses >= from_duration).then(|| history.longest_pause()),
    }
}

/// Returns the longest pause that past runs lead to expect, in seconds.
fn usual_pause(history: &ProgressHistory, past: PastRuns<'_>) -> f64 {
    let reached = history.last_move().as_secs_f64();
    let longest = past.curves.iter().filter_map(|curve| {
        let (level, length) = curve.plateau()?;
        // A larger task may stay longer in proportion.
        let is_same = history
            .percent()
            .is_some_and(|percent| percent.abs_diff(level) <= SAME_LEVEL);
        let larger = if is_same {
            reached / curve.reached(level).max(1.0)
        } else {
            1.0
        };
        Some(length * larger.clamp(1.0, 2.0))
    });
    let longest = longest.fold(0.0, f64::max);
    let count = u32::try_from(past.curves.len()).unwrap_or(u32::MAX);
    let from_curves = longest * (USUAL_PAUSE_FACTOR + FEW_RUNS_FACTOR / f64::from(count.max(1)));
    // Many operations report no progress in their last phase.
    let in_last_phase = history
        .percent()
        .is_some_and(|percent| percent >= LAST_PHASE_PERCENT);
    let longest_run = past
        .durations
        .filter(|_| in_last_phase && past.curves.is_empty());
    let until_longest =
        longest_run.map_or(0.0, |durations| durations.longest().as_secs_f64() - reached);
    from_curves.max(until_longest)
}
