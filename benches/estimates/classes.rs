//! Classes of progress over time that occur in vSphere.

use fastrand::Rng;

use super::runs::uniform;

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
    /// 95 % after 30–70 % of the time, then nothing until the end.
    StuckAt95,
    /// As `StuckAt95`, with a similar share of the time in every run of the operation.
    StuckAt95Alike,
    /// Each disk counts the same in the percentage; sizes differ up to fivefold.
    UnequalDisks,
    /// The pace falls to a half or a quarter at some point.
    ThrottledForTheRest,
    /// Hardly any progress during preparation, then a constant pace.
    SlowStart,
    /// The pace falls to a third or less for a part of the work.
    ThrottledForAWhile,
    /// The pace falls exponentially; ends between 78 % and 98 %.
    Approaching,
    /// A constant pace up to 99 %, then an end phase of a fixed time whatever the duration before it.
    FixedEndPhase,
    /// Alternates between fast progress and short pauses.
    Bursts,
    /// Starts again from 0 % after a first pass.
    SecondPass,
    /// A constant pace up to 99 %, then nothing for 5–40 % of the time.
    PlateauAt99,
    /// A constant pace, interrupted twice for 10–25 % of the time each.
    TwoPlateaus,
    /// The pace rises all the time.
    SpeedingUp,
    /// A constant pace, interrupted at 40–60 % for 15–40 % of the time.
    PauseInTheMiddle,
    /// A constant pace, two to eight times slower than that of the operation's other runs.
    MuchSlower,
    /// Alternates between progress and pauses; only used for stall detection.
    OrdinaryPlateaus,
}

/// Classes used to evaluate estimates.
pub(crate) const CLASSES: [Class; 17] = [
    Class::Linear,
    Class::SlowingDown,
    Class::Stepped,
    Class::LongPlateau,
    Class::FallingBack,
    Class::Noisy,
    Class::Shaking,
    Class::StuckAt95,
    Class::StuckAt95Alike,
    Class::UnequalDisks,
    Class::ThrottledForTheRest,
    Class::SlowStart,
    Class::ThrottledForAWhile,
    Class::Approaching,
    Class::FixedEndPhase,
    Class::Bursts,
    Class::SecondPass,
];

/// Classes on which no constant was chosen.
pub(crate) const HELD_OUT: [Class; 4] = [
    Class::PlateauAt99,
    Class::TwoPlateaus,
    Class::SpeedingUp,
    Class::PauseInTheMiddle,
];

/// Number of steps of a noisy run, each with the same amount of work.
pub(crate) const STEPS: u32 = 40;

/// Autocorrelation of the logarithmic pace between two steps.
pub(crate) const AUTOCORRELATION: f64 = 0.7;

/// Standard deviation of the random part of the logarithmic pace.
pub(crate) const INNOVATION: f64 = 0.5;

/// Properties shared by all runs of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub class: Class,
    /// Median duration in seconds.
    pub median: f64,
    /// Random number from 0 to 1 that determines the shape shared by all runs.
    pub shape: f64,
}

impl Operation {
    /// Returns the standard deviation of noisy readings as a fraction of the whole.
    pub(crate) fn jitter(self) -> f64 {
        if self.class == Class::Shaking {
            0.02
        } else {
            0.0
        }
    }

    /// Returns the corner points (fraction of time, fraction of work) of a run with this duration.
    pub(crate) fn corners(self, duration: f64, rng: &mut Rng) -> Vec<(f64, f64)> {
        match self.class {
            Class::Linear | Class::Shaking | Class::MuchSlower => vec![(0.0, 0.0), (1.0, 1.0)],
            Class::SlowingDown => {
                let power = uniform(rng, 1.5, 3.0);
                curve(|time| 1.0 - (1.0 - time).powf(power))
            }
            Class::Stepped => stepped(rng),
            Class::LongPlateau => {
                let (begin, length) = (uniform(rng, 0.1, 0.5), uniform(rng, 0.2, 0.45));
                let level = begin / (1.0 - length);
                vec![
                    (0.0, 0.0),
                    (begin, level),
                    (begin + length, level),
                    (1.0, 1.0),
                ]
            }
            Class::FallingBack => falling_back(rng),
            Class::Noisy => noisy(rng),
            Class::StuckAt95 => stuck(uniform(rng, 0.3, 0.7)),
            Class::StuckAt95Alike => stuck(0.33 + 0.34 * self.shape + uniform(rng, -0.03, 0.03)),
            Class::UnequalDisks => {
                let disks = rng.usize(2..=6);
                segments((0..disks).map(|_| (uniform(rng, 1.0, 5.0), 1.0)))
            }
            Class::ThrottledForTheRest => {
                let before = uniform(rng, 0.1, 0.85);
                let factor = if rng.bool() { 2.0 } else { 4.0 };
                let rest = 1.0 - before;
                segments([(before, before), (rest * factor, rest)])
            }
            Class::SlowStart => {
                let level = uniform(rng, 0.0, 0.05);
                vec![(0.0, 0.0), (uniform(rng, 0.1, 0.4), level), (1.0, 1.0)]
            }
            Class::ThrottledForAWhile => {
                let (before, part) = (uniform(rng, 0.1, 0.6), uniform(rng, 0.1, 0.3));
                let factor = uniform(rng, 3.0, 6.0);
                let rest = 1.0 - before - part;
                segments([(before, before), (part * factor, part), (rest, rest)])
            }
            Class::Approaching => {
                let power = uniform(rng, 1.5, 4.0);
                curve(|time| 1.0 - (-power * time).exp())
            }
            Class::FixedEndPhase => {
                let end = (self.median * (0.1 + 0.4 * self.shape)).min(0.7 * duration);
                let begin = 1.0 - end / duration;
                vec![(0.0, 0.0), (begin, 0.99), (1.0, 0.99)]
            }
            Class::Bursts => {
                let bursts = rng.usize(8..=20);
                let pauses = (0..bursts).flat_map(|_| {
                    [
                        (uniform(rng, 0.2, 0.6), uniform(rng, 0.5, 1.5)),
                        (uniform(rng, 0.3, 1.5), 0.0),
                    ]
                });
                segments(pauses.collect::<Vec<_>>())
            }
            Class::SecondPass => {
                let (top, end) = (uniform(rng, 0.5, 0.99), uniform(rng, 0.2, 0.6));
                vec![(0.0, 0.0), (end, top), (end + 1e-6, 0.0), (1.0, 1.0)]
            }
            Class::PlateauAt99 => {
                let begin = 1.0 - uniform(rng, 0.05, 0.4);
                vec![(0.0, 0.0), (begin, 0.995), (1.0, 0.995)]
            }
            Class::TwoPlateaus => two_plateaus(rng),
            Class::SpeedingUp => {
                let power = uniform(rng, 1.5, 3.0);
                curve(|time| time.powf(power))
            }
            Class::PauseInTheMiddle => {
                let (level, pause) = (uniform(rng, 0.4, 0.6), uniform(rng, 0.15, 0.4));
                let pause = pause / (1.0 - pause);
                segments([(level, level), (pause, 0.0), (1.0 - level, 1.0 - level)])
            }
            Class::OrdinaryPlateaus => {
                let pauses = rng.usize(4..=8);
                let mut parts = Vec::new();
                for _ in 0..pauses {
                    let climb = uniform(rng, 0.5, 1.5);
                    parts.extend([(climb * 0.6, climb), (uniform(rng, 0.4, 1.2), 0.0)]);
                }
                parts.push((0.6, 1.0));
                segments(parts)
            }
        }
    }
}

/// Joins segments of (time, work) and scales both to 1.
fn segments(parts: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut corners = vec![(0.0, 0.0)];
    let (mut time, mut work) = (0.0, 0.0);
    for (part_time, part_work) in parts {
        time += part_time;
        work += part_work;
        corners.push((time, work));
    }
    let scaled = corners.into_iter();
    scaled.map(|(t, w)| (t / time, w / work)).collect()
}

fn curve(work: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    (0..=200)
        .map(|step| f64::from(step) / 200.0)
        .map(|time| (time, work(time)))
        .collect()
}

fn stuck(begin: f64) -> Vec<(f64, f64)> {
    vec![(0.0, 0.0), (begin, 0.955), (1.0, 0.955)]
}

fn stepped(rng: &mut Rng) -> Vec<(f64, f64)> {
    let levels = [0.02, uniform(rng, 0.15, 0.25), uniform(rng, 0.3, 0.6), 0.95];
    let mut times = [
        0.01,
        uniform(rng, 0.05, 0.3),
        uniform(rng, 0.3, 0.6),
        uniform(rng, 0.6, 0.95),
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

/// Constant pace, with one or two losses of progress.
fn falling_back(rng: &mut Rng) -> Vec<(f64, f64)> {
    let mut done = 0.0;
    let mut elapsed = 0.0;
    let mut corners = vec![(0.0, 0.0)];
    for _ in 0..rng.usize(1..=2) {
        let top = uniform(rng, done + 0.1, done + 0.5_f64.min(0.85 - done));
        elapsed += top - done;
        corners.push((elapsed, top));
        done = top * uniform(rng, 0.1, 0.6);
        corners.push((elapsed + 1e-6, done));
    }
    elapsed += 1.0 - done;
    corners.push((elapsed, 1.0));
    let scaled = corners.into_iter();
    scaled.map(|(time, work)| (time / elapsed, work)).collect()
}

/// Constant pace, with two pauses.
fn two_plateaus(rng: &mut Rng) -> Vec<(f64, f64)> {
    let (first, second) = (uniform(rng, 0.15, 0.5), uniform(rng, 0.15, 0.35));
    let (first_pause, second_pause) = (uniform(rng, 0.1, 0.25), uniform(rng, 0.1, 0.25));
    let pace = 1.0 / (1.0 - first_pause - second_pause);
    let parts = [
        (first, first),
        (first_pause * pace, 0.0),
        (second, second),
        (second_pause * pace, 0.0),
    ];
    let rest = 1.0 - first - second;
    segments(parts.into_iter().chain([(rest, rest)]))
}

/// The pace is a random walk.
fn noisy(rng: &mut Rng) -> Vec<(f64, f64)> {
    let mut pace = 0.0;
    segments((0..STEPS).map(|_| {
        pace = AUTOCORRELATION * pace + INNOVATION * super::runs::normal(rng);
        (f64::exp(pace), 1.0)
    }))
}
