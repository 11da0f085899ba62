//! Records of `EventHistoryCollector`, ordered by time.

use serde_json::Value;

use super::context::ReadContext;
use super::event::BuiltEvent;
use super::event_filter::EventFilter;
use super::events::matching;
use super::history_collector::{HistoryRecords, Position};
use crate::world::time::WorldTime;

impl HistoryRecords for EventFilter {
    type Key = (WorldTime, i32);
    const READ_NEXT: &'static str = "ReadNextEvents";
    const READ_PREVIOUS: &'static str = "ReadPreviousEvents";

    fn read(
        &self,
        position: Position<Self::Key>,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> Vec<(Self::Key, Value)> {
        let mut events = matching(self, context);
        events.sort_by_key(BuiltEvent::sort_key);
        events.retain(|event| position.precedes(&event.sort_key()) == forward);
        if !forward {
            events.reverse();
        }
        events.truncate(count);
        let record = |event: BuiltEvent| (event.sort_key(), self.to_json(event));
        events.into_iter().map(record).collect()
    }
}
