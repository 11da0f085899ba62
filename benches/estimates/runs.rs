//! Generates runs with a known end.

use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use vtask::task::{DurationStats, ProgressCurve, ProgressHistory};

use super::classes::{Class, Operation};

/// Generated run; times are seconds since its start.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub operation: Operation,
    /// Duration of this run.
    pub duration: f64,
    /// True progress as corner points (fraction of time, fraction of work), interpolated linearly.
    pub corners: Vec<(f64, f64)>,
    /// Observed changes (time, percent), oldest first.
    pub observations: Vec<(f64, u8)>,
    /// Durations of past runs of the operation.
    pub past: Vec<f64>,
}

/// Returns a normally distributed random number.
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
}

pub(crate) fn uniform(rng: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.f64()
}

/// Standard deviation of the logarithm of the durations of one operation.
pub(crate) const SPREAD: f64 = 0.4;

/// Number of past runs whose durations are known.
const PAST_RUNS: usize = 40;

/// Generates a run of an operation whose median duration is between three minutes and two hours.
pub(crate) fn run(class: Class, rng: &mut Rng) -> Run {
    let operation = Operation {
        class,
        median: (uniform(rng, 180_f64.ln(), 7200_f64.ln())).exp(),
        shape: rng.f64(),
    };
    let mut duration = || operation.median * (SPREAD * normal(rng)).exp();
    let past = (0..PAST_RUNS).map(|_| duration()).collect();
    let mut duration = duration();
    if class == Class::MuchSlower {
        duration *= uniform(rng, 2.0, 8.0);
    }
    let corners = operation.corners(duration, rng);
    Run {
        operation,
        duration,
        observations: observe(&corners, duration, operation.jitter(), rng),
        corners,
        past,
    }
}

impl Run {
    /// Generates the observations of the first past runs: durations and changes.
    pub(crate) fn observed_runs<'a>(
        &'a self,
        rng: &'a mut Rng,
    ) -> impl Iterator<Item = (f64, Vec<(f64, u8)>)> + 'a {
        self.past.iter().map(|&duration| {
            let corners = self.operation.corners(duration, rng);
            let seen = observe(&corners, duration, self.operation.jitter(), rng);
            (duration, seen)
        })
    }

    /// Returns the curves of the first past runs, as learned by watching them.
    pub(crate) fn curves(&self, count: usize, rng: &mut Rng) -> Vec<ProgressCurve> {
        let observed_runs = self.observed_runs(rng).take(count);
        let curve = |(duration, seen): (f64, Vec<(f64, u8)>)| {
            ProgressCurve::of(&history(&seen, duration), Duration::from_secs_f64(duration))
        };
        observed_runs.filter_map(curve).collect()
    }

    /// Returns the statistic of the durations of past runs.
    pub(crate) fn durations(&self) -> Option<DurationStats> {
        DurationStats::of(self.past.iter().copied().map(Duration::from_secs_f64))
    }
}

/// Returns the longest pause over all past runs of the operation in seconds.
pub(crate) fn longest_ordinary_pause(run: &Run, rng: &mut Rng) -> f64 {
    let mut longest = 0.0_f64;
    for (duration, seen) in run.observed_runs(rng) {
        let ends = seen.iter().map(|(time, _)| *time).skip(1).chain([duration]);
        longest = seen
            .iter()
            .zip(ends)
            .fold(longest, |longest, ((time, _), next)| {
                longest.max(next - time)
            });
    }
    longest
}

pub(crate) fn start() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 50)
}

pub(crate) fn at(seconds: f64) -> Timestamp {
    start() + Duration::from_secs_f64(seconds)
}

/// Returns the progress history of the changes observed until `until` seconds.
pub(crate) fn history(seen: &[(f64, u8)], until: f64) -> ProgressHistory {
    let mut history = ProgressHistory::begin(Some(start()), start(), Some(0));
    for (time, percent) in seen.iter().take_while(|(time, _)| *time <= until) {
        history.observe(at(*time), Some(*percent), false);
    }
    history
}

/// Simulates observation by a monitor: whole percentages at irregular intervals of some seconds, changes only.
fn observe(corners: &[(f64, f64)], duration: f64, jitter: f64, rng: &mut Rng) -> Vec<(f64, u8)> {
    let mut observations = vec![(0.0, 0)];
    let mut time = 0.0;
    let interval = uniform(rng, 1.0, 6.0).min(duration / 60.0);
    loop {
        time += interval * (0.8 * normal(rng)).exp();
        if time >= duration {
            return observations;
        }
        let now = time / duration;
        let after = corners
            .partition_point(|(at, _)| *at <= now)
            .clamp(1, corners.len() - 1);
        let ((t0, s0), (t1, s1)) = (corners[after - 1], corners[after]);
        let share = s0 + (s1 - s0) * ((now - t0) / (t1 - t0)).clamp(0.0, 1.0);
        let share = (share + jitter * normal(rng)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let percent = (share * 100.0) as u8;
        if observations
            .last()
            .is_some_and(|(_, last)| *last != percent)
        {
            observations.push((time, percent));
        }
    }
}
