//! How often an endpoint is asked on our own account: a token bucket. Pure: `now` is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// So many requests a second, and as many at once after a second of rest.
#[derive(Debug)]
pub(super) struct TokenBucket {
    /// How long one request uses up.
    each: Duration,
    most: u32,
    /// When the bucket was empty, if nothing was taken since; in the future after requests out of turn.
    empty_at: Instant,
}

impl TokenBucket {
    /// A full bucket of `per_second` requests, at least one.
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        let most = per_second.max(1);
        let each = Duration::from_secs(1) / most;
        let empty_at = now.checked_sub(each * most).unwrap_or(now);
        Self {
            each,
            most,
            empty_at,
        }
    }

    /// Takes a request's worth out, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.next() > now {
            return false;
        }
        let full = now
            .checked_sub(self.each * self.most)
            .unwrap_or(self.empty_at);
        self.empty_at = self.empty_at.max(full) + self.each;
        true
    }

    /// When there is the next request's worth in it.
    pub(super) fn next(&self) -> Instant {
        self.empty_at + self.each
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: &mut TokenBucket, now: Instant) -> usize {
        (0..10_000).take_while(|_| rate.take(now)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_two_buckets_and_no_minute_more_than_its_seconds() {
        let start = Instant::now();
        let mut rate = TokenBucket::new(50, start);
        assert_eq!(taken(&mut rate, start), 50);
        let mut all = 0;
        for step in 1..=6_000 {
            all += taken(&mut rate, start + Duration::from_millis(10 * step));
        }
        assert!((2_999..=3_000).contains(&all), "{all}");
        // Rest fills it to the brim, not beyond.
        assert_eq!(taken(&mut rate, start + Duration::from_secs(3600)), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn it_says_when_it_has_something_again() {
        let start = Instant::now();
        let mut rate = TokenBucket::new(10, start);
        taken(&mut rate, start);
        assert_eq!(rate.next(), start + Duration::from_millis(100));
        assert!(!rate.take(start + Duration::from_millis(99)));
        assert!(rate.take(start + Duration::from_millis(100)));
        assert_eq!(taken(&mut TokenBucket::new(0, start), start), 1);
    }
}
