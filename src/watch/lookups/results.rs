//! Handles the results of lookups.

use std::{collections::HashSet, sync::Arc};

use tokio::time::Instant;
use vtask_vim::{
    Error,
    types::{TaskEvent, TaskInfo},
};

use super::{
    Lookups, events,
    family::{self, FamilyFound, Missing},
    history_search::reason,
    running::LookupResult,
};
use crate::{
    FamilyState, Privilege, Update,
    session_renewals::SessionRenewals,
    stop_reason::LoopExit,
    task_feed::TaskFeed,
    watch_set::{Origin, WatchSet},
};

impl Lookups {
    /// Handles a result. Returns the updates to send, after the changes of tasks.
    pub(crate) fn handle_result(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        result: LookupResult,
    ) -> Result<Vec<Update>, LoopExit> {
        let now = Instant::now();
        let can_renew = renewals.can_renew;
        match result {
            LookupResult::Family(found) => self.handle_family(feed, can_renew, *found, now),
            LookupResult::Events(number, events) => {
                let update = self.handle_events(&feed.watched, can_renew, number, events, now)?;
                Ok(update.into_iter().collect())
            }
            LookupResult::Locations(found) => {
                let changed = self.locations.record_result(found, can_renew, now);
                let changed = changed.map_err(LoopExit::dead)?;
                Ok((!changed.is_empty())
                    .then_some(Update::Locations(changed))
                    .into_iter()
                    .collect())
            }
            LookupResult::History(answer) => {
                let page =
                    self.history_search
                        .handle_answer(&mut self.running, renewals, answer)?;
                if let Some(Update::HistoryPage { page: Ok(page), .. }) = &page {
                    for info in &page.tasks {
                        self.locations.record_task(info, now);
                    }
                }
                Ok(page.into_iter().collect())
            }
            LookupResult::Typical(Ok(runs)) => {
                Ok(vec![Update::Typical(self.typical.take_new(runs, now))])
            }
            LookupResult::Typical(Err(error)) => {
                let can_renew = error.is_session_dead() && can_renew;
                if self.typical.failed(&error, can_renew, now) {
                    return Err(LoopExit::dead(error));
                }
                Ok(vec![Update::TypicalUnknown(reason(&error))])
            }
            LookupResult::Privilege(subject, Err(error))
                if error.is_session_dead()
                    && can_renew
                    && self.privileges.take_renewal(&subject) =>
            {
                Err(LoopExit::dead(error))
            }
            LookupResult::Privilege(subject, answer) => {
                let unknown = |error: Error| (None, Privilege::Unknown(error.reason().into()));
                let (entity, privilege) = answer.unwrap_or_else(unknown);
                let waiting = self
                    .privileges
                    .record_result(&subject, entity, &privilege, now);
                let updates = waiting.into_iter().map(|mo_id| Update::Privilege {
                    mo_id,
                    privilege: privilege.clone(),
                });
                Ok(updates.collect())
            }
            LookupResult::EntityState(entity, Ok(state)) => {
                self.entity_states.record_result(&entity, &state, now);
                Ok(Vec::new())
            }
            LookupResult::EntityState(_, Err(error)) => {
                if self.entity_states.record_failure(&error, can_renew, now) {
                    return Err(LoopExit::dead(error));
                }
                Ok(Vec::new())
            }
        }
    }

    fn handle_events(
        &mut self,
        watched: &WatchSet,
        can_renew: bool,
        number: u32,
        events: Result<Vec<TaskEvent>, Error>,
        now: Instant,
    ) -> Result<Option<Update>, LoopExit> {
        let mut all = self.events.iter_mut();
        let answered = all.find_map(|events| {
            let task = events.subscription.finish_lookup(number)?;
            Some((task, events))
        });
        let Some((task, followed)) = answered else {
            return Ok(None);
        };
        let is_running = watched.is_running(&task.mo_id);
        let due = is_running.then_some(now + events::EVENTS_REFRESH_INTERVAL);
        let events = match events {
            Ok(events) => {
                followed.subscription.reset(due);
                if followed.sent.as_deref() == Some(&events[..]) {
                    return Ok(None);
                }
                let events: Arc<[TaskEvent]> = events.into();
                followed.sent = Some(events.clone());
                Ok(events)
            }
            Err(error)
                if error.is_session_dead() && can_renew && followed.subscription.renews(now) =>
            {
                return Err(LoopExit::dead(error));
            }
            Err(error) => {
                followed.subscription.record_failure(due);
                followed.sent = None;
                Err(error.reason().into())
            }
        };
        let mo_id = task.mo_id;
        Ok(Some(Update::Events { mo_id, events }))
    }

    fn handle_family(
        &mut self,
        feed: &mut TaskFeed,
        can_renew: bool,
        found: FamilyFound,
        now: Instant,
    ) -> Result<Vec<Update>, LoopExit> {
        let FamilyFound {
            number,
            locator,
            mut family,
            searched,
            outcome,
        } = found;
        let mut updates = Vec::new();
        if self.family.finish_lookup(number).is_none() {
            return Ok(updates);
        }
        let members = std::mem::take(&mut family.members);
        let named = family.named(&locator, &members);
        if feed.watched.contains(&locator.mo_id) {
            self.handle_members(feed, members, now);
            for mo_id in &family.recent {
                feed.watched.add(mo_id, Origin::Lineage, now);
            }
        } else if !members.is_empty() {
            let mo_id = locator.mo_id.clone();
            updates.push(Update::Relatives { mo_id, members });
        }
        self.family_cache.unrelated.extend(family.unrelated);
        let failure = match outcome {
            Ok(()) => None,
            Err(error) if error.is_session_dead() && can_renew && self.family.renews(now) => {
                return Err(LoopExit::dead(error));
            }
            Err(error) => Some(error),
        };
        let is_first = searched.is_none();
        let searched = searched.into_iter().flatten();
        self.family_cache.searched.extend(searched);
        if is_first
            && let Some(missing) = self.missing(&feed.watched, named, failure.as_ref())
            && let Some(permit) = self.family.resume(&self.scheduler)
        {
            self.running.start(move |client| async move {
                LookupResult::Family(Box::new(
                    family::read_missing(&client, &permit, number, locator, missing).await,
                ))
            });
            return Ok(updates);
        }
        let next_read = now + family::REFRESH_INTERVAL;
        let state = if let Some(error) = failure {
            // A missing permission does not change within half a minute.
            let is_transient = error.is_transient() || error.is_fault("InvalidState");
            self.family
                .record_failure(is_transient.then_some(next_read));
            FamilyState::Failed(reason(&error))
        } else {
            let is_running = feed.watched.is_family_running(&locator);
            self.family.reset(is_running.then_some(next_read));
            FamilyState::Found { at: feed.now() }
        };
        let mo_id = locator.mo_id;
        updates.push(Update::Family { mo_id, state });
        Ok(updates)
    }

    /// Returns the missing part of a family in which these keys are named.
    fn missing(
        &self,
        watched: &WatchSet,
        mut named: HashSet<Arc<str>>,
        failure: Option<&Error>,
    ) -> Option<Missing> {
        let family = &self.family_cache;
        if failure.is_some() {
            named.clear();
        }
        named.retain(|key| watched.is_end_unknown(key) && !family.searched.contains(key));
        let known = (!self.discovers).then(|| {
            let known = watched.names().cloned();
            known.chain(family.unrelated.iter().cloned()).collect()
        });
        (!named.is_empty() || known.is_some()).then(|| Missing {
            above: named,
            known,
            failure: failure.cloned(),
        })
    }

    fn handle_members(&mut self, feed: &mut TaskFeed, members: Vec<TaskInfo>, now: Instant) {
        for info in members {
            let mo_id = info.mo_id().clone();
            if !info.state.is_finished() {
                // The history lags behind: a running task is watched to learn its present state.
                feed.watched.add(&mo_id, Origin::Lineage, now);
            } else if self.family_cache.reported.insert(mo_id.clone()) {
                feed.record_past(&mo_id, Box::new(info));
            }
        }
    }
}
