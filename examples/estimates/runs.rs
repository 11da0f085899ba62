//! Generates runs with a known end, in classes of progress that occur in vSphere.

use fastrand::Rng;

/// Class of progress over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Linear,
    SlowingDown,
    Stepped,
    LongPlateau,
    FallingBack,
    Noisy,
    /// Constant pace with noisy readings.
    Shaking,
    /// Alternates between progress and pauses; only used for stall detection.
    OrdinaryPlateaus,
}

/// Classes used to evaluate estimates.
pub(crate) const CLASSES: [Class; 7] = [
    Class::Linear,
    Class::SlowingDown,
    Class::Stepped,
    Class::LongPlateau,
    Class::FallingBack,
    Class::Noisy,
    Class::Shaking,
];

/// Generated run; times are seconds since its start.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Median duration of the operation.
    pub median: f64,
    /// Duration of this run.
    pub duration: f64,
    /// True progress as corner points (fraction of time, fraction of work), interpolated linearly.
    pub corners: Vec<(f64, f64)>,
    /// Observed changes (time, percent), oldest first.
    pub seen: Vec<(f64, u8)>,
    /// Durations of past runs of the operation.
    pub past: Vec<f64>,
}

/// Returns a normally distributed random number.
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
}

fn between(rng: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.f64()
}

/// Standard deviation of the logarithm of the durations of one operation.
pub(crate) const SPREAD: f64 = 0.4;

/// Number of steps of a noisy run, each with the same amount of work.
pub(crate) const STEPS: u32 = 40;

/// Autocorrelation of the logarithmic pace between two steps.
pub(crate) const KEEPS: f64 = 0.7;

/// Standard deviation of the random part of the logarithmic pace.
pub(crate) const NEWS: f64 = 0.5;

/// Generates a run of an operation whose median duration is between three minutes and two hours.
pub(crate) fn run(class: Class, rng: &mut Rng) -> Run {
    let median = (between(rng, 180_f64.ln(), 7200_f64.ln())).exp();
    let mut duration = || median * (SPREAD * normal(rng)).exp();
    let past = (0..40).map(|_| duration()).collect();
    let duration = duration();
    let corners = corners(class, rng);
    Run {
        median,
        duration,
        seen: observe(&corners, duration, jitter(class), rng),
        corners,
        past,
    }
}

/// Returns the longest pause over all past runs of the operation in seconds.
pub(crate) fn longest_ordinary_pause(class: Class, run: &Run, rng: &mut Rng) -> f64 {
    let mut longest = 0.0_f64;
    for &duration in &run.past {
        let corners = corners(class, rng);
        let seen = observe(&corners, duration, jitter(class), rng);
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

/// Returns the corner points (fraction of time, fraction of work) of a class.
fn corners(class: Class, rng: &mut Rng) -> Vec<(f64, f64)> {
    match class {
        Class::Linear | Class::Shaking => vec![(0.0, 0.0), (1.0, 1.0)],
        Class::SlowingDown => {
            let power = between(rng, 1.5, 3.0);
            let course = |i: i32| {
                (
                    f64::from(i) / 200.0,
                    1.0 - (1.0 - f64::from(i) / 200.0).powf(power),
                )
            };
            (0..=200).map(course).collect()
        }
        Class::Stepped => {
            let levels = [0.02, between(rng, 0.15, 0.25), between(rng, 0.3, 0.6), 0.95];
            let mut times = [
                0.01,
                between(rng, 0.05, 0.3),
                between(rng, 0.3, 0.6),
                between(rng, 0.6, 0.95),
            ];
            times.sort_by(f64::total_cmp);
            let mut corners = vec![(0.0, 0.0)];
            let mut level = 0.0;
            for (time, next) in times.into_iter().zip(levels) {
                corners.extend([(time, level), (time + 1e-6, next)]);
                level = next;
            }
            corners.push((1.0, level));
            corners
        }
        Class::LongPlateau => {
            let (begin, length) = (between(rng, 0.1, 0.5), between(rng, 0.2, 0.45));
            let level = begin / (1.0 - length);
            vec![
                (0.0, 0.0),
                (begin, level),
                (begin + length, level),
                (1.0, 1.0),
            ]
        }
        Class::FallingBack => {
            // Constant pace, with one or two losses of progress.
            let mut done = 0.0;
            let mut climbed = 0.0;
            let mut corners = vec![(0.0, 0.0)];
            for _ in 0..rng.usize(1..=2) {
                let top = between(rng, done + 0.1, done + 0.5_f64.min(0.85 - done));
                climbed += top - done;
                corners.push((climbed, top));
                done = top * between(rng, 0.1, 0.6);
                corners.push((climbed + 1e-6, done));
            }
            climbed += 1.0 - done;
            corners.push((climbed, 1.0));
            corners
                .into_iter()
                .map(|(time, share)| (time / climbed, share))
                .collect()
        }
        Class::Noisy => {
            // The pace is a random walk, occasionally doubled or halved.
            let mut pace = 0.0;
            let steps: Vec<f64> = (0..STEPS)
                .map(|_| {
                    pace = KEEPS * pace + NEWS * normal(rng);
                    f64::exp(pace)
                })
                .collect();
            let whole: f64 = steps.iter().sum();
            let mut time = 0.0;
            let mut corners = vec![(0.0, 0.0)];
            for (index, step) in (1_u32..).zip(steps) {
                time += step / whole;
                corners.push((time, f64::from(index) / f64::from(STEPS)));
            }
            corners
        }
        Class::OrdinaryPlateaus => {
            let pauses = rng.usize(4..=8);
            let mut corners = vec![(0.0, 0.0)];
            let (mut time, mut share) = (0.0, 0.0);
            for _ in 0..pauses {
                let climb = between(rng, 0.5, 1.5);
                time += climb * 0.6;
                share += climb;
                corners.push((time, share));
                time += between(rng, 0.4, 1.2);
                corners.push((time, share));
            }
            (time, share) = (time + 0.6, share + 1.0);
            corners.push((time, share));
            corners
                .into_iter()
                .map(|(t, s)| (t / time, s / share))
                .collect()
        }
    }
}

/// Returns the standard deviation of noisy readings as a fraction of the whole.
fn jitter(class: Class) -> f64 {
    if class == Class::Shaking { 0.02 } else { 0.0 }
}

/// Simulates observation by a monitor: whole percentages at irregular intervals of some seconds, changes only.
fn observe(corners: &[(f64, f64)], duration: f64, jitter: f64, rng: &mut Rng) -> Vec<(f64, u8)> {
    let mut seen = vec![(0.0, 0)];
    let mut time = 0.0;
    let grain = between(rng, 1.0, 6.0).min(duration / 60.0);
    loop {
        time += grain * (0.8 * normal(rng)).exp();
        if time >= duration {
            return seen;
        }
        let now = time / duration;
        let after = corners
            .partition_point(|(at, _)| *at <= now)
            .clamp(1, corners.len() - 1);
        let ((t0, s0), (t1, s1)) = (corners[after - 1], corners[after]);
        let share = s0 + (s1 - s0) * ((now - t0) / (t1 - t0)).clamp(0.0, 1.0);
        let share = (share + jitter * normal(rng)).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100"
        )]
        let percent = (share * 100.0) as u8;
        if seen.last().is_some_and(|(_, last)| *last != percent) {
            seen.push((time, percent));
        }
    }
}
