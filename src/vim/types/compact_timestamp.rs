//! A timestamp for data that is kept per task.

use std::num::NonZero;

use jiff::Timestamp;

const NANOSECONDS: i128 = 1_000_000_000;

/// A timestamp in 12 bytes, with or without an `Option` around it; a `Timestamp` takes 16, and 24 with one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompactTimestamp {
    /// The upper and lower half of the seconds since 1970, rounded down.
    seconds: (i32, u32),
    /// The remaining nanoseconds plus one.
    nanoseconds: NonZero<u32>,
}

impl From<Timestamp> for CompactTimestamp {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the parts fit")]
    fn from(time: Timestamp) -> Self {
        let nanoseconds = time.as_nanosecond();
        let seconds = nanoseconds.div_euclid(NANOSECONDS);
        let rest = nanoseconds.rem_euclid(NANOSECONDS) as u32;
        Self {
            seconds: ((seconds >> 32) as i32, seconds as u32),
            nanoseconds: NonZero::<u32>::MIN.saturating_add(rest),
        }
    }
}

impl From<CompactTimestamp> for Timestamp {
    fn from(time: CompactTimestamp) -> Self {
        let (upper, lower) = time.seconds;
        let seconds = i128::from(upper) << 32 | i128::from(lower);
        let nanoseconds = seconds * NANOSECONDS + i128::from(time.nanoseconds.get() - 1);
        // Cannot fail: every value was converted from a timestamp.
        Self::from_nanosecond(nanoseconds).unwrap_or_default()
    }
}

impl std::fmt::Debug for CompactTimestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&Timestamp::from(*self), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_timestamp_survives_in_its_order() {
        let texts = [
            "2026-11-23T10:22:07.367918416Z",
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
        ];
        let times = texts.map(|text| text.parse::<Timestamp>().unwrap());
        let mut times = [
            &times[..],
            &[Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH],
        ]
        .concat();
        times.sort();
        let compact: Vec<CompactTimestamp> = times.iter().map(|time| (*time).into()).collect();
        assert!(compact.is_sorted());
        let back: Vec<Timestamp> = compact.into_iter().map(Timestamp::from).collect();
        assert_eq!(back, times);
        assert_eq!(size_of::<Option<CompactTimestamp>>(), 12);
    }
}
