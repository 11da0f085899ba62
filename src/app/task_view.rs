//! View of one task store, with all state keyed by its handles. Views are swapped as a whole, because handles are only
//! valid for their store.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    columns::Columns,
    detail_subscription::DetailSubscription,
    insight::InsightCache,
    selection::Selection,
    state::{AppState, Popup},
};
use crate::{
    task::{
        Handle, PendingQuestion, TaskStore,
        cancellation::CancelRequest,
        row_model::{RowId, RowModel},
    },
    vim::types::TaskEvent,
    watch::{FamilyState, Privilege},
};

/// A view that is not shown; the fields match those of [`AppState`].
#[derive(Debug, Default)]
pub(super) struct TaskView {
    pub(super) store: TaskStore,
    pub(super) row_model: RowModel,
    pub(super) selection: Selection,
    columns: Columns,
    /// Scroll position and row of the details.
    details: (usize, Option<RowId>),
    popup: Option<Popup>,
    insights: InsightCache,
    cancel_requests: HashMap<Handle, CancelRequest>,
    privileges: HashMap<Handle, Privilege>,
    family_states: HashMap<Handle, FamilyState>,
    events: HashMap<Handle, Result<Arc<[TaskEvent]>, Arc<str>>>,
    questions: HashMap<Handle, PendingQuestion>,
    subscription: DetailSubscription,
}

impl TaskView {
    /// Creates a view with an empty store that has the server names and operation labels of the current one.
    pub(super) fn empty_like(state: &AppState) -> Self {
        let mut store = TaskStore::new();
        for server in &state.servers {
            store.set_labels(server.id, state.store.labels(server.id));
            if let Some(name) = state.store.endpoint_name(server.id) {
                store.set_endpoint_name(server.id, name);
            }
        }
        Self {
            store,
            columns: state.columns.clone(),
            ..Self::default()
        }
    }
}

impl TaskView {
    pub(super) fn with_columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }
}

impl AppState {
    /// Swaps the shown view with another one.
    pub(super) fn swap_view(&mut self, view: &mut TaskView) {
        use std::mem::swap;
        swap(&mut self.store, &mut view.store);
        swap(&mut self.row_model, &mut view.row_model);
        swap(&mut self.selection, &mut view.selection);
        swap(&mut self.columns, &mut view.columns);
        swap(&mut self.details.top, &mut view.details.0);
        swap(&mut self.details.subject, &mut view.details.1);
        swap(&mut self.popup, &mut view.popup);
        swap(&mut self.insights, &mut view.insights);
        swap(&mut self.cancel_requests, &mut view.cancel_requests);
        swap(&mut self.privileges, &mut view.privileges);
        swap(&mut self.family_states, &mut view.family_states);
        swap(&mut self.events, &mut view.events);
        swap(&mut self.questions, &mut view.questions);
        swap(&mut self.subscription, &mut view.subscription);
    }

    /// Runs a function on the live view, also while the history is shown.
    pub(super) fn with_live_view<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let Some(mut history) = self.history.take() else {
            return change(self);
        };
        self.swap_view(&mut history.live);
        let done = change(self);
        self.swap_view(&mut history.live);
        self.history = Some(history);
        done
    }
}
