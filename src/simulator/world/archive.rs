//! Synthetic task history for the weeks before the server's start.
//!
//! Durations follow a log-normal distribution around the median of the operation, like durations of real operations:
//! many near the median, some much longer, none negative.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::inventory::{EntityId, Inventory};
use super::task::{Record, TaskId, TaskState, cancelled_fault, is_cancelled_fault};
use super::time::WorldTime;

/// Statistics of a past operation.
#[derive(Clone, Debug)]
pub(crate) struct OperationProfile {
    /// Key of the operation.
    pub(crate) description_id: Arc<str>,
    pub(crate) name: Option<Arc<str>>,
    /// Entities to draw the target from; empty: no target.
    pub(crate) targets: Vec<EntityId>,
    /// A `TaskReason`.
    pub(crate) reason: Value,
    /// Median duration.
    pub(crate) median: Duration,
    /// Standard deviation of the logarithm of the duration: 0.3 is narrow, 1 is wide.
    pub(crate) spread: f64,
    /// Relative frequency.
    pub(crate) weight: u32,
    /// Fraction of failed runs (0–1).
    pub(crate) failures: f64,
    /// Fraction of cancelled runs (0–1).
    pub(crate) cancellations: f64,
    /// Fault of failed runs.
    pub(crate) error: Option<Value>,
    /// Child operations (key and method name), run one after the other.
    pub(crate) children: Vec<(Arc<str>, Option<Arc<str>>)>,
}

/// Settings of the synthetic history.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArchiveSpec {
    /// Time before the start that is covered.
    pub(crate) span: Duration,
    /// Number of root tasks.
    pub(crate) roots: usize,
    pub(crate) profiles: Vec<OperationProfile>,
}

/// First event chain id of a server.
pub(super) const FIRST_CHAIN: u64 = 81_000;

impl ArchiveSpec {
    /// Generates the tasks before the start, oldest first, on a server whose first new task has the number `next`.
    pub(super) fn generate(&self, inventory: &Inventory, next: u64, seed: u64) -> Vec<Record> {
        let mut rng = Rng::with_seed(seed ^ 0xa4c4_11e5);
        let mut records = Vec::new();
        let total: u32 = self.profiles.iter().map(|profile| profile.weight).sum();
        let roots = if total == 0 { 0 } else { self.roots };
        for root in 0..roots {
            let mut draw = rng.u32(0..total);
            let profile = self.profiles.iter().find(|profile| {
                let found = draw < profile.weight;
                draw = draw.saturating_sub(profile.weight);
                found
            });
            if let Some(profile) = profile {
                let run = profile.run(self.span, inventory, &mut rng);
                records.extend(run.into_iter().map(|record| (root, record)));
            }
        }
        records.sort_by_key(|(root, record)| (record.queue_time, *root));
        // Numbers end just below the first new task; tasks that would need a number below 1 are dropped.
        let available = usize::try_from(next.saturating_sub(1)).unwrap_or(usize::MAX);
        let forgotten: HashSet<usize> = records[..records.len().saturating_sub(available)]
            .iter()
            .map(|(root, _)| *root)
            .collect();
        records.retain(|(root, _)| !forgotten.contains(root));
        let first = next - records.len() as u64;
        // The first record of a run is its root task.
        let mut root_ids: Vec<Option<TaskId>> = vec![None; roots];
        let numbered = (first..).zip(records).map(|(number, (root, record))| {
            let (id, family) = (TaskId(number), &mut root_ids[root]);
            let record = Record {
                id,
                event_chain_id: i32::try_from(FIRST_CHAIN + number).unwrap_or(i32::MAX),
                parent: *family,
                root: *family,
                ..record
            };
            family.get_or_insert(id);
            record
        });
        numbered.collect()
    }
}

impl OperationProfile {
    /// Generates a run within `span` before the start: the root task, then its children. They have no numbers yet.
    fn run(&self, span: Duration, inventory: &Inventory, rng: &mut Rng) -> Vec<Record> {
        let queued = WorldTime::before_start(span.mul_f64(rng.f64()));
        let wait = Duration::from_millis(rng.u64(80..2_500));
        let draw = rng.f64();
        let error = if draw < self.failures {
            Some(self.error.clone().unwrap_or_else(|| {
                json!({"_typeName": "SystemError", "faultstring": "A general system error occurred: Connection reset by peer", "reason": "Connection reset by peer"})
            }))
        } else if draw < self.failures + self.cancellations {
            Some(cancelled_fault())
        } else {
            None
        };
        // Failed and cancelled runs end early.
        let share = if error.is_none() { 1.0 } else { rng.f64() };
        let full = self
            .median
            .mul_f64((self.spread * normal(rng)).exp().clamp(0.01, 100.0));
        let target = (!self.targets.is_empty())
            .then(|| inventory.entity(self.targets[rng.usize(0..self.targets.len())]));
        let started = queued.after(wait);
        // All past tasks ended before the start.
        let completed = started.after(full.mul_f64(share)).min(WorldTime::START);
        let started = started.min(completed);
        let root = Record {
            name: self.name.clone(),
            description_id: self.description_id.clone(),
            entity: target.map(|target| target.reference.clone()),
            entity_name: target.map(|target| target.name.clone()),
            reason: self.reason.clone(),
            start_time: Some(started),
            ..Record::new(TaskId::default(), queued)
        }
        .ended(completed, error.clone());
        let count = u32::try_from(self.children.len())
            .unwrap_or(u32::MAX)
            .max(1);
        let slice = completed.since(started) / count;
        let mut records = vec![root];
        let mut start = started;
        for (number, (description_id, name)) in (1..).zip(&self.children) {
            let child = Record {
                name: name.clone(),
                description_id: description_id.clone(),
                queue_time: start,
                start_time: Some(start),
                ..records[0].clone()
            };
            start = start.after(slice);
            let error = error.clone().filter(|_| number == self.children.len());
            records.push(child.ended(start, error));
        }
        records
    }
}

impl Record {
    fn ended(self, at: WorldTime, error: Option<Value>) -> Self {
        Self {
            state: if error.is_none() {
                TaskState::Success
            } else {
                TaskState::Error
            },
            cancelled: error.as_ref().is_some_and(is_cancelled_fault),
            error,
            complete_time: Some(at),
            ..self
        }
    }
}

/// Returns a standard normal random number (Box–Muller).
fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle) = (1.0 - rng.f64(), rng.f64() * std::f64::consts::TAU);
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(roots: usize, children: usize) -> ArchiveSpec {
        let profile = OperationProfile {
            description_id: "x".into(),
            name: None,
            targets: Vec::new(),
            reason: serde_json::json!({"_typeName": "TaskReasonSystem"}),
            median: Duration::from_secs(100),
            spread: 0.5,
            weight: 1,
            failures: 0.1,
            cancellations: 0.05,
            error: None,
            children: vec![("c".into(), None); children],
        };
        ArchiveSpec {
            span: Duration::from_secs(30 * 86_400),
            roots,
            profiles: vec![profile],
        }
    }

    fn generate(spec: &ArchiveSpec, next: u64) -> Vec<Record> {
        spec.generate(&Inventory::new(), next, 1)
    }

    #[test]
    fn durations_spread_around_the_median() {
        let records = generate(&past(2000, 0), 5000);
        assert_eq!((records.len(), records[0].id), (2000, TaskId(3000)));
        let mut seconds: Vec<u64> = records
            .iter()
            .filter(|record| record.state == TaskState::Success)
            .filter_map(|record| Some(record.complete_time?.since(record.start_time?).as_secs()))
            .collect();
        seconds.sort_unstable();
        let at = |share: usize| seconds[seconds.len() * share / 100];
        assert!((90..=110).contains(&at(50)), "{}", at(50));
        assert!(
            (45..=60).contains(&at(10)) && (170..=210).contains(&at(90)),
            "{} {}",
            at(10),
            at(90)
        );
        assert!(records.is_sorted_by_key(|record| record.queue_time));
        let failed = records
            .iter()
            .filter(|record| record.state == TaskState::Error && !record.cancelled)
            .count();
        assert!((140..=260).contains(&failed), "{failed}");
    }

    #[test]
    fn children_refer_to_their_root_and_numbers_end_below_the_first_task() {
        let records = generate(&past(50, 2), 1000);
        assert_eq!(records.last().unwrap().id, TaskId(999));
        for child in records.iter().filter(|record| record.parent.is_some()) {
            let root = records
                .iter()
                .find(|record| Some(record.id) == child.root)
                .unwrap();
            assert!(root.parent.is_none() && root.start_time <= child.start_time);
            assert!(child.complete_time <= root.complete_time);
        }
        assert!(records.is_sorted_by_key(|record| (record.queue_time, record.id)));
        let chains = records.iter().map(|record| record.event_chain_id);
        assert!(chains.eq(81_000 + 850..81_000 + 1000));
    }

    #[test]
    fn the_oldest_tasks_are_dropped_if_numbers_run_out() {
        let records = generate(&past(500, 0), 100);
        assert_eq!((records.len(), records[0].id), (99, TaskId(1)));
        assert!(generate(&ArchiveSpec::default(), 100).is_empty());
    }
}
