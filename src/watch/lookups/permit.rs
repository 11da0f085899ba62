//! The gate that a look-up passes before each of its requests.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::scheduler::Urgency;
use crate::vim::Throttle;

/// What somebody waits with for his turn.
pub(super) type PermitRequest = oneshot::Sender<()>;

/// Where those who want to pass line up.
pub(super) type PermitQueue = mpsc::UnboundedSender<(Urgency, PermitRequest)>;

/// Passed before each request, so that work is paced by request and not by job; and where a look-up learns that nobody
/// wants its answer any more.
#[derive(Debug, Clone)]
pub(super) struct Permit {
    line: PermitQueue,
    urgency: Urgency,
    unwanted: CancellationToken,
}

impl Permit {
    /// A gate for one look-up, which is wanted until the guard is dropped.
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

    /// A gate for a look-up that is wanted whatever comes.
    pub(super) fn lasting(line: &PermitQueue, urgency: Urgency) -> Self {
        Self {
            line: line.clone(),
            urgency,
            unwanted: CancellationToken::new(),
        }
    }

    /// Whether anybody still wants the answer.
    pub(super) fn is_wanted(&self) -> bool {
        !self.unwanted.is_cancelled()
    }

    /// How urgent the look-up is.
    #[cfg(test)]
    pub(super) fn urgency(&self) -> Urgency {
        self.urgency
    }
}

impl Throttle for Permit {
    async fn pass(&self) -> bool {
        let (ticket, turn) = oneshot::channel();
        // Where nobody lets us through any more the look-up is about to be dropped.
        let is_let_through = self.line.send((self.urgency, ticket)).is_ok() && turn.await.is_ok();
        if !is_let_through {
            std::future::pending::<()>().await;
        }
        self.is_wanted()
    }
}
