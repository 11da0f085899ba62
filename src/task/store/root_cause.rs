//! The first failure in a family, which may have caused the others.

use jiff::Timestamp;

use super::{Handle, TaskStore};
use crate::status::Status;

impl TaskStore {
    /// Returns the first failure in the subtree. Of tasks that failed at the same time it is the
    /// deepest, because a parent fails when its child does; failures without a time come last. Only
    /// branches with failures are searched.
    pub fn first_failed(&self, top: Handle) -> Option<Handle> {
        /// Earlier sorts first; of two simultaneous failures the deeper one.
        type Rank = (bool, Option<Timestamp>, std::cmp::Reverse<usize>);
        let mut first: Option<(Rank, Handle)> = None;
        let mut stack = vec![(top, 0)];
        while let Some((handle, depth)) = stack.pop() {
            if self.family(handle)[Status::Failed] == 0 {
                continue;
            }
            let record = self.get(handle);
            if let Some(record) = record.filter(|record| record.status() == Status::Failed) {
                let at = record.completed_at();
                let rank = (at.is_none(), at, std::cmp::Reverse(depth));
                if first.as_ref().is_none_or(|(before, _)| rank < *before) {
                    first = Some((rank, handle));
                }
            }
            let children = self.children(handle).iter().rev();
            stack.extend(children.map(|child| (*child, depth + 1)));
        }
        first.map(|(_, handle)| handle)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ChangeSet, ServerId, TaskChange, TaskId,
        fixture::{at, info},
    };

    const HERE: ServerId = ServerId(0);

    fn family(members: &[(&str, Value)]) -> TaskStore {
        let mut store = TaskStore::new();
        for (mo_id, more) in members {
            let info = info(mo_id, more);
            let change = TaskChange::Full { info, at: at(99) };
            store
                .apply(HERE, change, &mut ChangeSet::default())
                .unwrap();
        }
        store
    }

    fn first(store: &TaskStore) -> Option<String> {
        let top = store.find(&TaskId::new(HERE, "task-1")).unwrap();
        let first = store.get(store.first_failed(top)?)?;
        Some(first.id.mo_id.to_string())
    }

    fn failed(parent: Option<&str>, second: Option<i64>) -> Value {
        let complete = second.map(|second| at(second).to_string());
        json!({"state": "error", "parentTaskKey": parent, "completeTime": complete,
            "error": {"_typeName": "SystemError"}})
    }

    #[test]
    fn earliest_failure_wins_then_deepest() {
        let running = json!({});
        assert_eq!(first(&family(&[("task-1", running.clone())])), None);
        let one = family(&[
            ("task-1", running),
            ("task-2", failed(Some("task-1"), Some(5))),
        ]);
        assert_eq!(
            first(&one).as_deref(),
            Some("task-2"),
            "also where only one failed"
        );
        let chain = family(&[
            ("task-1", failed(None, Some(9))),
            ("task-2", failed(Some("task-1"), Some(9))),
            ("task-3", failed(Some("task-2"), Some(9))),
            ("task-4", failed(Some("task-1"), Some(10))),
        ]);
        assert_eq!(first(&chain).as_deref(), Some("task-3"));
        let earlier = family(&[
            ("task-1", failed(None, Some(9))),
            ("task-2", failed(Some("task-1"), Some(7))),
            ("task-3", failed(Some("task-2"), Some(8))),
        ]);
        assert_eq!(first(&earlier).as_deref(), Some("task-2"));
    }

    #[test]
    fn failures_without_time_are_last() {
        let cancelled = json!({"state": "error", "parentTaskKey": "task-1", "completeTime": at(1).to_string(),
            "error": {"_typeName": "RequestCanceled"}});
        let store = family(&[
            ("task-1", failed(None, Some(9))),
            ("task-2", failed(Some("task-1"), None)),
            ("task-3", cancelled),
        ]);
        assert_eq!(first(&store).as_deref(), Some("task-1"));
        let store = family(&[
            ("task-1", json!({})),
            ("task-2", failed(Some("task-1"), None)),
        ]);
        assert_eq!(first(&store).as_deref(), Some("task-2"));
    }
}
