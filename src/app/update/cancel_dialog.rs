//! Actions of the cancel dialog, and the cancel request.

use jiff::Timestamp;

use crate::{
    app::{
        action::Action,
        cancel_dialog::{Button, CancelDialog},
        event::Effect,
        notifications::Severity,
        state::{AppState, Popup},
    },
    task::{
        Handle,
        cancellation::{self, CancelEligibility, CancelRequest},
    },
    vim::types::TaskLocator,
    watch::Command,
};

/// Opens the dialog for the selected task and refreshes its data.
pub(super) fn open(state: &mut AppState) -> Vec<Effect> {
    let Some(selected) = state.selected() else {
        return Vec::new();
    };
    state.view_mut().selection.select(selected);
    state.popup = Some(Popup::CancelDialog(CancelDialog::new(selected)));
    look_up(state, selected)
}

/// Requests the task's state and the account's privilege to cancel it.
fn look_up(state: &AppState, handle: Handle) -> Vec<Effect> {
    if state.views.history().is_some() {
        return Vec::new();
    }
    let Some(record) = state.view().store.get(handle) else {
        return Vec::new();
    };
    let (endpoint, mo_id) = (record.id.endpoint, record.id.mo_id.clone());
    let trace = match record.info.as_deref() {
        Some(info) => TaskLocator::of(info),
        None => TaskLocator::named(mo_id.clone()),
    };
    vec![
        Effect::Send(endpoint, Command::Refresh(vec![mo_id])),
        Effect::Send(endpoint, Command::CheckPrivilege(trace)),
    ]
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::CancelDialog(dialog)) = &mut state.popup else {
        return Vec::new();
    };
    match (dialog.confirmation, action) {
        (None, Action::Up | Action::Down) => {
            let by = if action == Action::Up { -1 } else { 1 };
            dialog.move_by(&state.views.shown().store, by);
            let chosen = dialog.highlighted;
            if !state.view().privileges.contains_key(&chosen) {
                return look_up(state, chosen);
            }
        }
        (None, Action::Refresh) => {
            let chosen = dialog.highlighted;
            return look_up(state, chosen);
        }
        (None, Action::Accept) => return open_confirmation(state, now),
        (None, Action::Dismiss) => state.popup = None,
        (Some(button), Action::Switch) => dialog.confirmation = Some(button.toggled()),
        (Some(Button::Yes), Action::Accept) | (Some(_), Action::Yes) => {
            dialog.confirmation = None;
            let chosen = dialog.highlighted;
            return send_request(state, chosen, now);
        }
        (Some(Button::No), Action::Accept) | (Some(_), Action::No) => dialog.confirmation = None,
        _ => {}
    }
    Vec::new()
}

/// Highlights a family member.
pub(super) fn choose(state: &mut AppState, handle: Handle) -> Vec<Effect> {
    match &mut state.popup {
        Some(Popup::CancelDialog(dialog)) if dialog.confirmation.is_none() => {
            dialog.highlighted = handle;
            look_up(state, handle)
        }
        _ => Vec::new(),
    }
}

/// True if a cancel request can be sent for the task now.
pub fn can_request(state: &AppState, handle: Handle, now: Timestamp) -> bool {
    let Some(record) = state.view().store.get(handle) else {
        return false;
    };
    let pending = state
        .view()
        .cancel_requests
        .get(&handle)
        .is_some_and(CancelRequest::is_pending);
    let eligibility = eligibility(state, handle, state.time(record, now));
    eligibility.allowed && !pending && !state.is_read_only(record.id.endpoint)
}

/// Returns whether and why a task can be cancelled. `now` is by the server's clock.
pub fn eligibility(state: &AppState, handle: Handle, now: Timestamp) -> CancelEligibility {
    let record = state.view().store.get(handle);
    let goes_on = record.is_some_and(|record| record.status().is_active());
    if state.views.history().is_some() && goes_on {
        let message = "This task was still running when the history was read. It can be cancelled from the live list.";
        return CancelEligibility {
            message: message.to_owned(),
            allowed: false,
        };
    }
    cancellation::eligibility(
        &state.view().store,
        handle,
        state.view().privileges.get(&handle),
        now,
    )
}

/// Opens the confirmation if the task can be cancelled.
fn open_confirmation(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::CancelDialog(dialog)) = &state.popup {
        let question = can_request(state, dialog.highlighted, now).then(Button::default);
        if let Some(Popup::CancelDialog(dialog)) = &mut state.popup {
            dialog.confirmation = question;
        }
    }
    Vec::new()
}

/// Sends the cancel request, after checking again: the task may have changed since the confirmation was opened.
fn send_request(state: &mut AppState, handle: Handle, now: Timestamp) -> Vec<Effect> {
    if !can_request(state, handle, now) {
        let text = "Nothing sent: the task can no longer be cancelled";
        state.notifications.push(Severity::Warning, text, now);
        return Vec::new();
    }
    let Some((endpoint, mo_id)) = state.endpoint_and_id(handle) else {
        return Vec::new();
    };
    state
        .view_mut()
        .cancel_requests
        .insert(handle, CancelRequest::new(now));
    vec![Effect::Send(endpoint, Command::Cancel(mo_id))]
}
