//! The state of the connection to an endpoint.

use std::sync::Arc;

use jiff::Timestamp;

/// State of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// Connecting, negotiating the release, or signing in.
    Connecting,
    /// Changes are pushed through one long poll.
    Live,
    /// Tasks are polled one by one.
    Polling {
        /// The reason if the long poll was tried, for display.
        reason: Option<Arc<str>>,
    },
    /// Paused by the user.
    Paused,
    /// An attempt failed; another is scheduled.
    Retrying {
        /// The number of the next attempt, from 1.
        attempt: u32,
        /// The time of the next attempt, by the local clock.
        next: Timestamp,
        /// The failure, for display.
        reason: Arc<str>,
    },
    /// Given up: a retry would not help, or would lock the account.
    SignedOut {
        /// The reason, for display.
        reason: Arc<str>,
    },
}

impl ConnectionState {
    /// True if the data is current.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Live | Self::Polling { .. })
    }
}
