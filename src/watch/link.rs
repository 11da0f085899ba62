//! The state of the connection, as people see it.

use std::sync::Arc;

use jiff::Timestamp;

/// The state of the connection to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Finding the server, negotiating, signing in.
    Connecting,
    /// Changes arrive as they happen, by one long poll.
    Live,
    /// Tasks are read one by one, at an interval.
    Polling {
        /// Why not live, where it was tried; for people.
        reason: Option<Arc<str>>,
    },
    /// Reading is paused by the user.
    Paused,
    /// The server does not answer as it should; another try is due.
    Retrying {
        /// The try that comes next, counted from 1.
        attempt: u32,
        /// When it comes, by this machine's clock.
        next: Timestamp,
        /// What went wrong, for people.
        reason: Arc<str>,
    },
    /// Given up, for trying again would not help (or would lock the account): the reason, for people.
    SignedOut {
        /// What the server said.
        reason: Arc<str>,
    },
}

impl Link {
    /// Whether what is on the board is as fresh as it should be.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Live | Self::Polling { .. })
    }
}
