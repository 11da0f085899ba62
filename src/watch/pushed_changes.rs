//! Handles the changes reported by the long poll.

use std::sync::Arc;

use tokio::time::Instant;
use vtask_task::TaskChange;
use vtask_vim::{
    Error, ErrorKind, ReportedFields,
    types::{Fault, ManagedObjectReference, ObjectUpdate, Path, TaskState, UpdateKind, UpdateSet},
};

use super::{
    concurrent_requests::ConcurrentRequests,
    session_renewals::{Call, SessionRenewals},
    stop_reason::LoopExit,
    task_feed::TaskFeed,
    translate::{TaskUpdate, task_update},
};

impl ConcurrentRequests {
    /// Handles the changes of one answer.
    pub(super) fn handle_updates(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        set: UpdateSet,
    ) -> Result<(), LoopExit> {
        for filter in set.filter_set {
            for update in filter.object_set {
                if *update.obj == *self.client.content().task_manager.value {
                    self.handle_pushed_list(feed, update);
                    continue;
                }
                let Some(mo_id) = feed.view.as_ref().and_then(|view| view.get(&update.obj)) else {
                    // The task was removed from the view.
                    continue;
                };
                if let Some(fault) = feed.handle_update(&mo_id, update) {
                    self.handle_missing(feed, renewals, &mo_id, fault)?;
                }
            }
            for missing in filter.missing_set {
                self.handle_missing(feed, renewals, &missing.obj, missing.fault)?;
            }
        }
        self.end_list_wait(Instant::now());
        Ok(())
    }

    /// Handles a pushed list of recent tasks. If it is incomplete, the list is read.
    fn handle_pushed_list(&mut self, feed: &mut TaskFeed, update: ObjectUpdate) {
        if !update.missing_set.is_empty() {
            // It is read at its interval in any case.
            return;
        }
        let changes = update.change_set.into_iter().rev();
        let mut lists = changes.filter_map(|change| match change.path {
            Path::Other(path) if &*path == "recentTask" => Some(change.val),
            _ => None,
        });
        if let Some(Ok(tasks)) = lists.next().map(ManagedObjectReference::all_from_json) {
            self.knows_recent = true;
            feed.add_recent(tasks);
        } else {
            self.read_list_at(Instant::now());
        }
    }

    /// Handles a task that the long poll cannot read: from now on it is polled.
    fn handle_missing(
        &mut self,
        feed: &mut TaskFeed,
        renewals: &mut SessionRenewals,
        mo_id: &Arc<str>,
        fault: Fault,
    ) -> Result<(), LoopExit> {
        if !feed.watched.contains(mo_id) {
            return Ok(());
        }
        feed.confirm(mo_id);
        if fault.type_name() == "ManagedObjectNotFound" {
            let reason = format!("{}: {}", fault.type_name(), fault.text());
            feed.mark_expired(mo_id, reason);
            return Ok(());
        }
        let kind = ErrorKind::Fault(fault);
        let error = Error::new("waiting for changes", self.client.server(), kind);
        if renewals.ends_session(Call::Missing, &error) {
            return Err(LoopExit::dead(error));
        }
        feed.watched.set_polled_individually(mo_id, true);
        feed.watched.schedule_at(mo_id, Instant::now());
        Ok(())
    }
}

impl TaskFeed {
    /// Handles the pushed changes of one member. Returns the fault of a property that could not be read, if any.
    fn handle_update(&mut self, mo_id: &Arc<str>, mut update: ObjectUpdate) -> Option<Fault> {
        let now = Instant::now();
        let reported = match &mut self.view {
            Some(view) => {
                view.pending.confirm(mo_id);
                view.fields
            }
            None => ReportedFields::default(),
        };
        let is_known = self.watched.record_push(mo_id, now);
        let missing = update.missing_set.first_mut();
        let missing = missing.map(|missing| std::mem::take(&mut missing.fault));
        if update.kind == UpdateKind::Enter && missing.is_none() {
            self.watched.set_polled_individually(mo_id, false);
        }
        match task_update(update, reported) {
            Ok(TaskUpdate::Whole(info)) => self.record(mo_id, info, None),
            Ok(TaskUpdate::Fields(fields)) if is_known => {
                for (field, value) in &fields {
                    match &**field {
                        "state" => {
                            if let Ok(state) = TaskState::from_json("state", value.clone()) {
                                self.watched.set_state(mo_id, &state);
                            }
                        }
                        // Changes of the lineage require the whole task.
                        "key" | "parentTaskKey" | "rootTaskKey"
                            if !self.watched.has_same_lineage(mo_id, field, value) =>
                        {
                            self.watched.schedule_at(mo_id, now);
                        }
                        _ => {}
                    }
                }
                let (mo_id, at) = (mo_id.clone(), self.now());
                self.changes.push(TaskChange::Fields { mo_id, fields, at });
            }
            Ok(TaskUpdate::Left) if self.watched.is_running(mo_id) => {
                self.watched.set_polled_individually(mo_id, true);
                self.watched.schedule_at(mo_id, now);
            }
            // The objects of finished tasks disappear after a while.
            Ok(TaskUpdate::Left) => {
                self.mark_expired(mo_id, "the server has removed it.".to_owned());
            }
            Ok(TaskUpdate::Fields(_) | TaskUpdate::ReadRequired) => {
                self.watched.schedule_at(mo_id, now);
            }
            Ok(TaskUpdate::Nothing) => {}
            Err(malformed) => self.mark_unreadable(mo_id, malformed.to_string(), false),
        }
        missing
    }
}
