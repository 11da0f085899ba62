//! Filters for records read from the history.

use std::sync::Arc;

use serde_json::Value;

use crate::types::{TaskQuery, scalar_at};

/// Consecutive unrelated records after which the server is considered to ignore the filter.
const MAX_UNRELATED: usize = 1_000;

/// Decision about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordAction {
    /// Return the record.
    Take,
    /// Skip the record.
    Leave,
    /// Skip the record and stop reading.
    Stop,
}

impl RecordAction {
    /// Takes a record if it is wanted, else skips it.
    pub fn take_if(is_wanted: bool) -> Self {
        if is_wanted { Self::Take } else { Self::Leave }
    }
}

impl TaskQuery {
    /// Returns a filter for records related to the queried parents and roots. Some servers accept these filters and
    /// ignore them: unrelated records are skipped, and after many of them reading stops.
    pub fn pick_lineage(&self) -> impl FnMut(&Value) -> RecordAction {
        let mut unrelated = 0;
        move |record| {
            if self.is_of_lineage(record) {
                unrelated = 0;
                return RecordAction::Take;
            }
            unrelated += 1;
            if unrelated < MAX_UNRELATED {
                RecordAction::Leave
            } else {
                RecordAction::Stop
            }
        }
    }

    /// True if a record has one of the parents or roots, or is one of them.
    fn is_of_lineage(&self, record: &Value) -> bool {
        let names = |field: &str, keys: &[Arc<str>]| {
            let named = scalar_at(record, &[field]);
            named.is_some_and(|named| keys.iter().any(|key| **key == *named))
        };
        names("parentTaskKey", &self.parents)
            || names("rootTaskKey", &self.roots)
            || names("key", &self.parents)
            || names("key", &self.roots)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unrelated_records_are_skipped_and_many_of_them_end_the_read() {
        let query = TaskQuery {
            parents: vec!["task-2".into()],
            roots: vec!["task-1".into()],
            ..TaskQuery::default()
        };
        let mut pick = query.pick_lineage();
        for record in [
            json!({"key": "task-3", "parentTaskKey": "task-2"}),
            json!({"key": "task-4", "parentTaskKey": "task-3", "rootTaskKey": "task-1"}),
            json!({"key": "task-1"}),
            json!({"key": "task-2"}),
        ] {
            assert_eq!(pick(&record), RecordAction::Take, "{record}");
        }
        let stranger = json!({"key": "task-9", "parentTaskKey": "task-1", "rootTaskKey": "task-2"});
        assert_eq!(pick(&stranger), RecordAction::Leave);
        let picked: Vec<_> = (1..MAX_UNRELATED).map(|_| pick(&json!({}))).collect();
        assert_eq!(
            picked.iter().position(|pick| *pick == RecordAction::Stop),
            Some(MAX_UNRELATED - 2)
        );
    }
}
