//! What befalls the server as a whole.

use jiff::SignedDuration;
use serde::Deserialize;

use super::effect::Span;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, counted from when the plan was taken up.
    pub at: SignedDuration,
    /// How often again; absent: once.
    pub every: Option<SignedDuration>,
    /// What.
    pub what: ServerEvent,
}

/// What can happen to a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerEvent {
    /// All sessions end, and with them everything that was made in them.
    KillSessions,
    /// All sessions die in part: calls on collectors and views are not authenticated any more, others are.
    KillSessionsInPart,
    /// The server restarts: all connections break, new ones are refused for this long, all sessions are gone. Tasks
    /// go on under the same ids.
    Restart(Span),
    /// Every open connection breaks; the server knows nothing of it.
    BreakConnections,
    /// The server's clock is set forward, or back if negative.
    JumpClock(SignedDuration),
    /// The server shows another certificate from now on. Connections that are open stay.
    RenewCertificate,
}

impl Event {
    /// Something that happens once.
    pub fn once(at: SignedDuration, what: ServerEvent) -> Self {
        Self {
            at,
            every: None,
            what,
        }
    }

    /// What is wrong with it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.every {
            Some(every) if every.as_millis() < 1 => {
                Err("every must be at least a millisecond".to_owned())
            }
            _ => Ok(()),
        }
    }
}
