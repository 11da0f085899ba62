//! The expected end of a task, from its own data and from the tasks that it waits for.
//! A task ends no earlier than its active children, and a queued one starts no earlier than the
//! tasks ahead of it end. A task that waits for a stalled or blocked one has no expected end.

use std::{collections::HashMap, fmt::Write, time::Duration};

use jiff::Timestamp;

use super::{
    estimate::{Basis, Estimate, TimeLeft, estimate, interval, rounded, short},
    progress_curve::usual_plateau,
    status::{Status, StatusCounts},
    store::{Handle, TaskStore},
    typical::{DurationStats, PastRuns, TypicalDurations},
    warnings,
};

/// Maximum number of tasks that are evaluated for one forecast. A task that waits for more has no
/// forecast.
const MAX_TASKS: usize = 256;

/// Maximum depth of tasks that wait for each other.
const MAX_DEPTH: usize = 32;

/// Maximum number of tasks ahead of a queued one.
const MAX_AHEAD: usize = 16;

/// The expected end of a queued or running task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Time left; `None` if no useful estimate is possible.
    pub estimate: Option<Estimate>,
    /// Source of the estimate, or why there is none.
    pub reason: Reason,
}

/// Source of an estimate, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The task's own progress or past runs.
    Own(Basis),
    /// A child that it waits for takes longer than its own data suggest.
    Child(Handle),
    /// The end of the task ahead of it in the queue, and its typical duration.
    Queue(Handle),
    /// Neither progress nor enough past runs.
    NoData,
    /// Its progress so far gives an interval that is too wide to be useful.
    TooVague,
    /// It runs longer than all past runs, of which this is the longest.
    LongerThanPast(Duration),
    /// Queued, and it is unknown when it starts.
    Queued,
    /// It does not progress.
    Halted(NoProgressReason),
    /// It waits for a task that does not progress.
    HaltedBy(Handle, NoProgressReason),
    /// It waits for too many tasks.
    TooManyTasks,
    /// It waits for tasks that wait for it, as far as the queue can be derived.
    Circular,
}

/// Reason for missing progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoProgressReason {
    /// No progress for unusually long.
    Stalled,
    /// Its virtual machine waits for an answer.
    Question,
    /// The server has no connection to its host.
    LostHost,
}

impl NoProgressReason {
    fn text(self) -> &'static str {
        match self {
            Self::Stalled => "stalled",
            Self::Question => "waiting for an answer",
            Self::LostHost => "on a host without connection",
        }
    }
}

impl Forecast {
    fn unknown(reason: Reason) -> Self {
        Self {
            estimate: None,
            reason,
        }
    }

    /// Returns the form in which a row shows it.
    pub fn time_left(&self) -> TimeLeft {
        TimeLeft::of(self.estimate.map(|estimate| estimate.best))
    }

    /// Returns the halted task, if it is the reason for the missing estimate.
    fn halt(&self, own: Handle) -> Option<(Handle, NoProgressReason)> {
        match self.reason {
            Reason::Halted(halt) => Some((own, halt)),
            Reason::HaltedBy(task, halt) => Some((task, halt)),
            _ => None,
        }
    }

    /// Returns why the tasks that it waits for could not be evaluated.
    fn incomplete(&self) -> Option<Reason> {
        matches!(self.reason, Reason::TooManyTasks | Reason::Circular).then_some(self.reason)
    }

    /// Returns the estimate with its range and source, or why there is none, such as `26m left
    /// (15–58m, from its pace; typically 1h40m, 16 runs)`.
    pub fn explain(&self, store: &TaskStore, past: PastRuns<'_>) -> String {
        let named = |handle: Handle| {
            store.get(handle).map_or_else(String::new, |record| {
                format!("{} ({})", store.operation(record), record.id.mo_id)
            })
        };
        let typical = past.durations;
        let usual = typical.map(|typical| {
            let runs = typical.count();
            format!(
                "typically {}, {runs} runs",
                short(rounded(typical.median()))
            )
        });
        let source = match self.reason {
            Reason::Own(Basis::Typical) => "from past runs".to_owned(),
            Reason::Own(_) => "from its pace".to_owned(),
            Reason::Child(child) => format!("as long as {}", named(child)),
            Reason::Queue(ahead) => format!("starts after {}", named(ahead)),
            Reason::NoData if typical.is_some() => "not enough progress yet".to_owned(),
            Reason::NoData => "not enough progress and too few past runs".to_owned(),
            Reason::TooVague => "its progress is too uneven".to_owned(),
            Reason::LongerThanPast(longest) => {
                format!("the longest past run took {}", short(rounded(longest)))
            }
            Reason::Queued => "queued".to_owned(),
            Reason::Halted(halt) => halt.text().to_owned(),
            Reason::HaltedBy(task, halt) => format!("{} is {}", named(task), halt.text()),
            Reason::TooManyTasks => "it waits for too many tasks".to_owned(),
            Reason::Circular => "it waits for tasks that wait for it".to_owned(),
        };
        let mut usual = usual.map_or_else(String::new, |usual| format!("; {usual}"));
        if let Some(plateau) = usual_plateau(past.curves) {
            let (shortest, longest) = plateau.stays;
            let stay = interval(shortest, longest);
            let _ = write!(usual, "; usually stays at {}% for {stay}", plateau.percent);
        }
        match self.estimate {
            Some(Estimate {
                low, best, high, ..
            }) => {
                let (best, range) = (short(rounded(best)), interval(low, high));
                if range == best {
                    format!("{best} left ({source}{usual})")
                } else {
                    format!("{best} left ({range}, {source}{usual})")
                }
            }
            None => format!("unknown: {source}{usual}"),
        }
    }
}

/// Computes forecasts of several tasks at the same time, so that those of a family agree.
#[derive(Debug)]
pub struct Forecaster<'a> {
    store: &'a TaskStore,
    typical: Option<&'a TypicalDurations>,
    now: Timestamp,
    /// Finished computations; `None` for a task that is being computed.
    known: HashMap<Handle, Option<Forecast>>,
    /// Number of tasks that may still be evaluated for the current forecast.
    budget: usize,
}

/// Combined forecasts of the tasks below one.
#[derive(Debug, Default)]
struct CombinedForecast {
    latest: Option<(Handle, Estimate)>,
    halted: Option<(Handle, NoProgressReason)>,
    /// Reason if not all tasks could be evaluated.
    incomplete: Option<Reason>,
}

impl CombinedForecast {
    fn add(&mut self, handle: Handle, forecast: &Forecast) {
        if let Some(estimate) = forecast.estimate {
            self.latest = Some(match self.latest {
                None => (handle, estimate),
                Some((first, other)) => {
                    let longest = if estimate.best > other.best {
                        handle
                    } else {
                        first
                    };
                    (longest, later(other, estimate))
                }
            });
        }
        self.halted = self.halted.or_else(|| forecast.halt(handle));
        self.incomplete = self.incomplete.or_else(|| forecast.incomplete());
    }
}

/// Returns the estimate of what ends when both have ended.
pub fn later(one: Estimate, other: Estimate) -> Estimate {
    let basis = if other.best > one.best {
        other.basis
    } else {
        one.basis
    };
    Estimate {
        low: one.low.max(other.low),
        best: one.best.max(other.best),
        high: one.high.max(other.high),
        basis,
    }
}

impl<'a> Forecaster<'a> {
    /// Creates a forecaster for tasks of a server whose time is `now`.
    pub fn new(
        store: &'a TaskStore,
        typical: Option<&'a TypicalDurations>,
        now: Timestamp,
    ) -> Self {
        Self {
            store,
            typical,
            now,
            known: HashMap::new(),
            budget: MAX_TASKS,
        }
    }

    /// Returns the forecast of a queued or running task; `None` for any other.
    pub fn forecast(&mut self, handle: Handle) -> Option<Forecast> {
        self.budget = MAX_TASKS;
        let record = self.store.get(handle)?;
        record
            .status()
            .is_active()
            .then(|| self.evaluate(handle, 0))
    }

    /// Returns the forecast of a task and all tasks below it; `None` if none of them is active.
    pub fn family_forecast(&mut self, handle: Handle) -> Option<Forecast> {
        self.budget = MAX_TASKS;
        has_active(&self.store.family(handle)).then(|| self.evaluate(handle, 0))
    }

    fn evaluate(&mut self, handle: Handle, depth: usize) -> Forecast {
        match self.known.get(&handle) {
            Some(Some(known)) => return *known,
            Some(None) => return Forecast::unknown(Reason::Circular),
            None => {}
        }
        if self.budget == 0 || depth == MAX_DEPTH {
            return Forecast::unknown(Reason::TooManyTasks);
        }
        self.budget -= 1;
        self.known.insert(handle, None);
        let own = self.forecast_alone(handle, depth);
        let below = self.below(handle, depth);
        let forecast = combine(own, &below);
        self.known.insert(handle, Some(forecast));
        forecast
    }

    /// Evaluates a task without its children.
    fn forecast_alone(&mut self, handle: Handle, depth: usize) -> Forecast {
        let (store, now) = (self.store, self.now);
        let Some(record) = store.get(handle) else {
            return Forecast::unknown(Reason::NoData);
        };
        let past = self.typical.map(|typical| typical.past_runs(record));
        let past = past.unwrap_or_default();
        if store.question(handle).is_some() {
            return Forecast::unknown(Reason::Halted(NoProgressReason::Question));
        }
        if store.lost_host(handle).is_some() {
            return Forecast::unknown(Reason::Halted(NoProgressReason::LostHost));
        }
        let Some(start) = record.running_since() else {
            return match record.status() {
                Status::Queued => self.queued(handle, past, depth),
                _ => Forecast::unknown(Reason::NoData),
            };
        };
        if warnings::is_stalled(record, past, now) {
            return Forecast::unknown(Reason::Halted(NoProgressReason::Stalled));
        }
        let history = record.history.as_deref();
        let estimate = estimate(start, history, past, now);
        let has_progressed = record.progress().percent() > Some(0);
        if !has_progressed && let Some(longest) = past.durations.map(DurationStats::longest) {
            let ran = now.duration_since(start);
            if Duration::try_from(ran).is_ok_and(|ran| ran > longest) {
                return Forecast::unknown(Reason::LongerThanPast(longest));
            }
        }
        match estimate {
            Some(estimate) => Forecast {
                estimate: Some(estimate),
                reason: Reason::Own(estimate.basis),
            },
            None if has_progressed => Forecast::unknown(Reason::TooVague),
            None => Forecast::unknown(Reason::NoData),
        }
    }

    /// Evaluates a queued task: it starts when all tasks ahead of it have ended.
    fn queued(&mut self, handle: Handle, past: PastRuns<'_>, depth: usize) -> Forecast {
        let store = self.store;
        let ahead: Vec<Handle> = store.ahead_in_queue(handle).take(MAX_AHEAD + 1).collect();
        let mut before = CombinedForecast::default();
        let mut is_known = !ahead.is_empty() && ahead.len() <= MAX_AHEAD;
        for other in ahead.into_iter().take(MAX_AHEAD) {
            let forecast = self.evaluate(other, depth + 1);
            is_known &= forecast.estimate.is_some();
            before.add(other, &forecast);
        }
        if let Some(reason) = before.incomplete {
            return Forecast::unknown(reason);
        }
        if let Some((task, halt)) = before.halted {
            return Forecast::unknown(Reason::HaltedBy(task, halt));
        }
        let run = estimate(self.now, None, past, self.now);
        let (Some((ahead, wait)), Some(run)) = (before.latest.filter(|_| is_known), run) else {
            return Forecast::unknown(Reason::Queued);
        };
        Forecast {
            estimate: Some(Estimate {
                low: wait.low.saturating_add(run.low),
                best: wait.best.saturating_add(run.best),
                high: wait.high.saturating_add(run.high),
                basis: run.basis,
            }),
            reason: Reason::Queue(ahead),
        }
    }

    /// Evaluates the active tasks below one. Of a finished child, its own children count.
    fn below(&mut self, handle: Handle, depth: usize) -> CombinedForecast {
        let store = self.store;
        let mut below = CombinedForecast::default();
        for &child in store.children(handle) {
            let family = store.family(child);
            if !has_active(&family) {
                continue;
            }
            let forecast = self.evaluate(child, depth + 1);
            below.add(child, &forecast);
            if below.incomplete.is_some() {
                break;
            }
        }
        below
    }
}

fn has_active(family: &StatusCounts) -> bool {
    family[Status::Running] + family[Status::Queued] > 0
}

fn combine(own: Forecast, below: &CombinedForecast) -> Forecast {
    if let Some(reason) = below.incomplete.or_else(|| own.incomplete()) {
        return Forecast::unknown(reason);
    }
    // The cause is the task below, even if this one stalls because of it.
    if let Some((task, halt)) = below.halted {
        return Forecast::unknown(Reason::HaltedBy(task, halt));
    }
    if matches!(own.reason, Reason::Halted(_) | Reason::HaltedBy(..)) {
        return own;
    }
    let Some((child, latest)) = below.latest else {
        return own;
    };
    match own.estimate {
        Some(estimate) if estimate.best >= latest.best => Forecast {
            estimate: Some(later(estimate, latest)),
            reason: own.reason,
        },
        Some(estimate) => Forecast {
            estimate: Some(later(estimate, latest)),
            reason: Reason::Child(child),
        },
        None => Forecast {
            estimate: Some(latest),
            reason: Reason::Child(child),
        },
    }
}

#[cfg(test)]
mod tests;
