//! Pending questions of virtual machines whose tasks do not progress. Pure but for the one request; `now` is an
//! argument.
//!
//! A task that waits for an answer looks like a slow one (a power-on at 95 %), and the server does not push the
//! question. Machines are checked in the background, one after the other.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::scheduler::{Permit, Scheduler, Urgency};
use crate::{
    task::PendingQuestion,
    vim::{
        Client, Error, Throttle,
        types::{ManagedObjectReference, TaskInfo, TaskState},
    },
    watch::rate_limiter::TokenBucket,
};

/// Time without progress before a machine is checked: most tasks progress sooner, and most questions come early.
const QUIET_BEFORE_CHECK: Duration = Duration::from_secs(10);
/// Interval after a check without a question; it doubles each time…
const REFRESH_INTERVAL: Duration = Duration::from_secs(20);
/// …up to this.
const SLOW_REFRESH_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// Interval while a question is pending: it may be answered in the vSphere Client.
const PENDING_REFRESH_INTERVAL: Duration = Duration::from_secs(10);
/// Minimum average interval between checks, however many tasks wait…
const BATCH_INTERVAL: Duration = Duration::from_secs(5);
/// …and the number of checks that may be made without it after a quiet time.
const BATCH_SIZE: u32 = 13;
/// The type of entities that have questions.
const VIRTUAL_MACHINE: &str = "VirtualMachine";

/// Queued and running tasks of virtual machines, and the questions of their machines.
#[derive(Debug)]
pub(super) struct Questions {
    tasks: HashMap<Arc<str>, Task>,
    /// Tasks by the time of their next check. Progress is noticed when the time comes, so that a change costs nothing
    /// here.
    due: BTreeSet<(Instant, Arc<str>)>,
    /// The check in flight.
    in_flight_guard: Option<(Arc<str>, DropGuard)>,
    /// Rate limit of checks.
    rate: TokenBucket,
    /// True if the session was found dead by the last check.
    has_renewed: bool,
    /// Changes to send.
    news: Vec<(Arc<str>, Option<PendingQuestion>)>,
}

#[derive(Debug)]
struct Task {
    machine: ManagedObjectReference,
    is_running: bool,
    /// Hash of progress and phase, to notice a change.
    place: u64,
    still_since: Instant,
    /// Consecutive checks without a question.
    looks: u32,
    question: Option<PendingQuestion>,
    /// Its entry in the set of due tasks.
    due: Option<Instant>,
}

impl Questions {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tasks: HashMap::new(),
            due: BTreeSet::new(),
            in_flight_guard: None,
            rate: TokenBucket::new(BATCH_INTERVAL, BATCH_SIZE, now),
            has_renewed: false,
            news: Vec::new(),
        }
    }

    /// Records the present state of a task.
    pub(super) fn seen(&mut self, mo_id: &Arc<str>, info: &TaskInfo, now: Instant) {
        let machine = info.entity.as_ref();
        let machine = machine.filter(|entity| *entity.kind == *VIRTUAL_MACHINE);
        let Some(machine) = machine.filter(|_| !info.state.is_finished()) else {
            return self.over(mo_id);
        };
        let mut place = DefaultHasher::new();
        info.progress.hash(&mut place);
        info.description
            .as_ref()
            .map(|phase| phase.text().to_owned())
            .hash(&mut place);
        let place = place.finish();
        match self.tasks.get(mo_id) {
            Some(task) if task.machine != *machine => self.over(mo_id),
            Some(task) if task.place != place => self.moved(mo_id, now),
            _ => {}
        }
        let task = self.tasks.entry(mo_id.clone()).or_insert_with(|| Task {
            machine: machine.clone(),
            is_running: false,
            place,
            still_since: now,
            looks: 0,
            question: None,
            due: None,
        });
        task.place = place;
        self.set_state(mo_id, &info.state, now);
    }

    /// Records the state of a task.
    pub(super) fn set_state(&mut self, mo_id: &Arc<str>, state: &TaskState, now: Instant) {
        if state.is_finished() {
            self.over(mo_id);
        } else if let Some(task) = self.tasks.get_mut(mo_id)
            && *state == TaskState::Running
            && !std::mem::replace(&mut task.is_running, true)
        {
            task.still_since = now;
            self.schedule(mo_id, Some(now + QUIET_BEFORE_CHECK));
        }
    }

    /// Records progress of a task: a question of its machine is answered.
    pub(super) fn moved(&mut self, mo_id: &Arc<str>, now: Instant) {
        let Some(task) = self.tasks.get_mut(mo_id) else {
            return;
        };
        task.still_since = now;
        let looked = std::mem::take(&mut task.looks) > 0;
        let asked = task.question.take().is_some();
        if asked {
            self.news.push((mo_id.clone(), None));
        }
        // After a check, the next one may be due much later than a check of the new state.
        if (asked || looked) && task.due.is_some() {
            self.schedule(mo_id, Some(now + QUIET_BEFORE_CHECK));
        }
    }

    /// Forgets a task that finished or is no longer watched.
    pub(super) fn over(&mut self, mo_id: &Arc<str>) {
        self.schedule(mo_id, None);
        if let Some(task) = self.tasks.remove(mo_id)
            && task.question.is_some()
        {
            self.news.push((mo_id.clone(), None));
        }
    }

    /// Returns the time of the next check.
    pub(super) fn due(&self) -> Option<Instant> {
        let (first, _) = self.due.first()?;
        let due = self.rate.next().max(*first);
        self.in_flight_guard.is_none().then_some(due)
    }

    /// Starts the check of a due task that has not progressed.
    pub(super) fn begin(
        &mut self,
        scheduler: &Scheduler,
        now: Instant,
    ) -> Option<(ManagedObjectReference, Permit)> {
        if self.rate.next() > now {
            return None;
        }
        while let Some((due, mo_id)) = self.due.first().cloned()
            && due <= now
            && self.in_flight_guard.is_none()
        {
            let still_since = self.tasks.get(&mo_id)?.still_since;
            if still_since + QUIET_BEFORE_CHECK > now {
                self.schedule(&mo_id, Some(still_since + QUIET_BEFORE_CHECK));
                continue;
            }
            self.schedule(&mo_id, None);
            let machine = self.tasks.get(&mo_id)?.machine.clone();
            self.rate.take(now);
            let (permit, wanted) = scheduler.guarded_permit(Urgency::Background);
            self.in_flight_guard = Some((mo_id, wanted));
            return Some((machine, permit));
        }
        None
    }

    /// Records the question of a machine, if any, for all of its tasks that do not progress.
    pub(super) fn answered(
        &mut self,
        machine: &ManagedObjectReference,
        question: Option<&PendingQuestion>,
        now: Instant,
    ) {
        self.in_flight_guard = None;
        self.has_renewed = false;
        let mut due = Vec::new();
        for (mo_id, task) in &mut self.tasks {
            if task.machine != *machine || !task.is_running {
                continue;
            }
            if task.still_since + QUIET_BEFORE_CHECK > now {
                // It has progressed meanwhile.
                due.push((mo_id.clone(), task.still_since + QUIET_BEFORE_CHECK));
                continue;
            }
            if task.question.as_ref() != question {
                task.question = question.cloned();
                self.news.push((mo_id.clone(), question.cloned()));
            }
            let pause = if question.is_some() {
                PENDING_REFRESH_INTERVAL
            } else {
                task.looks += 1;
                recheck_interval(task.looks)
            };
            due.push((mo_id.clone(), now + pause));
        }
        for (mo_id, due) in due {
            self.schedule(&mo_id, Some(due));
        }
    }

    /// Records a failed check. Returns true if the session is to be renewed for another.
    pub(super) fn failed(&mut self, error: &Error, can_renew: bool, now: Instant) -> bool {
        let Some((mo_id, _)) = self.in_flight_guard.take() else {
            return false;
        };
        let renews =
            error.is_session_dead() && can_renew && !std::mem::replace(&mut self.has_renewed, true);
        let pause = if renews {
            Duration::ZERO
        } else if error.is_transient() {
            REFRESH_INTERVAL
        } else {
            SLOW_REFRESH_INTERVAL
        };
        self.schedule(&mo_id, Some(now + pause));
        renews
    }

    /// Forgets the check in flight.
    pub(super) fn interrupted(&mut self, now: Instant) {
        if let Some((mo_id, _)) = self.in_flight_guard.take() {
            self.schedule(&mo_id, Some(now));
        }
    }

    /// Takes the changes to send: per task the question, or `None` once it is answered.
    pub(super) fn take_changes(&mut self) -> Vec<(Arc<str>, Option<PendingQuestion>)> {
        std::mem::take(&mut self.news)
    }

    fn schedule(&mut self, mo_id: &Arc<str>, due: Option<Instant>) {
        let Some(task) = self.tasks.get_mut(mo_id) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut task.due, due) {
            self.due.remove(&(before, mo_id.clone()));
        }
        if let Some(due) = due {
            self.due.insert((due, mo_id.clone()));
        }
    }
}

/// Returns the interval after this many checks without a question.
fn recheck_interval(looks: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(looks.saturating_sub(1));
    REFRESH_INTERVAL
        .saturating_mul(doubled)
        .min(SLOW_REFRESH_INTERVAL)
}

/// Reads the question of a virtual machine.
pub(super) async fn question(
    client: &Client,
    permit: &Permit,
    machine: &ManagedObjectReference,
) -> Result<Option<PendingQuestion>, Error> {
    permit.pass().await;
    let question = client.question(machine).await?;
    Ok(question.map(|question| PendingQuestion {
        text: question.text,
        choices: question.choices,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::info;
    use serde_json::{Value, json};

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn seen(questions: &mut Questions, name: &str, more: &Value, now: Instant) {
        let mut all = json!({"entity": {"type": "VirtualMachine", "value": "vm-7"}});
        for (field, value) in more.as_object().unwrap() {
            all[field] = value.clone();
        }
        questions.seen(&name.into(), &info(name, &all), now);
    }

    fn looks(questions: &mut Questions, now: Instant) -> Option<ManagedObjectReference> {
        let scheduler = Scheduler::new(now);
        questions.begin(&scheduler, now).map(|(machine, _)| machine)
    }

    fn moved_or_copied() -> PendingQuestion {
        PendingQuestion {
            text: "Moved or copied?".into(),
            choices: vec!["Moved".into(), "Copied".into()],
        }
    }

    #[tokio::test(start_paused = true)]
    async fn checks_are_limited_in_the_long_run() {
        let begin = Instant::now();
        let mut questions = Questions::new(Instant::now());
        for number in 0..1000 {
            let machine =
                json!({"entity": {"type": "VirtualMachine", "value": format!("vm-{number}")}});
            seen(&mut questions, &format!("task-{number}"), &machine, begin);
        }
        let mut taken = Vec::new();
        while let Some(due) = questions.due().filter(|due| *due <= begin + seconds(120)) {
            let machine = looks(&mut questions, due).unwrap();
            questions.answered(&machine, None, due);
            taken.push((due - begin).as_secs());
        }
        assert_eq!(taken[..13], [[10; 13]].concat());
        assert_eq!(taken[13..16], [15, 20, 25]);
        assert_eq!(taken.len(), 13 + 22);
    }

    #[tokio::test(start_paused = true)]
    async fn check_intervals_double() {
        let mut now = Instant::now();
        let mut questions = Questions::new(Instant::now());
        seen(&mut questions, "task-1", &json!({"progress": 40}), now);
        assert_eq!(questions.due(), Some(now + QUIET_BEFORE_CHECK));
        assert_eq!(looks(&mut questions, now + seconds(9)), None);
        now += seconds(5);
        seen(&mut questions, "task-1", &json!({"progress": 41}), now);
        assert_eq!(looks(&mut questions, now + seconds(9)), None, "it moved");
        now += QUIET_BEFORE_CHECK;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let machine = looks(&mut questions, now).unwrap();
            assert_eq!(&*machine.value, "vm-7");
            assert_eq!(questions.due(), None, "one at a time");
            questions.answered(&machine, None, now);
            let next = questions.due().unwrap();
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [20, 40, 80, 160, 300, 300, 300]);
        assert!(questions.take_changes().is_empty());
        seen(&mut questions, "task-1", &json!({"progress": 42}), now);
        assert_eq!(
            questions.due(),
            Some(now + QUIET_BEFORE_CHECK),
            "soon again"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_sent_once_and_dropped_on_progress_or_end() {
        let start = Instant::now();
        let mut questions = Questions::new(Instant::now());
        for (name, more) in [
            ("task-1", json!({"progress": 95})),
            ("task-2", json!({})),
            (
                "task-3",
                json!({"entity": {"type": "VirtualMachine", "value": "vm-8"}}),
            ),
        ] {
            seen(&mut questions, name, &more, start);
        }
        let now = start + QUIET_BEFORE_CHECK;
        let machine = looks(&mut questions, now).unwrap();
        questions.answered(&machine, Some(&moved_or_copied()), now);
        let mut news = questions.take_changes();
        news.sort_by(|one, other| one.0.cmp(&other.0));
        let asked = Some(moved_or_copied());
        assert_eq!(
            news,
            [("task-1".into(), asked.clone()), ("task-2".into(), asked)]
        );
        questions.answered(&machine, Some(&moved_or_copied()), now + seconds(1));
        assert!(questions.take_changes().is_empty(), "once");
        seen(&mut questions, "task-1", &json!({"progress": 96}), now);
        assert_eq!(questions.take_changes(), [("task-1".into(), None)]);
        seen(&mut questions, "task-2", &json!({"state": "error"}), now);
        assert_eq!(questions.take_changes(), [("task-2".into(), None)]);
        questions.over(&"task-3".into());
        questions.over(&"task-4".into());
        assert!(questions.take_changes().is_empty(), "nothing was asked");
        questions.over(&"task-1".into());
        assert_eq!((questions.due(), questions.tasks.len()), (None, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pending_question_is_rechecked_until_answered() {
        let start = Instant::now();
        let mut questions = Questions::new(Instant::now());
        seen(&mut questions, "task-1", &json!({}), start);
        let machine = looks(&mut questions, start + QUIET_BEFORE_CHECK).unwrap();
        questions.answered(
            &machine,
            Some(&moved_or_copied()),
            start + QUIET_BEFORE_CHECK,
        );
        let next = questions.due().unwrap();
        assert_eq!(next, start + QUIET_BEFORE_CHECK + PENDING_REFRESH_INTERVAL);
        looks(&mut questions, next).unwrap();
        questions.answered(&machine, None, next);
        let news = questions.take_changes();
        assert_eq!(news.last().unwrap(), &("task-1".into(), None));
    }

    #[tokio::test(start_paused = true)]
    async fn only_running_tasks_of_virtual_machines_are_checked() {
        let now = Instant::now();
        let mut questions = Questions::new(Instant::now());
        let host = json!({"entity": {"type": "HostSystem", "value": "host-1"}});
        seen(&mut questions, "task-1", &host, now);
        seen(&mut questions, "task-2", &json!({"entity": null}), now);
        seen(&mut questions, "task-3", &json!({"state": "queued"}), now);
        seen(&mut questions, "task-4", &json!({"state": "success"}), now);
        assert_eq!(questions.due(), None);
        let recheck_interval = now + seconds(99);
        questions.set_state(&"task-3".into(), &TaskState::Running, recheck_interval);
        assert_eq!(questions.due(), Some(recheck_interval + QUIET_BEFORE_CHECK));
        questions.set_state(&"task-3".into(), &TaskState::Success, recheck_interval);
        assert_eq!(questions.due(), None);
    }
}
