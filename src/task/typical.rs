//! How long an operation usually takes, from the ones that ended well.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::id::EndpointId;

/// Fewer durations than this say nothing about what is usual.
const MIN_RUNS: usize = 5;

/// The most durations kept for an operation; the newest stay.
const MAX_RUNS: usize = 64;

/// The most durations kept for one entity.
const MAX_RUNS_PER_ENTITY: usize = 16;

/// The most operations, and the most entities with all operations, that are kept.
const MAX_OPERATIONS: usize = 512;
const MAX_ENTITIES: usize = 1024;

/// Median and spread of some durations, all of successful runs.
#[derive(Debug, Clone, PartialEq)]
pub struct DurationStats {
    /// In seconds, ascending; never empty.
    seconds: Vec<f32>,
}

impl DurationStats {
    /// What is usual, if there are at least five durations.
    pub fn of(durations: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut seconds: Vec<f32> = durations.into_iter().map(|d| d.as_secs_f32()).collect();
        seconds.sort_by(f32::total_cmp);
        (seconds.len() >= MIN_RUNS).then_some(Self { seconds })
    }

    /// Out of how many.
    pub fn count(&self) -> usize {
        self.seconds.len()
    }

    /// Half of the runs were shorter.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The middle half of the runs lies between these two.
    pub fn quartiles(&self) -> (Duration, Duration) {
        (self.percentile(25), self.percentile(75))
    }

    /// The duration that `percent` (0 to 100) of the runs did not exceed, between neighbours in proportion.
    pub fn percentile(&self, percent: u8) -> Duration {
        let last = self.seconds.len() - 1;
        let hundredths = last * usize::from(percent.min(100));
        let (index, rest) = (hundredths / 100, hundredths % 100);
        let below = self.seconds[index];
        let above = self.seconds[(index + 1).min(last)];
        let share = f32::from(u8::try_from(rest).unwrap_or_default()) / 100.0;
        Duration::from_secs_f32(below + (above - below) * share)
    }

    /// Beyond this a run takes longer than usual.
    pub fn long(&self) -> Duration {
        self.percentile(90)
    }
}

/// The newest durations of something, with their summary kept ready.
#[derive(Debug, Default)]
struct Sample {
    newest: VecDeque<Duration>,
    typical: Option<DurationStats>,
}

impl Sample {
    fn add(&mut self, duration: Duration, most: usize) {
        if self.newest.len() == most {
            self.newest.pop_front();
        }
        self.newest.push_back(duration);
    }

    fn sum_up(&mut self) {
        self.typical = DurationStats::of(self.newest.iter().copied());
    }
}

/// One operation of one endpoint.
type Operation = (EndpointId, Arc<str>);

/// What is usual, by operation and by operation on an entity. Bounded: the newest durations of each, and no more
/// operations and entities than a large estate has in use; what comes beyond is not learned.
#[derive(Debug, Default)]
pub struct TypicalDurations {
    operations: HashMap<Operation, Sample>,
    entities: HashMap<(Operation, Arc<str>), Sample>,
}

/// What a usual duration was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsScope {
    /// Runs on the same entity.
    Entity,
    /// Runs of the operation, wherever.
    Operation,
}

/// One successful run, as found in the server's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedRun {
    /// `descriptionId`.
    pub operation: Arc<str>,
    /// The moId of what it applied to.
    pub entity: Option<Arc<str>>,
    /// From start to completion.
    pub took: Duration,
}

impl TypicalDurations {
    /// Learns from successful runs, the oldest first.
    pub fn add_runs(&mut self, endpoint: EndpointId, runs: impl IntoIterator<Item = FinishedRun>) {
        let mut touched = Vec::new();
        for run in runs {
            let operation = (endpoint, run.operation);
            if let Some(sample) = entry(&mut self.operations, &operation, MAX_OPERATIONS) {
                sample.add(run.took, MAX_RUNS);
            }
            let place = (operation, run.entity);
            if let (operation, Some(entity)) = place.clone() {
                let key = (operation, entity);
                if let Some(sample) = entry(&mut self.entities, &key, MAX_ENTITIES) {
                    sample.add(run.took, MAX_RUNS_PER_ENTITY);
                }
            }
            touched.push(place);
        }
        touched.sort();
        touched.dedup();
        for (operation, entity) in touched {
            if let Some(sample) = self.operations.get_mut(&operation) {
                sample.sum_up();
            }
            let key = entity.map(|entity| (operation, entity));
            if let Some(sample) = key.and_then(|key| self.entities.get_mut(&key)) {
                sample.sum_up();
            }
        }
    }

    /// What is usual for an operation on an entity where there are enough runs on it, else for the operation.
    pub fn get(
        &self,
        endpoint: EndpointId,
        operation: &str,
        entity: Option<&str>,
    ) -> Option<&DurationStats> {
        self.find(endpoint, operation, entity)
            .map(|(typical, _)| typical)
    }

    /// The same, with what it was learned from.
    pub fn find(
        &self,
        endpoint: EndpointId,
        operation: &str,
        entity: Option<&str>,
    ) -> Option<(&DurationStats, StatsScope)> {
        let operation = (endpoint, Arc::from(operation));
        let of_operation = self.operations.get(&operation)?.typical.as_ref();
        let key = entity.map(|entity| (operation, Arc::from(entity)));
        let of_entity = key.and_then(|key| self.entities.get(&key)?.typical.as_ref());
        let of_entity = of_entity.map(|typical| (typical, StatsScope::Entity));
        of_entity.or(of_operation.map(|typical| (typical, StatsScope::Operation)))
    }

    /// Whether anything was learned from an endpoint.
    pub fn knows(&self, endpoint: EndpointId) -> bool {
        self.operations.keys().any(|(place, _)| *place == endpoint)
    }

    /// Forgets an endpoint: before its history is read anew, or when it is left.
    pub fn forget(&mut self, endpoint: EndpointId) {
        self.operations.retain(|(place, _), _| *place != endpoint);
        self.entities
            .retain(|((place, _), _), _| *place != endpoint);
    }
}

/// The sample under a key; a new one only while there is room.
fn entry<'a, K: Clone + Eq + std::hash::Hash>(
    samples: &'a mut HashMap<K, Sample>,
    key: &K,
    most: usize,
) -> Option<&'a mut Sample> {
    if samples.len() >= most && !samples.contains_key(key) {
        return None;
    }
    Some(samples.entry(key.clone()).or_default())
}

#[cfg(test)]
mod tests;
