//! Permits for the requests of lookups.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::scheduler::Urgency;
use crate::vim::Throttle;

/// A pending permit request.
pub(super) type PermitRequest = oneshot::Sender<()>;

/// Sender of permit requests.
pub(super) type PermitQueue = mpsc::UnboundedSender<(Urgency, PermitRequest)>;

/// Acquired before each request, so that pacing is per request and not per lookup; also reports that the result is no
/// longer wanted.
#[derive(Debug, Clone)]
pub(super) struct Permit {
    line: PermitQueue,
    urgency: Urgency,
    unwanted: CancellationToken,
}

impl Permit {
    /// Creates the permit of a lookup that is wanted until the guard is dropped.
    pub(super) fn new(line: PermitQueue, urgency: Urgency) -> (Self, DropGuard) {
        let unwanted = CancellationToken::new();
        let guard = unwanted.clone().drop_guard();
        let gate = Self {
            line,
            urgency,
            unwanted,
        };
        (gate, guard)
    }

    /// Creates the permit of a lookup that is never cancelled.
    pub(super) fn lasting(line: &PermitQueue, urgency: Urgency) -> Self {
        Self {
            line: line.clone(),
            urgency,
            unwanted: CancellationToken::new(),
        }
    }

    /// True if the result is still wanted.
    pub(super) fn is_wanted(&self) -> bool {
        !self.unwanted.is_cancelled()
    }

    /// Returns the priority of the lookup.
    #[cfg(test)]
    pub(super) fn urgency(&self) -> Urgency {
        self.urgency
    }
}

impl Throttle for Permit {
    async fn pass(&self) -> bool {
        let (ticket, turn) = oneshot::channel();
        // Without a scheduler the lookup is about to be dropped.
        let is_let_through = self.line.send((self.urgency, ticket)).is_ok() && turn.await.is_ok();
        if !is_let_through {
            std::future::pending::<()>().await;
        }
        self.is_wanted()
    }
}
