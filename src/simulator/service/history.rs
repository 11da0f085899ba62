//! Task history: collectors that read past and present tasks in pages.
//!
//! Tasks are ordered by their number, that is by creation. A collector's position is between two numbers, so that new
//! tasks cause neither repetitions nor gaps.

use serde_json::Value;

use super::fields::Fields;
use super::history_filter::{ResultFilter, TaskFilter};
use super::objects::Objects;
use super::{ApiCall, CallResponse, Core};
use crate::simulator::fault::Fault;
use crate::simulator::value::MoRef;
use crate::simulator::world::archive::FilterFields;
use crate::simulator::world::task::{Record, TaskId};

const LARGEST_PAGE: usize = 1000;

/// Initial size of the latest page.
pub(super) const FIRST_PAGE_SIZE: usize = 10;

#[derive(Debug)]
pub(super) struct HistoryCollector {
    filter: TaskFilter,
    /// The filter as sent by the client.
    pub(super) raw: Value,
    /// Number of the last task before the position.
    position: u64,
    page_size: usize,
    results: ResultFilter,
}

impl Core {
    /// `TaskManager.CreateCollectorForTasks` and `CreateCollectorWithInfoFilterForTasks`.
    pub(super) fn create_history(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        if !self.behavior.history {
            return Err(Fault::not_supported(
                "The operation is not supported on the object.",
            ));
        }
        if !self.behavior.history_permission {
            return Err(Fault::no_permission(&call.object, "System.View"));
        }
        let mut fields = self.fields(call)?;
        let raw = fields.peek("filter");
        let filter = TaskFilter::read(
            fields.object("filter", "TaskFilterSpec")?,
            &self.world,
            &self.calendar,
        )?;
        let filter = if self.behavior.detailed_filters {
            filter
        } else {
            filter.coarse()
        };
        let mut results = ResultFilter::default();
        if call.member == "CreateCollectorWithInfoFilterForTasks"
            && let Some(mut info) = fields.optional_object("infoFilter", "TaskInfoFilterSpec")?
        {
            let type_name = "TaskInfoFilterSpecFilterTaskResults";
            if let Some(by_results) = info.optional_object("filterTaskResults", type_name)? {
                results = ResultFilter::read(by_results)?;
            }
            info.done()?;
        }
        fields.done()?;
        let most = self.behavior.max_collectors;
        let id = self.new_session_id(token);
        let session = self.session_mut(token, &call.object)?;
        session.may_collect_history(most)?;
        let collector = HistoryCollector {
            filter,
            raw,
            position: 0,
            page_size: FIRST_PAGE_SIZE,
            results,
        };
        session.histories.insert(id.clone(), collector);
        Ok(CallResponse::Value(
            MoRef::new("TaskHistoryCollector", id).to_json(),
        ))
    }

    /// Methods of `TaskHistoryCollector`.
    pub(super) fn call_history(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        let mut fields = self.fields(call)?;
        let id = &*call.object.id;
        match &*call.member {
            "ReadNextTasks" | "ReadPreviousTasks" => {
                let count = page_size(&mut fields)?;
                fields.done()?;
                let forward = call.member == "ReadNextTasks";
                let objects = self.objects(token);
                let collector = objects
                    .session
                    .and_then(|session| session.histories.get(id));
                let collector = collector.ok_or_else(|| Fault::object_not_found(&call.object))?;
                let (page, position) = collector.read(count, forward, &objects);
                self.history_mut(token, call)?.position = position;
                Ok(CallResponse::List(page))
            }
            "RewindCollector" => {
                fields.done()?;
                self.history_mut(token, call)?.position = 0;
                Ok(CallResponse::Void)
            }
            "ResetCollector" => {
                fields.done()?;
                self.history_mut(token, call)?.position = u64::MAX;
                Ok(CallResponse::Void)
            }
            "SetCollectorPageSize" => {
                let size = page_size(&mut fields)?;
                fields.done()?;
                self.history_mut(token, call)?.page_size = size;
                Ok(CallResponse::Void)
            }
            "DestroyCollector" => {
                fields.done()?;
                self.session_mut(token, &call.object)?.histories.remove(id);
                Ok(CallResponse::Void)
            }
            _ => Err(Fault::method_not_found(&call.object, &call.member)),
        }
    }

    fn history_mut(&mut self, token: &str, call: &ApiCall) -> Result<&mut HistoryCollector, Fault> {
        let collector = self
            .session_mut(token, &call.object)?
            .histories
            .get_mut(&*call.object.id);
        collector.ok_or_else(|| Fault::object_not_found(&call.object))
    }
}

pub(super) fn page_size(fields: &mut Fields) -> Result<usize, Fault> {
    let count = fields.optional_count("maxCount")?;
    let wrong = |why| Fault::invalid_argument("maxCount", why);
    match count {
        None => Err(wrong("It is required.")),
        Some(count) if (1..=LARGEST_PAGE).contains(&count) => Ok(count),
        Some(_) => Err(wrong("It must be from 1 to 1000.")),
    }
}

impl HistoryCollector {
    /// Returns the newest tasks, newest first.
    pub(super) fn latest_page(&self, objects: &Objects<'_>) -> Vec<Value> {
        self.backward(u64::MAX, self.page_size, objects)
            .iter()
            .map(|record| self.info(record, objects))
            .collect()
    }

    /// Returns the next or previous tasks and the position after them.
    fn read(&self, count: usize, forward: bool, objects: &Objects<'_>) -> (Vec<Value>, u64) {
        let records = if forward {
            self.forward(count, objects)
        } else {
            self.backward(self.position, count, objects)
        };
        let position = match records.last() {
            Some(last) if forward => last.id.0,
            Some(last) => last.id.0 - 1,
            None => self.position,
        };
        (
            records
                .iter()
                .map(|record| self.info(record, objects))
                .collect(),
            position,
        )
    }

    fn info(&self, record: &Record, objects: &Objects<'_>) -> Value {
        let mut info = objects.writer.info(record);
        let is_left_out = self.results.leaves_out(info["descriptionId"].as_str());
        if let Some(fields) = info.as_object_mut().filter(|_| is_left_out) {
            fields.remove("result");
        }
        info
    }

    fn forward(&self, count: usize, objects: &Objects<'_>) -> Vec<Record> {
        let world = objects.world;
        let archive = world.archive();
        let old = archive
            .after(self.position)
            .filter(|index| {
                self.filter
                    .matches(&archive.filter_fields(*index), world.inventory())
            })
            .map(|index| archive.record(index, world.inventory()));
        let young = self
            .living(objects)
            .into_iter()
            .filter(|record| record.id.0 > self.position)
            .cloned();
        old.chain(young).take(count).collect()
    }

    fn backward(&self, position: u64, count: usize, objects: &Objects<'_>) -> Vec<Record> {
        let world = objects.world;
        let archive = world.archive();
        let young = self
            .living(objects)
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
    fn living<'a>(&self, objects: &Objects<'a>) -> Vec<&'a Record> {
        let world = objects.world;
        let behavior = objects.writer.behavior;
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
pub(super) fn of_chain(chain: i32, objects: &Objects<'_>) -> Option<Record> {
    let world = objects.world;
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

pub(super) fn key(text: &str) -> Option<TaskId> {
    TaskId::parse(text)
}
