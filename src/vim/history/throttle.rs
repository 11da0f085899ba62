//! Throttling and cancellation of longer reads.

use std::future::Future;

/// Awaited before each request of a longer read.
pub trait Throttle: Sync {
    /// Waits until the next request may be sent. Returns false to stop reading early; clean-up still takes place.
    fn ready(&self) -> impl Future<Output = bool> + Send;

    /// Maximum number of attempts to read the same position after lost responses. One by default, because callers may
    /// have retries of their own.
    fn max_attempts(&self) -> u32 {
        1
    }
}

/// Sends one request after the other without delay.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoThrottle;

impl Throttle for NoThrottle {
    async fn ready(&self) -> bool {
        true
    }

    fn max_attempts(&self) -> u32 {
        crate::retry::MAX_ATTEMPTS
    }
}
