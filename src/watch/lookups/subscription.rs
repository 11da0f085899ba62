//! What is looked up again and again for a task that somebody looks at: one task at a time. Pure: `now` is an
//! argument.

use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::{
    permit::{Permit, PermitQueue},
    scheduler::Urgency,
};
use crate::vim::TaskLocator;

/// The task that is followed, if there is one.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    followed: Option<SubscribedTask>,
    /// Tells the look-ups for one task from those for the ones before.
    number: u32,
}

#[derive(Debug)]
struct SubscribedTask {
    trace: TaskLocator,
    /// When it is to be looked up; `None` while it is, and when all is known.
    due: Option<Instant>,
    urgency: Urgency,
    /// Dropped with the wish for the answer.
    under_way: Option<DropGuard>,
    /// Whether the session died of the last look-up, so that it is not renewed for ever.
    has_renewed: bool,
}

impl Subscription {
    /// Follows this task from now on, or none. Whatever is under way for another is no longer wanted.
    pub(super) fn follow(&mut self, trace: Option<TaskLocator>, now: Instant) {
        self.number += 1;
        self.followed = trace.map(|trace| SubscribedTask {
            trace,
            due: Some(now),
            urgency: Urgency::Asked,
            under_way: None,
            has_renewed: false,
        });
    }

    /// When it is to be looked up next; while reading is paused only what was just asked for is.
    pub(super) fn due(&self, is_paused: bool) -> Option<Instant> {
        let followed = self.followed.as_ref()?;
        let may_go = !is_paused || followed.urgency == Urgency::Asked;
        followed.due.filter(|_| may_go)
    }

    /// Begins to look it up: for which task, with the number to answer with and the gate to pass.
    pub(super) fn begin(&mut self, line: &PermitQueue) -> Option<(u32, TaskLocator, Permit)> {
        let followed = self.followed.as_mut()?;
        let (gate, wanted) = Permit::new(line.clone(), followed.urgency);
        followed.due = None;
        followed.under_way = Some(wanted);
        Some((self.number, followed.trace.clone(), gate))
    }

    /// Goes on with the look-up that was answered so far.
    pub(super) fn go_on(&mut self, line: &PermitQueue) -> Option<Permit> {
        let followed = self.followed.as_mut()?;
        let (gate, wanted) = Permit::new(line.clone(), followed.urgency);
        followed.under_way = Some(wanted);
        Some(gate)
    }

    /// An answer came: of which task, if that is still followed.
    pub(super) fn answered(&mut self, number: u32) -> Option<TaskLocator> {
        let is_current = number == self.number;
        let followed = self.followed.as_mut().filter(|_| is_current)?;
        followed.under_way = None;
        Some(followed.trace.clone())
    }

    /// The answer was a good one; the next is wanted at this time, or never.
    pub(super) fn went_well(&mut self, due: Option<Instant>) {
        if let Some(followed) = &mut self.followed {
            followed.has_renewed = false;
        }
        self.record_failure(due);
    }

    /// There is no answer; the next try is at this time, or never.
    pub(super) fn record_failure(&mut self, due: Option<Instant>) {
        if let Some(followed) = &mut self.followed {
            followed.urgency = Urgency::Followed;
            followed.due = due;
        }
    }

    /// The session turned out to be dead. Answers whether it is worth renewing: then the look-up is due once more.
    pub(super) fn renews(&mut self, now: Instant) -> bool {
        let followed = self.followed.as_mut();
        followed.is_some_and(|followed| {
            followed.due = (!followed.has_renewed).then_some(now);
            !std::mem::replace(&mut followed.has_renewed, true)
        })
    }

    /// Whatever is under way will not be answered; it is due again.
    pub(super) fn interrupted(&mut self, now: Instant) {
        if let Some(followed) = &mut self.followed
            && followed.under_way.take().is_some()
        {
            followed.due = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    fn begin(follow: &mut Subscription) -> (u32, Permit) {
        let (number, _, gate) = follow.begin(&mpsc::unbounded_channel().0).unwrap();
        (number, gate)
    }

    fn of(mo_id: &str) -> TaskLocator {
        TaskLocator::named(mo_id.into())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_for_what_is_no_longer_followed_is_not_told() {
        let now = Instant::now();
        let mut follow = Subscription::default();
        follow.follow(Some(of("task-1")), now);
        let (first, gate) = begin(&mut follow);
        assert!(gate.is_wanted());
        follow.follow(Some(of("task-2")), now);
        assert!(!gate.is_wanted());
        let (second, _) = begin(&mut follow);
        assert!(follow.answered(first).is_none());
        assert_eq!(&*follow.answered(second).unwrap().mo_id, "task-2");
        follow.follow(None, now);
        assert_eq!(follow.due(false), None);
        assert!(follow.answered(second).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_look_is_asked_for_and_goes_while_paused() {
        let now = Instant::now();
        let later = Some(now + Duration::from_secs(5));
        let mut follow = Subscription::default();
        follow.follow(Some(of("task-1")), now);
        assert_eq!(follow.due(true), Some(now));
        let (number, gate) = begin(&mut follow);
        assert_eq!(gate.urgency(), Urgency::Asked);
        assert_eq!(follow.due(false), None, "it is under way");
        assert!(follow.answered(number).is_some());
        follow.went_well(later);
        assert_eq!((follow.due(false), follow.due(true)), (later, None));
        assert_eq!(begin(&mut follow).1.urgency(), Urgency::Followed);
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_outage_interrupts_is_due_again() {
        let now = Instant::now();
        let mut follow = Subscription::default();
        follow.follow(Some(of("task-1")), now);
        begin(&mut follow);
        follow.interrupted(now);
        assert_eq!(follow.due(false), Some(now));
        let (number, ..) = begin(&mut follow);
        assert!(follow.answered(number).is_some());
        follow.went_well(None);
        follow.interrupted(now);
        assert_eq!(follow.due(false), None, "it was answered");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_renewed_once_until_an_answer_comes() {
        let now = Instant::now();
        let mut follow = Subscription::default();
        assert!(!follow.renews(now));
        follow.follow(Some(of("task-1")), now);
        begin(&mut follow);
        assert!(follow.renews(now));
        assert_eq!(follow.due(false), Some(now));
        begin(&mut follow);
        assert!(!follow.renews(now));
        follow.went_well(None);
        assert!(follow.renews(now));
    }
}
