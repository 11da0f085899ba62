//! The time at which all shown or marked tasks will be done, computed in steps, so that the cost of a frame does not
//! depend on the number of tasks.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::state::AppState,
    task::{EndpointId, Estimate, Forecaster, Handle, SetForecast, later, row_model::Row},
};

/// Maximum number of rows that are looked at for one frame.
const MAX_ROWS_PER_STEP: usize = 500;
/// Maximum number of tasks whose end is estimated for one frame.
const MAX_FORECASTS_PER_STEP: usize = 100;
/// Minimum age of a result before it is computed again.
const REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// The expected end of a set of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completion {
    /// True for the marked tasks, else for the shown ones.
    pub is_marked: bool,
    /// Number of tasks.
    pub tasks: usize,
    /// Number of queued and running tasks.
    pub active: usize,
    /// Number of queued and running tasks without an estimate.
    pub unknown: usize,
    /// Time until all tasks with an estimate are done.
    pub forecast: Option<SetForecast>,
}

/// Computes the completion again and again.
#[derive(Debug, Default)]
pub(super) struct CompletionTracker {
    /// The last result and the time it is for.
    result: Option<(Completion, Timestamp)>,
    pass: Option<Pass>,
}

/// An unfinished computation.
#[derive(Debug)]
struct Pass {
    /// The marked tasks; `None` for the rows.
    marked: Option<Vec<Handle>>,
    /// Index of the next task or row.
    next: usize,
    at: Timestamp,
    result: Completion,
    /// One estimate per family: its tasks wait for each other.
    families: HashMap<Handle, Estimate>,
}

impl CompletionTracker {
    /// Returns the last result; `None` until the first one is complete.
    pub(super) fn result(&self) -> Option<Completion> {
        self.result.map(|(result, _)| result)
    }

    /// Discards the result, because the set of tasks changed.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Computes the next step. `now` is the displayed time.
    pub(super) fn advance(&mut self, state: &AppState, now: Timestamp) {
        let is_fresh = self.result.is_some_and(|(_, at)| {
            let age = now.duration_since(at);
            age >= SignedDuration::ZERO && age < REFRESH_INTERVAL
        });
        if self.pass.is_none() && is_fresh {
            return;
        }
        let mut pass = self.pass.take().unwrap_or_else(|| Pass::new(state, now));
        if pass.advance(state, now) {
            let estimates: Vec<Estimate> = pass.families.into_values().collect();
            let forecast = SetForecast::of(&estimates);
            let result = Completion {
                forecast,
                ..pass.result
            };
            self.result = Some((result, pass.at));
        } else {
            self.pass = Some(pass);
        }
    }
}

impl Pass {
    fn new(state: &AppState, now: Timestamp) -> Self {
        let marked = state.view().marked();
        let marked = (!marked.is_empty()).then_some(marked);
        Self {
            result: Completion {
                is_marked: marked.is_some(),
                ..Completion::default()
            },
            marked,
            next: 0,
            at: now,
            families: HashMap::new(),
        }
    }

    /// Evaluates further tasks. Returns true after the last one.
    fn advance(&mut self, state: &AppState, now: Timestamp) -> bool {
        let store = &state.view().store;
        let mut forecasters: HashMap<EndpointId, Forecaster<'_>> = HashMap::new();
        let mut forecasts = 0;
        let (tasks, end) = self.next_tasks(state);
        for task in tasks {
            if forecasts == MAX_FORECASTS_PER_STEP {
                return false;
            }
            self.next += 1;
            // Passed over: a group, a row that only leads to a matching task, a removed task.
            let Some((handle, record)) = task.and_then(|task| Some((task, store.get(task)?)))
            else {
                continue;
            };
            self.result.tasks += 1;
            let forecaster = forecasters.entry(record.id.endpoint).or_insert_with(|| {
                Forecaster::new(store, Some(&state.typical), state.time(record, now))
            });
            let Some(forecast) = forecaster.family_forecast(handle) else {
                continue;
            };
            forecasts += 1;
            let is_active = record.status().is_active();
            self.result.active += usize::from(is_active);
            match forecast.estimate {
                Some(estimate) => {
                    let family = self.families.entry(store.root(handle));
                    family
                        .and_modify(|known| *known = later(*known, estimate))
                        .or_insert(estimate);
                }
                None => self.result.unknown += usize::from(is_active),
            }
        }
        self.next >= end
    }

    /// Returns the tasks of the next step and the number of all; `None` for a row that does not count.
    fn next_tasks(&self, state: &AppState) -> (Vec<Option<Handle>>, usize) {
        let range = self.next..self.next + MAX_ROWS_PER_STEP;
        if let Some(marked) = &self.marked {
            let end = range.end.min(marked.len());
            let tasks = marked.get(self.next..end).unwrap_or_default();
            return (tasks.iter().copied().map(Some).collect(), marked.len());
        }
        let rows = &state.view().row_model;
        let tasks = rows.rows(range).into_iter();
        let task = |row: Row| row.task().filter(|_| !row.is_context);
        (tasks.map(task).collect(), rows.len())
    }
}
