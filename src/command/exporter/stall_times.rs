//! The times from which tasks count as stalled. They are computed again only when a task has progressed: the estimate
//! behind them costs more than all else of a scrape.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;

use crate::task::{Handle, TaskRecord, TaskStore};

/// Changes with each observed progress of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProgressMark {
    start: Option<Timestamp>,
    moves: u32,
    last_move: Duration,
}

impl ProgressMark {
    fn of(record: &TaskRecord) -> Option<Self> {
        let history = record.history.as_deref()?;
        Some(Self {
            start: record.running_since(),
            moves: history.moves(),
            last_move: history.last_move(),
        })
    }
}

/// Times by task of one vCenter.
#[derive(Debug, Default)]
pub(super) struct StallTimes {
    known: HashMap<Handle, (ProgressMark, Option<Timestamp>)>,
    /// Times of the previous scrape; those of tasks that have ended are dropped with it.
    previous: HashMap<Handle, (ProgressMark, Option<Timestamp>)>,
}

impl StallTimes {
    /// Begins a scrape.
    pub(super) fn begin(&mut self) {
        self.previous = std::mem::take(&mut self.known);
    }

    /// True if a running task has made no progress for unusually long.
    pub(super) fn is_stalled(&mut self, store: &TaskStore, handle: Handle, now: Timestamp) -> bool {
        let Some(mark) = store.get(handle).and_then(ProgressMark::of) else {
            return false;
        };
        let known = self.previous.get(&handle);
        let known = known.filter(|(known, _)| *known == mark);
        let time = known.map_or_else(|| store.stalls_after(handle), |(_, time)| *time);
        self.known.insert(handle, (mark, time));
        time.is_some_and(|time| now > time)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::task::{
        ChangeSet, ServerId, TaskChange, TaskId,
        fixture::{at, info},
    };

    #[test]
    fn times_follow_the_progress() {
        let server = ServerId(0);
        let mut store = TaskStore::new();
        let mut times = StallTimes::default();
        let mut stalled = Vec::new();
        for second in 0..2_000 {
            let progress = json!({"progress": second.min(50) + second / 1000});
            let change = TaskChange::Full {
                info: info("task-1", &progress),
                at: at(second),
            };
            let _ = store.apply(server, change, &mut ChangeSet::default());
            let handle = store.find(&TaskId::new(server, "task-1")).unwrap();
            times.begin();
            let is_stalled = times.is_stalled(&store, handle, at(second));
            assert_eq!(
                is_stalled,
                store.is_stalled(handle, None, at(second)),
                "{second}"
            );
            if stalled.last() != Some(&is_stalled) {
                stalled.push(is_stalled);
            }
        }
        // After a long pause, a longer one is allowed.
        assert_eq!(stalled, [false, true, false]);
        times.begin();
        times.begin();
        assert!(times.previous.is_empty() && times.known.is_empty());
    }
}
