//! The connection to a server: its client, the health of its session, and the pause before the next attempt.

use std::sync::Arc;

use vtask_vim::{Client, Error};

use super::{
    WatchOptions,
    backoff::Backoff,
    session_renewals::{Call, SessionRenewals},
    stop_reason::StopReason,
};

/// Consecutive failures after which release and singletons are determined again: the server may have been replaced.
const FAILURES_BEFORE_RECONNECT: u32 = 3;
/// Consecutive failures of reading the clock after which it no longer counts as a sign of the connection's health.
const MAX_CLOCK_FAILURES: u32 = 3;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Option<Arc<Client>>,
    pub(super) renewals: SessionRenewals,
    pub(super) backoff: Backoff,
    /// False until a login succeeds, and after a `NotAuthenticated`: some calls may still be answered, but the session
    /// does not recover.
    pub(super) is_signed_in: bool,
    clock_failures: u32,
}

impl Connection {
    pub(super) fn new(options: &WatchOptions) -> Self {
        Self {
            client: None,
            renewals: SessionRenewals::new(options.connect.credentials.can_renew()),
            backoff: Backoff::new(options.intervals.retry, fastrand::u64(..)),
            is_signed_in: false,
            clock_failures: 0,
        }
    }

    /// Takes the client after several failures in a row.
    pub(super) fn take_unanswered(&mut self) -> Option<Arc<Client>> {
        let is_lost = self.backoff.failures() >= FAILURES_BEFORE_RECONNECT;
        self.client.take_if(|_| is_lost)
    }

    /// Records a new session.
    pub(super) fn signed_in(&mut self) {
        self.is_signed_in = true;
        self.renewals.signed_in();
    }

    /// Records a dead session. Returns the reason to stop: none if it can be renewed at once.
    pub(super) fn session_died(&mut self, error: Box<Error>) -> Option<StopReason> {
        self.is_signed_in = false;
        if !self.renewals.can_renew {
            Some(StopReason::session_ended(&error))
        } else if self.renewals.was_read {
            None
        } else {
            Some(StopReason::Failed(error))
        }
    }

    /// Classifies an error while connecting. While no credentials have been sent, a refusal is retried: a proxy may reject
    /// everything until the server behind it has started.
    pub(super) fn not_connected(&self, error: Error) -> StopReason {
        if self.renewals.can_renew {
            StopReason::Failed(Box::new(error))
        } else {
            StopReason::refused_or_failed(error)
        }
    }

    /// True if the clock's failure shows that the server does not answer; false if it keeps failing while other calls
    /// succeed.
    pub(super) fn clock_failure_counts(&mut self, error: &Error) -> bool {
        self.clock_failures = self.clock_failures.saturating_add(1);
        error.is_transient() && self.clock_failures <= MAX_CLOCK_FAILURES
    }

    pub(super) fn clock_was_read(&mut self) {
        self.clock_failures = 0;
        self.renewals.succeeded(&Call::Clock);
    }
}
