//! Reading the history slowly, or stopping on the way.

use std::future::Future;

/// What is passed before each request of a longer reading.
pub trait Throttle: Sync {
    /// Waits until the next request may be made. Answers whether anybody still wants to know; where nobody does, the
    /// reading ends early and tidies up.
    fn pass(&self) -> impl Future<Output = bool> + Send;
}

/// One request after the other, to the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoThrottle;

impl Throttle for NoThrottle {
    async fn pass(&self) -> bool {
        true
    }
}
