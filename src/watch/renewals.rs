//! Limits how often one call may end the session. Pure: `now` is an argument.
//!
//! `NotAuthenticated` usually means that the session has ended, and a new one helps at once. A call that is still not
//! authenticated in a new session has another trouble: it is then treated as refused, so that it does not end one
//! session after the other.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// Maximum consecutive renewals of the session for an essential call, and for any other call.
const MAX_ESSENTIAL: u32 = 2;
const MAX_OPTIONAL: u32 = 1;
/// Time without a renewal after which a call may cause one again.
const FORGET_AFTER: Duration = Duration::from_secs(5 * 60);

/// A call that may find the session ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Task(Arc<str>),
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
    Past,
}

impl Call {
    /// True if tasks cannot be followed in any mode without this call.
    fn is_needed_always(&self) -> bool {
        matches!(self, Self::Task(_) | Self::Recent)
    }

    fn max(&self) -> u32 {
        match self {
            Self::Collector | Self::View | Self::Wait => MAX_ESSENTIAL,
            call if call.is_needed_always() => MAX_ESSENTIAL,
            _ => MAX_OPTIONAL,
        }
    }
}

/// Renewals of the session per call since its last success.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    calls: HashMap<Call, (u32, Instant)>,
}

impl Renewals {
    /// Records a successful call.
    pub(super) fn succeeded(&mut self, call: &Call) {
        if !self.calls.is_empty() {
            self.calls.remove(call);
        }
    }

    /// Records a call that was not authenticated. Returns true if the session is to be renewed; `can_renew` tells if
    /// that is possible.
    pub(super) fn renew(&mut self, call: Call, can_renew: bool, now: Instant) -> bool {
        if !can_renew {
            // The session was handed in. Its end shows in the calls that always work.
            return call.is_needed_always();
        }
        let max = call.max();
        let (count, last) = self.calls.entry(call).or_insert((0, now));
        if *last + FORGET_AFTER <= now {
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
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn renewals_are_limited_until_success_or_timeout() {
        let now = Instant::now();
        let mut renewals = Renewals::default();
        assert!(renewals.renew(Call::Past, true, now));
        assert!(!renewals.renew(Call::Past, true, now));
        assert!(renewals.renew(Call::Wait, true, now), "another call");
        assert!(renewals.renew(Call::Wait, true, now));
        assert!(!renewals.renew(Call::Wait, true, now));
        renewals.succeeded(&Call::Wait);
        assert!(renewals.renew(Call::Wait, true, now));
        assert!(renewals.renew(Call::Past, true, now + FORGET_AFTER));
        assert!(!renewals.renew(Call::Past, true, now + FORGET_AFTER));
    }

    #[tokio::test(start_paused = true)]
    async fn a_given_session_ends_only_with_essential_calls() {
        let now = Instant::now();
        let mut renewals = Renewals::default();
        assert!(renewals.renew(Call::Task("task-1".into()), false, now));
        assert!(renewals.renew(Call::Recent, false, now));
        for call in [Call::View, Call::Past, Call::Cancel("task-1".into())] {
            assert!(!renewals.renew(call, false, now));
        }
    }
}
