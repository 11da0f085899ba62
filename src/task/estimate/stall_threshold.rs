//! The pause after which a task counts as stalled.

use std::time::Duration;

use jiff::Timestamp;

use super::{estimate, pace::Pace};
use crate::{progress_curve::ProgressCurve, progress_history::ProgressHistory, typical::PastRuns};

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

/// Percentage up to which past runs show how long a task may stay at 0 %.
const SLOW_START_PERCENT: u8 = 5;

/// Maximum ratio of the size of a task to that of a past run.
const MAX_SIZE_RATIO: f64 = 2.0;

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
    let percent = history.percent().unwrap_or_default();
    let durations = past.curves.iter().map(ProgressCurve::seconds);
    let known = past
        .durations
        .map(|durations| durations.longest().as_secs_f64());
    let longest_run = durations.chain(known).fold(0.0, f64::max);
    let pauses = past.curves.iter().map(|curve| {
        let length = curve.plateau().map_or(0.0, |(_, length)| length);
        // A slow start may be reported as a pause.
        let start = if percent == 0 {
            curve.reached(SLOW_START_PERCENT)
        } else {
            0.0
        };
        let length = length.max(start);
        // A larger task may stay longer in proportion. Before it progresses, its size is unknown.
        let larger = if percent == 0 {
            longest_run / curve.seconds()
        } else {
            let level = curve
                .plateau_at(percent)
                .map_or(percent, |(level, _)| level);
            reached / curve.reached(level).max(1.0)
        };
        length * larger.clamp(1.0, MAX_SIZE_RATIO)
    });
    let longest = pauses.fold(0.0, f64::max);
    let count = u32::try_from(past.curves.len()).unwrap_or(u32::MAX);
    let from_curves = longest * (USUAL_PAUSE_FACTOR + FEW_RUNS_FACTOR / f64::from(count.max(1)));
    // Many operations report no progress in their last phase.
    let in_last_phase = percent >= LAST_PHASE_PERCENT && past.curves.is_empty();
    let until_longest = known
        .filter(|_| in_last_phase)
        .map_or(0.0, |longest| longest - reached);
    from_curves.max(until_longest)
}
