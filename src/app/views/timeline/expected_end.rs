//! The time at which all shown or marked tasks will be done, computed in steps, so that the cost of a frame does not
//! depend on the number of tasks.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::state::AppState,
    task::{Estimate, Forecaster, Handle, ServerId, SetForecast, later, row_model::Row},
};

/// Limits of the work for one frame.
#[derive(Debug, Clone, Copy)]
struct StepLimits {
    /// Maximum number of rows that are looked at.
    rows: usize,
    /// Maximum number of tasks whose end is estimated.
    forecasts: usize,
}

/// Limits until there is a result.
const FIRST_LIMITS: StepLimits = StepLimits {
    rows: 2000,
    forecasts: 250,
};
/// Work per second while a result is renewed, so that it costs less than the visible rows at any rate of frames.
const LIMITS_PER_SECOND: StepLimits = StepLimits {
    rows: 3000,
    forecasts: 300,
};
/// Maximum period for which a step makes up.
const MAX_STEP_PERIOD: Duration = Duration::from_millis(500);
/// Minimum age of a result before it is computed again.
const REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

impl StepLimits {
    /// Returns the limits of a step after this period.
    fn of(period: Duration) -> Self {
        let millis = period.min(MAX_STEP_PERIOD).as_millis();
        let millis = usize::try_from(millis).unwrap_or_default();
        Self {
            rows: 1 + LIMITS_PER_SECOND.rows * millis / 1000,
            forecasts: 1 + LIMITS_PER_SECOND.forecasts * millis / 1000,
        }
    }
}

/// The expected end of a set of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExpectedEnd {
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

/// Recomputes the expected end in intervals.
#[derive(Debug, Default)]
pub(super) struct ExpectedEndTracker {
    /// The last result and the time it is for.
    result: Option<(ExpectedEnd, Timestamp)>,
    /// Time of the last step.
    stepped_at: Option<Timestamp>,
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
    result: ExpectedEnd,
    /// One estimate per family: its tasks wait for each other.
    families: HashMap<Handle, Estimate>,
}

impl ExpectedEndTracker {
    /// Returns the last result, adjusted to the displayed time; `None` until the first one is complete.
    pub(super) fn result(&self, now: Timestamp) -> Option<ExpectedEnd> {
        let (result, at) = self.result?;
        let age = elapsed(at, now);
        let forecast = result.forecast.map(|forecast| SetForecast {
            median: forecast.median.saturating_sub(age),
            late: forecast.late.saturating_sub(age),
        });
        Some(ExpectedEnd { forecast, ..result })
    }

    /// True until there is a result.
    pub(super) fn is_first(&self) -> bool {
        self.result.is_none()
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
        let limits = match self.stepped_at {
            Some(before) if !self.is_first() => StepLimits::of(elapsed(before, now)),
            _ => FIRST_LIMITS,
        };
        self.stepped_at = Some(now);
        if pass.advance(state, limits, now) {
            let estimates: Vec<Estimate> = pass.families.into_values().collect();
            let forecast = SetForecast::of(&estimates);
            let result = ExpectedEnd {
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
            result: ExpectedEnd {
                is_marked: marked.is_some(),
                ..ExpectedEnd::default()
            },
            marked,
            next: 0,
            at: now,
            families: HashMap::new(),
        }
    }

    /// Evaluates further tasks. Returns true after the last one.
    fn advance(&mut self, state: &AppState, limits: StepLimits, now: Timestamp) -> bool {
        let since_start = elapsed(self.at, now);
        let store = &state.view().store;
        let mut forecasters: HashMap<ServerId, Forecaster<'_>> = HashMap::new();
        let mut forecasts = 0;
        let (tasks, end) = self.next_tasks(state, limits.rows);
        for task in tasks {
            if forecasts == limits.forecasts {
                return false;
            }
            self.next += 1;
            // Passed over: a group, a row that only leads to a matching task, a removed task.
            let Some((handle, record)) = task.and_then(|task| Some((task, store.get(task)?)))
            else {
                continue;
            };
            self.result.tasks += 1;
            let forecaster = forecasters.entry(record.id.server).or_insert_with(|| {
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
                    let estimate = later_by(estimate, since_start);
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
    fn next_tasks(&self, state: &AppState, count: usize) -> (Vec<Option<Handle>>, usize) {
        let range = self.next..self.next + count;
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

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// Returns an estimate as seen some time before it was made.
fn later_by(estimate: Estimate, time: Duration) -> Estimate {
    let [low, best, high] =
        [estimate.low, estimate.best, estimate.high].map(|left| left.saturating_add(time));
    Estimate {
        low,
        best,
        high,
        ..estimate
    }
}
