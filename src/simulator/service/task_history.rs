//! Records of `TaskHistoryCollector`: past and present tasks.
//!
//! Tasks are ordered by the time at which they were queued. A collector's position is between two tasks, so that new tasks
//! cause neither repetitions nor gaps.

use serde_json::Value;

use super::context::ReadContext;
use super::history_collector::{HistoryRecords, Position};
use super::task_filter::{ResultFilter, TaskFilter};
use crate::world::archive::FilterFields;
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
        let (archive, inventory) = (context.world.archive(), context.world.inventory());
        let archived = archive.indices().filter(|index| {
            position.precedes(&archive.sort_key(*index)) == forward
                && self
                    .filter
                    .matches(&archive.filter_fields(*index), inventory)
        });
        let archived: Vec<usize> = if forward {
            archived.take(count).collect()
        } else {
            archived.rev().take(count).collect()
        };
        let mut recent = self.since_start(context);
        recent.retain(|record| position.precedes(&sort_key(record)) == forward);
        if !forward {
            recent.reverse();
        }
        let archived = archived
            .iter()
            .map(|index| archive.record(*index, inventory));
        let recent = recent.into_iter().take(count).cloned();
        let mut records: Vec<Record> = archived.chain(recent).collect();
        records.sort_by_key(sort_key);
        if !forward {
            records.reverse();
        }
        records.truncate(count);
        let record = |record: &Record| (sort_key(record), self.info(record, context));
        records.iter().map(record).collect()
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

    /// Returns the matching tasks since the server's start, oldest first, including those whose object has
    /// expired.
    fn since_start<'a>(&self, context: ReadContext<'a>) -> Vec<&'a Record> {
        let world = context.world;
        let behavior = context.writer.behavior;
        let known_yet = |record: &Record| {
            let behind = record
                .complete_time
                .is_some_and(|ended| world.now().since(ended) < behavior.history_lag);
            let missed = behavior.history_gaps && record.id.0 % 7 == 3;
            !behind && !missed
        };
        let unfinished = world
            .tasks()
            .map(|task| &task.record)
            .filter(|record| !record.state.is_final());
        let mut since_start: Vec<&Record> = world
            .finished_records()
            .chain(unfinished)
            .filter(|record| {
                known_yet(record)
                    && self.filter.matches(
                        &FilterFields::of(record, world.inventory()),
                        world.inventory(),
                    )
            })
            .collect();
        since_start.sort_unstable_by_key(|record| sort_key(record));
        since_start
    }
}

/// Returns the task with this event chain.
pub(super) fn find_by_chain(chain: i32, context: ReadContext<'_>) -> Option<Record> {
    let world = context.world;
    let archive = world.archive();
    let alive = world
        .tasks()
        .map(|task| &task.record)
        .find(|record| record.event_chain_id == chain);
    alive
        .or_else(|| {
            world
                .finished_records()
                .find(|record| record.event_chain_id == chain)
        })
        .cloned()
        .or_else(|| {
            archive
                .find_by_chain(chain)
                .map(|index| archive.record(index, world.inventory()))
        })
}
