//! What is looked up around tasks: families, events, the past, usual durations, questions of virtual machines.
//!
//! None of it may disturb the fetch loop: every request waits at the [`gate`] for its turn, what fails is told as a
//! reason of its own, and only a dead session is passed on, once, for it can be renewed.

mod events;
mod family;
mod follow;
mod gate;
mod past;
mod questions;
mod schedule;
mod taking;
mod typical;

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use self::{
    family::{FamilyFound, KinKnown},
    follow::Follow,
    gate::{Line, Ticket},
    questions::Questions,
    schedule::{Schedule, Urgency},
    typical::{Runs, TypicalRuns},
};
use super::{
    Command, FamilyState, Update,
    endpoint::{Endpoint, Halt},
    push::Fetch,
    reading::Reading,
};
use crate::{
    task::PendingQuestion,
    vim::{
        Error,
        types::{ManagedObjectReference, TaskEvent, TaskInfo, TaskState},
    },
};

/// The first board is taken to be there after so long at the latest: with many tasks, one by one, it never rests.
const BOARD: Duration = Duration::from_secs(10);

/// What was looked up.
pub(super) enum Found {
    Family(Box<FamilyFound>),
    Events(u32, Result<Vec<TaskEvent>, Error>),
    Past(past::Answer),
    Typical(Result<Runs, Error>),
    Question(
        ManagedObjectReference,
        Result<Option<PendingQuestion>, Error>,
    ),
}

/// The look-ups of one endpoint.
#[derive(Debug)]
pub(super) struct LookUps {
    schedule: Schedule<Ticket>,
    line: Line,
    /// Who joins the line.
    joining: mpsc::UnboundedReceiver<(Urgency, Ticket)>,
    family: Follow,
    /// What was found out of the recent tasks and of the keys around the family that is followed.
    kin: KinKnown,
    events: Follow,
    /// The events that were told last.
    told: Option<Arc<[TaskEvent]>>,
    typical: TypicalRuns,
    questions: Questions,
    /// The search of the history.
    pub(super) past: past::Past,
}

impl LookUps {
    pub(super) fn new(now: Instant) -> Self {
        let (line, joining) = mpsc::unbounded_channel();
        Self {
            schedule: Schedule::new(now),
            line,
            joining,
            family: Follow::default(),
            kin: KinKnown::default(),
            events: Follow::default(),
            told: None,
            typical: TypicalRuns::default(),
            questions: Questions::default(),
            past: past::Past::default(),
        }
    }

    /// Takes in whoever comes to the gate next. Nobody is lost where this is not awaited to its end.
    pub(super) async fn line_up(&mut self) {
        if let Some((urgency, ticket)) = self.joining.recv().await {
            self.schedule.enter(urgency, ticket);
        }
    }

    /// A task is now known to be like this.
    pub(super) fn seen(&mut self, mo_id: &Arc<str>, info: &TaskInfo) {
        self.questions.seen(mo_id, info, Instant::now());
    }

    /// The progress or the phase of a task changed.
    pub(super) fn moved(&mut self, mo_id: &Arc<str>) {
        self.questions.moved(mo_id, Instant::now());
    }

    /// The state of a task is this one now.
    pub(super) fn is_now(&mut self, mo_id: &Arc<str>, state: &TaskState) {
        self.questions.is_now(mo_id, state, Instant::now());
    }

    /// A task vanished, or is no longer watched.
    pub(super) fn left(&mut self, mo_id: &Arc<str>) {
        self.questions.over(mo_id);
    }

    /// Reading is paused, or no longer.
    pub(super) fn pause(&mut self, is_paused: bool) {
        self.schedule.pause(is_paused);
    }

    /// Lets those through whose turn it is.
    fn let_through(&mut self, now: Instant) {
        while let Ok((urgency, ticket)) = self.joining.try_recv() {
            self.schedule.enter(urgency, ticket);
        }
        while let Some(ticket) = self.schedule.take(now) {
            // Whoever is gone does not mind.
            let _ = ticket.send(());
        }
    }

    /// The loop begins anew: whatever was under way is due again.
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
    /// Follows something around a task from now on, or nothing any more.
    pub(super) async fn follow(&mut self, command: Command) -> Result<(), Halt> {
        let now = Instant::now();
        match command {
            Command::FollowFamily(trace) => {
                let mo_id = trace.as_ref().map(|trace| trace.mo_id.clone());
                self.lookups.family.follow(trace, now);
                self.lookups.kin = KinKnown::default();
                if let Some(mo_id) = mo_id {
                    let state = FamilyState::Searching;
                    self.tell(Update::Family { mo_id, state }).await?;
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

    /// Begins the look-ups that are due, and lets through whoever may pass now.
    pub(super) fn start_look_ups(&mut self, reading: &mut Reading, now: Instant) {
        if !self.paused && self.is_board_there(reading, now) {
            self.lookups.schedule.open();
        }
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        let (is_paused, lookups) = (self.paused, &mut self.lookups);
        if is_due(lookups.family.due(is_paused))
            && let Some((number, trace, gate)) = lookups.family.begin(&lookups.line)
        {
            reading.look_up(move |client| async move {
                Found::Family(Box::new(family::below(&client, &gate, number, trace).await))
            });
        }
        if is_due(lookups.events.due(is_paused))
            && let Some((number, trace, gate)) = lookups.events.begin(&lookups.line)
        {
            reading.look_up(|client| async move {
                Found::Events(number, events::events(&client, &gate, &trace).await)
            });
        }
        let has_board = lookups.schedule.is_open() && !is_paused;
        if self.options.typical && has_board && is_due(lookups.typical.due(now)) {
            let (since, gate) = lookups.typical.begin(&lookups.line);
            reading.look_up(|client| async move {
                Found::Typical(typical::runs(&client, &gate, since).await)
            });
        }
        if self.options.questions
            && has_board
            && let Some((machine, gate)) = lookups.questions.begin(&lookups.line, now)
        {
            reading.look_up(|client| async move {
                let question = questions::question(&client, &gate, &machine).await;
                Found::Question(machine, question)
            });
        }
        lookups.let_through(now);
    }

    /// When a look-up is due, or a request may pass, if nothing else happens.
    pub(super) fn next_look_up(&self, reading: &Reading, now: Instant) -> Option<Instant> {
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
            (!is_open && !self.paused).then_some(reading.began + BOARD),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether the first board was told: all that is watched was read, and nothing is on its way.
    fn is_board_there(&self, reading: &Reading, now: Instant) -> bool {
        let is_joining = matches!(&self.fetch, Fetch::Push(push) if push.is_joining());
        let is_due = self.watched.next_time().is_some_and(|due| due <= now);
        let rests = reading.tasks.is_empty() && !is_joining && !is_due;
        let knows_recent = reading.knows_recent || !self.options.discover;
        self.lookups.schedule.is_open() || (rests && knows_recent) || reading.began + BOARD <= now
    }
}
