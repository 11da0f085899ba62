//! Limits how often one call may end the session. Pure: `now` is an argument.
//!
//! `NotAuthenticated` usually means that the session has ended, and a new one helps at once. A call that is still not
//! authenticated in a new session has another cause: it is then treated as refused, so that it does not end one
//! session after the other. A status 401 without a fault is treated alike, but may come from a proxy as well.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;
use vtask_vim::Error;

/// Maximum consecutive renewals of the session for an essential call, and for any other call.
const MAX_ESSENTIAL_RENEWALS: u32 = 2;
const MAX_OPTIONAL_RENEWALS: u32 = 1;
/// Time without a renewal after which a call may cause one again.
const RENEWAL_RESET_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// A call that may find the session ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Task(Arc<str>),
    NewTasks,
    Recent,
    Collector,
    View,
    Wait,
    Clock,
    /// A property that a wait reported as missing.
    Missing,
    /// The read of a task while a wait is silent.
    Check,
    Cancel(Arc<str>),
    LookUp,
    History,
    /// Any call that was answered with status 401 and no fault.
    Unauthorized,
}

impl Call {
    /// True if tasks cannot be followed in any mode without this call.
    fn is_needed_always(&self) -> bool {
        matches!(self, Self::Task(_) | Self::Recent)
    }

    fn max(&self) -> u32 {
        match self {
            Self::NewTasks | Self::Collector | Self::View | Self::Wait => MAX_ESSENTIAL_RENEWALS,
            call if call.is_needed_always() => MAX_ESSENTIAL_RENEWALS,
            _ => MAX_OPTIONAL_RENEWALS,
        }
    }
}

/// Renewals of the session per call since its last success.
#[derive(Debug)]
pub(super) struct SessionRenewals {
    /// True if the session can be renewed at all.
    pub(super) can_renew: bool,
    /// True if anything was read since the last sign-in.
    pub(super) was_read: bool,
    /// True if a call that requires a session was answered since the last sign-in.
    is_valid: bool,
    calls: HashMap<Call, (u32, Instant)>,
}

impl SessionRenewals {
    pub(super) fn new(can_renew: bool) -> Self {
        Self {
            can_renew,
            was_read: false,
            is_valid: false,
            calls: HashMap::new(),
        }
    }

    /// Records a new session.
    pub(super) fn signed_in(&mut self) {
        (self.was_read, self.is_valid) = (false, false);
    }

    /// Records a successful call.
    pub(super) fn succeeded(&mut self, call: &Call) {
        // Some servers report the time without a session.
        self.is_valid |= *call != Call::Clock;
        if !self.calls.is_empty() {
            self.calls.remove(call);
        }
    }

    /// Records a failed call. Returns true if the session has ended and should be renewed.
    pub(super) fn ends_session(&mut self, call: Call, error: &Error) -> bool {
        let now = Instant::now();
        if error.is_unauthorized() {
            // A lasting refusal may have another cause, and concerns any call.
            return self.can_renew && self.is_valid && self.renew(Call::Unauthorized, now);
        }
        error.is_session_dead() && self.renew(call, now)
    }

    /// Records a call that was not authenticated. Returns true if the session should be renewed.
    fn renew(&mut self, call: Call, now: Instant) -> bool {
        if !self.can_renew {
            // The session was given. Its end shows in the calls that always work.
            return call.is_needed_always();
        }
        let max = call.max();
        let (count, last) = self.calls.entry(call).or_insert((0, now));
        if *last + RENEWAL_RESET_INTERVAL <= now {
            *count = 0;
        }
        if *count >= max {
            return false;
        }
        *count += 1;
        *last = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use vtask_vim::ErrorKind;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn renewals_are_limited_until_success_or_timeout() {
        let now = Instant::now();
        let mut renewals = SessionRenewals::new(true);
        assert!(renewals.renew(Call::History, now));
        assert!(!renewals.renew(Call::History, now));
        assert!(renewals.renew(Call::Wait, now), "another call");
        assert!(renewals.renew(Call::Wait, now));
        assert!(!renewals.renew(Call::Wait, now));
        renewals.succeeded(&Call::Wait);
        assert!(renewals.renew(Call::Wait, now));
        assert!(renewals.renew(Call::History, now + RENEWAL_RESET_INTERVAL));
        assert!(!renewals.renew(Call::History, now + RENEWAL_RESET_INTERVAL));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejected_session_that_was_valid_is_renewed_once() {
        let rejected = Error::fixture(ErrorKind::Status {
            status: 401,
            retry_after: None,
        });
        for can_renew in [true, false] {
            let mut renewals = SessionRenewals::new(can_renew);
            renewals.succeeded(&Call::Clock);
            assert!(!renewals.ends_session(Call::Wait, &rejected));
            renewals.succeeded(&Call::Recent);
            assert_eq!(renewals.ends_session(Call::Wait, &rejected), can_renew);
            renewals.succeeded(&Call::Wait);
            assert!(!renewals.ends_session(Call::Recent, &rejected));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_given_session_ends_only_with_essential_calls() {
        let now = Instant::now();
        let mut renewals = SessionRenewals::new(false);
        assert!(renewals.renew(Call::Task("task-1".into()), now));
        assert!(renewals.renew(Call::Recent, now));
        for call in [Call::View, Call::History, Call::Cancel("task-1".into())] {
            assert!(!renewals.renew(call, now));
        }
    }
}
