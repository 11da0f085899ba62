//! Reference estimator that knows the generator of noisy runs. It shows the best accuracy that is possible.

use fastrand::Rng;

use super::{
    classes::{AUTOCORRELATION, INNOVATION, STEPS},
    runs::{Run, SPREAD, normal},
};

/// Number of simulated continuations.
const CONTINUATIONS: usize = 400;

/// Steps of a noisy run up to a given time; the last one is in progress.
struct Steps {
    /// Logarithms of the duration of each step in seconds, oldest first.
    paces: Vec<f64>,
    /// Remaining seconds of the last step.
    rest: f64,
}

impl Steps {
    fn until(time: f64, run: &Run) -> Self {
        let mut steps = Self {
            paces: vec![],
            rest: 0.0,
        };
        for two in run.corners.windows(2) {
            let [begin, end] = [two[0], two[1]].map(|(share, _)| share * run.duration);
            if begin <= time {
                steps.paces.push((end - begin).ln());
                steps.rest = end - time;
            }
        }
        steps
    }

    /// Estimates the mean of the logarithmic pace and its standard deviation.
    fn mean_and_error(&self) -> (f64, f64) {
        let first = self.paces.first().copied().unwrap_or_default();
        let own = 1.0 - AUTOCORRELATION;
        // Steps after the first contribute only the part that is independent of the preceding step.
        let (sum, count) = self
            .paces
            .windows(2)
            .fold((first, 1.0), |(sum, count), two| {
                let mean = (two[1] - AUTOCORRELATION * two[0]) / own;
                (sum + own * own * mean, count + own * own)
            });
        (sum / count, INNOVATION / f64::sqrt(count))
    }

    /// Simulates a continuation of the run and returns its remaining seconds.
    fn continuation(&self, rng: &mut Rng) -> f64 {
        let (mean, uncertainty) = self.mean_and_error();
        let mean = mean + uncertainty * normal(rng);
        let mut pace = self.paces.last().map_or(0.0, |last| last - mean);
        let steps = (self.paces.len()..STEPS as usize).map(|_| {
            pace = AUTOCORRELATION * pace + INNOVATION * normal(rng);
            f64::exp(mean + pace)
        });
        self.rest + steps.sum::<f64>()
    }
}

/// Returns the median of the remaining seconds of a noisy run. Uses data that no monitor has: the exact progress up
/// to `time` and to the end of the current step, and the parameters of the pace; with `knows_durations`, also the true median
/// and spread of the durations of the operation.
pub(crate) fn remaining(run: &Run, time: f64, knows_durations: bool, rng: &mut Rng) -> f64 {
    let steps = Steps::until(time, run);
    let continuation = |_| {
        let remaining = steps.continuation(rng);
        let distance = ((time + remaining).ln() - run.operation.median.ln()) / SPREAD;
        let weight = if knows_durations {
            f64::exp(-0.5 * distance * distance)
        } else {
            1.0
        };
        (remaining, weight)
    };
    let mut continuations: Vec<(f64, f64)> = (0..CONTINUATIONS).map(continuation).collect();
    continuations.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let half = 0.5 * continuations.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut below = 0.0;
    let median = continuations.iter().find(|(_, weight)| {
        below += weight;
        below >= half
    });
    median.map_or(time, |(remaining, _)| *remaining)
}
