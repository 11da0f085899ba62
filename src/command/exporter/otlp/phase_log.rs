//! The phases of active tasks, as observed.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use crate::task::TaskRecord;

/// Maximum number of phases that are kept of a task: the first ones.
const MAX_PHASES: usize = 64;

/// A phase of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phase {
    /// Server time at which it was first seen.
    pub(super) at: Timestamp,
    /// The description, as sent.
    pub(super) text: String,
}

/// Phases by vCenter and task.
#[derive(Debug, Default)]
pub(super) struct PhaseLog(HashMap<(Arc<str>, Arc<str>), Vec<Phase>>);

impl PhaseLog {
    /// Adds the phase of an active task if it is a new one.
    pub(super) fn observe(&mut self, vcenter: &Arc<str>, record: &TaskRecord, now: Timestamp) {
        let description = record.info.as_deref();
        let description = description.and_then(|info| info.description.as_ref());
        let Some(text) = description.map(|description| description.text()) else {
            return;
        };
        let key = (vcenter.clone(), record.id.mo_id.clone());
        let phases = self.0.entry(key).or_default();
        let is_new = phases.last().is_none_or(|phase| phase.text != text);
        if is_new && phases.len() < MAX_PHASES {
            let at = record.last_change().unwrap_or(now);
            let text = text.to_owned();
            phases.push(Phase { at, text });
        }
    }

    /// Removes the phases of tasks for which `is_kept` is false.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&str, &Arc<str>) -> bool) {
        self.0.retain(|(vcenter, mo_id), _| is_kept(vcenter, mo_id));
    }

    /// Removes and returns the phases of a task, oldest first.
    pub(super) fn take(&mut self, vcenter: &Arc<str>, record: &TaskRecord) -> Vec<Phase> {
        let key = (vcenter.clone(), record.id.mo_id.clone());
        self.0.remove(&key).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::task::{
        TaskStore,
        fixture::{at, put},
    };

    #[test]
    fn phases_of_tasks_that_cannot_change_are_removed() {
        let mut store = TaskStore::new();
        let mut phases = PhaseLog::default();
        let vcenter = Arc::from("lab");
        let copying = json!({"description": {"key": "copy", "message": "Copying"}});
        for task in ["task-1", "task-2"] {
            let handle = put(&mut store, task, &copying, 1);
            phases.observe(&vcenter, store.get(handle).unwrap(), at(1));
        }
        phases.retain(|vcenter, mo_id| vcenter == "lab" && **mo_id == *"task-2");
        let limited = store
            .iter()
            .map(|(_, record)| phases.take(&vcenter, record));
        let counts: Vec<usize> = limited.map(|phases| phases.len()).collect();
        assert_eq!(counts, [0, 1]);
    }
}
