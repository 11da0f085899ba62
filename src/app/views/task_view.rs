//! View of one task store, with all state keyed by its handles, which are only valid for their store.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    thread,
};

use jiff::Timestamp;

use crate::{
    app::{
        columns::Columns,
        insight::InsightCache,
        panes::{DetailsScroll, Tab},
        selection::Selection,
    },
    task::{
        ChangeSet, EvalContext, Filter, Handle, ServerContext, ServerId, TaskId, TaskRecord,
        TaskStore, TypicalDurations,
        cancellation::CancelRequest,
        row_model::{GroupBy, RowId, RowModel, View},
    },
    vim::types::TaskEvent,
    watch::{FamilyState, Privilege, Update},
};

/// Maximum number of rows to bring up to date at once: in the slowest order, by the time left, 5 ms.
const ROWS_PER_STEP: usize = 250;

/// The current subscription of the details, and since when the selection has not changed.
#[derive(Debug, Clone, Default)]
pub struct DetailSubscription {
    pub(in crate::app) selected_since: Option<(Handle, Timestamp)>,
    pub(in crate::app) current: Option<(Handle, Tab, ServerId)>,
}

/// View of one task store.
#[derive(Debug, Clone, Default)]
pub struct TaskView {
    pub store: TaskStore,
    /// The rows of the list: order, folding, filter.
    pub row_model: RowModel,
    pub selection: Selection,
    /// Marked tasks; a mark stays with its task until the task is removed.
    pub marks: HashSet<Handle>,
    /// New failures that were selected. They keep their places while the selection is on new failures.
    pub(in crate::app) seen_failures: HashSet<Handle>,
    pub columns: Columns,
    /// The filter to return to from that of a count in the header.
    pub(in crate::app) filter_before_status: Option<Filter>,
    pub details: DetailsScroll,
    /// Cached remaining times and warnings of the visible tasks.
    pub insights: InsightCache,
    /// Cancel requests sent from this screen.
    pub cancel_requests: HashMap<Handle, CancelRequest>,
    /// Cached privileges of the account to cancel tasks.
    pub privileges: HashMap<Handle, Privilege>,
    /// State of the family lookup, current or last.
    pub family_states: HashMap<Handle, FamilyState>,
    /// Events of tasks as last received, or the error.
    pub events: HashMap<Handle, Result<Arc<[TaskEvent]>, Arc<str>>>,
    /// The last jump from a blocked task to its blocker.
    pub(in crate::app) jump: Option<(Handle, Handle)>,
    /// Subscription for the open details tab.
    pub subscription: DetailSubscription,
}

impl TaskView {
    /// Returns the selected task or group.
    pub fn selected_row(&self) -> Option<RowId> {
        self.selection.selected(&self.row_model)
    }

    /// Returns the selected task; `None` if a group is selected.
    pub fn selected(&self) -> Option<Handle> {
        self.selected_row()?.task()
    }

    pub fn selected_record(&self) -> Option<&TaskRecord> {
        self.store.get(self.selected()?)
    }

    /// Keeps the current row selected when rows move.
    pub(in crate::app) fn pin_selection(&mut self) {
        self.selection.pin_current(&self.row_model);
    }

    /// Returns the number of marked tasks.
    pub fn marked_count(&self) -> usize {
        self.existing_marks().count()
    }

    /// Returns the marked tasks that are in the store.
    pub(in crate::app) fn existing_marks(&self) -> impl Iterator<Item = Handle> {
        let handles = self.marks.iter().copied();
        handles.filter(|handle| self.store.get(*handle).is_some())
    }

    /// Returns the marked tasks in the order of the list, those in a closed fold after its row, then those without a
    /// row.
    pub(in crate::app) fn marked(&self) -> Vec<Handle> {
        let rows = &self.row_model;
        let marked = self.existing_marks().map(|handle| {
            let row = rows.nearest_visible(handle).unwrap_or(usize::MAX);
            let is_folded = rows.position(handle).is_none();
            (row, is_folded, handle)
        });
        let mut marked: Vec<(usize, bool, Handle)> = marked.collect();
        marked.sort_unstable();
        marked.into_iter().map(|(.., handle)| handle).collect()
    }

    /// Updates selection and scroll position after the rows or the height of the list changed.
    pub(in crate::app) fn sync_selection(&mut self, height: u16) {
        self.selection.update(&self.row_model, height);
        let selected = self.selected_row();
        if self.details.subject != selected {
            self.details = DetailsScroll {
                subject: selected,
                ..DetailsScroll::default()
            };
        }
    }

    /// Runs a function on the rows with the context in which filters are evaluated, then brings some of the rows that
    /// are out of date up to date.
    pub(in crate::app) fn with_rows(
        &mut self,
        typical: &TypicalDurations,
        servers: &dyn ServerContext,
        change: impl FnOnce(&mut RowModel, EvalContext<'_>),
    ) {
        let eval_context = EvalContext {
            store: &self.store,
            typical: Some(typical),
            servers: Some(servers),
        };
        change(&mut self.row_model, eval_context);
        let replaced = self.row_model.advance(eval_context, ROWS_PER_STEP);
        if let Some(replaced) = replaced {
            self.selection.translate_group(&replaced, &self.row_model);
            // Freeing the rows of 100,000 tasks takes 30 to 80 ms.
            let _ = thread::Builder::new().spawn(move || drop(replaced));
        }
    }

    /// Updates the rows after changes of the store.
    pub(in crate::app) fn update_rows(
        &mut self,
        touched: &ChangeSet,
        typical: &TypicalDurations,
        servers: &dyn ServerContext,
    ) {
        self.with_rows(typical, servers, |rows, context| {
            rows.update(context, touched);
        });
    }

    /// Stores lookup results of a known task.
    pub(in crate::app) fn store_lookup(&mut self, server: ServerId, update: &Update) {
        let (Update::Privilege { mo_id, .. }
        | Update::Family { mo_id, .. }
        | Update::Events { mo_id, .. }) = update
        else {
            return;
        };
        let Some(handle) = self.store.find(&TaskId::new(server, mo_id.clone())) else {
            return;
        };
        match update {
            Update::Privilege { privilege, .. } => {
                self.privileges.insert(handle, privilege.clone());
            }
            Update::Family { state: found, .. } => {
                self.family_states.insert(handle, found.clone());
            }
            Update::Events { events, .. } => {
                self.events.insert(handle, events.clone());
            }
            _ => {}
        }
    }

    /// True if the rows depend on locations: by their filter, order or groups.
    pub(in crate::app) fn needs_locations(&self) -> bool {
        let View { filter, sort, .. } = self.row_model.view();
        let mut keys = sort.keys().iter();
        filter.needs_locations()
            || keys.any(|key| key.column.location_field().is_some())
            || matches!(self.row_model.grouped_by(), Some(GroupBy::Location(_)))
    }

    /// Drops what is known about a removed task.
    pub(in crate::app) fn forget(&mut self, removed: Handle) {
        self.marks.remove(&removed);
        self.seen_failures.remove(&removed);
        self.cancel_requests.remove(&removed);
        self.privileges.remove(&removed);
        self.family_states.remove(&removed);
        self.events.remove(&removed);
    }
}
