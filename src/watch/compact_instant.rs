//! A point in time for data that is kept per task.

use std::{num::NonZero, sync::LazyLock, time::Duration};

use tokio::time::Instant;

/// Zero of the stored values, near the start of the program.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Added to the nanoseconds since the epoch, so that times before it are not negative.
const BIAS: u64 = 1 << 63;

/// An `Instant` in 8 bytes, with or without an `Option` around it; an `Instant` takes 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CompactInstant(NonZero<u64>);

impl From<Instant> for CompactInstant {
    fn from(time: Instant) -> Self {
        let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(BIAS);
        let biased = match time.checked_duration_since(*EPOCH) {
            Some(since) => BIAS.saturating_add(nanoseconds(since)),
            None => BIAS.saturating_sub(nanoseconds(EPOCH.duration_since(time))),
        };
        Self(NonZero::new(biased).unwrap_or(NonZero::<u64>::MIN))
    }
}

impl From<CompactInstant> for Instant {
    fn from(time: CompactInstant) -> Self {
        let biased = time.0.get();
        let distance = Duration::from_nanos(biased.abs_diff(BIAS));
        let time = if biased < BIAS {
            EPOCH.checked_sub(distance)
        } else {
            EPOCH.checked_add(distance)
        };
        // Cannot overflow: every value was converted from an instant.
        time.unwrap_or(*EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn instants_are_stored_exactly_and_keep_their_order() {
        let epoch = *EPOCH;
        let far = Duration::from_nanos(86_400_000_000_123);
        let times = [epoch - far, epoch, epoch + far, epoch + 2 * far];
        let compact = times.map(CompactInstant::from);
        assert_eq!(compact.map(Instant::from), times);
        assert!(compact.is_sorted());
        assert_eq!(size_of::<Option<CompactInstant>>(), 8);
    }
}
