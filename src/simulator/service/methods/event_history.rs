//! Methods of `EventHistoryCollector`, its creation, and `EventManager.QueryEvents`.

use crate::simulator::fault::Fault;
use crate::simulator::service::call::{ApiCall, CallResponse};
use crate::simulator::service::core::Core;
use crate::simulator::service::event_filter::{EventFilter, EventView};
use crate::simulator::service::event_history::{EventHistoryCollector, EventPosition};
use crate::simulator::service::events::matching;
use crate::simulator::service::task_history::DEFAULT_PAGE_SIZE;
use crate::simulator::value::MoRef;

impl Core {
    /// `EventManager.CreateCollectorForEvents`.
    pub(in crate::simulator::service) fn create_event_collector(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        if !self.behavior.events_permission {
            return Err(Fault::no_permission(&call.object, "System.View"));
        }
        let mut fields = self.fields(call)?;
        let raw = fields.peek("filter");
        let filter = fields.object("filter", "EventFilterSpec")?;
        fields.done()?;
        let filter = EventFilter::read(filter, &self.world, &self.calendar)?;
        let most = self.behavior.max_collectors;
        let id = self.new_session_id(token);
        let session = self.session_mut(token, &call.object)?;
        session.may_collect_history(most)?;
        let collector = EventHistoryCollector {
            filter,
            raw,
            position: EventPosition::Start,
            page_size: DEFAULT_PAGE_SIZE,
        };
        session.event_collectors.insert(id.clone(), collector);
        Ok(CallResponse::Value(
            MoRef::new("EventHistoryCollector", id).to_json(),
        ))
    }

    /// Methods of `EventHistoryCollector`.
    pub(in crate::simulator::service) fn call_event_collector(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        let mut fields = self.fields(call)?;
        let id = &*call.object.id;
        match &*call.member {
            "ReadNextEvents" | "ReadPreviousEvents" => {
                let count = fields.page_size()?;
                fields.done()?;
                let objects = self.objects(token);
                let collector = objects
                    .session
                    .and_then(|session| session.event_collectors.get(id))
                    .ok_or_else(|| Fault::object_not_found(&call.object))?;
                let (page, position) =
                    collector.read(count, call.member == "ReadNextEvents", objects.context);
                self.event_collector_mut(token, call)?.position = position;
                Ok(CallResponse::List(page))
            }
            "RewindCollector" => {
                fields.done()?;
                self.event_collector_mut(token, call)?.position = EventPosition::Start;
                Ok(CallResponse::Void)
            }
            "ResetCollector" => {
                fields.done()?;
                self.event_collector_mut(token, call)?.position = EventPosition::End;
                Ok(CallResponse::Void)
            }
            "SetCollectorPageSize" => {
                let size = fields.page_size()?;
                fields.done()?;
                self.event_collector_mut(token, call)?.page_size = size;
                Ok(CallResponse::Void)
            }
            "DestroyCollector" => {
                fields.done()?;
                let session = self.session_mut(token, &call.object)?;
                session.event_collectors.remove(id);
                Ok(CallResponse::Void)
            }
            _ => Err(Fault::method_not_found(&call.object, &call.member)),
        }
    }

    fn event_collector_mut(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<&mut EventHistoryCollector, Fault> {
        let session = self.session_mut(token, &call.object)?;
        let collector = session.event_collectors.get_mut(&*call.object.id);
        collector.ok_or_else(|| Fault::object_not_found(&call.object))
    }

    /// `EventManager.QueryEvents`.
    pub(in crate::simulator::service) fn query_events(
        &self,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        if !self.behavior.events_permission {
            return Err(Fault::no_permission(&call.object, "System.View"));
        }
        let mut outer = self.fields(call)?;
        let filter = outer.object("filter", "EventFilterSpec")?;
        let view = EventView::read(&mut outer)?;
        outer.done()?;
        let filter = EventFilter::read(filter, &self.world, &self.calendar)?;

        let mut events = matching(&filter, self.context());
        filter.limit(&mut events, view);
        let events = events.into_iter().map(|event| filter.to_json(event));
        Ok(CallResponse::List(events.collect()))
    }
}
