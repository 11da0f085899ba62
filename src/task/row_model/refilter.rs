//! Another filter over the same rows in the same order, and time that passes under a filter.
//!
//! What the filter does not want stands among its siblings without a row, so that a letter more in the filter costs
//! the texts that have to be looked at, and moves nothing. A filter that only narrows the one before looks at what
//! matched; one that only widens it looks at the rest.

use jiff::Timestamp;

use super::{GroupId, OrderTree, RowId, RowModel, SortColumn};
use crate::task::{EndpointId, EvalContext, Filter, Handle, StatusCounts};

impl RowModel {
    /// Holds all records against the filter that is in force now; `before` was in force until now.
    pub(super) fn refilter(&mut self, scene: EvalContext<'_>, before: &Filter) {
        let narrows = self.view.filter.narrows(before);
        let widens = before.narrows(&self.view.filter);
        let opens_otherwise = before.is_empty() != self.view.filter.is_empty();
        self.hold(scene, (narrows, widens), opens_otherwise);
    }

    /// Holds the records against the filter: all of them, or only those that match if it `narrows` what was in force,
    /// or only the others if it `widens` that.
    fn hold(
        &mut self,
        scene: EvalContext<'_>,
        (narrows, widens): (bool, bool),
        opens_otherwise: bool,
    ) {
        self.matching = 0;
        for group in self.groups.values_mut() {
            group.item.matched = StatusCounts::default();
        }
        let order = self.downwards(scene.board);
        for &handle in &order {
            let Some(item) = self.items.get(handle) else {
                continue;
            };
            let matches = match item.matches {
                false if narrows => false,
                true if widens => true,
                _ => self.judge(scene, handle),
            };
            let open = opens_otherwise.then(|| self.is_to_be_open(scene.board, handle));
            if let Some(item) = self.items.get_mut(handle) {
                item.matches = matches;
                item.open = open.unwrap_or(item.open);
                item.matched = item.own_match();
                self.matching += usize::from(matches);
            }
        }
        // Backwards, for a record's rows are known once those below it are.
        for &handle in order.iter().rev() {
            self.reweigh(handle.into());
            let Some(item) = self.items.get_mut(handle) else {
                continue;
            };
            item.rows = item.height();
            let (parent, matched) = (item.parent, item.matched);
            if let Some(parent) = parent.and_then(|parent| self.item_mut(parent)) {
                parent.matched += matched;
            }
        }
        if self.groups.is_empty() {
            let items = &self.items;
            let rows = |id: RowId| Some(items.get(id.task()?)?.rows);
            self.top.reweigh(|id| rows(id).unwrap_or(0));
            return;
        }
        // Another filter lets groups go by other members.
        let groups: Vec<GroupId> = self.groups.keys().collect();
        for group in groups {
            self.reweigh(group.into());
        }
        self.top = OrderTree::from_unsorted(self.rank_groups());
    }

    /// Lets those below a row stand for as many rows as they show now.
    fn reweigh(&mut self, id: RowId) {
        let children = self.item_mut(id).and_then(|item| item.children.take());
        let children = children.map(|mut children| {
            let rows = |child: RowId| Some(self.item(child)?.rows);
            children.reweigh(|child| rows(child).unwrap_or(0));
            children
        });
        if let Some(item) = self.item_mut(id) {
            item.children = children;
        }
    }

    /// Whether a record matches, with a note of when to look again.
    pub(super) fn judge(&mut self, scene: EvalContext<'_>, handle: Handle) -> bool {
        let verdict = self.view.filter.judge(scene, handle);
        let endpoint = scene.board.get(handle).map(|record| record.id.endpoint);
        let due = verdict.until.zip(endpoint);
        self.set_due(
            handle,
            due.map(|(until, endpoint)| (endpoint, until, handle)),
        );
        verdict.holds
    }

    pub(super) fn set_due(&mut self, handle: Handle, due: Option<super::Recheck>) {
        let Some(item) = self.items.get_mut(handle) else {
            return;
        };
        let before = std::mem::replace(&mut item.due, due);
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&before);
        }
        self.due.extend(due);
    }

    /// When time alone may next change what matches, by an endpoint's clock.
    pub fn next_due(&self, endpoint: EndpointId) -> Option<Timestamp> {
        let from = (endpoint, Timestamp::MIN, Handle::default());
        let next = self.due.range(from..).next();
        next.filter(|(of, ..)| *of == endpoint)
            .map(|(_, at, _)| *at)
    }

    /// Looks again at what time has come for on an endpoint. Costs by how much that is. Answers whether there was any.
    pub fn pass(&mut self, scene: EvalContext<'_>, endpoint: EndpointId) -> bool {
        let now = scene.time(endpoint);
        let from = (endpoint, Timestamp::MIN, Handle::default());
        let due = self.due.range(from..);
        let due: Vec<Handle> = due
            .take_while(|(of, at, _)| *of == endpoint && *at <= now)
            .map(|(.., handle)| *handle)
            .collect();
        for &handle in &due {
            self.refresh(scene, handle);
        }
        !due.is_empty()
    }

    /// Looks again at all that depends on the time, as after a clock was set or more is known of what is usual.
    pub fn reevaluate(&mut self, scene: EvalContext<'_>) {
        if self.view.sort.place(SortColumn::Left).is_some() {
            self.rebuild(scene);
        } else if self.view.filter.is_timed() {
            self.hold(scene, (false, false), false);
        }
    }

    /// Looks again at all that depends on what the endpoints are called.
    pub fn reevaluate_endpoints(&mut self, scene: EvalContext<'_>) {
        if self.view.filter.asks_for_endpoint() {
            self.hold(scene, (false, false), false);
        }
    }
}
