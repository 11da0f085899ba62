//! The time until a set of tasks has finished, combined from the estimates of its tasks.

use std::{cmp::Reverse, time::Duration};

use super::{Estimate, distribution::QUANTILES};

/// Probability of the later of the two values of a [`SetForecast`].
const LATE_PROBABILITY: f64 = 0.8;
/// Factor beyond an estimate's upper end after which the task counts as finished for certain.
const TAIL: f64 = 1.5;
/// Bisection steps; the result is accurate to 2⁻²⁴ of the range.
const BISECTIONS: usize = 24;

/// Time until all tasks of a set have finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetForecast {
    /// As likely too early as too late.
    pub median: Duration,
    /// All tasks have finished by then with a probability of 80 %.
    pub late: Duration,
}

impl SetForecast {
    /// Combines the estimates of tasks that run independently of each other; `None` without estimates. The last of
    /// several tasks ends later than the slowest one is expected to, because any of them may be late.
    pub fn of(estimates: &[Estimate]) -> Option<Self> {
        let last = estimates.iter().map(|estimate| estimate.high).max()?;
        let last = last.as_secs_f64() * TAIL;
        // All tasks have finished no earlier than the slowest is expected to. Those that have certainly finished by
        // then do not matter.
        let slowest = estimates.iter().map(|estimate| estimate.best).max()?;
        let mut estimates: Vec<&Estimate> = estimates
            .iter()
            .filter(|estimate| estimate.high.mul_f64(TAIL) > slowest)
            .collect();
        // The latest first, because they decide soonest.
        estimates.sort_unstable_by_key(|estimate| Reverse(estimate.high));
        let quantile = |share| {
            let (mut low, mut high) = (0.0, last);
            for _ in 0..BISECTIONS {
                let middle = f64::midpoint(low, high);
                if probability_by(&estimates, middle, share) < share {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            Duration::try_from_secs_f64(high).ok()
        };
        Some(Self {
            median: quantile(0.5)?,
            late: quantile(LATE_PROBABILITY)?,
        })
    }
}

/// Returns the probability that all tasks, the latest first, have finished after `seconds`; any lower bound if it is
/// below `minimum`.
fn probability_by(estimates: &[&Estimate], seconds: f64, minimum: f64) -> f64 {
    let mut probability = 1.0;
    for estimate in estimates {
        let is_certain = estimate.high.as_secs_f64() * TAIL <= seconds;
        if is_certain || probability < minimum {
            break;
        }
        probability *= finished_by(estimate, seconds);
    }
    probability
}

/// Returns the probability that a task has finished after `seconds`, linear between the estimate's three values.
fn finished_by(estimate: &Estimate, seconds: f64) -> f64 {
    let [low, best, high] =
        [estimate.low, estimate.best, estimate.high].map(|value| value.as_secs_f64());
    let points = [
        (low, QUANTILES[0]),
        (best, QUANTILES[1]),
        (high, QUANTILES[2]),
        (high * TAIL, 1.0),
    ];
    let mut before = (0.0, 0.0);
    for point in points {
        if seconds < point.0 {
            let part = (seconds - before.0) / (point.0 - before.0);
            return before.1 + (point.1 - before.1) * part;
        }
        before = point;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::Basis;

    fn minutes(low: u64, best: u64, high: u64) -> Estimate {
        let minutes = |minutes| Duration::from_secs(minutes * 60);
        Estimate {
            low: minutes(low),
            best: minutes(best),
            high: minutes(high),
            basis: Basis::Pace,
        }
    }

    #[test]
    fn forecast_of_one_task_is_within_its_interval() {
        let estimate = minutes(10, 20, 40);
        let forecast = SetForecast::of(&[estimate]).unwrap();
        assert!(forecast.median >= estimate.best && forecast.median < forecast.late);
        assert!(forecast.late < estimate.high);
    }

    #[test]
    fn more_tasks_finish_later() {
        let estimate = minutes(10, 20, 40);
        let one = SetForecast::of(&[estimate]).unwrap();
        let ten = SetForecast::of(&[estimate; 10]).unwrap();
        assert!(ten.median > one.median && ten.late > one.late);
        assert!(ten.late <= estimate.high.mul_f64(TAIL));
        // A task that ends long before the others does not matter.
        let with_short = SetForecast::of(&[estimate, minutes(0, 1, 2)]).unwrap();
        assert_eq!(with_short, one);
    }

    #[test]
    fn no_estimates_give_no_forecast() {
        assert_eq!(SetForecast::of(&[]), None);
        let done = SetForecast::of(&[minutes(0, 0, 0)]).unwrap();
        assert_eq!((done.median, done.late), (Duration::ZERO, Duration::ZERO));
    }
}
