//! New failures: failed tasks that the user has not seen yet.
//! Each record knows how many are in its subtree, so that a change costs the path to the root.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{ChangeSet, Handle, TaskStore};
use crate::{id::ServerId, status::Status};

impl TaskStore {
    /// Makes failures new until they are acknowledged.
    pub fn track_new_failures(&mut self) {
        self.known_failures = Some(HashMap::new());
    }

    /// Sets the server time until which the user knows the failures of a server.
    pub fn set_failures_known(&mut self, server: ServerId, until: Timestamp) {
        if let Some(known) = &mut self.known_failures {
            known.insert(server, until);
        }
    }

    /// True if the task failed and the failure was not acknowledged.
    pub fn is_new_failure(&self, handle: Handle) -> bool {
        self.nodes
            .get(handle)
            .is_some_and(|node| node.is_new_failure)
    }

    /// Returns the number of new failures in a subtree, including the record.
    pub fn new_failure_count(&self, top: Handle) -> u32 {
        self.nodes
            .get(top)
            .map_or(0, |node| node.counts().new_failures)
    }

    /// Returns the new failures in a subtree. Visits only branches that contain one.
    pub fn new_failures(&self, top: Handle) -> impl Iterator<Item = Handle> {
        self.subtree(top, |node| node.counts().new_failures > 0)
            .filter(|(_, node)| node.is_new_failure)
            .map(|(handle, _)| handle)
    }

    /// Makes failures known to the user.
    pub fn acknowledge_failures(
        &mut self,
        failures: impl IntoIterator<Item = Handle>,
        touched: &mut ChangeSet,
    ) {
        for handle in failures {
            if let Some(node) = self.nodes.get_mut(handle) {
                node.is_acknowledged = true;
                self.refresh_new_failure(handle, touched);
            }
        }
    }

    /// Updates the flag of a record, and the counts up the path.
    pub(super) fn refresh_new_failure(&mut self, handle: Handle, touched: &mut ChangeSet) {
        let known = self.known_failures.as_ref();
        let Some(node) = self.nodes.get(handle) else {
            return;
        };
        let record = &node.record;
        let is_new = node.status == Status::Failed
            && !node.is_acknowledged
            && known.is_some_and(|known| {
                let until = known.get(&record.id.server);
                until.is_none_or(|until| record.ended_at().is_none_or(|end| end > *until))
            });
        self.change_counted(handle, touched, |node| node.is_new_failure = is_new);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        TaskChange,
        fixture::{at, info},
    };

    const HERE: ServerId = ServerId(0);

    fn put(store: &mut TaskStore, mo_id: &str, more: &serde_json::Value) -> Handle {
        let change = TaskChange::Full {
            info: info(mo_id, more),
            at: at(100),
        };
        let mut touched = ChangeSet::default();
        store.apply(HERE, change, &mut touched).unwrap();
        store.find_key(HERE, mo_id).unwrap()
    }

    fn tracking() -> TaskStore {
        let mut store = TaskStore::new();
        store.track_new_failures();
        store
    }

    #[test]
    fn failures_are_new_until_acknowledged() {
        let mut store = tracking();
        put(&mut store, "root", &json!({}));
        let child = json!({"parentTaskKey": "root", "state": "running"});
        let child = put(&mut store, "child", &child);
        let root = store.find_key(HERE, "root").unwrap();
        assert_eq!(store.new_failure_count(root), 0);
        put(
            &mut store,
            "child",
            &json!({"parentTaskKey": "root", "state": "error"}),
        );
        assert_eq!(store.new_failure_count(root), 1);
        assert!(!store.is_new_failure(root));
        assert_eq!(store.new_failures(root).collect::<Vec<_>>(), [child]);
        let mut touched = ChangeSet::default();
        store.acknowledge_failures([child], &mut touched);
        assert!(touched.changed.contains(&root), "its row moves");
        assert_eq!(store.new_failure_count(root), 0);
        put(
            &mut store,
            "child",
            &json!({"parentTaskKey": "root", "state": "error", "progress": 5}),
        );
        assert_eq!(store.new_failure_count(root), 0, "known for good");
    }

    #[test]
    fn counts_follow_a_task_to_another_parent_and_out_of_the_store() {
        let mut store = tracking();
        let one = put(&mut store, "one", &json!({}));
        let two = put(&mut store, "two", &json!({}));
        for (parent, counts) in [("one", (1, 0)), ("two", (0, 1))] {
            put(
                &mut store,
                "child",
                &json!({"parentTaskKey": parent, "state": "error"}),
            );
            let found = (store.new_failure_count(one), store.new_failure_count(two));
            assert_eq!(found, counts);
        }
        let gone = TaskChange::Unwatched {
            mo_id: "child".into(),
        };
        store.apply(HERE, gone, &mut ChangeSet::default()).unwrap();
        assert_eq!(store.new_failure_count(two), 0);
    }

    #[test]
    fn failures_before_the_known_time_and_cancelled_tasks_are_not_new() {
        let mut store = tracking();
        store.set_failures_known(HERE, at(50));
        let failed =
            |second: i64| json!({"state": "error", "completeTime": at(second).to_string()});
        let old = put(&mut store, "old", &failed(50));
        let new = put(&mut store, "new", &failed(51));
        let cancelled = json!({"state": "error", "cancelled": true,
            "error": {"_typeName": "RequestCanceled"}});
        let cancelled = put(&mut store, "cancelled", &cancelled);
        let flags = [old, new, cancelled].map(|handle| store.is_new_failure(handle));
        assert_eq!(flags, [false, true, false]);
        let mut store = TaskStore::new();
        let untracked = put(&mut store, "new", &failed(51));
        assert!(!store.is_new_failure(untracked));
    }
}
