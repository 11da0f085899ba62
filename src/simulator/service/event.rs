//! An event of a task, with the values that event filters use.

use serde_json::Value;

use crate::world::time::WorldTime;

/// Severity of a normal event.
pub(super) const INFO: &str = "info";

/// Severity of a failure.
pub(super) const ERROR: &str = "error";

/// An event with the values that filters use.
#[derive(Debug)]
pub(super) struct BuiltEvent {
    pub(super) time: WorldTime,
    pub(super) key: i32,
    /// A value of `EventEventSeverity`, which is part of an `EventEx` only.
    pub(super) severity: &'static str,
    pub(super) event: Value,
}

impl BuiltEvent {
    /// Sort key: time, then number.
    pub(super) fn sort_key(&self) -> (WorldTime, i32) {
        (self.time, self.key)
    }
}
