//! `EventHistoryCollector`: reads events in pages, ordered by time.

use serde_json::Value;

use super::context::ReadContext;
use super::event::BuiltEvent;
use super::event_filter::EventFilter;
use super::events::matching;
use crate::simulator::world::time::WorldTime;

/// Position between two events: those before it were read forward, those after it backward.
#[derive(Clone, Copy, Debug)]
pub(super) enum EventPosition {
    Start,
    Before((WorldTime, i32)),
    After((WorldTime, i32)),
    End,
}

impl EventPosition {
    fn is_before(self, event: &BuiltEvent) -> bool {
        match self {
            Self::Start => true,
            Self::Before(key) => key <= event.sort_key(),
            Self::After(key) => key < event.sort_key(),
            Self::End => false,
        }
    }
}

#[derive(Debug)]
pub(super) struct EventHistoryCollector {
    pub(super) filter: EventFilter,
    /// The filter as sent by the client.
    pub(super) raw: Value,
    pub(super) position: EventPosition,
    pub(super) page_size: usize,
}

impl EventHistoryCollector {
    /// Returns the newest events, newest first.
    pub(super) fn latest_page(&self, context: ReadContext<'_>) -> Vec<Value> {
        let mut events = self.events(context);
        events.reverse();
        events.truncate(self.page_size);
        events
            .into_iter()
            .map(|event| self.filter.to_json(event))
            .collect()
    }

    /// Returns all matching events, oldest first.
    fn events(&self, context: ReadContext<'_>) -> Vec<BuiltEvent> {
        let mut events = matching(&self.filter, context);
        events.sort_by_key(BuiltEvent::sort_key);
        events
    }

    /// Returns the next or previous events and the position after them.
    pub(super) fn read(
        &self,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> (Vec<Value>, EventPosition) {
        let mut events = self.events(context);
        events.retain(|event| self.position.is_before(event) == forward);
        if !forward {
            events.reverse();
        }
        events.truncate(count);
        let position = events.last().map_or(self.position, |last| {
            if forward {
                EventPosition::After(last.sort_key())
            } else {
                EventPosition::Before(last.sort_key())
            }
        });
        let page = events.into_iter().map(|event| self.filter.to_json(event));
        (page.collect(), position)
    }
}
