//! How well the end of a noisy run can be told at all: by an estimator that knows how such runs are made.

use fastrand::Rng;

use super::runs::{KEEPS, NEWS, Run, SPREAD, STEPS, normal};

/// How many ways of going on it thinks up.
const FUTURES: usize = 400;

/// The steps of a noisy run until a moment, the last of which is under way.
struct Steps {
    /// Logarithms of the seconds that each takes as a whole, oldest first.
    paces: Vec<f64>,
    /// The seconds that the last still takes.
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

    /// The logarithm of the middle pace as the steps tell it, and the standard deviation of that.
    fn middle(&self) -> (f64, f64) {
        let first = self.paces.first().copied().unwrap_or_default();
        let own = 1.0 - KEEPS;
        // All but the first tell it only by what they have not from the one before.
        let (sum, count) = self
            .paces
            .windows(2)
            .fold((first, 1.0), |(sum, count), two| {
                let middle = (two[1] - KEEPS * two[0]) / own;
                (sum + own * own * middle, count + own * own)
            });
        (sum / count, NEWS / f64::sqrt(count))
    }

    /// The seconds left, in one way in which the run may go on.
    fn future(&self, rng: &mut Rng) -> f64 {
        let (middle, doubt) = self.middle();
        let middle = middle + doubt * normal(rng);
        let mut pace = self.paces.last().map_or(0.0, |last| last - middle);
        let ahead = (self.paces.len()..STEPS as usize).map(|_| {
            pace = KEEPS * pace + NEWS * normal(rng);
            f64::exp(middle + pace)
        });
        self.rest + ahead.sum::<f64>()
    }
}

/// The middle of the seconds left of a noisy run at a moment. It is told what no monitor knows: the exact course until
/// then and to the end of the step under way, how much of its pace a step keeps and how much is new; with `usual`
/// also the true median and spread of the operation's durations.
pub(crate) fn left(run: &Run, time: f64, usual: bool, rng: &mut Rng) -> f64 {
    let steps = Steps::until(time, run);
    let future = |_| {
        let left = steps.future(rng);
        let distance = ((time + left).ln() - run.median.ln()) / SPREAD;
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
