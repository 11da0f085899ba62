//! Typical durations of operations, learned from successful runs.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{id::ServerId, progress_curve::ProgressCurve, status::Status, task_record::TaskRecord};

/// Minimum number of durations for a meaningful statistic.
const MIN_RUNS: usize = 5;

/// Maximum number of durations kept for an operation; the newest stay.
const MAX_RUNS: usize = 64;

/// Maximum number of durations kept for one entity.
const MAX_RUNS_PER_ENTITY: usize = 16;

/// Maximum number of operations, and of entities over all operations.
const MAX_OPERATIONS: usize = 512;
const MAX_ENTITIES: usize = 1024;

/// Maximum number of progress curves kept for an operation; the newest stay.
pub const MAX_CURVES: usize = 16;

/// Median and spread of the durations of successful runs.
#[derive(Debug, Clone, PartialEq)]
pub struct DurationStats {
    /// In seconds, ascending; never empty.
    seconds: Vec<f32>,
}

impl DurationStats {
    /// Computes the statistic; `None` with fewer than five durations.
    pub fn of(durations: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut seconds: Vec<f32> = durations.into_iter().map(|d| d.as_secs_f32()).collect();
        seconds.sort_by(f32::total_cmp);
        (seconds.len() >= MIN_RUNS).then_some(Self { seconds })
    }

    /// Returns the number of durations.
    pub fn count(&self) -> usize {
        self.seconds.len()
    }

    /// Returns the median.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// Returns the first and third quartile.
    pub fn quartiles(&self) -> (Duration, Duration) {
        (self.percentile(25), self.percentile(75))
    }

    /// Returns the duration that `percent` (0 to 100) of the runs did not exceed, interpolated
    /// linearly.
    pub fn percentile(&self, percent: u8) -> Duration {
        let last = self.seconds.len() - 1;
        let hundredths = last * usize::from(percent.min(100));
        let (index, rest) = (hundredths / 100, hundredths % 100);
        let below = self.seconds[index];
        let above = self.seconds[(index + 1).min(last)];
        let share = f32::from(u8::try_from(rest).unwrap_or_default()) / 100.0;
        Duration::from_secs_f32(below + (above - below) * share)
    }

    /// Returns the longest duration.
    pub fn longest(&self) -> Duration {
        self.percentile(100)
    }

    /// Percentile beyond which a run may be unusually long.
    pub const UNUSUAL_PERCENTILE: u8 = 95;

    /// Minimum number of durations needed to recognize an unusually long run.
    const MIN_RUNS_FOR_UNUSUAL: usize = 10;

    /// Minimum ratio of an unusually long run to the median.
    const MIN_UNUSUAL_RATIO: u32 = 2;

    /// Minimum difference between an unusually long run and the median.
    const MIN_UNUSUAL_EXCESS: Duration = Duration::from_secs(60);

    /// Returns the duration beyond which a run is unusually long: that of 95 % of the runs, at least
    /// twice the median, and at least a minute more than it. `None` with fewer than ten runs.
    pub fn unusual(&self) -> Option<Duration> {
        let median = self.median();
        let limits = [
            self.percentile(Self::UNUSUAL_PERCENTILE),
            median * Self::MIN_UNUSUAL_RATIO,
            median + Self::MIN_UNUSUAL_EXCESS,
        ];
        let is_known = self.count() >= Self::MIN_RUNS_FOR_UNUSUAL;
        limits.into_iter().max().filter(|_| is_known)
    }
}

/// The newest durations of an operation or entity, with their cached statistic.
#[derive(Debug, Clone, Default)]
struct Sample {
    newest: VecDeque<Duration>,
    typical: Option<DurationStats>,
}

impl Sample {
    fn add(&mut self, duration: Duration, maximum: usize) {
        if self.newest.len() == maximum {
            self.newest.pop_front();
        }
        self.newest.push_back(duration);
    }

    fn refresh(&mut self) {
        self.typical = DurationStats::of(self.newest.iter().copied());
    }
}

/// Durations and progress curves of past runs of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub struct PastRuns<'a> {
    /// Durations from the server's history.
    pub durations: Option<&'a DurationStats>,
    /// Progress of runs that vtask watched.
    pub curves: &'a [ProgressCurve],
}

/// One operation of one server.
type Operation = (ServerId, Arc<str>);

/// Typical durations by operation and by operation on an entity. Bounded: keeps the newest
/// durations of each, and ignores further operations and entities beyond the maximum.
#[derive(Debug, Clone, Default)]
pub struct TypicalDurations {
    operations: HashMap<Operation, Sample>,
    entities: HashMap<(Operation, Arc<str>), Sample>,
    curves: HashMap<Operation, Vec<ProgressCurve>>,
    /// Curves of runs that finished since the start, oldest first.
    watched: Vec<(Operation, ProgressCurve)>,
}

/// Runs on which a statistic is based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsScope {
    /// Runs on the same entity.
    Entity,
    /// Runs of the operation on any entity.
    Operation,
}

/// A successful run found in the server's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedRun {
    /// `descriptionId`.
    pub operation: Arc<str>,
    /// The moId of the entity.
    pub entity: Option<Arc<str>>,
    /// Time from start to completion.
    pub duration: Duration,
}

impl TypicalDurations {
    /// Adds successful runs, oldest first.
    pub fn add_runs(&mut self, server: ServerId, runs: impl IntoIterator<Item = FinishedRun>) {
        let mut touched = Vec::new();
        for run in runs {
            let operation = (server, run.operation);
            if let Some(sample) = entry(&mut self.operations, &operation, MAX_OPERATIONS) {
                sample.add(run.duration, MAX_RUNS);
            }
            let key = (operation, run.entity);
            if let (operation, Some(entity)) = key.clone() {
                let key = (operation, entity);
                if let Some(sample) = entry(&mut self.entities, &key, MAX_ENTITIES) {
                    sample.add(run.duration, MAX_RUNS_PER_ENTITY);
                }
            }
            touched.push(key);
        }
        touched.sort();
        touched.dedup();
        for (operation, entity) in touched {
            if let Some(sample) = self.operations.get_mut(&operation) {
                sample.refresh();
            }
            let key = entity.map(|entity| (operation, entity));
            if let Some(sample) = key.and_then(|key| self.entities.get_mut(&key)) {
                sample.refresh();
            }
        }
    }

    /// Returns the statistic of the operation on the entity if there are enough runs, else of the
    /// operation.
    pub fn get(
        &self,
        server: ServerId,
        operation: &str,
        entity: Option<&str>,
    ) -> Option<&DurationStats> {
        self.find(server, operation, entity)
            .map(|(typical, _)| typical)
    }

    /// As [`get`](Self::get), with the scope of the statistic.
    pub fn find(
        &self,
        server: ServerId,
        operation: &str,
        entity: Option<&str>,
    ) -> Option<(&DurationStats, StatsScope)> {
        let operation = (server, Arc::from(operation));
        let of_operation = self.operations.get(&operation)?.typical.as_ref();
        let key = entity.map(|entity| (operation, Arc::from(entity)));
        let of_entity = key.and_then(|key| self.entities.get(&key)?.typical.as_ref());
        let of_entity = of_entity.map(|typical| (typical, StatsScope::Entity));
        of_entity.or(of_operation.map(|typical| (typical, StatsScope::Operation)))
    }

    /// Returns the past runs of a task's operation: durations on its entity if there are enough,
    /// and progress curves on any entity.
    pub fn past_runs(&self, record: &TaskRecord) -> PastRuns<'_> {
        let Some(info) = record.info.as_ref() else {
            return PastRuns::default();
        };
        let entity = info.entity.as_ref().map(|entity| &*entity.value);
        let operation = (record.id.server, Arc::from(&*info.description_id));
        PastRuns {
            durations: self.get(record.id.server, &info.description_id, entity),
            curves: self.curves.get(&operation).map_or(&[], Vec::as_slice),
        }
    }

    /// Adds the progress curve of a run, newest last.
    pub fn add_curve(&mut self, server: ServerId, operation: &str, curve: ProgressCurve) {
        let operation = (server, Arc::from(operation));
        if let Some(curves) = entry(&mut self.curves, &operation, MAX_OPERATIONS) {
            if curves.len() == MAX_CURVES {
                curves.remove(0);
            }
            curves.push(curve);
        }
    }

    /// Adds the progress curve of a task that was watched until it finished successfully.
    pub fn learn(&mut self, record: &TaskRecord) {
        let finished = || {
            let (info, history) = (record.info.as_ref()?, record.history.as_deref()?);
            let end = record
                .completed_at()
                .filter(|_| record.status() == Status::Success)?;
            let curve = ProgressCurve::of(history, history.elapsed(end))?;
            Some((&*info.description_id, curve))
        };
        if let Some((operation, curve)) = finished() {
            let server = record.id.server;
            self.add_curve(server, operation, curve);
            if self.watched.len() < MAX_OPERATIONS * MAX_CURVES {
                self.watched.push(((server, operation.into()), curve));
            }
        }
    }

    /// Returns the curves of the runs of a server that finished since the start, oldest first.
    pub fn watched(&self, server: ServerId) -> impl Iterator<Item = (&str, ProgressCurve)> {
        let curves = self
            .watched
            .iter()
            .filter(move |((of, _), _)| *of == server);
        curves.map(|((_, operation), curve)| (&**operation, *curve))
    }

    /// True if there are runs of a server.
    pub fn has_runs(&self, server: ServerId) -> bool {
        self.operations.keys().any(|(of, _)| *of == server)
    }

    /// Removes the runs of a server.
    pub fn forget(&mut self, server: ServerId) {
        self.operations.retain(|(of, _), _| *of != server);
        self.curves.retain(|(of, _), _| *of != server);
        self.entities.retain(|((of, _), _), _| *of != server);
    }
}

/// Returns the value of a key; inserts one if the maximum is not reached.
fn entry<'a, K: Clone + Eq + std::hash::Hash, V: Default>(
    samples: &'a mut HashMap<K, V>,
    key: &K,
    maximum: usize,
) -> Option<&'a mut V> {
    if samples.len() >= maximum && !samples.contains_key(key) {
        return None;
    }
    Some(samples.entry(key.clone()).or_default())
}

#[cfg(test)]
mod tests;
