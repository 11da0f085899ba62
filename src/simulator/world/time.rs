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
}

/// What a server's clock shows: calendar time, and the moments at which it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// The calendar time of the world's start.
    origin: Timestamp,
    /// Since when the clock is how far from `origin`, in order.
    jumps: Vec<(WorldTime, SignedDuration)>,
}

impl Calendar {
    /// A clock that was never set.
    pub(crate) fn new(origin: Timestamp) -> Self {
        Self {
            origin,
            jumps: Vec::new(),
        }
    }

    /// The clock is set forward (back, if negative) at this moment, which must not lie before the last such. What
    /// was stamped before keeps its time.
    pub(crate) fn jump(&mut self, at: WorldTime, by: SignedDuration) {
        let offset = self
            .jumps
            .last()
            .map_or(SignedDuration::ZERO, |last| last.1);
        self.jumps.push((at, offset.saturating_add(by)));
    }

    /// What the clock showed at a moment.
    pub(crate) fn shows(&self, time: WorldTime) -> Timestamp {
        let mut before = self.jumps.iter().rev();
        let offset = before.find(|(at, _)| *at < time).map(|(_, offset)| *offset);
        let span = SignedDuration::from_micros(time.0).saturating_add(offset.unwrap_or_default());
        self.origin.checked_add(span).unwrap_or(Timestamp::MAX)
    }

    /// The moment at which the clock showed this; the last one, where it showed it twice, and when it jumped, where
    /// it never did.
    pub(crate) fn moment(&self, shown: Timestamp) -> WorldTime {
        let plain = shown.duration_since(self.origin);
        let mut before = None;
        for (at, offset) in self.jumps.iter().rev() {
            let moment = WorldTime::from_span(plain.saturating_sub(*offset));
            if moment > *at {
                return before.map_or(moment, |before| moment.min(before));
            }
            before = Some(*at);
        }
        let moment = WorldTime::from_span(plain);
        before.map_or(moment, |before| moment.min(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_leaves_older_times_alone() {
        let second = |seconds: i64| WorldTime::from_micros(seconds * 1_000_000);
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut calendar = Calendar::new(start);
        calendar.jump(second(10), SignedDuration::from_secs(-5));
        calendar.jump(second(20), SignedDuration::from_secs(100));
        let shown = |seconds| {
            calendar
                .shows(second(seconds))
                .duration_since(start)
                .as_secs()
        };
        assert_eq!([9, 10, 11, 20, 21].map(shown), [9, 10, 6, 15, 116]);
        for seconds in [0, 5, 21, 40] {
            let moment = calendar.moment(calendar.shows(second(seconds)));
            assert_eq!(moment, second(seconds));
        }
        assert_eq!(
            calendar.moment(start + SignedDuration::from_secs(7)),
            second(12),
            "shown twice"
        );
        assert_eq!(
            calendar.moment(start + SignedDuration::from_secs(50)),
            second(20),
            "never shown"
        );
    }
}
