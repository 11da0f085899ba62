//! Updates received from endpoints.

use std::sync::Arc;

use jiff::Timestamp;

use super::{history, summary_page};
use crate::{
    app::{
        event::Effect,
        notifications::Severity,
        server_state::ServerClocks,
        server_state::ServerState,
        state::{AppState, Popup},
        time_travel::TimeTravel,
    },
    task::{
        ChangeSet, EndpointId, EvalContext, Handle, TaskChange, TaskId, TaskStore, cancellation,
        row_model::RowModel,
    },
    watch::{CancelResponse, Update},
};

/// Applies an update. While the history view is open, the live view is updated in the background.
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
        let effects = state.with_live_view(|state| apply_live(state, endpoint, update, now));
        if concerns_all {
            reevaluate(state, now, RowModel::reevaluate);
        }
        effects
    } else {
        apply_live(state, endpoint, update, now)
    }
}

fn apply_live(
    state: &mut AppState,
    endpoint: EndpointId,
    update: Update,
    now: Timestamp,
) -> Vec<Effect> {
    match update {
        Update::Tasks { changes, .. } => return apply(state, endpoint, changes, now),
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
        // The notice about the first refused list of recent tasks is enough.
        Update::Past { .. }
        | Update::LookedUp { .. }
        | Update::Relatives { .. }
        | Update::RecentRefused(_) => {}
        Update::Notice(text) => state.notifications.push(Severity::Warning, &*text, now),
        about @ (Update::Link(_) | Update::Server(_) | Update::Clock(_)) => {
            let is_named = matches!(about, Update::Server(_));
            let is_other_time = matches!(about, Update::Clock(_) | Update::Server(_));
            let mut servers = state.servers.iter_mut();
            if let Some(server) = servers.find(|server| server.id == endpoint) {
                server.apply(about, now);
            }
            if is_other_time {
                reevaluate(state, now, RowModel::reevaluate);
            }
            if is_named {
                reevaluate(state, now, RowModel::reevaluate_endpoints);
            }
        }
    }
    Vec::new()
}

/// Stores lookup results of a known task.
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

/// Rebuilds all rows, as display names may have changed.
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
) -> Vec<Effect> {
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
            let text = format!("{host} sent invalid data for {mo_id}: {malformed}");
            state.notifications.push(Severity::Warning, text, now);
        }
    }
    let clocks = ServerClocks::of(&state.servers, now);
    let (store, row_model) = live_board(
        &mut state.time_travel,
        (&mut state.store, &mut state.row_model),
    );
    let eval_context = EvalContext {
        store,
        typical: Some(&state.typical),
        endpoints: Some(&clocks),
    };
    row_model.update(eval_context, &touched);
    let mut effects = Vec::new();
    if let Some(tracker) = &mut state.finish_tracker {
        let finished = tracker.finished(store, &touched, &clocks).into_iter();
        effects.extend(finished.map(Effect::Notify));
        effects.extend(tracker.changed_counts(store).map(Effect::ShowCounts));
    }
    if state.time_travel.is_none() {
        summary_page::touch(&mut state.popup, &state.store, &touched);
    }
    for removed in touched.removed {
        drop_task_state(state, removed);
    }
    effects
}

/// Reevaluates filters that depend on time or server names.
fn reevaluate(state: &mut AppState, now: Timestamp, look: fn(&mut RowModel, EvalContext<'_>)) {
    let clocks = ServerClocks::of(&state.servers, now);
    let (store, row_model) = live_board(
        &mut state.time_travel,
        (&mut state.store, &mut state.row_model),
    );
    let eval_context = EvalContext {
        store,
        typical: Some(&state.typical),
        endpoints: Some(&clocks),
    };
    look(row_model, eval_context);
}

/// Returns the live store and rows, also during time travel.
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
    if let Some(Popup::CancelDialog(dialog)) = &mut state.popup {
        if dialog.root == removed {
            state.popup = None;
        } else if dialog.highlighted == removed {
            dialog.highlighted = dialog.root;
            dialog.confirmation = None;
        }
    }
}

/// Stores the response with the task. Notifies the user unless the dialog shows the task.
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
    let text = format!("{mo_id}: {}", cancellation::describe_response(&answer));
    let handle = state.store.find(&TaskId::new(endpoint, mo_id));
    if let Some(handle) = handle {
        let request = state.cancel_requests.entry(handle);
        let request = request.or_insert_with(|| cancellation::CancelRequest::new(now));
        request.response = Some((answer, now));
    }
    let seen = match &state.popup {
        Some(Popup::CancelDialog(dialog)) => Some(dialog.highlighted) == handle,
        _ => false,
    };
    if !seen {
        state.notifications.push(severity, text, now);
    }
}
