//! Matches of the filter, and their change over time.

use jiff::Timestamp;

use super::{RowModel, SortColumn, item::Recheck};
use crate::{EvalContext, Handle, ServerId};

impl RowModel {
    /// Evaluates the filter for a record and schedules the next evaluation.
    pub(super) fn evaluate(&mut self, context: EvalContext<'_>, handle: Handle) -> bool {
        if self
            .only
            .as_ref()
            .is_some_and(|only| !only.contains(&handle))
        {
            self.set_due(handle, None);
            return false;
        }
        let result = self.view.filter.evaluate(context, handle);
        let server = context.store.get(handle).map(|record| record.id.server);
        let due = result.until.zip(server);
        self.set_due(handle, due.map(|(until, server)| (server, until, handle)));
        result.holds
    }

    pub(super) fn set_due(&mut self, handle: Handle, due: Option<Recheck>) {
        let Some(item) = self.items.get_mut(handle) else {
            return;
        };
        if item.due.as_deref() == due.as_ref() {
            return;
        }
        if let Some(before) = std::mem::replace(&mut item.due, due.map(Box::new)) {
            self.due.remove(&before);
        }
        self.due.extend(due);
    }

    /// Returns the next time at which a match may change without new data, by the server's clock.
    pub fn next_due(&self, server: ServerId) -> Option<Timestamp> {
        let from = (server, Timestamp::MIN, Handle::default());
        let next = self.due.range(from..).next();
        next.filter(|(of, ..)| *of == server).map(|(_, at, _)| *at)
    }

    /// Evaluates the records of a server that are due. Takes time proportional to their number. Returns
    /// false if there are none.
    pub fn reevaluate_due(&mut self, context: EvalContext<'_>, server: ServerId) -> bool {
        let now = context.time(server);
        let from = (server, Timestamp::MIN, Handle::default());
        let due = self.due.range(from..);
        let due: Vec<Handle> = due
            .take_while(|(of, at, _)| *of == server && *at <= now)
            .map(|(.., handle)| *handle)
            .collect();
        for &handle in &due {
            self.refresh(context, handle);
        }
        !due.is_empty()
    }

    /// Makes time-dependent rows outdated, for example after a clock change or with new typical durations.
    pub fn reevaluate(&mut self, context: EvalContext<'_>) {
        let mut keys = self.requested_view().sort.keys().iter();
        if keys.any(|key| key.column == SortColumn::Left) {
            self.rebuild(context);
        } else if self.view.filter.is_timed() {
            self.reevaluate_all(context);
        }
    }

    /// Makes all rows outdated if the filter depends on server names.
    pub fn reevaluate_servers(&mut self, context: EvalContext<'_>) {
        if self.view.filter.depends_on_server() {
            self.reevaluate_all(context);
        }
    }

    fn reevaluate_all(&mut self, context: EvalContext<'_>) {
        if let Some(next) = &mut self.next {
            next.reevaluate_all(context);
        }
        self.mark_outdated(context.store, false, false);
    }
}
