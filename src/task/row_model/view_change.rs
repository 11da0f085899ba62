//! Changes of the view. They make rows outdated, which are brought up to date in steps, so that keys are handled in
//! between.
//! A record excluded by the filter keeps its position with a height of 0, so that another filter moves nothing; it is
//! evaluated in place. Another order is built beside the current rows, which are shown until it is complete.

use std::collections::HashSet;

use super::{RowId, RowModel, item::OutdatedRows, view::View};
use crate::{ChangeSet, EvalContext, Handle, TaskStore};

impl RowModel {
    /// Changes the view. The rows are out of date until [`advance`](Self::advance) has been called often enough.
    pub fn set_view<'a>(&mut self, view: View, context: impl Into<EvalContext<'a>>) {
        let context = context.into();
        let before = self.requested_view();
        let is_reordered = before.layout != view.layout
            || before.sort != view.sort
            || before.group_by != view.group_by;
        self.set_filter(&view, context.store);
        if is_reordered {
            self.build(view, context.store);
        }
    }

    /// Builds all rows again, for example after new operation labels. Keeps folds.
    pub fn rebuild<'a>(&mut self, context: impl Into<EvalContext<'a>>) {
        self.build(self.requested_view().clone(), context.into().store);
    }

    /// Returns the view last set. Its order and layout are not those of the rows while these are being built.
    pub fn requested_view(&self) -> &View {
        self.next.as_ref().map_or(&self.view, |next| &next.view)
    }

    /// True if rows are out of date.
    pub fn is_outdated(&self) -> bool {
        self.next.is_some() || !self.outdated.rows.is_empty()
    }

    /// Brings at most `count` rows up to date. Returns the previous rows when those in another order have replaced
    /// them.
    pub fn advance<'a>(
        &mut self,
        context: impl Into<EvalContext<'a>>,
        count: usize,
    ) -> Option<Box<Self>> {
        let context = context.into();
        let rest = count.saturating_sub(self.outdated.rows.len());
        self.refresh_outdated(context, count);
        let mut next = self.next.take_if(|_| rest > 0)?;
        next.refresh_outdated(context, rest);
        if next.is_outdated() {
            self.next = Some(next);
            return None;
        }
        next.copy_folds(self, context.store);
        Some(Box::new(std::mem::replace(self, *next)))
    }

    /// Brings all rows up to date. Returns the previous rows if those in another order have replaced them.
    pub fn finish<'a>(&mut self, context: impl Into<EvalContext<'a>>) -> Option<Box<Self>> {
        let context = context.into();
        let mut replaced = None;
        while self.is_outdated() {
            replaced = self.advance(context, usize::MAX).or(replaced);
        }
        replaced
    }

    /// Shows only these tasks, as far as they match the filter, or all that match.
    pub fn restrict(&mut self, context: EvalContext<'_>, only: Option<HashSet<Handle>>) {
        if let Some(next) = &mut self.next {
            next.restrict(context, only.clone());
        }
        if self.only != only {
            self.only = only;
            self.mark_outdated(context.store, false, false);
        }
    }

    /// Adds a task to those shown, or removes it; takes effect with its next update. Does nothing unless the tasks are
    /// restricted.
    pub fn restrict_task(&mut self, handle: Handle, is_included: bool) {
        if let Some(next) = &mut self.next {
            next.restrict_task(handle, is_included);
        }
        if let Some(only) = &mut self.only {
            if is_included {
                only.insert(handle);
            } else {
                only.remove(&handle);
            }
        }
    }

    fn set_filter(&mut self, view: &View, store: &TaskStore) {
        if let Some(next) = &mut self.next {
            next.set_filter(view, store);
        }
        if self.view.filter != view.filter {
            let narrows = view.filter.narrows(&self.view.filter);
            let widens = self.view.filter.narrows(&view.filter);
            self.view.filter = view.filter.clone();
            self.mark_outdated(store, narrows, widens);
        }
    }

    /// Starts to build the rows of a view beside the current ones.
    fn build(&mut self, view: View, store: &TaskStore) {
        let mut next = Self::new(view);
        next.folds.clone_from(&self.folds);
        next.folds.retain(|handle, _| store.get(*handle).is_some());
        if next.grouped_by() == self.grouped_by() {
            next.group_folds.clone_from(&self.group_folds);
        }
        next.only.clone_from(&self.only);
        next.mark_outdated(store, false, false);
        self.next = Some(Box::new(next));
    }

    /// Marks all rows as outdated; groups come after their members.
    pub(super) fn mark_outdated(
        &mut self,
        store: &TaskStore,
        keeps_excluded: bool,
        keeps_matches: bool,
    ) {
        // The results kept for a filter are only valid if all records were evaluated with the filter before it.
        let before = &self.outdated;
        let all_evaluated = before.rows.is_empty();
        let keeps_excluded = keeps_excluded && (all_evaluated || before.keeps_excluded);
        let keeps_matches = keeps_matches && (all_evaluated || before.keeps_matches);
        let mut rows: Vec<RowId> = store.iter().map(|(handle, _)| handle.into()).collect();
        rows.extend(self.groups.keys().map(RowId::Group));
        rows.reverse();
        self.outdated = OutdatedRows {
            rows,
            keeps_excluded,
            keeps_matches,
        };
    }

    /// Brings at most `count` of the model's own rows up to date.
    fn refresh_outdated(&mut self, context: EvalContext<'_>, count: usize) {
        let from = self.outdated.rows.len().saturating_sub(count);
        let mut missing = ChangeSet::default();
        for id in self.outdated.rows.split_off(from).into_iter().rev() {
            match id {
                RowId::Task(handle) if self.items.contains_key(handle) => {
                    self.reevaluate_outdated(context, handle);
                }
                RowId::Task(handle) => missing.changed.push(handle),
                RowId::Group(_) => self.reposition(context, id, false),
            }
        }
        self.update(context, &missing);
        if self.outdated.rows.is_empty() {
            self.outdated = OutdatedRows::default();
        }
    }

    fn reevaluate_outdated(&mut self, context: EvalContext<'_>, handle: Handle) {
        let Some(item) = self.items.get(handle) else {
            return;
        };
        let status = item.status;
        let matches = match item.matches {
            false if self.outdated.keeps_excluded => false,
            true if self.outdated.keeps_matches => true,
            _ => self.evaluate(context, handle),
        };
        if self.set_state(context.store, handle, status, matches) {
            self.reposition(context, handle.into(), false);
        }
    }

    /// Copies the folds that were changed while the rows were being built.
    fn copy_folds(&mut self, from: &Self, store: &TaskStore) {
        for (handle, folded) in &from.folds {
            if self.folds.get(handle) != Some(folded) {
                self.set_folded(store, *handle, *folded);
            }
        }
        if self.grouped_by() != from.grouped_by() {
            return;
        }
        for (key, folded) in &from.group_folds {
            let group = self.group_ids.get(key).copied();
            if self.group_folds.get(key) != Some(folded)
                && let Some(group) = group
            {
                self.set_folded(store, group, *folded);
            }
        }
    }
}
