//! Selects the finished tasks that the user is notified of.

use std::{
    collections::{HashMap, HashSet},
    fmt::Debug,
    sync::Arc,
};

use crate::{
    task::{
        ChangeSet, FinishedTask, Handle, ServerContext, ServerId, StatusCounts, TaskId, TaskStore,
    },
    watch::Command,
};

/// Notifies the user outside of the screen: bell, desktop notification, window title, `--exec`.
pub trait Notifier: Debug {
    fn task_finished(&mut self, task: &FinishedTask);
    fn counts_changed(&mut self, counts: &StatusCounts);
}

/// Selects the finished tasks that the user is notified of: named and pinned tasks, or all.
///
/// Only tasks that were seen queued or running count; a task that was over when it was first read is not reported.
#[derive(Debug, Clone, Default)]
pub struct FinishTracker {
    all: bool,
    server_names: HashMap<ServerId, String>,
    named: HashSet<TaskId>,
    pinned: HashSet<TaskId>,
    active: HashSet<Handle>,
    counts: Option<StatusCounts>,
}

impl FinishTracker {
    /// Tracks the `named` tasks and those that are pinned later, or all tasks.
    pub fn new(all: bool, server_names: HashMap<ServerId, String>, named: HashSet<TaskId>) -> Self {
        Self {
            all,
            server_names,
            named,
            ..Self::default()
        }
    }

    /// Follows the commands that name, pin and unpin tasks.
    pub(super) fn record_command(&mut self, server: ServerId, command: &Command) {
        let ids = |tasks: &[Arc<str>]| -> Vec<TaskId> {
            let ids = tasks.iter().map(|task| TaskId::new(server, task.clone()));
            ids.collect()
        };
        match command {
            Command::Watch(tasks) => self.named.extend(ids(tasks)),
            Command::Unwatch(tasks) => {
                for id in ids(tasks) {
                    self.named.remove(&id);
                    self.pinned.remove(&id);
                }
            }
            Command::Pin(tasks, true) => self.pinned.extend(ids(tasks)),
            Command::Pin(tasks, false) => {
                for id in ids(tasks) {
                    self.pinned.remove(&id);
                }
            }
            _ => {}
        }
    }

    /// Returns the tasks to report that finished with these changes.
    pub(super) fn finished(
        &mut self,
        store: &TaskStore,
        changes: &ChangeSet,
        servers: &impl ServerContext,
    ) -> Vec<FinishedTask> {
        for removed in &changes.removed {
            self.active.remove(removed);
        }
        let mut finished = Vec::new();
        for handle in &changes.changed {
            let Some(record) = store.get(*handle) else {
                continue;
            };
            if record.status().is_active() {
                self.active.insert(*handle);
                continue;
            }
            let id = &record.id;
            let is_selected = self.all || self.named.contains(id) || self.pinned.contains(id);
            if record.status().is_finished() && self.active.remove(handle) && is_selected {
                let name = self.server_names.get(&id.server);
                let name = name.map_or("", String::as_str);
                let now = servers.time(id.server);
                finished.extend(FinishedTask::new(store, record, name, now));
            }
        }
        finished
    }

    /// Returns the counts if they changed since the last call.
    pub(super) fn changed_counts(&mut self, store: &TaskStore) -> Option<StatusCounts> {
        let counts = store.counts();
        let is_new = self.counts.replace(counts) != Some(counts);
        is_new.then_some(counts)
    }
}
