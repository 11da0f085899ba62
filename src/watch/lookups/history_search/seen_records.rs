//! The records seen by a search, so that another collector can continue it. Pure.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use vtask_vim::{
    identity, queue_time,
    types::{TaskInfo, TaskQuery},
};

/// Consecutive pages without a new record after which the server is considered to repeat itself.
const MAX_REPEATED_PAGES: u32 = 50;

/// The records seen by a search.
#[derive(Debug, Default)]
pub(super) struct SeenRecords {
    /// Keys of all records.
    seen: HashSet<Box<str>>,
    /// The latest queue time of the last page.
    reached: Option<Timestamp>,
    /// Keys of the last page.
    last: Vec<Box<str>>,
    /// Consecutive pages without a new record.
    stale: u32,
}

/// The new part of a page.
#[derive(Debug, Default)]
pub(super) struct PageMerge {
    /// New tasks, newest first.
    pub(super) tasks: Vec<TaskInfo>,
    /// Number of new records that could not be read.
    pub(super) unreadable: usize,
    /// True for the last page.
    pub(super) is_end: bool,
}

impl PageMerge {
    /// True if the page is worth sending.
    pub(super) fn has_changes(&self) -> bool {
        self.is_end || self.unreadable > 0 || !self.tasks.is_empty()
    }
}

impl SeenRecords {
    /// Merges a page.
    pub(super) fn take(&mut self, page: Vec<Value>) -> PageMerge {
        let mut merge = PageMerge::default();
        let keys: Vec<Box<str>> = page.iter().map(|record| identity(record).into()).collect();
        if let Some(reached) = page.iter().filter_map(queue_time).max() {
            self.reached = Some(reached);
        }
        let is_repeated = keys == self.last;
        for (record, key) in page.into_iter().zip(&keys) {
            if !self.seen.insert(key.clone()) {
                continue;
            }
            match TaskInfo::from_json(record) {
                Ok(info) => merge.tasks.push(info),
                Err(_) => merge.unreadable += 1,
            }
        }
        self.stale = if merge.has_changes() {
            0
        } else {
            self.stale + 1
        };
        let repeats_itself = is_repeated && self.stale > 0;
        merge.is_end = keys.is_empty() || repeats_itself || self.stale > MAX_REPEATED_PAGES;
        self.last = keys;
        merge
    }

    /// Prepares for another collector, whose first page may repeat the last one.
    pub(super) fn restart(&mut self) {
        self.last.clear();
    }

    /// Returns the query with which another collector starts at the last page. Repeated records are recognised by their
    /// key.
    pub(super) fn query_after_last_page(&self, query: &TaskQuery) -> TaskQuery {
        query.until_reached(self.reached)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vtask_task::fixture::{at, info};
    use vtask_vim::types::TaskTime;

    use super::*;

    fn record(number: i64) -> Value {
        let more = json!({"queueTime": at(number).to_string(), "state": "success"});
        info(&format!("task-{number}"), &more).to_json()
    }

    fn names(merge: &PageMerge) -> Vec<&str> {
        merge.tasks.iter().map(|info| &**info.mo_id()).collect()
    }

    #[test]
    fn another_collector_continues_without_repetition() {
        let mut trail = SeenRecords::default();
        let query = TaskQuery::default();
        assert_eq!(trail.query_after_last_page(&query).until, None);
        trail.take(vec![record(9), record(8)]);
        trail.take(vec![record(7), record(6)]);
        assert_eq!(trail.query_after_last_page(&query).until, Some(at(7)));
        trail.restart();
        let merge = trail.take(vec![record(7), record(6)]);
        assert!(!merge.has_changes(), "known, and not the end");
        let merge = trail.take(vec![record(6), record(5)]);
        assert_eq!(names(&merge), ["task-5"]);
        assert!(!merge.is_end);
        assert!(trail.take(Vec::new()).is_end);
        let until = Some(at(5));
        let earlier = TaskQuery { until, ..query };
        assert_eq!(trail.query_after_last_page(&earlier).until, until);
    }

    #[test]
    fn only_the_queue_time_narrows_the_continued_query() {
        let mut trail = SeenRecords::default();
        trail.take(vec![record(9)]);
        let query = TaskQuery {
            time: TaskTime::Completed,
            ..TaskQuery::default()
        };
        assert_eq!(trail.query_after_last_page(&query), query);
    }

    #[test]
    fn unreadable_records_are_counted_once() {
        let mut trail = SeenRecords::default();
        let odd = || json!({"key": "task-8"});
        let merge = trail.take(vec![record(9), odd(), json!(7), json!({})]);
        assert_eq!((names(&merge), merge.unreadable), (vec!["task-9"], 3));
        let merge = trail.take(vec![odd(), json!(7), record(6)]);
        assert_eq!((names(&merge), merge.unreadable), (vec!["task-6"], 0));
    }

    #[test]
    fn repeated_pages_end_the_search() {
        let mut trail = SeenRecords::default();
        trail.take(vec![record(9), record(8)]);
        assert!(trail.take(vec![record(9), record(8)]).is_end);
        let mut trail = SeenRecords::default();
        trail.take(vec![record(9), record(8)]);
        let turning = (0..200).find(|turn| {
            let page = match turn % 2 {
                0 => vec![record(8), record(9)],
                _ => vec![record(9)],
            };
            trail.take(page).is_end
        });
        assert_eq!(turning, Some(50));
    }
}
