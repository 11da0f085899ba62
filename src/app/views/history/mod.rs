//! The history view: finished tasks from the server's task history, shown instead of the live list.
//!
//! It has a task store of its own, while the live view is kept up to date in the background. Pages are fetched as the
//! user scrolls. Only the period that all servers have returned without gaps is shown.

mod columns;
mod search;
#[cfg(test)]
mod tests;
pub(in crate::app) mod update;

use jiff::Timestamp;

use super::TaskView;
use crate::task::{
    Filter, Period, Saved,
    filter::{period_words, with_period},
    row_model::{Layout, RowModel, Sort, SortColumn, View},
};

pub use search::{HistorySearch, SearchState};

/// Maximum number of pages fetched without user input while the filter leaves the screen unfilled.
const PREFETCH_PAGES: u32 = 10;
/// Query used if no period is given.
const DEFAULT_QUERY: &str = "since:24h";

/// The last history query, kept while the view is closed.
#[derive(Debug)]
pub struct LastHistoryQuery {
    pub line: String,
    /// Number of the last search. Never reused, because responses of old searches may arrive late.
    number: u32,
}

impl Default for LastHistoryQuery {
    fn default() -> Self {
        Self {
            line: DEFAULT_QUERY.to_owned(),
            number: 0,
        }
    }
}

/// The open history view.
#[derive(Debug)]
pub struct HistoryView {
    /// The tasks found so far.
    pub view: TaskView,
    /// The period as typed.
    period_text: String,
    /// The query sent to the servers.
    query: (Period, Filter),
    /// The filter without the time window.
    filter: Filter,
    /// Start of the period by the earliest server clock; `None` for no limit.
    pub since: Option<Timestamp>,
    /// End of the period; `None` for now.
    pub until: Option<Timestamp>,
    /// Identifies the search in commands and updates.
    pub number: u32,
    /// One search per server.
    pub searches: Vec<HistorySearch>,
    /// Number of pages that may still be fetched without user input.
    prefetch_budget: u32,
}

impl HistoryView {
    /// Creates a view without tasks for a query, with the columns and sort order of `before`, if any.
    fn new(
        query: &LastHistoryQuery,
        (period, filter): (Period, Filter),
        searches: Vec<HistorySearch>,
        before: Option<Self>,
    ) -> Self {
        let mut view = TaskView::default();
        let rows = if let Some(before) = before {
            view.columns = before.view.columns;
            before.view.row_model.view().clone()
        } else {
            view.columns = columns::columns(searches.len() > 1);
            View {
                layout: Layout::Flat,
                sort: Sort::by(SortColumn::Queued, true),
                ..View::default()
            }
        };
        let mut history = Self {
            view,
            period_text: period_words(&query.line),
            query: (period, filter.clone()),
            filter: Filter::default(),
            since: searches.iter().map(|search| search.since).min().flatten(),
            until: searches.iter().map(|search| search.until).max().flatten(),
            number: query.number,
            searches,
            prefetch_budget: PREFETCH_PAGES,
        };
        let filter = history.window_filter(filter);
        history.view.row_model = RowModel::new(View { filter, ..rows });
        history
    }

    /// Parses a query; without a period, uses the last day.
    pub(in crate::app) fn parse_query(
        line: &str,
        saved: &Saved,
    ) -> Result<(Period, Filter), crate::task::FilterError> {
        let (mut period, filter) = with_period(line, saved)?;
        if period == Period::default() {
            period.since = DEFAULT_QUERY
                .strip_prefix("since:")
                .and_then(|span| span.parse().ok());
        }
        Ok((period, filter))
    }

    /// Returns the query: the period and the current filter.
    pub(in crate::app) fn query_text(&self) -> String {
        self.query_text_with(self.filter.text())
    }

    /// Returns the query with another filter.
    pub(in crate::app) fn query_text_with(&self, filter: &str) -> String {
        let parts = [&*self.period_text, filter];
        parts.join(" ").trim().to_owned()
    }

    /// Takes the text of an unchanged period from another query.
    pub(in crate::app) fn set_period_text(&mut self, line: &str) {
        self.period_text = period_words(line);
    }

    /// Sets the filter and returns it limited to the period that was read without gaps.
    pub(in crate::app) fn window_filter(&mut self, filter: Filter) -> Filter {
        self.filter = filter;
        let reached = self
            .searches
            .iter()
            .filter_map(HistorySearch::reached)
            .max();
        let since = self.since.into_iter().chain(reached).max();
        self.filter.within(
            since.unwrap_or(Timestamp::MIN),
            self.until.unwrap_or(Timestamp::MAX),
        )
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// True if a query needs a new server search; changes that are filtered locally do not.
    pub(in crate::app) fn needs_new_search(&self, period: Period, filter: &Filter) -> bool {
        let before = (self.query.0, self.query.1.server_filter());
        before != (period, filter.server_filter())
    }

    /// Allows further pages to be fetched after user input.
    pub(in crate::app) fn reset_prefetch(&mut self) {
        self.prefetch_budget = PREFETCH_PAGES;
    }

    /// True if no more pages are fetched without user input.
    pub fn is_idle(&self) -> bool {
        self.prefetch_budget == 0
    }

    /// True if a request is in flight.
    pub fn is_reading(&self) -> bool {
        let mut searches = self.searches.iter();
        searches.any(|search| search.state == SearchState::Reading)
    }

    /// True if all searches are complete.
    pub fn is_complete(&self) -> bool {
        let mut searches = self.searches.iter();
        searches.all(|search| search.state == SearchState::Complete)
    }

    /// Returns the names of the fields filtered by the servers and of those filtered locally.
    pub fn split_filter(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let mut on_server = vec!["time"];
        let mut locally = self.filter.residual();
        let is_unknown = self.searches.iter().any(|search| search.without_entity);
        for field in self.query.1.server_filter().fields() {
            if field == "target" && is_unknown {
                locally.push(field);
            } else {
                on_server.push(field);
            }
        }
        (on_server, locally)
    }

    /// Returns the search that limits the window, if it may fetch another page.
    pub(in crate::app) fn next_search(&mut self) -> Option<&mut HistorySearch> {
        if self.is_reading() || self.is_idle() {
            return None;
        }
        let idle = self.searches.iter_mut();
        let next = idle
            .filter(|search| search.state == SearchState::Idle)
            .max_by_key(|search| search.reached())?;
        self.prefetch_budget -= 1;
        Some(next)
    }
}
