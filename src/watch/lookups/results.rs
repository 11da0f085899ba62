//! Handles the results of lookups.

use std::{collections::HashSet, sync::Arc};

use tokio::time::Instant;

use super::{
    LookupResult, Lookups, events,
    family::{self, FamilyFound, Missing},
    history_search::reason,
    subscription::Subscription,
};
use crate::{
    task::TaskChange,
    vim::{
        Error,
        types::{TaskEvent, TaskInfo},
    },
    watch::{
        FamilyState, Privilege, Update,
        endpoint::{Endpoint, StopReason},
        read_loop::InFlight,
        responses::LoopExit,
        watch_set::Origin,
    },
};

impl Endpoint {
    /// Handles and sends a result.
    pub(in crate::watch) async fn handle_lookup_result(
        &mut self,
        in_flight: &mut InFlight,
        found: LookupResult,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        match found {
            LookupResult::Family(found) => self.handle_family(in_flight, *found, now).await?,
            LookupResult::Events(number, events) => {
                let Some(trace) = self.lookups.events.answered(number) else {
                    return Ok(());
                };
                let is_running = self.watched.is_running(&trace.mo_id);
                let due = is_running.then_some(now + events::EVENTS_REFRESH_INTERVAL);
                let events = match events {
                    Ok(events) => {
                        self.lookups.events.reset(due);
                        let is_told = self.lookups.told.as_deref() == Some(&events[..]);
                        let events: Arc<[TaskEvent]> = events.into();
                        self.lookups.told = Some(events.clone());
                        if is_told {
                            return Ok(());
                        }
                        Ok(events)
                    }
                    Err(error)
                        if error.is_session_dead()
                            && self.renews(in_flight, |it| &mut it.events) =>
                    {
                        return Err(LoopExit::SessionDead(Box::new(error)));
                    }
                    Err(error) => {
                        self.lookups.events.record_failure(due);
                        self.lookups.told = None;
                        Err(error.reason().into())
                    }
                };
                let mo_id = trace.mo_id;
                self.send_update(Update::Events { mo_id, events }).await?;
            }
            LookupResult::Past(answer) => self.handle_page(in_flight, answer).await?,
            LookupResult::Typical(Ok(runs)) => {
                let runs = self.lookups.typical.wait_tuning(runs, now);
                self.send_update(Update::Typical(runs)).await?;
            }
            LookupResult::Typical(Err(error)) => {
                let can_renew = error.is_session_dead() && in_flight.client.can_renew();
                if self.lookups.typical.failed(&error, can_renew, now) {
                    return Err(LoopExit::SessionDead(Box::new(error)));
                }
                self.send_update(Update::TypicalUnknown(reason(&error)))
                    .await?;
            }
            LookupResult::Privilege(subject, Err(error))
                if error.is_session_dead()
                    && in_flight.client.can_renew()
                    && self.lookups.privileges.renews(&subject) =>
            {
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            LookupResult::Privilege(subject, answer) => {
                let unknown = |error: Error| (None, Privilege::Unknown(error.reason().into()));
                let (entity, privilege) = answer.unwrap_or_else(unknown);
                let privileges = &mut self.lookups.privileges;
                for mo_id in privileges.answered(&subject, entity, &privilege, now) {
                    let privilege = privilege.clone();
                    self.send_update(Update::Privilege { mo_id, privilege })
                        .await?;
                }
            }
            LookupResult::Question(machine, Ok(question)) => {
                let questions = &mut self.lookups.questions;
                questions.answered(&machine, question.as_ref(), now);
            }
            LookupResult::Question(_, Err(error)) => {
                let can_renew = in_flight.client.can_renew();
                if self.lookups.questions.failed(&error, can_renew, now) {
                    return Err(LoopExit::SessionDead(Box::new(error)));
                }
            }
        }
        Ok(())
    }

    /// Sends changed questions of virtual machines.
    pub(in crate::watch) async fn send_questions(&mut self) -> Result<(), StopReason> {
        for (mo_id, question) in self.lookups.questions.take_changes() {
            self.send_update(Update::Question { mo_id, question })
                .await?;
        }
        Ok(())
    }

    /// True if a dead session is worth renewing for a subscription, which is then due again.
    fn renews(
        &mut self,
        in_flight: &InFlight,
        of: impl FnOnce(&mut Lookups) -> &mut Subscription,
    ) -> bool {
        in_flight.client.can_renew() && of(&mut self.lookups).renews(Instant::now())
    }

    async fn handle_family(
        &mut self,
        in_flight: &mut InFlight,
        found: FamilyFound,
        now: Instant,
    ) -> Result<(), LoopExit> {
        let FamilyFound {
            number,
            trace,
            mut family,
            searched,
            outcome,
        } = found;
        if self.lookups.family.answered(number).is_none() {
            return Ok(());
        }
        let members = std::mem::take(&mut family.members);
        let named = family.named(&trace, &members);
        if self.watched.contains(&trace.mo_id) {
            self.handle_members(in_flight, members, now);
            for mo_id in &family.recent {
                self.watched.add(mo_id, Origin::Lineage, now);
            }
        } else if !members.is_empty() {
            let mo_id = trace.mo_id.clone();
            self.send_update(Update::Relatives { mo_id, members })
                .await?;
        }
        self.send_changes(in_flight).await?;
        self.lookups.family_cache.unrelated.extend(family.unrelated);
        let trouble = match outcome {
            Ok(()) => None,
            Err(error)
                if error.is_session_dead() && self.renews(in_flight, |it| &mut it.family) =>
            {
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(error) => Some(error),
        };
        let is_first = searched.is_none();
        self.lookups
            .family_cache
            .searched
            .extend(searched.into_iter().flatten());
        if is_first
            && let Some(missing) = self.missing(named, trouble.as_ref())
            && let Some(gate) = self.lookups.family.resume(&self.lookups.line)
        {
            in_flight.spawn_lookup(move |client| async move {
                LookupResult::Family(Box::new(
                    family::rest(&client, &gate, number, trace, missing).await,
                ))
            });
            return Ok(());
        }
        let again = now + family::REFRESH_INTERVAL;
        let state = if let Some(error) = trouble {
            // A missing permission does not change within half a minute.
            let may_pass = error.is_transient() || error.is_fault("InvalidState");
            let due = may_pass.then_some(again);
            self.lookups.family.record_failure(due);
            FamilyState::Failed(reason(&error))
        } else {
            let is_running = self.watched.is_family_running(&trace);
            self.lookups.family.reset(is_running.then_some(again));
            FamilyState::Found { at: self.now() }
        };
        let mo_id = trace.mo_id;
        Ok(self.send_update(Update::Family { mo_id, state }).await?)
    }

    /// Returns the missing part of a family in which these keys are named.
    fn missing(&self, mut named: HashSet<Arc<str>>, trouble: Option<&Error>) -> Option<Missing> {
        let family = &self.lookups.family_cache;
        if trouble.is_some() {
            named.clear();
        }
        named.retain(|key| self.watched.is_end_unknown(key) && !family.searched.contains(key));
        let known = (!self.options.discover).then(|| {
            let watched = self.watched.names().cloned();
            watched.chain(family.unrelated.iter().cloned()).collect()
        });
        (!named.is_empty() || known.is_some()).then(|| Missing {
            above: named,
            known,
            trouble: trouble.cloned(),
        })
    }

    fn handle_members(&mut self, in_flight: &mut InFlight, members: Vec<TaskInfo>, now: Instant) {
        for info in members {
            let mo_id = info.mo_id().clone();
            if info.state.is_finished() {
                if self.lookups.family_cache.reported.insert(mo_id.clone()) {
                    self.recall(in_flight, &mo_id, Box::new(info));
                }
            } else {
                // The history lags behind: a running task is watched to learn its present state.
                self.watched.add(&mo_id, Origin::Lineage, now);
            }
        }
    }

    /// Sends a finished task of the history; a watched one only if its end was missed.
    pub(in crate::watch) fn recall(
        &mut self,
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        mut info: Box<TaskInfo>,
    ) {
        if !self.watched.is_end_unknown(mo_id) {
            return;
        }
        info.intern_id(mo_id);
        let now = Instant::now();
        for key in self.watched.record_read(mo_id, &info, None, now) {
            self.watched.add(&key, Origin::Lineage, now);
        }
        let at = self.now();
        in_flight.changes.push(TaskChange::FromHistory { info, at });
    }
}
