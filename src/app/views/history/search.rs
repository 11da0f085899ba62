//! History search of one server.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    task::{Period, ServerFilter, ServerId},
    vim::types::{TaskInfo, TaskQuery},
    watch::HistoryPage,
};

/// State of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchState {
    /// A page was requested.
    Reading,
    /// More pages may be available.
    Idle,
    /// All pages were read.
    Complete,
    /// The search failed, with a message.
    Failed(Arc<str>),
}

/// History search of one server.
#[derive(Debug, Clone)]
pub struct HistorySearch {
    pub server: ServerId,
    pub state: SearchState,
    /// Number of tasks received.
    pub received: usize,
    /// Number of records that could not be parsed.
    pub unreadable: usize,
    /// True if the server does not know the requested entity (any more).
    pub without_entity: bool,
    /// The period by the server's clock.
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// Queue time of the oldest task received.
    pub oldest: Option<Timestamp>,
}

impl HistorySearch {
    /// Starts a search for tasks queued in a period. `server_time` is the server's time.
    pub(super) fn new(
        server: ServerId,
        period: Period,
        server_time: Timestamp,
        zone: &TimeZone,
    ) -> Self {
        let seen = |moment: Option<crate::task::TimeExpr>| {
            moment.map(|moment| moment.resolve(server_time, zone))
        };
        Self {
            server,
            state: SearchState::Reading,
            received: 0,
            unreadable: 0,
            without_entity: false,
            since: seen(period.since),
            until: seen(period.until),
            oldest: None,
        }
    }

    pub(in crate::app) fn query(&self, narrowing: &ServerFilter) -> TaskQuery {
        narrowing.query(self.since, self.until)
    }

    /// Returns how far back the search has read, while there may be more.
    pub(super) fn reached(&self) -> Option<Timestamp> {
        match self.state {
            SearchState::Reading | SearchState::Idle => self.oldest,
            SearchState::Complete | SearchState::Failed(_) => None,
        }
    }

    /// True if a task with this queue time is within the part that was read.
    pub(in crate::app) fn covers(&self, queued: Timestamp) -> bool {
        let is_reached = match self.state {
            SearchState::Complete => true,
            _ => self.oldest.is_some_and(|oldest| oldest <= queued),
        };
        is_reached
            && self.since.is_none_or(|since| since <= queued)
            && self.until.is_none_or(|until| queued <= until)
    }

    /// Applies a page's counts and state.
    pub(in crate::app) fn apply_page(&mut self, page: &HistoryPage) {
        self.state = if page.is_end {
            SearchState::Complete
        } else {
            SearchState::Idle
        };
        self.received += page.tasks.len();
        self.unreadable += page.unreadable;
        self.without_entity = page.without_entity;
        let queued = page.tasks.iter().filter_map(TaskInfo::ordering_time);
        self.oldest = queued.chain(self.oldest).min();
    }
}
