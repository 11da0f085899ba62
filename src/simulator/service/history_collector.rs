//! History collectors: read records in pages, forward and backward from a position.

use std::fmt::Debug;

use serde_json::Value;

use super::context::ReadContext;

/// Initial size of the latest page.
const DEFAULT_PAGE_SIZE: usize = 10;

/// Position between two records: those before it were read forward, those after it backward.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position<K> {
    Start,
    Before(K),
    After(K),
    End,
}

impl<K: Ord> Position<K> {
    /// True if the record with this key is after the position.
    pub(super) fn precedes(&self, key: &K) -> bool {
        match self {
            Self::Start => true,
            Self::Before(next) => next <= key,
            Self::After(last) => last < key,
            Self::End => false,
        }
    }
}

/// The records that a collector selects.
pub(super) trait HistoryRecords: Debug {
    /// Place of a record in the order of all records.
    type Key: Copy + Debug;
    /// Name of the method that reads forward.
    const READ_NEXT: &'static str;
    /// Name of the method that reads backward.
    const READ_PREVIOUS: &'static str;

    /// Returns up to `count` records after or before a position, in the order of reading.
    fn read(
        &self,
        position: Position<Self::Key>,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> Vec<(Self::Key, Value)>;
}

#[derive(Debug)]
pub(super) struct HistoryCollector<R: HistoryRecords> {
    pub(super) records: R,
    /// The filter as sent by the client.
    pub(super) raw: Value,
    pub(super) position: Position<R::Key>,
    pub(super) page_size: usize,
}

impl<R: HistoryRecords> HistoryCollector<R> {
    pub(super) fn new(records: R, raw: Value) -> Self {
        Self {
            records,
            raw,
            position: Position::Start,
            page_size: DEFAULT_PAGE_SIZE,
        }
    }

    /// Returns the newest records, newest first.
    pub(super) fn latest_page(&self, context: ReadContext<'_>) -> Vec<Value> {
        let page = self
            .records
            .read(Position::End, self.page_size, false, context);
        page.into_iter().map(|(_, record)| record).collect()
    }

    /// Returns the next or previous records and the position after them.
    pub(super) fn read(
        &self,
        count: usize,
        forward: bool,
        context: ReadContext<'_>,
    ) -> (Vec<Value>, Position<R::Key>) {
        let page = self.records.read(self.position, count, forward, context);
        let position = match page.last() {
            Some((last, _)) if forward => Position::After(*last),
            Some((last, _)) => Position::Before(*last),
            None => self.position,
        };
        (
            page.into_iter().map(|(_, record)| record).collect(),
            position,
        )
    }
}
