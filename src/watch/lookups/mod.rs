//! Lookups around tasks: families, events, history, typical durations, states of entities.
//!
//! They must not disturb the fetch loop: every request waits for a permit of the [`scheduler`], failures are reported
//! per lookup, and only a dead session is passed on, once, because it can be renewed.

mod entity_states;
mod events;
mod family;
mod history_search;
mod locations;
mod privileges;
mod results;
mod running;
mod scheduler;
mod subscription;
mod typical;

use std::sync::Arc;

use tokio::time::Instant;
use vtask_task::TaskChange;
use vtask_vim::{
    Client,
    types::{ManagedObjectReference, TaskLocator},
};

use self::{
    entity_states::EntityStates,
    events::EventSubscription,
    family::FamilyCache,
    history_search::HistorySearch,
    locations::Locations,
    privileges::{PrivilegeStep, Privileges, Subject},
    running::{LookupResult, RunningLookups},
    scheduler::{Priority, Scheduler},
    subscription::Subscription,
    typical::TypicalRuns,
};
use super::{FamilyState, HistoryRequest, Update, options::WatchOptions, watch_set::WatchSet};

/// The lookups of one server.
#[derive(Debug)]
pub(super) struct Lookups {
    /// True if recent tasks are watched, too.
    discovers: bool,
    /// True to learn typical durations.
    learns_typical: bool,
    /// True to look for pending questions and lost hosts.
    checks_entities: bool,
    scheduler: Scheduler,
    running: RunningLookups,
    /// Key of the session, used to check privileges.
    session_key: Arc<str>,
    family: Subscription,
    /// Results about recent tasks and keys around the followed family.
    family_cache: FamilyCache,
    events: Vec<EventSubscription>,
    /// Number of event subscriptions so far, from which each takes its number.
    event_subscriptions: u32,
    typical: TypicalRuns,
    entity_states: EntityStates,
    locations: Locations,
    privileges: Privileges,
    /// The search of the history.
    history_search: HistorySearch,
}

impl Lookups {
    pub(super) fn new(options: &WatchOptions, now: Instant) -> Self {
        let scheduler = Scheduler::new(now);
        Self {
            discovers: options.discover,
            learns_typical: options.typical,
            checks_entities: options.entity_states,
            running: RunningLookups::default(),
            session_key: "".into(),
            family: Subscription::default(),
            family_cache: FamilyCache::default(),
            events: Vec::new(),
            event_subscriptions: 0,
            typical: TypicalRuns::default(),
            entity_states: EntityStates::new(now),
            locations: Locations::new(now),
            privileges: Privileges::default(),
            history_search: HistorySearch::new(scheduler.clone()),
            scheduler,
        }
    }

    /// Continues after an interruption.
    pub(super) fn connected(&mut self, client: Arc<Client>) {
        self.running.connected(client);
        self.history_search.resume(&mut self.running);
        for subject in self.privileges.open() {
            self.start_privilege_check(subject);
        }
    }

    /// Makes interrupted lookups due again.
    pub(super) fn interrupted(&mut self, now: Instant) {
        self.running.interrupted();
        self.family.interrupted(now);
        for events in &mut self.events {
            events.subscription.interrupted(now);
        }
        self.typical.interrupted(now);
        self.entity_states.interrupted(now);
        self.locations.interrupted();
        self.history_search.interrupted();
    }

    /// Forgets all that belonged to the previous session.
    pub(super) fn session_began(&mut self, key: Arc<str>) {
        self.session_key = key;
        self.history_search.session_ended();
        self.privileges.session_ended();
    }

    /// Returns the history collectors that may be open, to be destroyed with the session.
    pub(super) fn open_collectors(&self) -> impl Iterator<Item = &ManagedObjectReference> {
        self.history_search.open()
    }

    /// Allows deferrable lookups: the first complete list was sent.
    pub(super) fn open(&self) {
        self.scheduler.open();
    }

    /// True if deferrable lookups are allowed.
    pub(super) fn is_open(&self) -> bool {
        self.scheduler.is_open()
    }

    pub(super) fn pause(&mut self, is_paused: bool) {
        self.scheduler.pause(is_paused);
    }

    /// Records the change of a task.
    pub(super) fn observe(&mut self, change: &TaskChange, watched: &WatchSet) {
        let now = Instant::now();
        self.locations.observe(change, watched, now);
        match change {
            _ if !self.checks_entities => {}
            TaskChange::Full { info, .. } => {
                let mo_id = info.mo_id();
                if watched.contains(mo_id) {
                    self.entity_states.record_task(mo_id, info, now);
                }
            }
            TaskChange::Fields { mo_id, fields, .. } => {
                for (field, _) in fields {
                    match &**field {
                        "state" => {
                            if let Some(state) = watched.state(mo_id) {
                                self.entity_states.set_state(mo_id, state, now);
                            }
                        }
                        "progress" | "description" => {
                            self.entity_states.record_progress(mo_id, now);
                        }
                        _ => {}
                    }
                }
            }
            TaskChange::Gone { mo_id, .. }
            | TaskChange::Unwatched { mo_id }
            | TaskChange::Placeholder { key: mo_id, .. } => self.entity_states.remove(mo_id),
            _ => {}
        }
    }

    /// Takes the changed states of entities, to be sent.
    pub(super) fn take_entity_states(&mut self) -> impl Iterator<Item = Update> + use<> {
        let changes = self.entity_states.take_changes().into_iter();
        changes.map(|(mo_id, state)| Update::EntityState { mo_id, state })
    }

    /// Starts or stops following the family of a task. Returns its state, to be sent.
    pub(super) fn follow_family(&mut self, task: Option<TaskLocator>) -> Option<Update> {
        let mo_id = task.as_ref().map(|task| task.mo_id.clone());
        self.family.follow(task, Instant::now());
        self.family_cache = FamilyCache::default();
        let state = FamilyState::Searching;
        mo_id.map(|mo_id| Update::Family { mo_id, state })
    }

    /// Follows the events of these tasks and of no others.
    pub(super) fn follow_events(&mut self, tasks: Vec<TaskLocator>) {
        let now = Instant::now();
        self.events.clear();
        for task in tasks {
            self.event_subscriptions += 1;
            let events = EventSubscription::new(self.event_subscriptions, task, now);
            self.events.push(events);
        }
    }

    /// Starts or stops reading the locations of entities.
    pub(super) fn read_locations(&mut self, is_wanted: bool) {
        self.locations.set_wanted(is_wanted);
    }

    /// Handles a step of a search of the history. Returns the page to send, if any.
    pub(super) fn search_history(&mut self, request: HistoryRequest) -> Option<Update> {
        self.history_search
            .handle_request(&mut self.running, request)
    }

    /// Returns the privilege to cancel a task, to be sent, or requests it.
    pub(super) fn check_privilege(&mut self, task: &TaskLocator) -> Option<Update> {
        match self.privileges.request(task, Instant::now()) {
            PrivilegeStep::Known(privilege) => {
                let mo_id = task.mo_id.clone();
                return Some(Update::Privilege { mo_id, privilege });
            }
            PrivilegeStep::Check(subject) => self.start_privilege_check(subject),
            PrivilegeStep::Pending => {}
        }
        None
    }

    fn start_privilege_check(&mut self, subject: Subject) {
        let key = self.session_key.clone();
        let permit = self.scheduler.permit(Priority::Interactive);
        self.running.start(|client| async move {
            let privilege = privileges::read_privilege(&client, &permit, &subject, &key).await;
            LookupResult::Privilege(subject, privilege)
        });
    }

    /// Starts due lookups.
    pub(super) fn start_due(&mut self, now: Instant) {
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if is_due(self.family.due(self.scheduler.is_paused()))
            && let Some((number, task, permit)) = self.family.begin(&self.scheduler)
        {
            self.running.start(move |client| async move {
                LookupResult::Family(Box::new(
                    family::below(&client, &permit, number, task).await,
                ))
            });
        }
        for events in &mut self.events {
            let events = &mut events.subscription;
            if is_due(events.due(self.scheduler.is_paused()))
                && let Some((number, task, permit)) = events.begin(&self.scheduler)
            {
                self.running.start(move |client| async move {
                    LookupResult::Events(number, events::events(&client, &permit, &task).await)
                });
            }
        }
        if is_due(self.typical_due(now)) {
            let (since, permit) = self.typical.begin(&self.scheduler);
            self.running.start(|client| async move {
                LookupResult::Typical(typical::runs(&client, &permit, since).await)
            });
        }
        if is_due(self.entity_states_due())
            && let Some((entity, permit)) = self.entity_states.start_check(&self.scheduler, now)
        {
            self.running.start(|client| async move {
                let state = entity_states::read(&client, &permit, &entity).await;
                LookupResult::EntityState(entity, state)
            });
        }
        if is_due(self.locations_due(now)) {
            let (entities, cache, permit) = self.locations.start_read(&self.scheduler, now);
            self.running.start(|client| async move {
                LookupResult::Locations(locations::locate(&client, &permit, &entities, cache).await)
            });
        }
    }

    /// Returns the time of the next due lookup.
    pub(super) fn next_time(&self, now: Instant) -> Option<Instant> {
        let is_paused = self.scheduler.is_paused();
        let events = self.events.iter();
        let events = events.filter_map(|events| events.subscription.due(is_paused));
        let due = [
            self.family.due(is_paused),
            events.min(),
            self.typical_due(now),
            self.entity_states_due(),
            self.locations_due(now),
        ];
        due.into_iter().flatten().min()
    }

    fn typical_due(&self, now: Instant) -> Option<Instant> {
        let is_wanted = self.learns_typical && self.is_open() && !self.scheduler.is_paused();
        self.typical.due(now).filter(|_| is_wanted)
    }

    fn entity_states_due(&self) -> Option<Instant> {
        let is_wanted = self.checks_entities && self.is_open() && !self.scheduler.is_paused();
        self.entity_states.due().filter(|_| is_wanted)
    }

    fn locations_due(&self, now: Instant) -> Option<Instant> {
        let is_working = self.is_open() && !self.scheduler.is_paused();
        self.locations.due(now).filter(|_| is_working)
    }

    /// Waits for the next result; `None` if no lookup is in flight. Cancel safe.
    pub(super) async fn next_result(&mut self) -> Option<LookupResult> {
        self.running.next().await
    }
}
