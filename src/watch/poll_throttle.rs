//! Paces the polls for changes: at once while it is quiet, batched under load.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket for polls: the first after a quiet time starts at once; under a stream of changes they are spaced,
/// and the server merges changes of one object meanwhile.
#[derive(Debug)]
pub(super) struct PollThrottle {
    /// Number of polls that may start at once.
    tokens: f64,
    counted_at: Instant,
}

impl PollThrottle {
    const BURST: f64 = 3.0;
    /// Maximum delay of a poll: less than two polls a second, however many changes.
    const GATHER_INTERVAL: Duration = Duration::from_millis(650);
    /// Number of consecutive full answers that count as a burst.
    const FULL_ANSWERS: u32 = 4;
    /// Pause between polls during a burst.
    const BURST_PAUSE: Duration = Duration::from_millis(100);

    pub(super) fn new(now: Instant) -> Self {
        Self {
            tokens: Self::BURST,
            counted_at: now,
        }
    }

    /// Returns the time of the next poll after all changes came in this many answers. After many full answers the next
    /// ones will be full, too, so waiting would not merge anything.
    pub(super) fn next(&mut self, now: Instant, answers: u32) -> Instant {
        if answers > Self::FULL_ANSWERS {
            return now + Self::BURST_PAUSE;
        }
        let elapsed = now.saturating_duration_since(self.counted_at);
        let earned = elapsed.as_secs_f64() / Self::GATHER_INTERVAL.as_secs_f64();
        self.tokens = (self.tokens + earned).min(Self::BURST);
        self.counted_at = now;
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            return now;
        }
        now + Self::GATHER_INTERVAL.mul_f64((-self.tokens).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn occasional_changes_are_not_delayed() {
        let mut now = Instant::now();
        let mut pace = PollThrottle::new(now);
        for _ in 0..100 {
            now += Duration::from_secs(1);
            assert_eq!(pace.next(now, 1), now);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_of_changes_is_batched() {
        let start = Instant::now();
        let (mut now, mut pace, mut polls) = (start, PollThrottle::new(start), 0);
        while now < start + Duration::from_secs(20) {
            let next = pace.next(now, 2);
            assert!(next - now <= Duration::from_millis(700));
            // The answer is immediate because changes are pending.
            now = next + Duration::from_millis(2);
            polls += 1;
        }
        assert!((30..=36).contains(&polls), "{polls}");
        now += Duration::from_secs(5);
        assert_eq!(pace.next(now, 1), now, "quiet again");
    }
}
