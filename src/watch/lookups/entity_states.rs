//! States of the virtual machines and hosts whose tasks do not progress: pending questions and lost connections. Pure but
//! for the requests; `now` is an argument.
//!
//! A task that waits for an answer looks like a slow one (a power-on at 95 %), and the server does not push the
//! question. Entities are checked in the background, one after the other.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::DropGuard;
use vtask_task::{EntityState, LostHost};
use vtask_vim::{
    Client, Error, Throttle,
    types::{ManagedObjectReference, TaskInfo, TaskState},
};

use super::scheduler::{Permit, Priority, Scheduler};
use crate::{compact_instant::CompactInstant, rate_limiter::TokenBucket};

/// Time without progress before an entity is checked: most tasks progress sooner, and most questions come early.
const QUIET_BEFORE_CHECK: Duration = Duration::from_secs(10);
/// Interval after a check that found nothing; it doubles each time…
const REFRESH_INTERVAL: Duration = Duration::from_secs(20);
/// …up to this.
const SLOW_REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// Interval while something was found: a question may be answered in the vSphere Client.
const FOUND_REFRESH_INTERVAL: Duration = Duration::from_secs(10);
/// Minimum average interval between checks, however many tasks wait…
const BATCH_INTERVAL: Duration = Duration::from_secs(5);
/// …and the number of checks that may be made without it after a quiet time.
const BATCH_SIZE: u32 = 13;
/// The types of entities that are checked.
const CHECKED_TYPES: [&str; 2] = ["VirtualMachine", HOST];
const HOST: &str = "HostSystem";

/// Queued and running tasks of virtual machines and hosts, and the states of those.
#[derive(Debug)]
pub(super) struct EntityStates {
    tasks: HashMap<Arc<str>, Task>,
    /// Tasks by the time of their next check. Progress is noticed when the time comes, so that a change costs nothing
    /// here.
    due: BTreeSet<(CompactInstant, Arc<str>)>,
    /// The check in flight.
    in_flight_guard: Option<(Arc<str>, DropGuard)>,
    /// Rate limit of checks.
    rate: TokenBucket,
    /// True if the session was found dead by the last check.
    has_renewed: bool,
    /// Changes to send.
    changes: Vec<(Arc<str>, EntityState)>,
}

#[derive(Debug)]
struct Task {
    entity: ManagedObjectReference,
    is_running: bool,
    /// Hash of progress and phase, to notice a change.
    progress_hash: u64,
    unchanged_since: CompactInstant,
    /// Consecutive checks that found nothing.
    empty_checks: u32,
    /// The last state found; `None` for the usual one.
    state: Option<Box<EntityState>>,
    /// Its entry in the set of due tasks.
    due: Option<CompactInstant>,
}

impl Task {
    fn earliest_check(&self) -> Instant {
        Instant::from(self.unchanged_since) + QUIET_BEFORE_CHECK
    }
}

impl EntityStates {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tasks: HashMap::new(),
            due: BTreeSet::new(),
            in_flight_guard: None,
            rate: TokenBucket::new(BATCH_INTERVAL, BATCH_SIZE, now),
            has_renewed: false,
            changes: Vec::new(),
        }
    }

    /// Records the present state of a task.
    pub(super) fn record_task(&mut self, mo_id: &Arc<str>, info: &TaskInfo, now: Instant) {
        let entity = info.entity.as_ref();
        let entity = entity.filter(|entity| CHECKED_TYPES.contains(&entity.kind()));
        let Some(entity) = entity.filter(|_| !info.state.is_finished()) else {
            return self.remove(mo_id);
        };
        let mut hasher = DefaultHasher::new();
        info.progress.hash(&mut hasher);
        let phase = info.description.as_ref().map(|phase| phase.text());
        phase.hash(&mut hasher);
        let progress_hash = hasher.finish();
        match self.tasks.get(mo_id) {
            Some(task) if task.entity != *entity => self.remove(mo_id),
            Some(task) if task.progress_hash != progress_hash => self.record_progress(mo_id, now),
            _ => {}
        }
        let task = self.tasks.entry(mo_id.clone()).or_insert_with(|| Task {
            entity: entity.clone(),
            is_running: false,
            progress_hash,
            unchanged_since: now.into(),
            empty_checks: 0,
            state: None,
            due: None,
        });
        task.progress_hash = progress_hash;
        self.set_state(mo_id, &info.state, now);
    }

    /// Records the state of a task.
    pub(super) fn set_state(&mut self, mo_id: &Arc<str>, state: &TaskState, now: Instant) {
        if state.is_finished() {
            self.remove(mo_id);
        } else if let Some(task) = self.tasks.get_mut(mo_id)
            && *state == TaskState::Running
            && !std::mem::replace(&mut task.is_running, true)
        {
            task.unchanged_since = now.into();
            self.schedule(mo_id, Some(now + QUIET_BEFORE_CHECK));
        }
    }

    /// Records progress of a task: any question of its machine has been answered and its host responds.
    pub(super) fn record_progress(&mut self, mo_id: &Arc<str>, now: Instant) {
        let Some(task) = self.tasks.get_mut(mo_id) else {
            return;
        };
        task.unchanged_since = now.into();
        let was_checked = std::mem::take(&mut task.empty_checks) > 0;
        let found = task.state.take().is_some();
        if found {
            self.changes.push((mo_id.clone(), EntityState::default()));
        }
        // After a check, the next one may be due much later than a check of the new state.
        if (found || was_checked) && task.due.is_some() {
            self.schedule(mo_id, Some(now + QUIET_BEFORE_CHECK));
        }
    }

    /// Forgets a task that finished or is no longer watched.
    pub(super) fn remove(&mut self, mo_id: &Arc<str>) {
        self.schedule(mo_id, None);
        if let Some(task) = self.tasks.remove(mo_id)
            && task.state.is_some()
        {
            self.changes.push((mo_id.clone(), EntityState::default()));
        }
    }

    /// Returns the time of the next check.
    pub(super) fn due(&self) -> Option<Instant> {
        let (first, _) = self.due.first()?;
        let due = self.rate.next().max((*first).into());
        self.in_flight_guard.is_none().then_some(due)
    }

    /// Starts the check of a due task that has not progressed.
    pub(super) fn start_check(
        &mut self,
        scheduler: &Scheduler,
        now: Instant,
    ) -> Option<(ManagedObjectReference, Permit)> {
        if self.rate.next() > now {
            return None;
        }
        while let Some((due, mo_id)) = self.due.first().cloned()
            && due <= now.into()
            && self.in_flight_guard.is_none()
        {
            let check_at = self.tasks.get(&mo_id)?.earliest_check();
            if check_at > now {
                self.schedule(&mo_id, Some(check_at));
                continue;
            }
            self.schedule(&mo_id, None);
            let entity = self.tasks.get(&mo_id)?.entity.clone();
            self.rate.take(now);
            let (permit, guard) = scheduler.guarded_permit(Priority::Background);
            self.in_flight_guard = Some((mo_id, guard));
            return Some((entity, permit));
        }
        None
    }

    /// Records the state of an entity for all of its tasks that do not progress.
    pub(super) fn record_result(
        &mut self,
        entity: &ManagedObjectReference,
        state: &EntityState,
        now: Instant,
    ) {
        self.in_flight_guard = None;
        self.has_renewed = false;
        let found = (*state != EntityState::default()).then(|| Box::new(state.clone()));
        let mut due = Vec::new();
        for (mo_id, task) in &mut self.tasks {
            if task.entity != *entity || !task.is_running {
                continue;
            }
            if task.earliest_check() > now {
                // It has progressed meanwhile.
                due.push((mo_id.clone(), task.earliest_check()));
                continue;
            }
            if task.state != found {
                task.state.clone_from(&found);
                self.changes.push((mo_id.clone(), state.clone()));
            }
            let pause = if found.is_none() {
                task.empty_checks += 1;
                recheck_interval(task.empty_checks)
            } else {
                FOUND_REFRESH_INTERVAL
            };
            due.push((mo_id.clone(), now + pause));
        }
        for (mo_id, due) in due {
            self.schedule(&mo_id, Some(due));
        }
    }

    /// Records a failed check. Returns true if the session should be renewed.
    pub(super) fn record_failure(&mut self, error: &Error, can_renew: bool, now: Instant) -> bool {
        let Some((mo_id, _)) = self.in_flight_guard.take() else {
            return false;
        };
        let is_renewal_due =
            error.is_session_dead() && can_renew && !std::mem::replace(&mut self.has_renewed, true);
        let pause = if is_renewal_due {
            Duration::ZERO
        } else if error.is_transient() {
            REFRESH_INTERVAL
        } else {
            SLOW_REFRESH_INTERVAL
        };
        self.schedule(&mo_id, Some(now + pause));
        is_renewal_due
    }

    /// Forgets the check in flight.
    pub(super) fn interrupted(&mut self, now: Instant) {
        if let Some((mo_id, _)) = self.in_flight_guard.take() {
            self.schedule(&mo_id, Some(now));
        }
    }

    /// Takes the changed states of the tasks' entities.
    pub(super) fn take_changes(&mut self) -> Vec<(Arc<str>, EntityState)> {
        std::mem::take(&mut self.changes)
    }

    fn schedule(&mut self, mo_id: &Arc<str>, due: Option<Instant>) {
        let Some(task) = self.tasks.get_mut(mo_id) else {
            return;
        };
        let due = due.map(CompactInstant::from);
        if let Some(before) = std::mem::replace(&mut task.due, due) {
            self.due.remove(&(before, mo_id.clone()));
        }
        if let Some(due) = due {
            self.due.insert((due, mo_id.clone()));
        }
    }
}

/// Returns the interval after this many checks that found nothing.
fn recheck_interval(empty_checks: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(empty_checks.saturating_sub(1));
    REFRESH_INTERVAL
        .saturating_mul(doubled)
        .min(SLOW_REFRESH_INTERVAL)
}

/// Reads the state of a virtual machine or host.
pub(super) async fn read(
    client: &Client,
    permit: &Permit,
    entity: &ManagedObjectReference,
) -> Result<EntityState, Error> {
    permit.ready().await;
    let runtime = client.runtime(entity).await?;
    let host = if entity.kind() == HOST {
        Some(entity.clone())
    } else {
        runtime.host
    };
    let lost_host = match runtime.is_silent.zip(host) {
        Some((is_silent, host)) => {
            permit.ready().await;
            // The name of the host is of less use than its state.
            let name = client.host_name(&host).await;
            let name = name.unwrap_or_else(|_| host.value.to_string());
            Some(LostHost {
                name: name.into(),
                is_silent,
            })
        }
        None => None,
    };
    Ok(EntityState {
        question: runtime.question,
        lost_host,
    })
}

#[cfg(test)]
mod tests {
    use vtask_task::{PendingQuestion, fixture::info};

    use super::*;
    use serde_json::{Value, json};

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn record(states: &mut EntityStates, name: &str, more: &Value, now: Instant) {
        let mut all = json!({"entity": {"type": "VirtualMachine", "value": "vm-7"}});
        for (field, value) in more.as_object().unwrap() {
            all[field] = value.clone();
        }
        states.record_task(&name.into(), &info(name, &all), now);
    }

    fn check(states: &mut EntityStates, now: Instant) -> Option<ManagedObjectReference> {
        let scheduler = Scheduler::new(now);
        states
            .start_check(&scheduler, now)
            .map(|(machine, _)| machine)
    }

    fn moved_or_copied() -> EntityState {
        let question = PendingQuestion {
            text: "Moved or copied?".into(),
            choices: vec!["Moved".into(), "Copied".into()],
        };
        EntityState {
            question: Some(question),
            lost_host: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn checks_are_limited_in_the_long_run() {
        let begin = Instant::now();
        let mut states = EntityStates::new(Instant::now());
        for number in 0..1000 {
            let machine =
                json!({"entity": {"type": "VirtualMachine", "value": format!("vm-{number}")}});
            record(&mut states, &format!("task-{number}"), &machine, begin);
        }
        let mut pauses = Vec::new();
        while let Some(due) = states.due().filter(|due| *due <= begin + seconds(120)) {
            let machine = check(&mut states, due).unwrap();
            states.record_result(&machine, &EntityState::default(), due);
            pauses.push((due - begin).as_secs());
        }
        assert_eq!(pauses[..13], [[10; 13]].concat());
        assert_eq!(pauses[13..16], [15, 20, 25]);
        assert_eq!(pauses.len(), 13 + 22);
    }

    #[tokio::test(start_paused = true)]
    async fn check_intervals_double() {
        let mut now = Instant::now();
        let mut states = EntityStates::new(Instant::now());
        record(&mut states, "task-1", &json!({"progress": 40}), now);
        assert_eq!(states.due(), Some(now + QUIET_BEFORE_CHECK));
        assert_eq!(check(&mut states, now + seconds(9)), None);
        now += seconds(5);
        record(&mut states, "task-1", &json!({"progress": 41}), now);
        assert_eq!(check(&mut states, now + seconds(9)), None, "it progressed");
        now += QUIET_BEFORE_CHECK;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let machine = check(&mut states, now).unwrap();
            assert_eq!(&*machine.value, "vm-7");
            assert_eq!(states.due(), None, "one at a time");
            states.record_result(&machine, &EntityState::default(), now);
            let next = states.due().unwrap();
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [20, 40, 80, 160, 300, 300, 300]);
        assert!(states.take_changes().is_empty());
        record(&mut states, "task-1", &json!({"progress": 42}), now);
        assert_eq!(states.due(), Some(now + QUIET_BEFORE_CHECK), "soon again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_sent_once_and_dropped_on_progress_or_end() {
        let start = Instant::now();
        let mut states = EntityStates::new(Instant::now());
        for (name, more) in [
            ("task-1", json!({"progress": 95})),
            ("task-2", json!({})),
            (
                "task-3",
                json!({"entity": {"type": "VirtualMachine", "value": "vm-8"}}),
            ),
        ] {
            record(&mut states, name, &more, start);
        }
        let now = start + QUIET_BEFORE_CHECK;
        let machine = check(&mut states, now).unwrap();
        states.record_result(&machine, &moved_or_copied(), now);
        let mut changes = states.take_changes();
        changes.sort_by(|a, b| a.0.cmp(&b.0));
        let runtime = moved_or_copied();
        assert_eq!(
            changes,
            [
                ("task-1".into(), runtime.clone()),
                ("task-2".into(), runtime)
            ]
        );
        states.record_result(&machine, &moved_or_copied(), now + seconds(1));
        assert!(states.take_changes().is_empty(), "once");
        record(&mut states, "task-1", &json!({"progress": 96}), now);
        assert_eq!(
            states.take_changes(),
            [("task-1".into(), EntityState::default())]
        );
        record(&mut states, "task-2", &json!({"state": "error"}), now);
        assert_eq!(
            states.take_changes(),
            [("task-2".into(), EntityState::default())]
        );
        states.remove(&"task-3".into());
        states.remove(&"task-4".into());
        assert!(states.take_changes().is_empty(), "no request was sent");
        states.remove(&"task-1".into());
        assert_eq!((states.due(), states.tasks.len()), (None, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pending_question_is_rechecked_until_answered() {
        let start = Instant::now();
        let mut states = EntityStates::new(Instant::now());
        record(&mut states, "task-1", &json!({}), start);
        let machine = check(&mut states, start + QUIET_BEFORE_CHECK).unwrap();
        states.record_result(&machine, &moved_or_copied(), start + QUIET_BEFORE_CHECK);
        let next = states.due().unwrap();
        assert_eq!(next, start + QUIET_BEFORE_CHECK + FOUND_REFRESH_INTERVAL);
        check(&mut states, next).unwrap();
        states.record_result(&machine, &EntityState::default(), next);
        let changes = states.take_changes();
        assert_eq!(
            changes.last().unwrap(),
            &("task-1".into(), EntityState::default())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_running_tasks_of_machines_and_hosts_are_checked() {
        let now = Instant::now();
        let mut states = EntityStates::new(Instant::now());
        let cluster = json!({"entity": {"type": "ClusterComputeResource", "value": "domain-c1"}});
        record(&mut states, "task-1", &cluster, now);
        record(&mut states, "task-2", &json!({"entity": null}), now);
        record(&mut states, "task-3", &json!({"state": "queued"}), now);
        record(&mut states, "task-4", &json!({"state": "success"}), now);
        assert_eq!(states.due(), None);
        let later = now + seconds(99);
        states.set_state(&"task-3".into(), &TaskState::Running, later);
        assert_eq!(states.due(), Some(later + QUIET_BEFORE_CHECK));
        states.set_state(&"task-3".into(), &TaskState::Success, later);
        assert_eq!(states.due(), None);
        let host = json!({"entity": {"type": "HostSystem", "value": "host-1"}});
        record(&mut states, "task-5", &host, now);
        assert_eq!(states.due(), Some(now + QUIET_BEFORE_CHECK));
    }
}
