//! The history: tasks of the past from the servers' own records, shown in the place of what is now.
//!
//! It has a store of its own, so that nothing that happens now comes between; what is now goes on on its view
//! meanwhile. Pages are asked for as one scrolls. Only what was read without a gap is shown: the window ends where the
//! pages of all servers have come to.

mod columns;
mod search;

use jiff::Timestamp;

use super::{
    filter_prompt::ServerClocks, state::AppState, task_view::TaskView, update::summary_page,
};
use crate::task::{
    ChangeSet, EvalContext, Filter, Period, Saved, TaskChange,
    filter::{period_words, with_period},
    row_model::{Layout, RowModel, Sort, SortColumn, View},
};

pub use search::{HistorySearch, SearchState};

/// How many pages are read without another key while the filter lets too few rows through to fill the screen.
const PREFETCH_PAGES: u32 = 10;
/// What is asked for where nobody said anything yet.
const DEFAULT_QUERY: &str = "since:24h";

/// What stays of the history while it is not shown.
#[derive(Debug)]
pub struct LastHistoryQuery {
    /// The line that was asked for last.
    pub line: String,
    /// The number of the last search: none is used twice, for answers may be late.
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

/// The history, while it is shown.
#[derive(Debug)]
pub struct HistoryView {
    /// What is now.
    pub(super) live: TaskView,
    /// The words about the period, as they were typed.
    words: String,
    /// What the servers were asked for with the line.
    asked: (Period, Filter),
    /// Which of the tasks that came are shown, as far as they are in the window.
    filter: Filter,
    /// The beginning of the period, by the clock that is the earliest; none: as far back as the history goes.
    pub since: Option<Timestamp>,
    /// The end of the period; none: now.
    pub until: Option<Timestamp>,
    /// By which the loops know the search.
    number: u32,
    /// The searches, one an endpoint.
    pub searches: Vec<HistorySearch>,
    /// How many further pages may be read before somebody asks for more.
    patience: u32,
}

impl HistoryView {
    /// What a line asks for; a period that nobody gave is the last day.
    pub(super) fn read(
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

    /// What is asked for in one line: the period, and the filter that is in force.
    pub(super) fn line(&self) -> String {
        self.line_with(self.filter.text())
    }

    /// The same with another filter.
    pub(super) fn line_with(&self, filter: &str) -> String {
        let parts = [&*self.words, filter];
        parts.join(" ").trim().to_owned()
    }

    /// The period stays, but is said in the words of another line.
    pub(super) fn say(&mut self, line: &str) {
        self.words = period_words(line);
    }

    /// The filter for what is asked for, in the window that was read without a gap.
    pub(super) fn windowed(&mut self, filter: Filter) -> Filter {
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

    /// The filter that is in force, without the window.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether a line asks the servers for something else than what they were asked for. What only concerns the rest
    /// is no reason to ask again.
    pub(super) fn asks_otherwise(&self, period: Period, filter: &Filter) -> bool {
        let before = (self.asked.0, self.asked.1.narrowing());
        before != (period, filter.narrowing())
    }

    /// Somebody is there and wants to see more.
    pub(super) fn reset_prefetch(&mut self) {
        self.patience = PREFETCH_PAGES;
    }

    /// Whether it waits for somebody to want more.
    pub fn is_idle(&self) -> bool {
        self.patience == 0
    }

    /// Whether a server is being asked.
    pub fn is_reading(&self) -> bool {
        let mut searches = self.searches.iter();
        searches.any(|search| search.stage == SearchState::Reading)
    }

    /// Whether all servers told all that they have.
    pub fn is_over(&self) -> bool {
        let mut searches = self.searches.iter();
        searches.all(|search| search.stage == SearchState::Over)
    }

    /// What the servers sort out and what is sorted out here, by the names of the fields.
    pub fn shares(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let mut asked = vec!["time"];
        let mut here = self.filter.residual();
        let is_unknown = self.searches.iter().any(|search| search.without_entity);
        for field in self.asked.1.narrowing().fields() {
            if field == "target" && is_unknown {
                here.push(field);
            } else {
                asked.push(field);
            }
        }
        (asked, here)
    }

    /// The search that keeps the window from reaching further back, if it may be asked for more.
    pub(super) fn next(&mut self) -> Option<&mut HistorySearch> {
        if self.is_reading() || self.is_idle() {
            return None;
        }
        let resting = self.searches.iter_mut();
        let next = resting
            .filter(|search| search.stage == SearchState::Resting)
            .max_by_key(|search| search.reached())?;
        self.patience -= 1;
        Some(next)
    }

    /// By which the loops know the search.
    pub fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn is_asked(&self, number: u32) -> bool {
        self.number == number
    }
}

impl AppState {
    /// Shows an empty store for what a line asks for. Nothing came yet.
    pub(super) fn begin_history(
        &mut self,
        line: &str,
        (period, filter): (Period, Filter),
        now: Timestamp,
    ) {
        let zone = self.options.time_zone.clone();
        let clocks: Vec<_> = self
            .servers
            .iter()
            .map(|server| (server.id, server.time(now)))
            .collect();
        self.last_query.number += 1;
        line.clone_into(&mut self.last_query.line);
        let searches = clocks
            .iter()
            .map(|(endpoint, there)| HistorySearch::new(*endpoint, period, *there, &zone))
            .collect::<Vec<_>>();
        let since = searches.iter().map(|search| search.since).min().flatten();
        let until = searches.iter().map(|search| search.until).max().flatten();
        let before = self.history.take();
        let mut shown = TaskView::empty_like(self);
        if before.is_none() {
            shown = shown.with_columns(columns::columns(self.servers.len() > 1));
        }
        let view = before.as_ref().map(|_| self.row_model.view().clone());
        let view = view.unwrap_or_else(|| View {
            layout: Layout::Flat,
            sort: Sort::by(SortColumn::Queued, true),
            ..View::default()
        });
        self.swap_view(&mut shown);
        // What is now stays on its view; of a search before nothing does.
        let live = before.map_or(shown, |before| before.live);
        let mut history = Box::new(HistoryView {
            live,
            words: period_words(line),
            asked: (period, filter.clone()),
            filter: Filter::default(),
            since,
            until,
            number: self.last_query.number,
            searches,
            patience: PREFETCH_PAGES,
        });
        let filter = history.windowed(filter);
        self.row_model = RowModel::new(View { filter, ..view });
        self.history = Some(history);
    }

    /// Shows what is now again.
    pub(super) fn leave_history(&mut self) {
        if let Some(mut history) = self.history.take() {
            self.swap_view(&mut history.live);
        }
    }

    /// Puts tasks of the past on the store. What is known of one of them now is newer than its record.
    pub(super) fn add_records(
        &mut self,
        changes: Vec<(crate::task::EndpointId, TaskChange)>,
        now: Timestamp,
    ) {
        let mut touched = ChangeSet::default();
        for (endpoint, change) in changes {
            // A whole task always fits.
            let _ = self.store.apply(endpoint, change, &mut touched);
        }
        let clocks = ServerClocks::of(&self.servers, now);
        let eval_context = EvalContext {
            board: &self.store,
            typical: Some(&self.typical),
            endpoints: Some(&clocks),
        };
        self.row_model.touch(eval_context, &touched);
        summary_page::touch(&mut self.popup, &self.store, &touched);
    }
}
