//! Finds tasks that make no progress. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::task::TaskId;

/// Percentage and phase of a running task. Tasks that report no percentage have none.
type ProgressMark = (u8, Option<String>);

/// The last progress of each task.
#[derive(Debug, Default)]
pub(super) struct StallDetector {
    seen: HashMap<TaskId, LastProgress>,
}

#[derive(Debug)]
struct LastProgress {
    mark: ProgressMark,
    since: Timestamp,
    is_reported: bool,
}

impl StallDetector {
    /// Records the progress of a task; `None` if it is not running or not visible. Returns true when the task has
    /// become stalled.
    pub(super) fn observe(
        &mut self,
        id: &TaskId,
        mark: Option<ProgressMark>,
        limit: SignedDuration,
        now: Timestamp,
    ) -> bool {
        let Some(mark) = mark else {
            self.seen.remove(id);
            return false;
        };
        match self.seen.get_mut(id) {
            Some(last) if last.mark == mark => {
                let is_stalled = !last.is_reported && now.duration_since(last.since) >= limit;
                last.is_reported |= is_stalled;
                is_stalled
            }
            _ => {
                let last = LastProgress {
                    mark,
                    since: now,
                    is_reported: false,
                };
                self.seen.insert(id.clone(), last);
                false
            }
        }
    }

    /// Returns the tasks that are stalled.
    pub(super) fn stalled(&self) -> impl Iterator<Item = &TaskId> {
        let stalled = self.seen.iter().filter(|(_, last)| last.is_reported);
        stalled.map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{ServerId, fixture::at};

    #[test]
    fn a_stall_is_reported_once_until_the_task_moves() {
        let id = TaskId::new(ServerId(0), "task-1");
        let mut stalls = StallDetector::default();
        let limit = SignedDuration::from_secs(10);
        let mut observe = |mark: Option<u8>, second| {
            let mark = mark.map(|percent| (percent, None));
            stalls.observe(&id, mark, limit, at(second))
        };
        let steps = [
            (Some(1), 0, false),
            (Some(1), 9, false),
            (Some(2), 10, false),
            (Some(2), 19, false),
            (Some(2), 20, true),
            (Some(2), 40, false),
            (Some(3), 41, false),
            (Some(3), 51, true),
            // An outage starts the time again.
            (None, 60, false),
            (Some(3), 61, false),
            (Some(3), 70, false),
        ];
        for (mark, second, is_stalled) in steps {
            assert_eq!(observe(mark, second), is_stalled, "{second}");
        }
        assert_eq!(stalls.stalled().count(), 0);
    }
}
