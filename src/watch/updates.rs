//! Handles results of the long poll and of the calls around it: changes, missing properties, changes of the view.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    endpoint::{Endpoint, StopReason},
    failure_detector::concerns_all,
    push::Fetch,
    read_loop::InFlight,
    renewals::Call,
    responses::LoopExit,
    translate::{TaskUpdate, task_update},
};
use crate::{
    task::TaskChange,
    vim::{
        Error, ErrorKind,
        types::{
            Fault, ManagedObjectReference, ObjectUpdate, Path, TaskInfo, TaskState, UpdateSet,
        },
    },
};

/// Consecutive failures to change the view after which tasks are polled.
const MAX_VIEW_FAILURES: u32 = 3;

impl Endpoint {
    /// Handles the result of adding tasks to the view. A failure concerns those tasks, unless it repeats itself.
    pub(super) async fn handle_view_change(
        &mut self,
        in_flight: &mut InFlight,
        joining: &[Arc<str>],
        answer: Result<Vec<ManagedObjectReference>, Error>,
    ) -> Result<(), LoopExit> {
        let again = match &answer {
            Err(error) if error.is_session_dead() => Instant::now(),
            _ => Instant::now() + self.options.tempo.initial_backoff,
        };
        if let Fetch::Push(push) = &mut self.fetch {
            for task in push.modified(joining, answer.is_err()) {
                self.watched.schedule_at(&task, again);
            }
        }
        let error = match answer {
            Ok(unresolved) => {
                self.renewals.succeeded(&Call::View);
                self.view_failures = 0;
                for task in unresolved {
                    let reason = "the server knows no such task (any more).";
                    self.mark_expired(in_flight, &task.value, reason.to_owned());
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if self.ends_session(Call::View, &error) {
            return Err(LoopExit::SessionDead(Box::new(error)));
        }
        self.view_failures += 1;
        // The view may have been destroyed although the session lives: then a new one is created.
        let is_gone = error.is_fault("ManagedObjectNotFound");
        let may_pass = is_gone || error.is_transient();
        if !may_pass || self.view_failures >= MAX_VIEW_FAILURES {
            return self.fall_back_to_polling(in_flight, error).await;
        }
        if is_gone {
            self.drop_collector();
        } else if concerns_all(&error) {
            return Err(StopReason::Failed(Box::new(error)).into());
        }
        Ok(())
    }

    /// Handles the changes reported by the long poll.
    pub(super) async fn handle_updates(
        &mut self,
        in_flight: &mut InFlight,
        set: UpdateSet,
    ) -> Result<(), LoopExit> {
        for filter in set.filter_set {
            for update in filter.object_set {
                if *update.obj == *in_flight.client.content().task_manager.value {
                    self.handle_pushed_list(in_flight, update).await?;
                } else {
                    self.handle_update(in_flight, update)?;
                }
            }
            for missing in filter.missing_set {
                self.handle_missing(in_flight, &missing.obj, missing.fault)?;
            }
        }
        Ok(())
    }

    /// Handles a pushed list of recent tasks. If it is incomplete, the list is read.
    async fn handle_pushed_list(
        &mut self,
        in_flight: &mut InFlight,
        update: ObjectUpdate,
    ) -> Result<(), LoopExit> {
        if !update.missing_set.is_empty() {
            // It is read at its interval in any case.
            return Ok(());
        }
        let changes = update.change_set.into_iter().rev();
        let mut lists = changes.filter_map(|change| match change.into_parts() {
            (Path::Other(path), list) if &*path == "recentTask" => Some(list),
            _ => None,
        });
        if let Some(Ok(tasks)) = lists.next().map(ManagedObjectReference::all_from_json) {
            return self.update_recent_tasks(in_flight, tasks).await;
        }
        in_flight.list_at(Instant::now());
        Ok(())
    }

    fn handle_update(
        &mut self,
        in_flight: &mut InFlight,
        mut update: ObjectUpdate,
    ) -> Result<(), LoopExit> {
        let now = Instant::now();
        let Fetch::Push(push) = &mut self.fetch else {
            return Ok(());
        };
        // Updates of a task that was removed from the view are dropped.
        let Some(mo_id) = push.members.get(&update.obj).cloned() else {
            return Ok(());
        };
        push.confirm(&mo_id);
        let is_known = self.watched.record_push(&mo_id, now).is_some();
        let missing = update.missing_set.first_mut();
        let missing = missing.map(|missing| std::mem::take(&mut missing.fault));
        match task_update(update) {
            Ok(TaskUpdate::Whole(info)) => {
                self.watched.read_by_itself(&mo_id, false);
                self.handle_task_info(in_flight, &mo_id, info, None);
            }
            Ok(TaskUpdate::Fields(fields)) if is_known => {
                for (field, value) in &fields {
                    match &**field {
                        "state" => {
                            if let Ok(state) = TaskState::from_json("state", value.clone()) {
                                self.watched.set_state(&mo_id, &state);
                                self.lookups.set_state(&mo_id, &state);
                            }
                        }
                        "progress" | "description" => self.lookups.moved(&mo_id),
                        // Changes of the lineage require the whole task.
                        "key" | "parentTaskKey" | "rootTaskKey"
                            if !self.watched.has_same_lineage(&mo_id, field, value) =>
                        {
                            self.watched.schedule_at(&mo_id, now);
                        }
                        _ => {}
                    }
                }
                let at = self.now();
                let mo_id = mo_id.clone();
                in_flight
                    .changes
                    .push(TaskChange::Fields { mo_id, fields, at });
            }
            Ok(TaskUpdate::Left) => {
                self.mark_expired(in_flight, &mo_id, "it left the server.".to_owned());
            }
            Ok(TaskUpdate::Fields(_) | TaskUpdate::ReadIt) => self.watched.schedule_at(&mo_id, now),
            Ok(TaskUpdate::Nothing) => {}
            Err(malformed) => self.unreadable(in_flight, &mo_id, malformed.to_string(), false),
        }
        match missing {
            Some(fault) => self.handle_missing(in_flight, &mo_id, fault),
            None => Ok(()),
        }
    }

    /// Handles a task that the long poll cannot read: from now on it is polled.
    fn handle_missing(
        &mut self,
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        fault: Fault,
    ) -> Result<(), LoopExit> {
        if !self.watched.contains(mo_id) {
            return Ok(());
        }
        if let Fetch::Push(push) = &mut self.fetch {
            push.confirm(mo_id);
        }
        if fault.type_name() == "ManagedObjectNotFound" {
            let reason = format!("{}: {}", fault.type_name(), fault.text());
            self.mark_expired(in_flight, mo_id, reason);
            return Ok(());
        }
        let error = Error {
            doing: "waiting for changes".to_owned(),
            server: in_flight.client.server(),
            kind: ErrorKind::Fault(fault),
        };
        if self.ends_session(Call::Missing, &error) {
            return Err(LoopExit::SessionDead(Box::new(error)));
        }
        self.watched.read_by_itself(mo_id, true);
        self.watched.schedule_at(mo_id, Instant::now());
        Ok(())
    }

    /// Handles a task that was read because the long poll is silent. A state that the poll did not report shows that
    /// the poll is dead: it is restarted.
    pub(super) fn handle_check(
        &mut self,
        in_flight: &mut InFlight,
        mo_id: &Arc<str>,
        asked: Instant,
        answer: Result<Box<TaskInfo>, Error>,
    ) -> Result<(), LoopExit> {
        let is_missed = match answer {
            Ok(info) => {
                self.renewals.succeeded(&Call::Check);
                self.check_failures = 0;
                !self.watched.is_stale(mo_id, asked) && self.watched.is_other(mo_id, &info.state)
            }
            Err(error) if error.is_fault("ManagedObjectNotFound") => true,
            Err(error) if self.ends_session(Call::Check, &error) => {
                return Err(LoopExit::SessionDead(Box::new(error)));
            }
            Err(_) => {
                self.check_failures += 1;
                false
            }
        };
        if let Fetch::Push(push) = &mut self.fetch
            && is_missed
        {
            self.watched.schedule_at(mo_id, Instant::now());
            push.restart_wait(in_flight);
            if push.is_lossy() {
                self.drop_collector();
            }
        }
        Ok(())
    }
}
