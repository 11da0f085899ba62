//! The pause before the next attempt.

use std::time::Duration;

/// Bounds of the pause before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryDelays {
    /// Upper bound of the first pause; it doubles with each failure…
    pub initial: Duration,
    /// …up to this.
    pub max: Duration,
    /// Lower bound of a pause.
    pub min: Duration,
}

impl Default for RetryDelays {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(1),
            max: Duration::from_secs(60),
            min: Duration::from_millis(200),
        }
    }
}

/// Exponential backoff with full jitter, so that clients do not return at the same moment.
#[derive(Debug)]
pub struct Backoff {
    delays: RetryDelays,
    failures: u32,
    random: fastrand::Rng,
}

impl Backoff {
    /// Creates a backoff without failures. The same seed gives the same pauses.
    pub fn new(delays: RetryDelays, seed: u64) -> Self {
        Self {
            delays,
            failures: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Returns the number of consecutive failed attempts.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Records a failure and returns the pause before the next attempt. A longer `retry_after` is honoured: the server's
    /// request ([`Error::retry_after`](vtask_vim::Error::retry_after), which is capped).
    pub fn record_failure(&mut self, retry_after: Option<Duration>) -> Duration {
        let bound = self
            .delays
            .initial
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(self.delays.max);
        self.failures = self.failures.saturating_add(1);
        let jittered = bound.mul_f64(self.random.f64()).max(self.delays.min);
        match retry_after {
            Some(retry_after) => jittered.max(retry_after),
            None => jittered,
        }
    }

    /// Records that an attempt worked for this long. Only a long enough time resets the count, so that a server that
    /// fails soon after each sign-in is tried less and less often.
    pub fn record_uptime(&mut self, time: Duration) {
        const QUICK_RETRIES: u32 = 3;
        if time >= self.delays.initial * QUICK_RETRIES {
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_are_never_zero() {
        let mut backoff = Backoff::new(RetryDelays::default(), 7);
        for failure in 0..40 {
            let bound = Duration::from_secs(1 << failure.min(6)).min(RetryDelays::default().max);
            let pause = backoff.record_failure(None);
            assert!(
                pause >= RetryDelays::default().min && pause <= bound,
                "{failure}: {pause:?}"
            );
        }
        assert_eq!(backoff.failures(), 40);
        backoff.record_uptime(Duration::from_millis(100));
        assert_eq!(backoff.failures(), 40);
        backoff.record_uptime(Duration::from_secs(10));
        assert!(backoff.record_failure(None) <= RetryDelays::default().initial);
    }

    #[test]
    fn retry_after_is_honoured() {
        let mut backoff = Backoff::new(RetryDelays::default(), 7);
        let retry_after = Duration::from_secs(30);
        assert!(backoff.record_failure(Some(retry_after)) >= retry_after);
    }
}
