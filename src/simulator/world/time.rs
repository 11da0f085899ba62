//! World time: exact, signed and independent of any real clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Time in microseconds since the world's start; negative before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct WorldTime(i64);

impl WorldTime {
    pub(crate) const START: Self = Self(0);

    pub(crate) const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the time `span` before the start.
    pub(crate) fn before_start(span: Duration) -> Self {
        Self(-i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
    }

    /// Returns the time at this offset from the start, saturating beyond ±292,000 years.
    pub(crate) fn from_span(span: SignedDuration) -> Self {
        let micros = span
            .as_micros()
            .clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    #[must_use]
    pub(crate) fn after(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns the time elapsed since `earlier`, or zero if `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Conversion between world time and the server's calendar time, including jumps of its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// Calendar time of the world's start.
    origin: Timestamp,
    /// Times of the jumps and the clock's total offset from then on, in order.
    jumps: Vec<(WorldTime, SignedDuration)>,
}

impl Calendar {
    pub(crate) fn new(origin: Timestamp) -> Self {
        Self {
            origin,
            jumps: Vec::new(),
        }
    }

    /// Sets the clock forward (back, if negative) at `at`, which must not precede the last jump. Earlier timestamps
    /// keep their value.
    pub(crate) fn jump(&mut self, at: WorldTime, by: SignedDuration) {
        let offset = self
            .jumps
            .last()
            .map_or(SignedDuration::ZERO, |last| last.1);
        self.jumps.push((at, offset.saturating_add(by)));
    }

    /// Returns the calendar time shown at `time`.
    pub(crate) fn to_timestamp(&self, time: WorldTime) -> Timestamp {
        let mut before = self.jumps.iter().rev();
        let offset = before.find(|(at, _)| *at < time).map(|(_, offset)| *offset);
        let span = SignedDuration::from_micros(time.0).saturating_add(offset.unwrap_or_default());
        self.origin.checked_add(span).unwrap_or(Timestamp::MAX)
    }

    /// Returns the world time at which the clock showed `shown`: the latest one if it was shown twice, the time of
    /// the jump if it was skipped.
    pub(crate) fn to_world_time(&self, shown: Timestamp) -> WorldTime {
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
    fn a_clock_jump_does_not_change_earlier_timestamps() {
        let second = |seconds: i64| WorldTime::from_micros(seconds * 1_000_000);
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut calendar = Calendar::new(start);
        calendar.jump(second(10), SignedDuration::from_secs(-5));
        calendar.jump(second(20), SignedDuration::from_secs(100));
        let shown = |seconds| {
            calendar
                .to_timestamp(second(seconds))
                .duration_since(start)
                .as_secs()
        };
        assert_eq!([9, 10, 11, 20, 21].map(shown), [9, 10, 6, 15, 116]);
        for seconds in [0, 5, 21, 40] {
            let moment = calendar.to_world_time(calendar.to_timestamp(second(seconds)));
            assert_eq!(moment, second(seconds));
        }
        assert_eq!(
            calendar.to_world_time(start + SignedDuration::from_secs(7)),
            second(12),
            "shown twice"
        );
        assert_eq!(
            calendar.to_world_time(start + SignedDuration::from_secs(50)),
            second(20),
            "never shown"
        );
    }
}
