//! Waiting in a record: the tasks that are active at its beginning, and the result at its end. Pure.

use jiff::Timestamp;

use super::{TaskOutcome, TrackerChanges, WaitResult, WaitTracker};
use crate::{
    command::selector::CompiledSelector,
    task::{ServerId, TaskId},
};

impl WaitTracker {
    /// Adds the active tasks of a server that match the selector.
    pub(in crate::command) fn add_active(
        &mut self,
        server: ServerId,
        selector: &CompiledSelector,
        now: Timestamp,
    ) {
        let time = self.server_time(server, now);
        let active = selector.active(&self.store, time);
        let mut found: Vec<TaskId> = active.map(|(_, record)| record.id.clone()).collect();
        found.sort_unstable();
        for id in found {
            self.add(id);
        }
    }

    /// Returns the result at the end of a record, `now`. Tasks of which it has no state or no end become unknown.
    pub(in crate::command) fn end_of_record(
        &mut self,
        now: Timestamp,
    ) -> (TrackerChanges, WaitResult) {
        let mut effect = TrackerChanges::default();
        for at in 0..self.tasks.len() {
            let task = &self.tasks[at];
            let why = match &task.outcome {
                TaskOutcome::Searching(_) => "the record does not have its end.",
                TaskOutcome::Open if self.record(&task.id).is_none() => {
                    "there is no such task in the record."
                }
                _ => continue,
            };
            effect.decided.push(task.id.clone());
            self.tasks[at].outcome = TaskOutcome::Unknown(why.into());
        }
        let why = format!("the record ends at {now:.0}");
        let result = self.stopped(&why, self.outcome_of_all());
        (effect, result)
    }
}
