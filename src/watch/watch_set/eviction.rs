//! Eviction: the oldest finished tasks are removed when the set is full.

use std::{collections::HashSet, sync::Arc};

use super::{LimitNotice, Origin, WatchSet};

impl WatchSet {
    /// Evicts the oldest finished tasks beyond the limit, except those that are named, pinned, or ancestors of a
    /// running task. Returns the evicted tasks.
    pub(crate) fn evict(&mut self) -> Vec<Arc<str>> {
        let unfinished = self.entries.len() - self.finished.len();
        let keep = self.keep.min(self.limit.saturating_sub(unfinished));
        // Starts at a tenth over the limit, because finding the needed tasks visits the whole set.
        if self.finished.len() <= keep + keep / 10 {
            return Vec::new();
        }
        let needed: HashSet<Arc<str>> = self
            .entries
            .values()
            .filter(|entry| !entry.finished)
            .flat_map(|entry| [entry.parent().cloned(), entry.root().cloned()])
            .flatten()
            .collect();
        let excess = self.finished.len() - keep;
        let is_kept = |mo_id: &Arc<str>| match self.entries.get(mo_id) {
            Some(entry) => {
                let key = entry.key(mo_id);
                entry.pinned || entry.origin == Origin::Named || needed.contains(key)
            }
            None => false,
        };
        let evicted: Vec<Arc<str>> = self
            .finished
            .iter()
            .filter(|mo_id| !is_kept(mo_id))
            .take(excess)
            .cloned()
            .collect();
        for mo_id in &evicted {
            let entry = self.entries.get(mo_id);
            if entry.is_some_and(|entry| entry.origin == Origin::Discovered) {
                self.evicted.insert(mo_id.clone());
            }
            self.remove(mo_id);
        }
        if self.entries.len() < self.limit {
            self.limit_notice = LimitNotice::None;
        }
        evicted
    }
}
