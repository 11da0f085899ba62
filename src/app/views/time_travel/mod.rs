//! Time travel: shows the list at an earlier time while the live view is updated in the background.

#[cfg(test)]
mod tests;
pub(in crate::app) mod update;

use jiff::Timestamp;

use super::TaskView;
use crate::{
    app::{insight::InsightCache, server_state::ServerClocks},
    task::{ChangeSet, EndpointInfo, OldState, UndoLog},
};

/// State of time travel.
#[derive(Debug)]
pub struct TimeTravel {
    /// The tasks as they were at the displayed time.
    pub view: TaskView,
    /// The displayed time, by the local clock.
    pub at: Timestamp,
    /// Index in the undo log of the first change after the displayed time.
    next: u64,
    /// Entries to move forward again, up to when the store was copied.
    forward: Vec<OldState>,
}

impl TimeTravel {
    fn start(live: &TaskView, undo_log: &UndoLog, at: Timestamp) -> Self {
        Self {
            view: live.clone(),
            at,
            next: undo_log.end(),
            forward: Vec::new(),
        }
    }

    /// Returns to the live view. Selection, marks, sort order, filter, columns and layout are kept.
    fn end(self, live: &mut TaskView) {
        let view = self.view;
        if live.row_model.view() != view.row_model.view() {
            let arrangement = view.row_model.view().clone();
            live.row_model.set_view(arrangement, &live.store);
        }
        live.selection = view.selection;
        live.selection
            .translate_group(&view.row_model, &live.row_model);
        live.marks = view.marks;
        live.marks.retain_known(&live.store);
        live.columns = view.columns;
        live.details = view.details;
        live.subscription = view.subscription;
        live.insights = InsightCache::default();
    }

    /// True if a change can be reached; those after the copy can only be reached from the live view.
    fn reaches(&self, target: u64) -> bool {
        target <= self.next + self.forward.len() as u64
    }

    /// Moves to before the change with the index `target`.
    fn go_to(
        &mut self,
        (target, at): (u64, Timestamp),
        undo_log: &UndoLog,
        live: &TaskView,
        clocks: &ServerClocks<'_>,
    ) {
        let view = &mut self.view;
        let mut touched = ChangeSet::default();
        while self.next > target
            && let Some(before) = undo_log.was(self.next - 1)
        {
            self.forward.push(view.store.rewind(before, &mut touched));
            self.next -= 1;
        }
        while self.next < target
            && let Some(after) = self.forward.pop()
        {
            view.store.rewind(after, &mut touched);
            self.next += 1;
        }
        self.at = at;
        for &handle in &touched.changed {
            let Some(record) = view.store.get(handle) else {
                continue;
            };
            // Restore progress samples up to the displayed time.
            let now = live.store.find(&record.id);
            let now = now.and_then(|now| live.store.get(now)?.history.as_deref());
            let whole = now.or(record.history.as_deref());
            let history = whole.and_then(|history| history.until(clocks.time(record.id.endpoint)));
            view.store.set_history(handle, history.map(Box::new));
        }
        view.row_model.update(&view.store, &touched);
        view.insights = InsightCache::default();
    }
}
