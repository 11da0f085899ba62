//! Updates received from servers.

use std::sync::Arc;

use jiff::Timestamp;

use super::{added_tasks, live_tasks};
use crate::{
    app::{
        event::Effect, notification_log::Severity, popups::Popup, screen::Screen,
        server_state::ServerClocks, state::AppState, views::history::update as history,
    },
    task::{
        ChangeSet, EvalContext, ServerId, TaskId, TaskStore,
        cancellation::{self, CancelRequest},
        row_model::RowModel,
    },
    watch::{CancelResponse, Update},
};

/// Applies an update to the live view, and to the history view as far as it concerns it.
pub(super) fn handle(
    screen: &mut Screen,
    server: ServerId,
    update: Update,
    now: Timestamp,
) -> Vec<Effect> {
    let state = &mut screen.state;
    match update {
        Update::Tasks { mut changes, .. } => {
            let (mut effects, read) = added_tasks::before_changes(state, server, &mut changes);
            history::apply_changes(state, server, &changes, now);
            let (applied, changes) = live_tasks::apply(state, server, changes, now);
            effects.extend(applied);
            if state.views.is_live() {
                screen.follow_changes(Some(&changes));
            }
            added_tasks::after_changes(screen, &read, now);
            return effects;
        }
        Update::HistoryPage { search, page } => {
            history::apply_page(state, server, search, page, now);
        }
        Update::Relatives { members, .. } => history::apply_family(state, server, members, now),
        Update::Labels(labels) => {
            let clocks = ServerClocks::of(&state.servers, now);
            for view in state.views.all_mut() {
                view.store.set_labels(server, labels.clone());
                // Usually they arrive before the first task of the server, but after those of others.
                let mut tasks = view.store.iter();
                if tasks.any(|(_, record)| record.id.server == server) {
                    drop(tasks);
                    view.with_rows(&state.typical, &clocks, |rows, context| {
                        rows.rebuild(context);
                    });
                }
            }
            screen.follow_changes(None);
        }
        Update::Cancel { mo_id, answer } => {
            on_cancel_response(screen, server, mo_id, answer, now);
        }
        Update::EntityState {
            mo_id,
            state: of_entity,
        } => {
            let id = TaskId::new(server, mo_id);
            change_stores(state, now, |store, touched| {
                if let Some(handle) = store.find(&id) {
                    store.set_entity_state(handle, of_entity.clone(), touched);
                }
            });
        }
        Update::Locations(locations) => {
            change_stores(state, now, |store, touched| {
                store.set_locations(server, locations.clone(), touched);
            });
        }
        Update::Privilege { .. } | Update::Family { .. } | Update::Events { .. } => {
            for view in state.views.all_mut() {
                view.store_lookup(server, &update);
            }
            history::copy_family(state, server, &update, now);
        }
        Update::Typical(runs) => {
            state.typical.add_runs(server, runs);
            state.typical_errors.remove(&server);
            reevaluate(state, now, RowModel::reevaluate);
        }
        Update::TypicalUnknown(reason) => {
            state.typical_errors.insert(server, reason);
        }
        Update::LookedUp { mo_id, answer } => {
            let id = TaskId::new(server, mo_id);
            let placeholder = added_tasks::looked_up(state, &id, answer, now);
            return live_tasks::apply(state, server, placeholder.into_iter().collect(), now).0;
        }
        // The notice about the first refused list of recent tasks is enough.
        Update::RecentRefused(_) | Update::FirstList | Update::Pong => {}
        Update::Notice(text) | Update::RecordingStopped(text) => {
            state.notifications.push(Severity::Warning, &*text, now);
        }
        Update::Connection(_) | Update::Server(_) | Update::Clock(_) => {
            let is_named = matches!(update, Update::Server(_));
            let is_connected =
                matches!(&update, Update::Connection(connection) if connection.is_current());
            let is_other_time = matches!(update, Update::Clock(_) | Update::Server(_));
            let mut servers = state.servers.iter_mut();
            if let Some(server) = servers.find(|found| found.id == server) {
                server.apply(update, now);
            }
            if is_other_time {
                reevaluate(state, now, RowModel::reevaluate);
            }
            if is_named {
                reevaluate(state, now, RowModel::reevaluate_servers);
            }
            if is_connected {
                return added_tasks::repeat_searches(state, server);
            }
        }
    }
    Vec::new()
}

/// Reevaluates filters that depend on time or server names.
fn reevaluate(state: &mut AppState, now: Timestamp, look: fn(&mut RowModel, EvalContext<'_>)) {
    let clocks = ServerClocks::of(&state.servers, now);
    for view in state.views.all_mut() {
        view.with_rows(&state.typical, &clocks, look);
    }
}

/// Changes the stores of all views and updates their rows.
fn change_stores(
    state: &mut AppState,
    now: Timestamp,
    change: impl Fn(&mut TaskStore, &mut ChangeSet),
) {
    let clocks = ServerClocks::of(&state.servers, now);
    for view in state.views.all_mut() {
        let mut touched = ChangeSet::default();
        change(&mut view.store, &mut touched);
        view.update_rows(&touched, &state.typical, &clocks);
    }
}

/// Stores the response with the task. Notifies the user unless the dialog shows the task.
fn on_cancel_response(
    screen: &mut Screen,
    server: ServerId,
    mo_id: Arc<str>,
    answer: CancelResponse,
    now: Timestamp,
) {
    let severity = match answer {
        CancelResponse::Accepted => Severity::Info,
        _ => Severity::Warning,
    };
    let state = &mut screen.state;
    let id = state.full_id(server, &mo_id);
    let text = format!("{id}: {}", cancellation::describe_response(&answer));
    let live = &mut state.views.live;
    let handle = live.store.find(&TaskId::new(server, mo_id));
    if let Some(handle) = handle {
        let request = live.cancel_requests.entry(handle);
        let request = request.or_insert_with(|| CancelRequest::new(now));
        request.response = Some((answer, now));
    }
    let seen = match &screen.popup {
        Some(Popup::CancelDialog(dialog)) if state.views.is_live() => {
            Some(dialog.highlighted) == handle
        }
        _ => false,
    };
    if !seen {
        state.notifications.push(severity, text, now);
    }
}
