//! What an endpoint tells.

use std::sync::Arc;

use jiff::Timestamp;

use super::{history, summary_page};
use crate::{
    app::{
        cancel,
        event::Effect,
        filter_prompt::ServerClocks,
        notifications::Severity,
        server_state::ServerState,
        state::{AppState, Popup},
        time_travel::TimeTravel,
    },
    task::{
        ChangeSet, EndpointId, EvalContext, Handle, TaskChange, TaskId, TaskStore,
        row_model::RowModel,
    },
    watch::{CancelResponse, Update},
};

/// Takes in what an endpoint tells. While the history is shown, its store learns what concerns it; what is now is kept
/// up to date all the same.
pub(super) fn handle(
    state: &mut AppState,
    endpoint: EndpointId,
    update: Update,
    now: Timestamp,
) -> Vec<Effect> {
    let update = match update {
        Update::Past { search, page } => {
            history::apply_page(state, endpoint, search, page, now);
            return Vec::new();
        }
        Update::Relatives { members, .. } => {
            history::apply_family(state, endpoint, members, now);
            return Vec::new();
        }
        other => other,
    };
    if state.history.is_some() {
        let concerns_all = matches!(
            update,
            Update::Typical(_) | Update::Clock(_) | Update::Server(_)
        );
        history::apply_to_history(state, endpoint, &update, now);
        state.with_live_view(|state| apply_live(state, endpoint, update, now));
        if concerns_all {
            reevaluate(state, now, RowModel::reevaluate);
        }
    } else {
        apply_live(state, endpoint, update, now);
    }
    Vec::new()
}

fn apply_live(state: &mut AppState, endpoint: EndpointId, update: Update, now: Timestamp) {
    match update {
        Update::Tasks { changes, .. } => apply(state, endpoint, changes, now),
        Update::Labels(labels) => {
            if let Some(past) = &mut state.time_travel {
                past.store.set_labels(endpoint, labels.clone());
                past.row_model.rebuild(&past.store);
            }
            state.store.set_labels(endpoint, labels);
            rebuild(state, now);
            summary_page::rebuild(state);
        }
        Update::Cancel { mo_id, answer } => on_cancel_response(state, endpoint, mo_id, answer, now),
        Update::Privilege { .. }
        | Update::Family { .. }
        | Update::Events { .. }
        | Update::Question { .. } => store_lookup(state, endpoint, &update),
        Update::Typical(runs) => {
            state.typical.add_runs(endpoint, runs);
            state.typical_errors.remove(&endpoint);
            reevaluate(state, now, RowModel::reevaluate);
        }
        Update::TypicalUnknown(reason) => {
            state.typical_errors.insert(endpoint, reason);
        }
        Update::Past { .. } | Update::LookedUp { .. } | Update::Relatives { .. } => {}
        Update::Notice(text) => state.notifications.push(Severity::Warning, &*text, now),
        about @ (Update::Link(_) | Update::Server(_) | Update::Clock(_)) => {
            let is_named = matches!(about, Update::Server(_));
            let is_other_time = matches!(about, Update::Clock(_) | Update::Server(_));
            let mut servers = state.servers.iter_mut();
            if let Some(server) = servers.find(|server| server.id == endpoint) {
                server.take(about, now);
            }
            if is_other_time {
                reevaluate(state, now, RowModel::reevaluate);
            }
            if is_named {
                reevaluate(state, now, RowModel::reevaluate_endpoints);
            }
        }
    }
}

/// Notes what is told around a task that is on the store.
pub(super) fn store_lookup(state: &mut AppState, endpoint: EndpointId, update: &Update) {
    let (Update::Privilege { mo_id, .. }
    | Update::Family { mo_id, .. }
    | Update::Events { mo_id, .. }
    | Update::Question { mo_id, .. }) = update
    else {
        return;
    };
    let id = TaskId::new(endpoint, mo_id.clone());
    let Some(handle) = state.store.find(&id) else {
        return;
    };
    match update {
        Update::Privilege { privilege, .. } => {
            state.privileges.insert(handle, privilege.clone());
        }
        Update::Family { state: found, .. } => {
            state.family_states.insert(handle, found.clone());
        }
        Update::Events { events, .. } => {
            state.events.insert(handle, events.clone());
        }
        Update::Question { question, .. } => {
            match question {
                Some(question) => state.questions.insert(handle, question.clone()),
                None => state.questions.remove(&handle),
            };
        }
        _ => {}
    }
}

/// Every row may be called otherwise now.
pub(super) fn rebuild(state: &mut AppState, now: Timestamp) {
    let mut row_model = std::mem::take(&mut state.row_model);
    let clocks = ServerClocks::of(&state.servers, now);
    row_model.rebuild(state.eval_context(&clocks));
    state.row_model = row_model;
}

pub(super) fn apply(
    state: &mut AppState,
    endpoint: EndpointId,
    changes: Vec<TaskChange>,
    now: Timestamp,
) {
    let mut touched = ChangeSet::default();
    for change in changes {
        let mo_id = change.mo_id().clone();
        let (store, _) = live_board(
            &mut state.time_travel,
            (&mut state.store, &mut state.row_model),
        );
        state.undo_log.note(store, endpoint, &change, now);
        if let Err(malformed) = store.apply(endpoint, change, &mut touched) {
            let host = state
                .server(endpoint)
                .map_or("the server", ServerState::host);
            let text = format!("{host} sent something odd about {mo_id}: {malformed}");
            state.notifications.push(Severity::Warning, text, now);
        }
    }
    let clocks = ServerClocks::of(&state.servers, now);
    let (store, row_model) = live_board(
        &mut state.time_travel,
        (&mut state.store, &mut state.row_model),
    );
    let eval_context = EvalContext {
        board: store,
        typical: Some(&state.typical),
        endpoints: Some(&clocks),
    };
    row_model.touch(eval_context, &touched);
    if state.time_travel.is_none() {
        summary_page::touch(&mut state.popup, &state.store, &touched);
    }
    for removed in touched.removed {
        drop_task_state(state, removed);
    }
}

/// What the filter says of times and servers may be otherwise now.
fn reevaluate(state: &mut AppState, now: Timestamp, look: fn(&mut RowModel, EvalContext<'_>)) {
    let clocks = ServerClocks::of(&state.servers, now);
    let (store, row_model) = live_board(
        &mut state.time_travel,
        (&mut state.store, &mut state.row_model),
    );
    let eval_context = EvalContext {
        board: store,
        typical: Some(&state.typical),
        endpoints: Some(&clocks),
    };
    look(row_model, eval_context);
}

/// The store of now with its rows: what is shown, unless one looks back.
fn live_board<'a>(
    past: &'a mut Option<Box<TimeTravel>>,
    shown: (&'a mut TaskStore, &'a mut RowModel),
) -> (&'a mut TaskStore, &'a mut RowModel) {
    match past {
        Some(past) => (&mut past.store, &mut past.row_model),
        None => shown,
    }
}

fn drop_task_state(state: &mut AppState, removed: Handle) {
    state.cancel_requests.remove(&removed);
    state.privileges.remove(&removed);
    state.family_states.remove(&removed);
    state.events.remove(&removed);
    state.questions.remove(&removed);
    if let Some(Popup::Cancel(dialog)) = &mut state.popup {
        if dialog.subject == removed {
            state.popup = None;
        } else if dialog.chosen == removed {
            dialog.chosen = dialog.subject;
            dialog.question = None;
        }
    }
}

/// Keeps the answer with the task; whoever looks elsewhere by now gets it as a notification.
fn on_cancel_response(
    state: &mut AppState,
    endpoint: EndpointId,
    mo_id: Arc<str>,
    answer: CancelResponse,
    now: Timestamp,
) {
    let severity = match answer {
        CancelResponse::Accepted => Severity::Info,
        _ => Severity::Warning,
    };
    let text = format!("{mo_id}: {}", cancel::describe_response(&answer));
    let handle = state.store.find(&TaskId::new(endpoint, mo_id));
    if let Some(handle) = handle {
        let request = state.cancel_requests.entry(handle);
        let request = request.or_insert_with(|| cancel::CancelRequest::new(now));
        request.answer = Some((answer, now));
    }
    let seen = match &state.popup {
        Some(Popup::Cancel(dialog)) => Some(dialog.chosen) == handle,
        _ => false,
    };
    if !seen {
        state.notifications.push(severity, text, now);
    }
}
