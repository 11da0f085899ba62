//! Reading the history slowly, or stopping on the way.

use std::future::Future;

/// What is passed before each request of a longer reading.
pub trait Throttle: Sync {
    /// Waits until the next request may be made. Answers whether anybody still wants to know; where nobody does, the
    /// reading ends early and tidies up.
    fn pass(&self) -> impl Future<Output = bool> + Send;

    /// How often the same place is read at most where answers get lost. Once, unless whoever reads has no other way to
    /// try again.
    fn max_attempts(&self) -> u32 {
        1
    }
}

/// One request after the other, to the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoThrottle;

impl Throttle for NoThrottle {
    async fn pass(&self) -> bool {
        true
    }

    fn max_attempts(&self) -> u32 {
        crate::vim::retry::MAX_ATTEMPTS
    }
}
