//! Synthetic task history for the weeks before the server's start.
//!
//! Durations follow a log-normal distribution around the median of the operation, like durations of real operations:
//! many near the median, some much longer, none negative.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use super::inventory::{EntityId, Inventory};
use super::task::{Record, TaskId, TaskState};
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

#[derive(Clone, Copy, Debug)]
struct ArchiveRow {
    queued: WorldTime,
    started: WorldTime,
    completed: WorldTime,
    profile: usize,
    /// Index within the lineage: 0 is the root, n its n-th child.
    member: usize,
    target: Option<EntityId>,
    outcome: ArchivedOutcome,
    /// Index of the root among all roots.
    root: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArchivedOutcome {
    Success,
    Failure,
    Cancelled,
}

/// Past tasks, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    spec: ArchiveSpec,
    rows: Vec<ArchiveRow>,
    /// Row index of each root.
    roots: Vec<usize>,
    first: u64,
}

/// Values that history filters compare, available without building a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilterFields<'a> {
    pub(crate) id: TaskId,
    pub(crate) entity: Option<EntityId>,
    pub(crate) reason: &'a Value,
    pub(crate) state: TaskState,
    /// Queue, start and completion time.
    pub(crate) times: [Option<WorldTime>; 3],
    pub(crate) chain: i32,
    pub(crate) tag: Option<&'a str>,
    pub(crate) activation: Option<&'a str>,
    pub(crate) parent: Option<TaskId>,
    pub(crate) root: Option<TaskId>,
}

impl<'a> FilterFields<'a> {
    /// Extracts the values from a record.
    pub(crate) fn of(record: &'a Record, inventory: &Inventory) -> Self {
        Self {
            id: record.id,
            entity: record
                .entity
                .as_ref()
                .and_then(|entity| inventory.find(entity)),
            reason: &record.reason,
            state: record.state,
            times: [
                Some(record.queue_time),
                record.start_time,
                record.complete_time,
            ],
            chain: record.event_chain_id,
            tag: record.change_tag.as_deref(),
            activation: record.activation_id.as_deref(),
            parent: record.parent,
            root: record.root,
        }
    }
}

/// First event chain id of a server.
pub(super) const FIRST_CHAIN: u64 = 81_000;

impl Archive {
    /// Generates the history of a server whose first new task has the number `next`.
    pub(super) fn generate(spec: ArchiveSpec, next: u64, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0xa4c4_11e5);
        let mut rows = Vec::new();
        let total: u32 = spec.profiles.iter().map(|profile| profile.weight).sum();
        for root in 0..spec.roots {
            if total == 0 {
                break;
            }
            let mut draw = rng.u32(0..total);
            let profile = spec.profiles.iter().position(|profile| {
                let found = draw < profile.weight;
                draw = draw.saturating_sub(profile.weight);
                found
            });
            spec.add_run(&mut rows, root, profile.unwrap_or(0), &mut rng);
        }
        rows.sort_by_key(|row| (row.queued, row.root, row.member));
        // Numbers end just below the first new task; tasks that would need a number below 1 are dropped.
        let available = usize::try_from(next.saturating_sub(1)).unwrap_or(usize::MAX);
        let forgotten: std::collections::HashSet<usize> = rows
            [..rows.len().saturating_sub(available)]
            .iter()
            .map(|row| row.root)
            .collect();
        rows.retain(|row| !forgotten.contains(&row.root));
        let mut roots = vec![0; spec.roots];
        for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.member == 0) {
            roots[row.root] = index;
        }
        let first = next - rows.len() as u64;
        Self {
            spec,
            rows,
            roots,
            first,
        }
    }

    /// Returns the rows, oldest first.
    pub(crate) fn indices(&self) -> Range<usize> {
        0..self.rows.len()
    }

    /// Returns the place of a row in the history.
    pub(crate) fn sort_key(&self, index: usize) -> (WorldTime, TaskId) {
        (self.rows[index].queued, self.id(index))
    }

    /// Returns the row of an event chain.
    pub(crate) fn find_by_chain(&self, chain: i32) -> Option<usize> {
        let number = u64::try_from(chain).ok()?.checked_sub(FIRST_CHAIN)?;
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (index < self.rows.len()).then_some(index)
    }

    fn id(&self, index: usize) -> TaskId {
        TaskId(self.first + index as u64)
    }

    fn family(&self, row: &ArchiveRow) -> Option<TaskId> {
        (row.member > 0).then(|| self.id(self.roots[row.root]))
    }

    fn chain(&self, index: usize) -> i32 {
        i32::try_from(FIRST_CHAIN + self.id(index).0).unwrap_or(i32::MAX)
    }

    /// Returns the filter values of a row.
    pub(crate) fn filter_fields(&self, index: usize) -> FilterFields<'_> {
        let row = &self.rows[index];
        let family = self.family(row);
        FilterFields {
            id: self.id(index),
            entity: row.target,
            reason: &self.spec.profiles[row.profile].reason,
            state: if row.outcome == ArchivedOutcome::Success {
                TaskState::Success
            } else {
                TaskState::Error
            },
            times: [Some(row.queued), Some(row.started), Some(row.completed)],
            chain: self.chain(index),
            tag: None,
            activation: None,
            parent: family,
            root: family,
        }
    }

    /// Builds the record of a row.
    pub(crate) fn record(&self, index: usize, inventory: &Inventory) -> Record {
        let row = &self.rows[index];
        let profile = &self.spec.profiles[row.profile];
        let (description_id, name) = match row.member.checked_sub(1) {
            Some(child) => profile.children[child].clone(),
            None => (profile.description_id.clone(), profile.name.clone()),
        };
        let fields = self.filter_fields(index);
        let error = match row.outcome {
            ArchivedOutcome::Success => None,
            ArchivedOutcome::Failure => Some(profile.error.clone().unwrap_or_else(|| {
                serde_json::json!({"_typeName": "SystemError", "faultstring": "A general system error occurred: Connection reset by peer", "reason": "Connection reset by peer"})
            })),
            ArchivedOutcome::Cancelled => Some(super::task::cancelled_fault()),
        };
        let entity = row.target.map(|target| inventory.entity(target));
        Record {
            name,
            description_id,
            entity: entity.map(|entity| entity.reference.clone()),
            entity_name: entity.map(|entity| entity.name.clone()),
            state: fields.state,
            cancelled: row.outcome == ArchivedOutcome::Cancelled,
            error,
            reason: profile.reason.clone(),
            start_time: Some(row.started),
            complete_time: Some(row.completed),
            event_chain_id: fields.chain,
            parent: fields.parent,
            root: fields.root,
            ..Record::new(fields.id, row.queued)
        }
    }
}

impl ArchiveSpec {
    fn add_run(&self, rows: &mut Vec<ArchiveRow>, root: usize, number: usize, rng: &mut Rng) {
        let profile = &self.profiles[number];
        let queued = WorldTime::before_start(self.span.mul_f64(rng.f64()));
        let wait = Duration::from_millis(rng.u64(80..2_500));
        let draw = rng.f64();
        let outcome = if draw < profile.failures {
            ArchivedOutcome::Failure
        } else if draw < profile.failures + profile.cancellations {
            ArchivedOutcome::Cancelled
        } else {
            ArchivedOutcome::Success
        };
        // Failed and cancelled runs end early.
        let share = if outcome == ArchivedOutcome::Success {
            1.0
        } else {
            rng.f64()
        };
        let full = profile
            .median
            .mul_f64((profile.spread * normal(rng)).exp().clamp(0.01, 100.0));
        let target = (!profile.targets.is_empty())
            .then(|| profile.targets[rng.usize(0..profile.targets.len())]);
        let started = queued.after(wait);
        let completed = started.after(full.mul_f64(share));
        // All past tasks ended before the start.
        let completed = completed.min(WorldTime::START);
        let row = ArchiveRow {
            queued,
            started: started.min(completed),
            completed,
            profile: number,
            member: 0,
            target,
            outcome,
            root,
        };
        rows.push(row);
        let count = u32::try_from(profile.children.len())
            .unwrap_or(u32::MAX)
            .max(1);
        let slice = completed.since(row.started) / count;
        let mut start = row.started;
        for member in 1..=profile.children.len() {
            let ended = start.after(slice);
            let last = member == profile.children.len();
            let outcome = if last {
                outcome
            } else {
                ArchivedOutcome::Success
            };
            rows.push(ArchiveRow {
                queued: start,
                started: start,
                completed: ended,
                member,
                outcome,
                ..row
            });
            start = ended;
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

    #[test]
    fn durations_spread_around_the_median() {
        let archive = Archive::generate(past(2000, 0), 5000, 1);
        assert_eq!((archive.rows.len(), archive.first), (2000, 3000));
        let mut seconds: Vec<u64> = archive
            .rows
            .iter()
            .filter(|row| row.outcome == ArchivedOutcome::Success)
            .map(|row| row.completed.since(row.started).as_secs())
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
        assert!(archive.rows.is_sorted_by_key(|row| row.queued));
        let failed = archive
            .rows
            .iter()
            .filter(|row| row.outcome == ArchivedOutcome::Failure)
            .count();
        assert!((140..=260).contains(&failed), "{failed}");
    }

    #[test]
    fn children_refer_to_their_root_and_numbers_end_below_the_first_task() {
        let archive = Archive::generate(past(50, 2), 1000, 1);
        let inventory = Inventory::default();
        let records: Vec<Record> = archive
            .indices()
            .map(|index| archive.record(index, &inventory))
            .collect();
        assert_eq!(records.last().unwrap().id, TaskId(999));
        for child in records.iter().filter(|record| record.parent.is_some()) {
            let root = records
                .iter()
                .find(|record| Some(record.id) == child.root)
                .unwrap();
            assert!(root.parent.is_none() && root.start_time <= child.start_time);
            assert!(child.complete_time <= root.complete_time);
        }
        assert!(
            archive
                .indices()
                .is_sorted_by_key(|index| archive.sort_key(index))
        );
        let chain = records[3].event_chain_id;
        assert_eq!(archive.find_by_chain(chain), Some(3));
        assert_eq!(archive.find_by_chain(81_000 + 1000), None);
    }

    #[test]
    fn the_oldest_tasks_are_dropped_if_numbers_run_out() {
        let archive = Archive::generate(past(500, 0), 100, 1);
        assert_eq!((archive.rows.len(), archive.first), (99, 1));
        assert_eq!(
            Archive::generate(ArchiveSpec::default(), 100, 1).rows.len(),
            0
        );
    }
}
