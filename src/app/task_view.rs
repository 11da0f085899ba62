//! What belongs to one board. Where another board is shown, all of it is put away as a whole: a handle of one board
//! means nothing on another.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    cancel::CancelRequest,
    columns::Columns,
    detail_subscription::DetailSubscription,
    insight::InsightCache,
    selection::Selection,
    state::{AppState, Overlay},
};
use crate::{
    task::{
        Handle, PendingQuestion, TaskStore,
        row_model::{RowId, RowModel},
    },
    vim::types::TaskEvent,
    watch::{FamilyState, Privilege},
};

/// What belongs to one board; see the fields of [`AppState`] that are called the same.
#[derive(Debug, Default)]
pub(super) struct TaskView {
    pub(super) board: TaskStore,
    pub(super) outline: RowModel,
    pub(super) cursor: Selection,
    columns: Columns,
    /// Where the details are scrolled to, and whose they are.
    details: (usize, Option<RowId>),
    overlay: Option<Overlay>,
    outlooks: InsightCache,
    requests: HashMap<Handle, CancelRequest>,
    privileges: HashMap<Handle, Privilege>,
    families: HashMap<Handle, FamilyState>,
    events: HashMap<Handle, Result<Arc<[TaskEvent]>, Arc<str>>>,
    questions: HashMap<Handle, PendingQuestion>,
    follow: DetailSubscription,
}

impl TaskView {
    /// A desk with an empty board that knows the servers and their words, as this one does.
    pub(super) fn empty_like(state: &AppState) -> Self {
        let mut board = TaskStore::new();
        for server in &state.servers {
            board.set_labels(server.id, state.board.labels(server.id));
            if let Some(name) = state.board.endpoint_name(server.id) {
                board.set_endpoint_name(server.id, name);
            }
        }
        Self {
            board,
            columns: state.columns.clone(),
            ..Self::default()
        }
    }
}

impl TaskView {
    /// The same with these columns.
    pub(super) fn with_columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }
}

impl AppState {
    /// Puts away what is shown, and shows what is on the desk.
    pub(super) fn exchange(&mut self, desk: &mut TaskView) {
        use std::mem::swap;
        swap(&mut self.board, &mut desk.board);
        swap(&mut self.outline, &mut desk.outline);
        swap(&mut self.cursor, &mut desk.cursor);
        swap(&mut self.columns, &mut desk.columns);
        swap(&mut self.details.top, &mut desk.details.0);
        swap(&mut self.details.subject, &mut desk.details.1);
        swap(&mut self.overlay, &mut desk.overlay);
        swap(&mut self.outlooks, &mut desk.outlooks);
        swap(&mut self.requests, &mut desk.requests);
        swap(&mut self.privileges, &mut desk.privileges);
        swap(&mut self.families, &mut desk.families);
        swap(&mut self.events, &mut desk.events);
        swap(&mut self.questions, &mut desk.questions);
        swap(&mut self.follow, &mut desk.follow);
    }

    /// Does something to what is now, whatever is shown.
    pub(super) fn with_live_view<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let Some(mut history) = self.history.take() else {
            return change(self);
        };
        self.exchange(&mut history.live);
        let done = change(self);
        self.exchange(&mut history.live);
        self.history = Some(history);
        done
    }
}
