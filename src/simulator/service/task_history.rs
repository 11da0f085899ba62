//! Records of `TaskHistoryCollector`: past and present tasks.
//!
//! Tasks are ordered by their number, that is by creation. A collector's position is between two numbers, so that new
//! tasks cause neither repetitions nor gaps.

use serde_json::Value;

use super::context::ReadContext;
use super::history_collector::{HistoryRecords, Position};
use super::task_filter::{ResultFilter, TaskFilter};
use crate::simulator::world::archive::FilterFields;
use crate::simulator::world::task::Record;

#[derive(Debug)]
pub(super) struct TaskRecords {
    pub(super) filter: TaskFilter,
    pub(super) results: ResultFilter,
}

impl HistoryRecords for TaskRecords {
    type Key = u64;
    const READ_NEXT: &'static str = "ReadNextTasks";
    const READ_PREVIOUS: &'static str = "ReadPreviousTasks";

    fn read(
        &self,
        position: Position<u64>,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> Vec<(u64, Value)> {
        // Number of the last task before the position.
        let last = match position {
            Position::Start => 0,
            Position::Before(number) => number - 1,
            Position::After(number) => number,
            Position::End => u64::MAX,
        };
        let records = if forward {
            self.forward(last, count, context)
        } else {
            self.backward(last, count, context)
        };
        let record = |record: &Record| (record.id.0, self.info(record, context));
        records.iter().map(record).collect()
    }
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

    fn forward(&self, position: u64, count: usize, context: ReadContext<'_>) -> Vec<Record> {
        let world = context.world;
        let archive = world.archive();
        let old = archive
            .after(position)
            .filter(|index| {
                self.filter
                    .matches(&archive.filter_fields(*index), world.inventory())
            })
            .map(|index| archive.record(index, world.inventory()));
        let young = self
            .living(context)
            .into_iter()
            .filter(|record| record.id.0 > position)
            .cloned();
        old.chain(young).take(count).collect()
    }

    fn backward(&self, position: u64, count: usize, context: ReadContext<'_>) -> Vec<Record> {
        let world = context.world;
        let archive = world.archive();
        let young = self
            .living(context)
            .into_iter()
            .rev()
            .filter(|record| record.id.0 <= position)
            .cloned();
        let old = archive
            .up_to(position)
            .rev()
            .filter(|index| {
                self.filter
                    .matches(&archive.filter_fields(*index), world.inventory())
            })
            .map(|index| archive.record(index, world.inventory()));
        young.chain(old).take(count).collect()
    }

    /// Returns the matching tasks since the server's start, ordered by number, including those whose object has
    /// expired.
    fn living<'a>(&self, context: ReadContext<'a>) -> Vec<&'a Record> {
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
        let mut living: Vec<&Record> = world
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
        living.sort_unstable_by_key(|record| record.id);
        living
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
