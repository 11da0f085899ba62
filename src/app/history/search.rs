//! The search of one endpoint's history.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    task::{EndpointId, Period, ServerFilter},
    vim::{TaskQuery, types::TaskInfo},
    watch::{HistoryPage, history_query},
};

/// How it stands with a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchState {
    /// A page is waited for.
    Reading,
    /// There may be more.
    Resting,
    /// There is no more.
    Over,
    /// It cannot be read: why, for people.
    Failed(Arc<str>),
}

/// The search of one endpoint's history.
#[derive(Debug, Clone)]
pub struct HistorySearch {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How it stands.
    pub stage: SearchState,
    /// How many tasks came.
    pub told: usize,
    /// How many records came that are no tasks that can be read.
    pub unreadable: usize,
    /// Whether the server does not know the entity that was asked for (any more).
    pub without_entity: bool,
    /// The period by the server's clock.
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// The queue time of the oldest task that came.
    oldest: Option<Timestamp>,
}

impl HistorySearch {
    /// A search for what was queued in a period, whose first page is waited for. `there` is the server's time.
    pub(super) fn new(
        endpoint: EndpointId,
        period: Period,
        there: Timestamp,
        zone: &TimeZone,
    ) -> Self {
        let seen = |moment: Option<crate::task::TimeExpr>| {
            moment.map(|moment| moment.resolve(there, zone))
        };
        Self {
            endpoint,
            stage: SearchState::Reading,
            told: 0,
            unreadable: 0,
            without_entity: false,
            since: seen(period.since),
            until: seen(period.until),
            oldest: None,
        }
    }

    /// What the server is asked for.
    pub(in crate::app) fn query(&self, narrowing: &ServerFilter) -> TaskQuery {
        history_query(narrowing, self.since, self.until)
    }

    /// How far back the tasks came of one that has more to tell.
    pub(super) fn reached(&self) -> Option<Timestamp> {
        match self.stage {
            SearchState::Reading | SearchState::Resting => self.oldest,
            SearchState::Over | SearchState::Failed(_) => None,
        }
    }

    /// Whether what was queued then is in what was read.
    pub(in crate::app) fn covers(&self, queued: Timestamp) -> bool {
        let is_reached = match self.stage {
            SearchState::Over => true,
            _ => self.oldest.is_some_and(|oldest| oldest <= queued),
        };
        is_reached
            && self.since.is_none_or(|since| since <= queued)
            && self.until.is_none_or(|until| queued <= until)
    }

    /// How far back the tasks came.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// Takes in what a page says of the search.
    pub(in crate::app) fn take(&mut self, page: &HistoryPage) {
        self.stage = if page.is_end {
            SearchState::Over
        } else {
            SearchState::Resting
        };
        self.told += page.tasks.len();
        self.unreadable += page.unreadable;
        self.without_entity = page.without_entity;
        let queued = page.tasks.iter().filter_map(TaskInfo::placed_at);
        self.oldest = queued.chain(self.oldest).min();
    }
}
