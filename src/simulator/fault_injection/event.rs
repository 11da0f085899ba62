//! Events that affect the whole server.

use jiff::SignedDuration;
use serde::Deserialize;

use crate::duration_range::DurationRange;

/// Scheduled server event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultEvent {
    /// Time since the activation of the plan.
    pub at: SignedDuration,
    /// Interval of repetition; absent: once.
    pub every: Option<SignedDuration>,
    /// Event to trigger.
    pub what: ServerEvent,
}

/// Event that affects the whole server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerEvent {
    /// All sessions end, together with the objects created in them.
    KillSessions,
    /// Calls on collectors and views return `NotAuthenticated`; other calls of the session still work.
    KillSessionsInPart,
    /// The server restarts: connections break, new ones are refused for this long, sessions are lost. Tasks continue
    /// with the same ids.
    Restart(DurationRange),
    /// All open connections break without notice to the server.
    BreakConnections,
    /// The server's clock jumps forward, or back if negative.
    JumpClock(SignedDuration),
    /// The server uses a new certificate for new connections.
    RenewCertificate,
}

impl FaultEvent {
    /// Creates an event without repetition.
    pub fn once(at: SignedDuration, what: ServerEvent) -> Self {
        Self {
            at,
            every: None,
            what,
        }
    }

    /// Validates the parameters.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.every {
            Some(every) if every.as_millis() < 1 => Err("every must be at least 1ms".to_owned()),
            _ => Ok(()),
        }
    }
}
