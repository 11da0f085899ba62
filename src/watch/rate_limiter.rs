//! A token bucket that limits requests to one server. Pure: `now` is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// Maximum number of task reads per second while polling.
pub(super) const MAX_READS_PER_SECOND: u32 = 100;

/// Allows one request per interval on average, with bursts after quiet times.
#[derive(Debug)]
pub(super) struct TokenBucket {
    /// Time per request.
    interval: Duration,
    /// Time in which an empty bucket fills up.
    full_after: Duration,
    /// Time at which the bucket was empty; in the future after requests beyond the limit.
    empty_at: Instant,
}

impl TokenBucket {
    /// Creates a full bucket of `burst` requests, at least one.
    pub(super) fn new(interval: Duration, burst: u32, now: Instant) -> Self {
        let full_after = interval * burst.max(1);
        Self {
            interval,
            full_after,
            empty_at: now.checked_sub(full_after).unwrap_or(now),
        }
    }

    /// Creates a full bucket of `limit` requests per second, at least one, and bursts of one second's worth.
    pub(super) fn per_second(limit: u32, now: Instant) -> Self {
        Self::new(Duration::from_secs(1) / limit.max(1), limit, now)
    }

    /// Takes a token if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.next() > now {
            return false;
        }
        self.reserve(now);
        true
    }

    /// Takes the next token, which may not be there yet, and returns the time from which it may be used.
    pub(super) fn reserve(&mut self, now: Instant) -> Instant {
        let full = now.checked_sub(self.full_after).unwrap_or(self.empty_at);
        self.empty_at = self.empty_at.max(full) + self.interval;
        self.empty_at.max(now)
    }

    /// Returns the time of the next token.
    pub(super) fn next(&self) -> Instant {
        self.empty_at + self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(rate: &mut TokenBucket, now: Instant) -> usize {
        (0..10_000).take_while(|_| rate.take(now)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn requests_stay_within_burst_and_rate() {
        let start = Instant::now();
        let mut rate = TokenBucket::per_second(50, start);
        assert_eq!(take_all(&mut rate, start), 50);
        let mut all = 0;
        for step in 1..=6_000 {
            all += take_all(&mut rate, start + Duration::from_millis(10 * step));
        }
        assert!((2_999..=3_000).contains(&all), "{all}");
        // The bucket never holds more than its size.
        assert_eq!(take_all(&mut rate, start + Duration::from_secs(3600)), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn next_returns_the_time_of_the_next_token() {
        let start = Instant::now();
        let mut rate = TokenBucket::per_second(10, start);
        take_all(&mut rate, start);
        assert_eq!(rate.next(), start + Duration::from_millis(100));
        assert!(!rate.take(start + Duration::from_millis(99)));
        assert!(rate.take(start + Duration::from_millis(100)));
        assert_eq!(take_all(&mut TokenBucket::per_second(0, start), start), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn occasional_reservations_are_not_delayed_and_frequent_ones_are_spaced() {
        let interval = Duration::from_millis(650);
        let mut now = Instant::now();
        let mut rate = TokenBucket::new(interval, 3, now);
        for _ in 0..100 {
            now += Duration::from_secs(1);
            assert_eq!(rate.reserve(now), now);
        }
        let (start, mut uses) = (now, 0);
        while now < start + Duration::from_secs(20) {
            let next = rate.reserve(now);
            assert!(next - now <= interval);
            now = next + Duration::from_millis(2);
            uses += 1;
        }
        assert!((30..=36).contains(&uses), "{uses}");
        now += Duration::from_secs(5);
        assert_eq!(rate.reserve(now), now, "quiet again");
    }
}
