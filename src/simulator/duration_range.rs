//! Durations of scenarios and fault plans that may be random.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

/// Range of durations with uniform distribution. Files contain a duration, `"90s"`, or a pair, `["40s", "2m"]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Bounds")]
pub struct DurationRange {
    /// Lower bound.
    pub min: Duration,
    /// Upper bound.
    pub max: Duration,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a duration or a pair of durations, such as \"90s\" or [\"40s\", \"2m\"]"
)]
enum Bounds {
    Exact(SignedDuration),
    Between([SignedDuration; 2]),
}

impl From<Bounds> for DurationRange {
    /// Negative durations become zero.
    fn from(bounds: Bounds) -> Self {
        let [a, b] = match bounds {
            Bounds::Exact(duration) => [duration, duration],
            Bounds::Between(bounds) => bounds,
        }
        .map(|bound| Duration::try_from(bound).unwrap_or_default());
        Self {
            min: a.min(b),
            max: a.max(b),
        }
    }
}

impl From<Duration> for DurationRange {
    fn from(duration: Duration) -> Self {
        Self::exactly(duration)
    }
}

impl DurationRange {
    /// Returns a range that contains only `duration`.
    pub const fn exactly(duration: Duration) -> Self {
        Self {
            min: duration,
            max: duration,
        }
    }

    /// Draws a duration. Always takes exactly one random number, so that later ones do not depend on whether the
    /// bounds differ.
    pub(crate) fn draw(self, rng: &mut fastrand::Rng) -> Duration {
        self.min + self.max.saturating_sub(self.min).mul_f64(rng.f64())
    }
}
