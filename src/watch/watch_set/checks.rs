//! Tasks that are polled although changes are pushed: to check the long poll, and in its place.

use std::sync::Arc;

use tokio::time::Instant;
use vtask_vim::types::TaskState;

use super::{Origin, WatchSet};

impl WatchSet {
    /// Sets whether a task is polled although changes of the others are pushed.
    pub(crate) fn set_polled_individually(&mut self, mo_id: &str, is_polled: bool) {
        if let Some(entry) = self.entries.get_mut(mo_id) {
            entry.is_polled_individually = is_polled;
        }
    }

    /// True if a task is polled although changes of the others are pushed.
    pub(crate) fn is_polled_individually(&self, mo_id: &str) -> bool {
        let entry = self.entries.get(mo_id);
        entry.is_some_and(|entry| entry.is_polled_individually)
    }

    /// True if a task is known to have another state than this.
    pub(crate) fn has_other_state(&self, mo_id: &str, state: &TaskState) -> bool {
        let known = self
            .entries
            .get(mo_id)
            .and_then(|entry| entry.state.as_ref());
        known.is_some_and(|known| known != state)
    }

    /// Returns up to `limit` tasks to read as a check of the long poll: named or pinned ones first, then those checked
    /// longest ago. Visits the whole set.
    pub(crate) fn take_checks(&mut self, limit: usize, now: Instant) -> Vec<Arc<str>> {
        let entries = self.entries.iter_mut();
        let mut tasks: Vec<_> = entries
            .filter(|(_, entry)| {
                entry.state.is_some() && !entry.finished && !entry.is_polled_individually
            })
            .collect();
        tasks.sort_unstable_by_key(|(_, entry)| {
            let is_wanted = entry.pinned || entry.origin == Origin::Named;
            (!is_wanted, entry.checked)
        });
        tasks.truncate(limit);
        let checked = tasks.into_iter().map(|(mo_id, entry)| {
            entry.checked = Some(now.into());
            mo_id.clone()
        });
        checked.collect()
    }
}
