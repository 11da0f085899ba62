//! When to try again.

use std::time::Duration;

/// Exponential back-off with full jitter: the longer it fails the longer the pause may be, and no two clients come
/// back at the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    random: fastrand::Rng,
}

impl Backoff {
    /// The pause's bound doubles from here…
    const BASE: Duration = Duration::from_secs(1);
    /// …to here.
    const CAP: Duration = Duration::from_secs(60);
    /// No pause is shorter, for a failing server is not to be hammered.
    const FLOOR: Duration = Duration::from_millis(200);

    /// Begins afresh. The same seed gives the same pauses.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// How many tries have failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// One more try failed: how long to wait before the next. `asked` is what the server asked for (`Retry-After`);
    /// it is obeyed when it is longer, within reason.
    pub(super) fn failed(&mut self, asked: Option<Duration>) -> Duration {
        const ASKED_CAP: Duration = Duration::from_secs(600);
        let bound = Self::BASE
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(Self::CAP);
        self.failures = self.failures.saturating_add(1);
        let jittered = bound.mul_f64(self.random.f64()).max(Self::FLOOR);
        match asked {
            Some(asked) => jittered.max(asked.min(ASKED_CAP)),
            None => jittered,
        }
    }

    /// A try went well: the next failure is the first again.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_never_vanish() {
        let mut backoff = Backoff::new(7);
        for failure in 0..40 {
            let bound = Duration::from_secs(1 << failure.min(6)).min(Backoff::CAP);
            let pause = backoff.failed(None);
            assert!(
                pause >= Backoff::FLOOR && pause <= bound,
                "{failure}: {pause:?}"
            );
        }
        assert_eq!(backoff.failures(), 40);
        backoff.succeeded();
        assert!(backoff.failed(None) <= Backoff::BASE);
    }

    #[test]
    fn what_the_server_asks_for_is_obeyed_within_reason() {
        let mut backoff = Backoff::new(7);
        let asked = Duration::from_secs(30);
        assert!(backoff.failed(Some(asked)) >= asked);
        let forever = Duration::from_secs(1 << 40);
        assert!(backoff.failed(Some(forever)) <= Duration::from_secs(600));
    }
}
