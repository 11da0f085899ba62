//! The state of the connection to a server.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// State of a connection, as shown and as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionState {
    /// Connecting, negotiating the release, or signing in.
    Connecting,
    /// Changes are pushed through one long poll.
    Live,
    /// Tasks are polled one by one.
    Polling {
        /// The reason if the long poll was tried, for display.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// Paused by the user.
    Paused,
    /// An attempt failed; another is scheduled.
    Retrying {
        /// The number of the next attempt, from 1.
        attempt: u32,
        /// The time of the next attempt, by the local clock.
        #[serde(default)]
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
