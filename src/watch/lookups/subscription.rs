//! A lookup repeated for the task that is shown, one task at a time. Pure: `now` is an argument.

use tokio::time::Instant;
use tokio_util::sync::DropGuard;
use vtask_vim::types::TaskLocator;

use super::scheduler::{Permit, Priority, Scheduler};

/// The followed task, if any.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    followed: Option<SubscribedTask>,
    /// Number that distinguishes the lookups for one task from those for earlier ones.
    number: u32,
}

#[derive(Debug)]
struct SubscribedTask {
    locator: TaskLocator,
    /// Time of the next lookup; `None` while one is in flight and when all is known.
    due: Option<Instant>,
    priority: Priority,
    /// Cancels the lookup in flight on drop.
    in_flight_guard: Option<DropGuard>,
    /// True if the session was found dead by the last lookup, so that it is not renewed repeatedly.
    has_renewed: bool,
}

impl Subscription {
    /// Creates a subscription whose first lookup has the number after this one.
    pub(super) fn numbered(number: u32) -> Self {
        Self {
            followed: None,
            number,
        }
    }

    /// Follows this task, or none. Cancels the lookup for another one.
    pub(super) fn follow(&mut self, locator: Option<TaskLocator>, now: Instant) {
        self.number += 1;
        self.followed = locator.map(|locator| SubscribedTask {
            locator,
            due: Some(now),
            priority: Priority::Interactive,
            in_flight_guard: None,
            has_renewed: false,
        });
    }

    /// Returns the time of the next lookup; while paused only of one just requested.
    pub(super) fn due(&self, is_paused: bool) -> Option<Instant> {
        let followed = self.followed.as_ref()?;
        let may_go = !is_paused || followed.priority == Priority::Interactive;
        followed.due.filter(|_| may_go)
    }

    /// Starts a lookup: returns its task, its number and its permit.
    pub(super) fn begin(&mut self, scheduler: &Scheduler) -> Option<(u32, TaskLocator, Permit)> {
        let followed = self.followed.as_mut()?;
        let (permit, guard) = scheduler.guarded_permit(followed.priority);
        followed.due = None;
        followed.in_flight_guard = Some(guard);
        Some((self.number, followed.locator.clone(), permit))
    }

    /// Continues a lookup with another step.
    pub(super) fn resume(&mut self, scheduler: &Scheduler) -> Option<Permit> {
        let followed = self.followed.as_mut()?;
        let (permit, guard) = scheduler.guarded_permit(followed.priority);
        followed.in_flight_guard = Some(guard);
        Some(permit)
    }

    /// Ends a lookup. Returns its task if it is still followed.
    pub(super) fn finish_lookup(&mut self, number: u32) -> Option<TaskLocator> {
        let is_current = number == self.number;
        let followed = self.followed.as_mut().filter(|_| is_current)?;
        followed.in_flight_guard = None;
        Some(followed.locator.clone())
    }

    /// Records a good answer and the time of the next lookup, if any.
    pub(super) fn reset(&mut self, due: Option<Instant>) {
        if let Some(followed) = &mut self.followed {
            followed.has_renewed = false;
        }
        self.record_failure(due);
    }

    /// Records a failure and the time of the next attempt, if any.
    pub(super) fn record_failure(&mut self, due: Option<Instant>) {
        if let Some(followed) = &mut self.followed {
            followed.priority = Priority::Followed;
            followed.due = due;
        }
    }

    /// Handles a dead session. Returns true if it is worth renewing; the lookup is due again then.
    pub(super) fn renews(&mut self, now: Instant) -> bool {
        let followed = self.followed.as_mut();
        followed.is_some_and(|followed| {
            followed.due = (!followed.has_renewed).then_some(now);
            !std::mem::replace(&mut followed.has_renewed, true)
        })
    }

    /// Makes the interrupted lookup due again.
    pub(super) fn interrupted(&mut self, now: Instant) {
        if let Some(followed) = &mut self.followed
            && followed.in_flight_guard.take().is_some()
        {
            followed.due = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn begin(follow: &mut Subscription) -> (u32, Permit) {
        let (number, _, permit) = follow.begin(&Scheduler::new(Instant::now())).unwrap();
        (number, permit)
    }

    fn of(mo_id: &str) -> TaskLocator {
        TaskLocator::named(mo_id.into())
    }

    #[tokio::test(start_paused = true)]
    async fn answers_for_an_earlier_task_are_dropped() {
        let now = Instant::now();
        let mut follow = Subscription::default();
        follow.follow(Some(of("task-1")), now);
        let (first, permit) = begin(&mut follow);
        assert!(permit.is_wanted());
        follow.follow(Some(of("task-2")), now);
        assert!(!permit.is_wanted());
        let (second, _) = begin(&mut follow);
        assert!(follow.finish_lookup(first).is_none());
        assert_eq!(&*follow.finish_lookup(second).unwrap().mo_id, "task-2");
        follow.follow(None, now);
        assert_eq!(follow.due(false), None);
        assert!(follow.finish_lookup(second).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_lookup_runs_while_paused() {
        let now = Instant::now();
        let recheck_interval = Some(now + Duration::from_secs(5));
        let mut follow = Subscription::default();
        follow.follow(Some(of("task-1")), now);
        assert_eq!(follow.due(true), Some(now));
        let (number, permit) = begin(&mut follow);
        assert_eq!(permit.priority(), Priority::Interactive);
        assert_eq!(follow.due(false), None, "it is under way");
        assert!(follow.finish_lookup(number).is_some());
        follow.reset(recheck_interval);
        assert_eq!(
            (follow.due(false), follow.due(true)),
            (recheck_interval, None)
        );
        assert_eq!(begin(&mut follow).1.priority(), Priority::Followed);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupted_lookup_is_due_again() {
        let now = Instant::now();
        let mut follow = Subscription::default();
        follow.follow(Some(of("task-1")), now);
        begin(&mut follow);
        follow.interrupted(now);
        assert_eq!(follow.due(false), Some(now));
        let (number, ..) = begin(&mut follow);
        assert!(follow.finish_lookup(number).is_some());
        follow.reset(None);
        follow.interrupted(now);
        assert_eq!(follow.due(false), None, "it was answered");
    }

    #[tokio::test(start_paused = true)]
    async fn the_session_is_renewed_once_until_an_answer_arrives() {
        let now = Instant::now();
        let mut follow = Subscription::default();
        assert!(!follow.renews(now));
        follow.follow(Some(of("task-1")), now);
        begin(&mut follow);
        assert!(follow.renews(now));
        assert_eq!(follow.due(false), Some(now));
        begin(&mut follow);
        assert!(!follow.renews(now));
        follow.reset(None);
        assert!(follow.renews(now));
    }
}
