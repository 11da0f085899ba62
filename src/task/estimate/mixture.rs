//! Several opinions about the time left, weighed into one distribution.

use super::pace::{Pace, Shape};
use crate::task::typical::Typical;

/// How likely it is at the start that the course will be broken by something not seen so far.
const BREAK: f64 = 0.40;

/// The logistic curve has this standard deviation at scale 1.
const LOGISTIC: f64 = 1.813_799_364;

/// Typical durations as a log-normal curve: they spread over orders of magnitude, long ones further than short ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Normal {
    /// Natural logarithm of the median's seconds.
    median: f64,
    /// Standard deviation of the logarithms.
    spread: f64,
}

impl Normal {
    pub(super) fn of(typical: &Typical) -> Self {
        let log = |percent| typical.percentile(percent).as_secs_f64().max(0.01).ln();
        // Between the tenth and the ninetieth percentile lie 2.563 standard deviations. A few runs tell little of
        // their spread, and no operation is as exact as to be taken at its word.
        let spread = (log(90) - log(10)) / 2.563;
        Self {
            median: log(50),
            spread: spread.max(0.15),
        }
    }

    /// The share of runs that take longer.
    fn beyond(self, seconds: f64) -> f64 {
        let scale = self.spread / LOGISTIC;
        1.0 / (1.0 + ((seconds.max(1e-9).ln() - self.median) / scale).exp())
    }

    /// Seconds left of a run that has taken `elapsed`: half of those that got so far were done after that.
    fn left(self, elapsed: f64) -> f64 {
        let odds = 2.0 / self.beyond(elapsed).max(1e-6) - 1.0;
        (self.median + self.spread / LOGISTIC * odds.ln()).exp() - elapsed
    }

    /// Draws a figure of the time left towards what is usual, each counting by its sureness. Answers the figure and
    /// its spread, a little wider than if the two knew nothing of each other.
    fn draw(self, left: f64, spread: f64, elapsed: f64) -> (f64, f64) {
        let usual = self.left(elapsed).max(1e-3);
        let usual_spread = 1.5 * self.spread * (elapsed + usual) / usual;
        let (sureness, of_usual) = (spread.powi(-2), usual_spread.powi(-2));
        let both = sureness + of_usual;
        let drawn = (left.ln() * sureness + usual.ln() * of_usual) / both;
        (drawn.exp(), 1.2 * both.powf(-0.5))
    }

    /// How ordinary a duration is: 1 at the median, less with distance.
    fn ordinary(self, seconds: f64) -> f64 {
        (-0.5 * ((seconds.max(1e-9).ln() - self.median) / self.spread).powi(2)).exp()
    }
}

/// One opinion, as the share of its belief that the time left is at most so many seconds.
#[derive(Debug, Clone, Copy)]
enum Opinion {
    /// About so much, log-logistic with this scale.
    About { left: f64, scale: f64 },
    /// As usual, given that it has taken `least` in all, of which `elapsed` is over.
    Usual {
        usual: Normal,
        elapsed: f64,
        least: f64,
    },
}

impl Opinion {
    fn at_most(self, seconds: f64) -> f64 {
        match self {
            Self::About { left, scale } => {
                1.0 / (1.0 + ((left.max(1e-6).ln() - seconds.max(1e-9).ln()) / scale).exp())
            }
            Self::Usual {
                usual,
                elapsed,
                least,
            } => {
                let before = usual.beyond(least).max(1e-12);
                (1.0 - usual.beyond((elapsed + seconds).max(least)) / before).max(0.0)
            }
        }
    }
}

/// Opinions with their weights.
pub(super) struct Mixture {
    opinions: Vec<(f64, Opinion)>,
    /// Nothing takes longer than this many seconds.
    longest: f64,
}

impl Mixture {
    /// Weighs the pace against what is usual.
    pub(super) fn new(pace: Option<&Pace>, usual: Option<Normal>, elapsed: f64) -> Self {
        let mut opinions = Vec::with_capacity(10);
        let as_usual = |least: f64| {
            usual.map(|usual| Opinion::Usual {
                usual,
                elapsed,
                least,
            })
        };
        let mut longest = elapsed.max(1.0) * 10.0;
        if let Some(pace) = pace {
            let left: f64 = pace
                .shapes
                .iter()
                .map(|shape| shape.weight * shape.left)
                .sum();
            // A pause that goes on will go on for about half as long again: that much is known of any.
            let delay = 0.5 * pace.overdue;
            let whole = elapsed + left + delay;
            let break_ahead = BREAK * (1.0 - pace.done);
            let steady = usual.map_or(1.0 - break_ahead, |usual| {
                let steady = (1.0 - break_ahead) * usual.ordinary(whole) + 0.05;
                steady / (steady + break_ahead * usual.beyond(whole))
            });
            let ordinary =
                |left: f64| usual.map_or(1.0, |usual| usual.ordinary(elapsed + left) + 0.05);
            let believed = |shape: &Shape| shape.weight * ordinary(shape.left + delay);
            let total: f64 = pace.shapes.iter().map(believed).sum();
            for shape in &pace.shapes {
                let left = (shape.left + delay).max(1e-3);
                let spread = shape
                    .spread
                    .hypot(0.6 * pace.overdue / left)
                    .clamp(0.01, 1.5);
                let (left, spread) = match usual {
                    Some(usual) => usual.draw(left, spread, elapsed),
                    None => (left, spread),
                };
                let weight = steady * believed(shape) / total;
                opinions.push((
                    weight,
                    Opinion::About {
                        left,
                        scale: spread / LOGISTIC,
                    },
                ));
            }
            let delayed = (left + delay) * 1.5 + 0.02 * elapsed;
            let broken = Opinion::About {
                left: delayed,
                scale: 0.35 / LOGISTIC,
            };
            opinions.push((1.0 - steady, as_usual(whole).unwrap_or(broken)));
            longest = longest.max(left * 10.0);
        } else if let (Some(opinion), Some(usual)) = (as_usual(elapsed), usual) {
            opinions.push((1.0, opinion));
            longest = longest.max(usual.median.exp() * 10.0);
        }
        Self { opinions, longest }
    }

    /// The seconds left that this share of all belief does not exceed.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (0.0, self.longest);
        // Thirty halvings leave a thousandth of a second of a month.
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            let belief: f64 = self
                .opinions
                .iter()
                .map(|(weight, o)| weight * o.at_most(middle))
                .sum();
            if belief < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }
}
