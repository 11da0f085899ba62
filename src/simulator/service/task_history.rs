//! Task history: collectors that read past and present tasks in pages.
//!
//! Tasks are ordered by their number, that is by creation. A collector's position is between two numbers, so that new
//! tasks cause neither repetitions nor gaps.

use serde_json::Value;

use super::context::ReadContext;
use super::task_filter::{ResultFilter, TaskFilter};
use crate::simulator::world::archive::FilterFields;
use crate::simulator::world::task::Record;

/// Initial size of the latest page.
pub(super) const DEFAULT_PAGE_SIZE: usize = 10;

#[derive(Debug)]
pub(super) struct TaskHistoryCollector {
    pub(super) filter: TaskFilter,
    /// The filter as sent by the client.
    pub(super) raw: Value,
    /// Number of the last task before the position.
    pub(super) position: u64,
    pub(super) page_size: usize,
    pub(super) results: ResultFilter,
}

impl TaskHistoryCollector {
    /// Returns the newest tasks, newest first.
    pub(super) fn latest_page(&self, context: ReadContext<'_>) -> Vec<Value> {
        self.backward(u64::MAX, self.page_size, context)
            .iter()
            .map(|record| self.info(record, context))
            .collect()
    }

    /// Returns the next or previous tasks and the position after them.
    pub(super) fn read(
        &self,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> (Vec<Value>, u64) {
        let records = if forward {
            self.forward(count, context)
        } else {
            self.backward(self.position, count, context)
        };
        let position = match records.last() {
            Some(last) if forward => last.id.0,
            Some(last) => last.id.0 - 1,
            None => self.position,
        };
        (
            records
                .iter()
                .map(|record| self.info(record, context))
                .collect(),
            position,
        )
    }

    fn info(&self, record: &Record, context: ReadContext<'_>) -> Value {
        let mut info = context.writer.info(record);
        let is_omitted = self.results.omits(info["descriptionId"].as_str());
        if let Some(fields) = info.as_object_mut().filter(|_| is_omitted) {
            fields.remove("result");
        }
        info
    }

    fn forward(&self, count: usize, context: ReadContext<'_>) -> Vec<Record> {
        let world = context.world;
        let archive = world.archive();
        let old = archive
            .after(self.position)
            .filter(|index| {
                self.filter
                    .matches(&archive.filter_fields(*index), world.inventory())
            })
            .map(|index| archive.record(index, world.inventory()));
        let young = self
            .living(context)
            .into_iter()
            .filter(|record| record.id.0 > self.position)
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
