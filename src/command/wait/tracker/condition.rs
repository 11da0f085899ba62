//! The condition that ends the wait.

use jiff::SignedDuration;

/// The condition that ends the wait.
#[derive(Debug, Clone)]
pub(in crate::command) struct WaitCondition {
    /// Any finished task is enough.
    pub(in crate::command) any: bool,
    /// The first failed or cancelled task is enough.
    pub(in crate::command) fail_fast: bool,
    /// Time without progress after which a task counts as stalled.
    pub(in crate::command) stalled: Option<SignedDuration>,
    /// Stop when a task stalls.
    pub(in crate::command) stop_on_stall: bool,
    /// Also wait for child tasks, and for this quiet period after the last change.
    pub(in crate::command) children: Option<SignedDuration>,
    /// Stop after this time.
    pub(in crate::command) timeout: Option<SignedDuration>,
    /// Stop waiting for a server after this time without a connection.
    pub(in crate::command) max_outage: SignedDuration,
}

impl WaitCondition {
    /// Returns the condition that all tasks have ended.
    pub(in crate::command) fn all_ended(max_outage: SignedDuration) -> Self {
        Self {
            any: false,
            fail_fast: false,
            stalled: None,
            stop_on_stall: false,
            children: None,
            timeout: None,
            max_outage,
        }
    }
}
