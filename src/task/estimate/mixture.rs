//! A weighted mixture of several rate models and the typical durations, as a distribution of the
//! time left.

use super::rate_models::RateEstimate;
use crate::task::typical::DurationStats;

/// Number of quantiles that represent the distribution of each rate model.
const QUANTILES_PER_RATE: u32 = 16;

/// Standard deviation of the logistic distribution with scale 1.
const LOGISTIC_STD_DEV: f64 = 1.813_799_364;

/// Log-normal distribution of typical durations, which spread over orders of magnitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogNormal {
    /// Natural logarithm of the median's seconds.
    median: f64,
    /// Standard deviation of the logarithms.
    spread: f64,
}

impl LogNormal {
    pub(super) fn of(typical: &DurationStats) -> Self {
        let log = |percent| typical.percentile(percent).as_secs_f64().max(0.01).ln();
        // The 10th and the 90th percentile are 2.563 standard deviations apart. A few runs
        // underestimate the spread, so it has a minimum.
        let spread = (log(90) - log(10)) / 2.563;
        Self {
            median: log(50),
            spread: spread.max(0.15),
        }
    }

    /// Returns the relative likelihood of a duration, with heavy tails because about one run in ten
    /// is atypical.
    fn likelihood(self, seconds: f64) -> f64 {
        let distance = (seconds.ln() - self.median) / self.spread;
        0.9 * (-0.5 * distance * distance).exp() + 0.1 / (1.0 + distance * distance)
    }

    /// Returns the quantile `share` of the seconds left for the runs that take longer than
    /// `elapsed`.
    fn left(self, elapsed: f64, share: f64) -> f64 {
        let scale = self.spread / LOGISTIC_STD_DEV;
        let beyond = 1.0 / (1.0 + ((elapsed.max(1e-9).ln() - self.median) / scale).exp());
        let beyond = beyond.max(1e-6) * (1.0 - share);
        (self.median + scale * (1.0 / beyond - 1.0).ln()).exp() - elapsed
    }
}

/// Possible values of the time left in seconds with their weights, ascending.
pub(super) struct Mixture(Vec<(f64, f64)>);

impl Mixture {
    /// Combines rate estimates, weighted by the likelihood of the resulting total duration.
    pub(super) fn new(
        rates: &[RateEstimate],
        typical_model: Option<LogNormal>,
        elapsed: f64,
    ) -> Self {
        let mut ends = Vec::with_capacity(rates.len() * QUANTILES_PER_RATE as usize);
        for rate in rates {
            for end in 0..QUANTILES_PER_RATE {
                let share = (f64::from(end) + 0.5) / f64::from(QUANTILES_PER_RATE);
                let distance = (share / (1.0 - share)).ln() / LOGISTIC_STD_DEV;
                let left = rate.left * (rate.spread * distance).exp();
                let typical_model = typical_model.map_or(1.0, |typical_model| {
                    typical_model.likelihood(elapsed + left)
                });
                ends.push((left, rate.weight * typical_model));
            }
        }
        ends.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let total: f64 = ends.iter().map(|(_, weight)| weight).sum();
        for (_, weight) in &mut ends {
            *weight /= total;
        }
        Self(ends)
    }

    /// Creates the distribution from typical durations only.
    pub(super) fn typical_model(typical_model: LogNormal, elapsed: f64) -> Self {
        let shares = (0..QUANTILES_PER_RATE)
            .map(|end| (f64::from(end) + 0.5) / f64::from(QUANTILES_PER_RATE));
        let ends = shares.map(|share| {
            (
                typical_model.left(elapsed, share),
                1.0 / f64::from(QUANTILES_PER_RATE),
            )
        });
        Self(ends.collect())
    }

    /// Returns a quantile of the seconds left.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let (mut below, mut before) = (0.0, 0.0);
        let mut last = self.0.first().map_or(0.0, |(left, _)| *left);
        for (left, weight) in &self.0 {
            let middle = below + 0.5 * weight;
            if middle >= share {
                let part = (share - before) / (middle - before).max(1e-12);
                return last + (left - last) * part;
            }
            (before, last) = (middle, *left);
            below += weight;
        }
        last
    }
}
