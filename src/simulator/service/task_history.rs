//! Records of `TaskHistoryCollector`: past and present tasks.
//!
//! Tasks are ordered by the time at which they were queued. A collector's position is between two tasks, so that new tasks
//! cause neither repetitions nor gaps.

use serde_json::Value;

use super::context::ReadContext;
use super::history_collector::{HistoryRecords, Position};
use super::task_filter::{ResultFilter, TaskFilter};
use crate::world::task::{Record, TaskId};
use crate::world::time::WorldTime;

#[derive(Debug)]
pub(super) struct TaskRecords {
    pub(super) filter: TaskFilter,
    pub(super) results: ResultFilter,
}

impl HistoryRecords for TaskRecords {
    type Key = (WorldTime, TaskId);
    const READ_NEXT: &'static str = "ReadNextTasks";
    const READ_PREVIOUS: &'static str = "ReadPreviousTasks";

    fn read(
        &self,
        position: Position<Self::Key>,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> Vec<(Self::Key, Value)> {
        let world = context.world;
        let is_selected = |record: &&Record| {
            position.precedes(&sort_key(record)) == forward
                && self.filter.matches(record, world.inventory())
        };
        let archived = world.archive().iter().filter(is_selected);
        let mut records: Vec<&Record> = if forward {
            archived.take(count).collect()
        } else {
            archived.rev().take(count).collect()
        };
        records.extend(since_start(context).filter(is_selected));
        records.sort_unstable_by_key(|record| sort_key(record));
        if !forward {
            records.reverse();
        }
        let page = records.into_iter().take(count);
        page.map(|record| (sort_key(record), self.info(record, context)))
            .collect()
    }
}

fn sort_key(record: &Record) -> (WorldTime, TaskId) {
    (record.queue_time, record.id)
}

impl TaskRecords {
    fn info(&self, record: &Record, context: ReadContext<'_>) -> Value {
        let mut info = context.writer.info(record);
        let is_omitted = self.results.omits(info["descriptionId"].as_str());
        if let Some(fields) = info.as_object_mut().filter(|_| is_omitted) {
            fields.remove("result");
        }
        info
    }
}

/// Returns the tasks since the server's start, including those whose object has expired.
fn since_start(context: ReadContext<'_>) -> impl Iterator<Item = &Record> {
    let ReadContext { world, writer, .. } = context;
    let is_recorded = move |record: &&Record| {
        let behind = record
            .complete_time
            .is_some_and(|ended| world.now().since(ended) < writer.behavior.history_lag);
        let missed = writer.behavior.history_gaps && record.id.0 % 7 == 3;
        !behind && !missed
    };
    let unfinished = world
        .tasks()
        .map(|task| &task.record)
        .filter(|record| !record.state.is_final());
    world
        .finished_records()
        .chain(unfinished)
        .filter(is_recorded)
}

/// Returns the task with this event chain.
pub(super) fn find_by_chain(chain: i32, context: ReadContext<'_>) -> Option<&Record> {
    let world = context.world;
    let alive = world.tasks().map(|task| &task.record);
    alive
        .chain(world.finished_records())
        .chain(world.archive())
        .find(|record| record.event_chain_id == chain)
}
