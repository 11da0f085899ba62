//! `EventHistoryCollector`: reads events in pages, ordered by time.

use serde_json::Value;

use super::event_filter::EventFilter;
use super::events::{BuiltEvent, matching};
use super::history::{FIRST_PAGE_SIZE, page_size};
use super::objects::Objects;
use super::{ApiCall, CallResponse, Core};
use crate::simulator::fault::Fault;
use crate::simulator::value::MoRef;
use crate::simulator::world::time::WorldTime;

/// Position between two events: those before it were read forward, those after it backward.
#[derive(Clone, Copy, Debug)]
enum Position {
    Start,
    Before((WorldTime, i32)),
    After((WorldTime, i32)),
    End,
}

impl Position {
    fn is_before(self, event: &BuiltEvent) -> bool {
        match self {
            Self::Start => true,
            Self::Before(place) => place <= event.place(),
            Self::After(place) => place < event.place(),
            Self::End => false,
        }
    }
}

#[derive(Debug)]
pub(super) struct EventCollector {
    filter: EventFilter,
    /// The filter as sent by the client.
    pub(super) raw: Value,
    position: Position,
    page_size: usize,
}

impl EventCollector {
    /// Returns the newest events, newest first.
    pub(super) fn latest_page(&self, objects: &Objects<'_>) -> Vec<Value> {
        let mut events = self.events(objects);
        events.reverse();
        events.truncate(self.page_size);
        events
            .into_iter()
            .map(|told| self.filter.shown(told))
            .collect()
    }

    /// Returns all matching events, oldest first.
    fn events(&self, objects: &Objects<'_>) -> Vec<BuiltEvent> {
        let mut events = matching(&self.filter, objects);
        events.sort_by_key(BuiltEvent::place);
        events
    }

    /// Returns the next or previous events and the position after them.
    fn read(&self, count: usize, forward: bool, objects: &Objects<'_>) -> (Vec<Value>, Position) {
        let mut events = self.events(objects);
        events.retain(|event| self.position.is_before(event) == forward);
        if !forward {
            events.reverse();
        }
        events.truncate(count);
        let position = events.last().map_or(self.position, |last| {
            if forward {
                Position::After(last.place())
            } else {
                Position::Before(last.place())
            }
        });
        let page = events.into_iter().map(|told| self.filter.shown(told));
        (page.collect(), position)
    }
}

impl Core {
    /// `EventManager.CreateCollectorForEvents`.
    pub(super) fn create_event_collector(
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
        let collector = EventCollector {
            filter,
            raw,
            position: Position::Start,
            page_size: FIRST_PAGE_SIZE,
        };
        session.event_collectors.insert(id.clone(), collector);
        Ok(CallResponse::Value(
            MoRef::new("EventHistoryCollector", id).to_json(),
        ))
    }

    /// Methods of `EventHistoryCollector`.
    pub(super) fn call_event_collector(
        &mut self,
        token: &str,
        call: &ApiCall,
    ) -> Result<CallResponse, Fault> {
        let mut fields = self.fields(call)?;
        let id = &*call.object.id;
        match &*call.member {
            "ReadNextEvents" | "ReadPreviousEvents" => {
                let count = page_size(&mut fields)?;
                fields.done()?;
                let objects = self.objects(token);
                let collector = objects
                    .session
                    .and_then(|session| session.event_collectors.get(id))
                    .ok_or_else(|| Fault::object_not_found(&call.object))?;
                let (page, position) =
                    collector.read(count, call.member == "ReadNextEvents", &objects);
                self.event_collector_mut(token, call)?.position = position;
                Ok(CallResponse::List(page))
            }
            "RewindCollector" => {
                fields.done()?;
                self.event_collector_mut(token, call)?.position = Position::Start;
                Ok(CallResponse::Void)
            }
            "ResetCollector" => {
                fields.done()?;
                self.event_collector_mut(token, call)?.position = Position::End;
                Ok(CallResponse::Void)
            }
            "SetCollectorPageSize" => {
                let size = page_size(&mut fields)?;
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
    ) -> Result<&mut EventCollector, Fault> {
        let session = self.session_mut(token, &call.object)?;
        let collector = session.event_collectors.get_mut(&*call.object.id);
        collector.ok_or_else(|| Fault::object_not_found(&call.object))
    }
}
