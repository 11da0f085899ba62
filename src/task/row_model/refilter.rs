//! Changes of the filter, and of matches over time.
//! A record excluded by the filter keeps its position with a height of 0, so that typing in the
//! filter evaluates texts and moves nothing. A narrower filter is evaluated for the previous
//! matches only, a wider one for the others.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{GroupId, RowId, RowModel, SortColumn, item::Recheck, order_tree::OrderTree};
use crate::{EvalContext, Filter, Handle, ServerId, StatusCounts};

impl RowModel {
    /// Evaluates the current filter for all records; `before` is the previous one.
    pub(super) fn refilter(&mut self, context: EvalContext<'_>, before: &Filter) {
        let narrows = self.view.filter.narrows(before);
        let widens = before.narrows(&self.view.filter);
        let default_fold_changed = before.is_empty() != self.view.filter.is_empty();
        self.apply_filter(context, (narrows, widens), default_fold_changed);
    }

    /// Evaluates the filter for all records, or only for the matches of the previous filter if it
    /// `narrows` that, or only for the others if it `widens` it.
    fn apply_filter(
        &mut self,
        context: EvalContext<'_>,
        (narrows, widens): (bool, bool),
        default_fold_changed: bool,
    ) {
        self.matching = 0;
        for subtree in self
            .groups
            .values_mut()
            .filter_map(|group| group.item.subtree.as_mut())
        {
            subtree.matched = StatusCounts::default();
        }
        let order = self.parents_first(context.store);
        for &handle in &order {
            let Some(item) = self.items.get(handle) else {
                continue;
            };
            let matches = match item.matches {
                false if narrows => false,
                true if widens => true,
                _ => self.evaluate(context, handle),
            };
            let open = default_fold_changed.then(|| self.should_be_open(context.store, handle));
            if let Some(item) = self.items.get_mut(handle) {
                item.matches = matches;
                item.open = open.unwrap_or(item.open);
                if let Some(subtree) = &mut item.subtree {
                    subtree.matched = StatusCounts::default();
                }
                self.matching += usize::from(matches);
            }
        }
        // In reverse, because a record's height depends on its descendants.
        for &handle in order.iter().rev() {
            self.update_weights(handle.into());
            let Some(item) = self.items.get_mut(handle) else {
                continue;
            };
            item.rows = item.height();
            let (parent, matched) = (item.parent, item.matched());
            if let Some(parent) = parent.and_then(|parent| self.item_mut(parent)) {
                parent.subtree.get_or_insert_default().matched += matched;
            }
        }
        if self.groups.is_empty() {
            let items = &self.items;
            let rows = |id: RowId| Some(items.get(id.task()?)?.rows);
            self.top.update_weights(|id| rows(id).unwrap_or(0));
            return;
        }
        // Another filter may change a group's first member and with it the group's position.
        let groups: Vec<GroupId> = self.groups.keys().collect();
        for group in groups {
            self.update_weights(group.into());
        }
        self.top = OrderTree::from_unsorted(self.group_entries());
    }

    /// Shows only these tasks, as far as they match the filter, or all that match.
    pub fn restrict(&mut self, context: EvalContext<'_>, only: Option<HashSet<Handle>>) {
        if self.only != only {
            let default_fold_changed = self.only.is_some() != only.is_some();
            self.only = only;
            self.apply_filter(context, (false, false), default_fold_changed);
        }
    }

    /// Adds a task to those shown, or removes it; takes effect with its next update. Does nothing unless the tasks are
    /// restricted.
    pub fn restrict_task(&mut self, handle: Handle, is_included: bool) {
        if let Some(only) = &mut self.only {
            if is_included {
                only.insert(handle);
            } else {
                only.remove(&handle);
            }
        }
    }

    /// Updates the weights of a row's children.
    fn update_weights(&mut self, id: RowId) {
        let Some(mut subtree) = self.item_mut(id).and_then(|item| item.subtree.take()) else {
            return;
        };
        let rows = |child: RowId| Some(self.item(child)?.rows);
        subtree
            .children
            .update_weights(|child| rows(child).unwrap_or(0));
        if let Some(item) = self.item_mut(id) {
            item.subtree = Some(subtree);
        }
    }

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

    /// Evaluates all time-dependent records, for example after a clock change or with new typical
    /// durations.
    pub fn reevaluate(&mut self, context: EvalContext<'_>) {
        if self.view.sort.position(SortColumn::Left).is_some() {
            self.rebuild(context);
        } else if self.view.filter.is_timed() {
            self.apply_filter(context, (false, false), false);
        }
    }

    /// Evaluates all records if the filter depends on server names.
    pub fn reevaluate_servers(&mut self, context: EvalContext<'_>) {
        if self.view.filter.depends_on_server() {
            self.apply_filter(context, (false, false), false);
        }
    }
}
