//! Lookups around tasks: families, events, history, typical durations, questions of virtual machines.
//!
//! They must not disturb the fetch loop: every request waits for a [`permit`], failures are reported per lookup, and
//! only a dead session is passed on, once, because it can be renewed.

mod events;
mod family;
mod history_search;
mod permit;
mod privileges;
mod questions;
mod results;
mod scheduler;
mod subscription;
mod typical;

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use self::{
    family::{FamilyCache, FamilyFound},
    permit::{Permit, PermitQueue, PermitRequest},
    privileges::{Privileges, Step, Subject},
    questions::Questions,
    scheduler::{Scheduler, Urgency},
    subscription::Subscription,
    typical::{Runs, TypicalRuns},
};
use super::{
    Command, FamilyState, Privilege, Update,
    endpoint::{Endpoint, StopReason},
    push::Fetch,
    read_loop::InFlight,
};
use crate::{
    task::PendingQuestion,
    vim::{
        Error,
        types::{ManagedObjectReference, TaskEvent, TaskInfo, TaskLocator, TaskState},
    },
};

/// Limit for waiting for the first complete list: with many polled tasks there is always a read in flight.
const STORE_LOAD_LIMIT: Duration = Duration::from_secs(10);

/// Result of a lookup.
pub(super) enum LookupResult {
    Family(Box<FamilyFound>),
    Events(u32, Result<Vec<TaskEvent>, Error>),
    Past(history_search::Answer),
    Typical(Result<Runs, Error>),
    Privilege(
        Subject,
        Result<(Option<ManagedObjectReference>, Privilege), Error>,
    ),
    Question(
        ManagedObjectReference,
        Result<Option<PendingQuestion>, Error>,
    ),
}

/// The lookups of one endpoint.
#[derive(Debug)]
pub(super) struct Lookups {
    schedule: Scheduler<PermitRequest>,
    line: PermitQueue,
    /// New permit requests.
    joining: mpsc::UnboundedReceiver<(Urgency, PermitRequest)>,
    family: Subscription,
    /// Results about recent tasks and keys around the followed family.
    family_cache: FamilyCache,
    events: Subscription,
    /// The events sent last.
    told: Option<Arc<[TaskEvent]>>,
    typical: TypicalRuns,
    questions: Questions,
    privileges: Privileges,
    /// The search of the history.
    pub(super) past: history_search::Past,
}

impl Lookups {
    pub(super) fn new(now: Instant) -> Self {
        let (line, joining) = mpsc::unbounded_channel();
        Self {
            schedule: Scheduler::new(now),
            line,
            joining,
            family: Subscription::default(),
            family_cache: FamilyCache::default(),
            events: Subscription::default(),
            told: None,
            typical: TypicalRuns::default(),
            questions: Questions::default(),
            privileges: Privileges::default(),
            past: history_search::Past::default(),
        }
    }

    /// Accepts the next permit request. Cancel safe.
    pub(super) async fn accept_permit_request(&mut self) {
        if let Some((urgency, ticket)) = self.joining.recv().await {
            self.schedule.enter(urgency, ticket);
        }
    }

    /// Records the present state of a task.
    pub(super) fn seen(&mut self, mo_id: &Arc<str>, info: &TaskInfo) {
        self.questions.seen(mo_id, info, Instant::now());
    }

    /// Records that the progress or phase of a task changed.
    pub(super) fn moved(&mut self, mo_id: &Arc<str>) {
        self.questions.moved(mo_id, Instant::now());
    }

    /// Records the state of a task.
    pub(super) fn set_state(&mut self, mo_id: &Arc<str>, state: &TaskState) {
        self.questions.set_state(mo_id, state, Instant::now());
    }

    /// Records that a task expired or is no longer watched.
    pub(super) fn left(&mut self, mo_id: &Arc<str>) {
        self.questions.over(mo_id);
    }

    /// Pauses or resumes lookups.
    pub(super) fn pause(&mut self, is_paused: bool) {
        self.schedule.pause(is_paused);
    }

    /// Grants due permits.
    fn grant_permits(&mut self, now: Instant) {
        while let Ok((urgency, ticket)) = self.joining.try_recv() {
            self.schedule.enter(urgency, ticket);
        }
        while let Some(ticket) = self.schedule.take(now) {
            // The lookup may have been dropped.
            let _ = ticket.send(());
        }
    }

    /// Forgets all that belonged to the previous session.
    pub(super) fn session_ended(&mut self) {
        self.past.session_ended();
        self.privileges.session_ended();
    }

    /// Makes interrupted lookups due again.
    pub(super) fn interrupted(&mut self, now: Instant) {
        while self.joining.try_recv().is_ok() {}
        self.schedule.clear();
        self.family.interrupted(now);
        self.events.interrupted(now);
        self.typical.interrupted(now);
        self.questions.interrupted(now);
        self.past.interrupted();
    }
}

impl Endpoint {
    /// Starts or stops following something around a task.
    pub(super) async fn follow(&mut self, command: Command) -> Result<(), StopReason> {
        let now = Instant::now();
        match command {
            Command::FollowFamily(trace) => {
                let mo_id = trace.as_ref().map(|trace| trace.mo_id.clone());
                self.lookups.family.follow(trace, now);
                self.lookups.family_cache = FamilyCache::default();
                if let Some(mo_id) = mo_id {
                    let state = FamilyState::Searching;
                    self.send_update(Update::Family { mo_id, state }).await?;
                }
            }
            Command::FollowEvents(trace) => {
                self.lookups.told = None;
                self.lookups.events.follow(trace, now);
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends the privilege to cancel a task, or requests it.
    pub(super) async fn check_privilege(
        &mut self,
        in_flight: &mut InFlight,
        trace: &TaskLocator,
    ) -> Result<(), StopReason> {
        match self.lookups.privileges.want(trace, Instant::now()) {
            Step::Tell(privilege) => {
                let mo_id = trace.mo_id.clone();
                self.send_update(Update::Privilege { mo_id, privilege })
                    .await
            }
            Step::Ask(subject) => {
                self.ask_privilege(in_flight, subject);
                Ok(())
            }
            Step::Wait => Ok(()),
        }
    }

    /// Continues after an interruption.
    pub(super) fn resume_privileges(&mut self, in_flight: &mut InFlight) {
        for subject in self.lookups.privileges.open() {
            self.ask_privilege(in_flight, subject);
        }
    }

    fn ask_privilege(&mut self, in_flight: &mut InFlight, subject: Subject) {
        let key = self.session.key.clone();
        let gate = Permit::lasting(&self.lookups.line, Urgency::Asked);
        in_flight.spawn_lookup(|client| async move {
            let privilege = privileges::ask(&client, &gate, &subject, &key).await;
            LookupResult::Privilege(subject, privilege)
        });
    }

    /// Starts due lookups and grants due permits.
    pub(super) fn start_lookups(&mut self, in_flight: &mut InFlight, now: Instant) {
        if !self.paused && self.is_first_list_sent(in_flight, now) {
            self.lookups.schedule.open();
        }
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        let (is_paused, lookups) = (self.paused, &mut self.lookups);
        if is_due(lookups.family.due(is_paused))
            && let Some((number, trace, gate)) = lookups.family.begin(&lookups.line)
        {
            in_flight.spawn_lookup(move |client| async move {
                LookupResult::Family(Box::new(family::below(&client, &gate, number, trace).await))
            });
        }
        if is_due(lookups.events.due(is_paused))
            && let Some((number, trace, gate)) = lookups.events.begin(&lookups.line)
        {
            in_flight.spawn_lookup(|client| async move {
                LookupResult::Events(number, events::events(&client, &gate, &trace).await)
            });
        }
        let has_board = lookups.schedule.is_open() && !is_paused;
        if self.options.typical && has_board && is_due(lookups.typical.due(now)) {
            let (since, gate) = lookups.typical.begin(&lookups.line);
            in_flight.spawn_lookup(|client| async move {
                LookupResult::Typical(typical::runs(&client, &gate, since).await)
            });
        }
        if self.options.questions
            && has_board
            && let Some((machine, gate)) = lookups.questions.begin(&lookups.line, now)
        {
            in_flight.spawn_lookup(|client| async move {
                let question = questions::question(&client, &gate, &machine).await;
                LookupResult::Question(machine, question)
            });
        }
        lookups.grant_permits(now);
    }

    /// Returns the time of the next due lookup or permit.
    pub(super) fn next_lookup(&self, in_flight: &InFlight, now: Instant) -> Option<Instant> {
        let lookups = &self.lookups;
        let is_open = lookups.schedule.is_open();
        let is_working = is_open && !self.paused;
        let typical = lookups.typical.due(now).filter(|_| self.options.typical);
        let questions = lookups.questions.due().filter(|_| self.options.questions);
        [
            lookups.schedule.next_time(now),
            lookups.family.due(self.paused),
            lookups.events.due(self.paused),
            typical.filter(|_| is_working),
            questions.filter(|_| is_working),
            (!is_open && !self.paused).then_some(in_flight.began + STORE_LOAD_LIMIT),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// True if the first complete list was sent: everything watched was read and no read is in flight.
    fn is_first_list_sent(&self, in_flight: &InFlight, now: Instant) -> bool {
        let has_pending_members =
            matches!(&self.fetch, Fetch::Push(push) if push.has_pending_members());
        let is_due = self.watched.next_time().is_some_and(|due| due <= now);
        let rests = in_flight.tasks.is_empty() && !has_pending_members && !is_due;
        let knows_recent = in_flight.knows_recent || !self.options.discover;
        self.lookups.schedule.is_open()
            || (rests && knows_recent)
            || in_flight.began + STORE_LOAD_LIMIT <= now
    }
}
