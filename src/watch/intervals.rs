//! Intervals of the fetch loop: retries, polling, checks, reading the clock.

use std::time::Duration;

use super::{backoff::RetryDelays, long_poll::MAX_LONG_POLL};

/// Intervals and limits of the fetch loop. The defaults suit a vCenter; tests change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// Pauses before retries.
    pub retry: RetryDelays,
    /// Polling interval of queued tasks.
    pub queued: Duration,
    /// Interval between reads of a task that cannot be read.
    pub unreadable: Duration,
    /// Maximum duration of a long poll, in whole seconds. Proxies cut longer ones.
    pub long_poll: Duration,
    /// Time after which a task in the view that was not reported yet is read, repeatedly.
    pub report_timeout: Duration,
    /// Silence of the long poll after which some tasks are read as a check, repeatedly: a poll may hang although its
    /// session has ended.
    pub check: Duration,
    /// Interval of reading the server's clock, because clocks drift.
    pub clock: Duration,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            retry: RetryDelays::default(),
            queued: Duration::from_secs(5),
            unreadable: Duration::from_secs(30),
            long_poll: MAX_LONG_POLL,
            report_timeout: Duration::from_secs(4),
            check: Duration::from_secs(10),
            clock: Duration::from_secs(300),
        }
    }
}
