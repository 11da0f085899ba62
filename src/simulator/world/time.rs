//! Time inside the world: exact, signed, and independent of any real clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A moment of world time, in microseconds since the world's start. Moments before the start are negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct WorldTime(i64);

impl WorldTime {
    /// The world's start.
    pub(crate) const START: Self = Self(0);

    /// The moment `micros` microseconds after the start.
    pub(crate) const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment so long before the start.
    pub(crate) fn before_start(span: Duration) -> Self {
        Self(-i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
    }

    /// The moment this far from the start; spans beyond ±292,000 years are cut.
    pub(crate) fn from_span(span: SignedDuration) -> Self {
        let micros = span
            .as_micros()
            .clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// This moment plus a span.
    #[must_use]
    pub(crate) fn after(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this moment is; zero if it is not.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The calendar time of this moment in a world that started at `origin`.
    pub(crate) fn on_calendar(self, origin: Timestamp) -> Timestamp {
        origin
            .checked_add(SignedDuration::from_micros(self.0))
            .unwrap_or(Timestamp::MAX)
    }

    /// The moment of a calendar time in a world that started at `origin`.
    pub(crate) fn of_calendar(time: Timestamp, origin: Timestamp) -> Self {
        Self::from_span(time.duration_since(origin))
    }
}
