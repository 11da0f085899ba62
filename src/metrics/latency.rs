//! Latency histograms of bounded size.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// A histogram of durations up to one hour with two significant digits; takes a few kilobytes.
#[derive(Debug)]
pub struct Latency(Histogram<u64>);

/// Summary of a distribution, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    pub count: u64,
    pub p50: u64,
    pub p99: u64,
    pub max: u64,
}

impl Latency {
    const MAX_MICROS: u64 = 3_600_000_000;
    const SIGNIFICANT_DIGITS: u8 = 2;

    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "fails only for invalid constants, and a test creates one"
    )]
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, Self::MAX_MICROS, Self::SIGNIFICANT_DIGITS);
        Self(histogram.expect("the bounds are valid"))
    }

    /// Records a duration `count` times.
    pub fn add(&mut self, time: Duration, count: u64) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(Self::MAX_MICROS);
        self.0
            .saturating_record_n(micros.clamp(1, Self::MAX_MICROS), count);
    }

    pub fn quantiles(&self) -> Quantiles {
        if self.0.is_empty() {
            return Quantiles::default();
        }
        Quantiles {
            count: self.0.len(),
            p50: self.0.value_at_quantile(0.5),
            p99: self.0.value_at_quantile(0.99),
            max: self.0.max(),
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_have_two_correct_digits() {
        let mut latency = Latency::new();
        assert_eq!(latency.quantiles(), Quantiles::default());
        for millis in 1..=100 {
            latency.add(Duration::from_millis(millis), 2);
        }
        let Quantiles {
            count,
            p50,
            p99,
            max,
        } = latency.quantiles();
        assert_eq!(count, 200);
        for (value, expected) in [(p50, 50_000), (p99, 99_000), (max, 100_000)] {
            assert!(
                value.abs_diff(expected) <= expected / 100,
                "{value} is not {expected}"
            );
        }
        latency.add(Duration::MAX, 1);
        assert!(latency.quantiles().max >= Latency::MAX_MICROS);
    }
}
