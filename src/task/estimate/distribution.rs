//! Distributions of times in seconds.

/// Standard deviation of the logistic distribution with scale 1.
const LOGISTIC_STD_DEV: f64 = 1.813_799_364;

/// Quantiles of the low, best and high value of an estimate. Runs take longer than expected more often than shorter.
pub(super) const QUANTILES: [f64; 3] = [0.025, 0.5, 0.965];

/// Least rest in standard deviations, and the range in which the estimate approaches it.
const MIN_REMAINING: f64 = 0.22;
const MIN_REMAINING_WIDTH: f64 = 0.12;

/// Bisection steps of [`quantile`].
const BISECTIONS: usize = 24;

/// A log-logistic distribution, under the condition that some time has passed already. Close to a
/// log-normal one, but with tails in which the time left grows with the time passed.
#[derive(Debug, Clone, Copy)]
pub(super) struct RemainingTime {
    /// Natural logarithm of the median's seconds.
    median: f64,
    scale: f64,
    /// Seconds passed.
    passed: f64,
}

impl RemainingTime {
    /// Creates the distribution from its median, the standard deviation of its logarithm, and the
    /// seconds passed.
    pub(super) fn new(median: f64, spread: f64, passed: f64) -> Self {
        Self {
            median: median.max(1e-3).ln(),
            scale: spread.clamp(0.01, 3.0) / LOGISTIC_STD_DEV,
            passed: passed.max(1e-3),
        }
    }

    /// Returns the logarithm of the odds that the whole time is shorter than `seconds`.
    fn log_odds(self, seconds: f64) -> f64 {
        (seconds.ln() - self.median) / self.scale
    }

    /// Returns the probability that no more than `left` seconds are left.
    fn within(self, left: f64) -> f64 {
        let (now, then) = (
            self.log_odds(self.passed),
            self.log_odds(self.passed + left),
        );
        // 1 − P(longer than then) ÷ P(longer than now)
        let beyond = |log_odds: f64| log_odds.max(0.0) + (-log_odds.abs()).exp().ln_1p();
        1.0 - (beyond(now) - beyond(then)).exp()
    }

    /// Returns the likelihood of a whole duration relative to the most likely one of those that have not passed, with
    /// heavy tails because about one run in ten is atypical.
    pub(super) fn likelihood(self, seconds: f64) -> f64 {
        let likelihood = |seconds: f64| {
            let distance = self.log_odds(seconds) / LOGISTIC_STD_DEV;
            0.9 * (-0.5 * distance * distance).exp() + 0.1 / (1.0 + distance * distance)
        };
        let most_likely = likelihood(self.median.exp().max(self.passed));
        (likelihood(seconds.max(1e-3)) / most_likely).min(1.0)
    }

    /// Returns the best estimate of the seconds left: the rest of the median. As the time passed approaches or exceeds
    /// the median, a part of the spread, so that the estimate neither stops nor jumps.
    pub(super) fn best(self) -> f64 {
        let median = self.median.exp();
        let spread = self.scale * LOGISTIC_STD_DEV * median.max(self.passed);
        let (minimum, width) = (MIN_REMAINING * spread, MIN_REMAINING_WIDTH * spread);
        let excess = (median - self.passed - minimum) / width;
        // A smooth maximum of the rest and the least.
        minimum + width * (excess.max(0.0) + (-excess.abs()).exp().ln_1p())
    }
}

/// Returns a quantile of the seconds left for weighted distributions.
pub(super) fn quantile(parts: &[(f64, RemainingTime)], share: f64) -> f64 {
    let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
    // Logarithms of 1 ms and 30,000 years.
    let (mut low, mut high) = (-7.0, 27.6_f64);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        let within = parts.iter().map(|(w, part)| w * part.within(middle.exp()));
        if within.sum::<f64>() < share * total {
            low = middle;
        } else {
            high = middle;
        }
    }
    high.exp()
}
