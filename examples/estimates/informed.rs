//! Reference estimator that knows the generator of noisy runs. It shows the best accuracy that is possible.

use fastrand::Rng;

use super::{
    classes::{AUTOCORRELATION, INNOVATION, STEPS},
    runs::{Run, SPREAD, normal},
};

/// Number of simulated continuations.
const FUTURES: usize = 400;

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
    fn middle(&self) -> (f64, f64) {
        let first = self.paces.first().copied().unwrap_or_default();
        let own = 1.0 - AUTOCORRELATION;
        // Steps after the first contribute only the part that is independent of the preceding step.
        let (sum, count) = self
            .paces
            .windows(2)
            .fold((first, 1.0), |(sum, count), two| {
                let middle = (two[1] - AUTOCORRELATION * two[0]) / own;
                (sum + own * own * middle, count + own * own)
            });
        (sum / count, INNOVATION / f64::sqrt(count))
    }

    /// Simulates a continuation of the run and returns its remaining seconds.
    fn future(&self, rng: &mut Rng) -> f64 {
        let (middle, doubt) = self.middle();
        let middle = middle + doubt * normal(rng);
        let mut pace = self.paces.last().map_or(0.0, |last| last - middle);
        let ahead = (self.paces.len()..STEPS as usize).map(|_| {
            pace = AUTOCORRELATION * pace + INNOVATION * normal(rng);
            f64::exp(middle + pace)
        });
        self.rest + ahead.sum::<f64>()
    }
}

/// Returns the median of the remaining seconds of a noisy run. Uses data that no monitor has: the exact progress up
/// to `time` and to the end of the current step, and the parameters of the pace; with `usual`, also the true median
/// and spread of the durations of the operation.
pub(crate) fn left(run: &Run, time: f64, usual: bool, rng: &mut Rng) -> f64 {
    let steps = Steps::until(time, run);
    let future = |_| {
        let left = steps.future(rng);
        let distance = ((time + left).ln() - run.operation.median.ln()) / SPREAD;
        let likely = if usual {
            f64::exp(-0.5 * distance * distance)
        } else {
            1.0
        };
        (left, likely)
    };
    let mut futures: Vec<(f64, f64)> = (0..FUTURES).map(future).collect();
    futures.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let half = 0.5 * futures.iter().map(|(_, likely)| likely).sum::<f64>();
    let mut below = 0.0;
    let middle = futures.iter().find(|(_, likely)| {
        below += likely;
        below >= half
    });
    middle.map_or(time, |(left, _)| *left)
}
