//! Methods of history collectors, their creation, and `EventManager.QueryEvents`.

use std::collections::HashMap;

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::dispatch::Core;
use crate::service::event_filter::{EventFilter, EventView};
use crate::service::events::matching;
use crate::service::history_collector::{HistoryCollector, HistoryRecords, Position};
use crate::service::session::Session;
use crate::service::task_filter::{ResultFilter, TaskFilter};
use crate::service::task_history::TaskRecords;
use crate::value::MoRef;

/// Returns a session's collectors of one kind.
pub(in crate::service) type CollectorsOf<R> =
    fn(&mut Session) -> &mut HashMap<String, HistoryCollector<R>>;

impl Core {
    /// `EventManager.CreateCollectorForEvents`.
    pub(crate) fn create_event_collector(&mut self, token: &str, call: &ApiCall) -> CallResult {
        if !self.behavior.events_permission {
            return Err(MethodFault::no_permission(&call.object, "System.View"));
        }
        let mut fields = self.fields(call)?;
        let raw = fields.peek("filter");
        let filter = fields.object("filter", "EventFilterSpec")?;
        call.check_release(&filter, "delayedInit", "8.0.3.0")?;
        fields.done()?;
        let filter = EventFilter::read(filter, &self.world, &self.calendar)?;
        let id = self.new_history_id(token, call)?;
        let session = self.session_mut(token, &call.object)?;
        let collector = HistoryCollector::new(filter, raw);
        session
            .event_history_collectors
            .insert(id.clone(), collector);
        let reference = MoRef::new("EventHistoryCollector", id);
        Ok(CallResponse::Value(reference.to_json()))
    }

    /// `TaskManager.CreateCollectorForTasks` and `CreateCollectorWithInfoFilterForTasks`.
    pub(crate) fn create_history(&mut self, token: &str, call: &ApiCall) -> CallResult {
        if !self.behavior.history {
            return Err(MethodFault::not_supported(
                "The operation is not supported on the object.",
            ));
        }
        if !self.behavior.history_permission {
            return Err(MethodFault::no_permission(&call.object, "System.View"));
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
            filter.without_ignored()
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
        let id = self.new_history_id(token, call)?;
        let session = self.session_mut(token, &call.object)?;
        let collector = HistoryCollector::new(TaskRecords { filter, results }, raw);
        session
            .task_history_collectors
            .insert(id.clone(), collector);
        let reference = MoRef::new("TaskHistoryCollector", id);
        Ok(CallResponse::Value(reference.to_json()))
    }

    /// Returns the ID of a new history collector, if the session may have another one.
    fn new_history_id(&mut self, token: &str, call: &ApiCall) -> Result<String, MethodFault> {
        let maximum = self.behavior.max_collectors;
        let id = self.new_object_id(token);
        self.session_mut(token, &call.object)?
            .check_collector_limit(maximum)?;
        Ok(id)
    }

    /// Methods of `TaskHistoryCollector` and `EventHistoryCollector`.
    pub(in crate::service) fn call_history<R: HistoryRecords>(
        &mut self,
        token: &str,
        call: &ApiCall,
        collectors: CollectorsOf<R>,
    ) -> CallResult {
        let mut fields = self.fields(call)?;
        let is_next = call.member == R::READ_NEXT;
        let count = match &*call.member {
            "SetCollectorPageSize" => fields.page_size()?,
            _ if is_next || call.member == R::READ_PREVIOUS => fields.page_size()?,
            "RewindCollector" | "ResetCollector" | "DestroyCollector" => 0,
            _ => return Err(MethodFault::method_not_found(&call.object, &call.member)),
        };
        fields.done()?;
        let of_session = collectors(self.session_mut(token, &call.object)?);
        // Temporarily moved out of its session, which `self` owns.
        let (id, mut collector) = of_session
            .remove_entry(&*call.object.id)
            .ok_or_else(|| MethodFault::object_not_found(&call.object))?;
        let mut response = CallResponse::Void;
        match &*call.member {
            "RewindCollector" => collector.position = Position::Start,
            "ResetCollector" => collector.position = Position::End,
            "SetCollectorPageSize" => collector.page_size = count,
            "DestroyCollector" => return Ok(response),
            _ => {
                let (page, position) = collector.read(count, is_next, self.context());
                collector.position = position;
                response = CallResponse::List(page);
            }
        }
        collectors(self.session_mut(token, &call.object)?).insert(id, collector);
        Ok(response)
    }

    /// `EventManager.QueryEvents`.
    pub(crate) fn query_events(&self, call: &ApiCall) -> CallResult {
        if !self.behavior.events_permission {
            return Err(MethodFault::no_permission(&call.object, "System.View"));
        }
        let mut outer = self.fields(call)?;
        let filter = outer.object("filter", "EventFilterSpec")?;
        call.check_release(&filter, "delayedInit", "8.0.3.0")?;
        call.check_release(&outer, "eventViewSpec", "9.0.0.0")?;
        let view = EventView::read(&mut outer)?;
        outer.done()?;
        let filter = EventFilter::read(filter, &self.world, &self.calendar)?;

        let mut events = matching(&filter, self.context());
        filter.limit(&mut events, view);
        let events = events.into_iter().map(|event| filter.to_json(event));
        Ok(CallResponse::List(events.collect()))
    }
}
