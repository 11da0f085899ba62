//! The cancel dialog, and the cancel request.

use jiff::Timestamp;

use super::handler::{PopupHandler, Response};
use crate::{
    app::{
        action::Action, event::Effect, keymap::Context, notifications::Severity, state::AppState,
    },
    task::{
        ChangeSet, Handle, TaskStore,
        cancellation::{self, CancelEligibility, CancelRequest, CancelState},
    },
    vim::types::TaskLocator,
    watch::Command,
};

/// A button of the confirmation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Button {
    Yes,
    #[default]
    No,
}

impl Button {
    #[must_use]
    pub fn toggled(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

/// The open cancel dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelDialog {
    /// The task it was opened for; its ancestors and children are listed.
    pub root: Handle,
    /// The family member that is highlighted and would be cancelled.
    pub highlighted: Handle,
    /// The confirmation's selected button, while the confirmation is open.
    pub confirmation: Option<Button>,
}

impl CancelDialog {
    pub fn new(root: Handle) -> Self {
        Self {
            root,
            highlighted: root,
            confirmation: None,
        }
    }

    /// Returns the ancestors from the root down, the task and its children, each with its depth. Children that can be
    /// cancelled come first, finished ones last.
    pub fn family(&self, store: &TaskStore) -> Vec<(Handle, usize)> {
        let mut above: Vec<Handle> = store.path(self.root).collect();
        above.reverse();
        let depth = above.len();
        let mut children = store.children(self.root).to_vec();
        children.sort_by_key(|child| match store.get(*child).map(CancelState::of) {
            Some(CancelState::Cancelable) => 0,
            Some(CancelState::Requested) => 1,
            Some(CancelState::Unknown | CancelState::NotCancelable) => 2,
            Some(CancelState::NotApplicable) | None => 3,
        });
        above
            .into_iter()
            .enumerate()
            .map(|(depth, handle)| (handle, depth))
            .chain(children.into_iter().map(|child| (child, depth)))
            .collect()
    }

    /// Moves the highlight down by `by` members, or up if negative.
    pub fn move_by(&mut self, store: &TaskStore, by: isize) {
        let family = self.family(store);
        let place = family
            .iter()
            .position(|(handle, _)| *handle == self.highlighted)
            .unwrap_or_default();
        let next = place
            .saturating_add_signed(by)
            .min(family.len().saturating_sub(1));
        if let Some((handle, _)) = family.get(next) {
            self.highlighted = *handle;
        }
    }
}

/// Opens the dialog for the selected task and refreshes its data.
pub(in crate::app) fn open(state: &mut AppState) -> Option<(CancelDialog, Vec<Effect>)> {
    let subject = state.subject()?;
    state.view_mut().pin_selection();
    Some((CancelDialog::new(subject), look_up(state, subject)))
}

impl PopupHandler for CancelDialog {
    fn context(&self) -> Context {
        match self.confirmation {
            Some(_) => Context::Confirm,
            None => Context::Cancel,
        }
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        match (self.confirmation, action) {
            (None, Action::Up | Action::Down) => {
                self.move_by(
                    &state.view().store,
                    if action == Action::Up { -1 } else { 1 },
                );
                if !state.view().privileges.contains_key(&self.highlighted) {
                    return Response::stay_with(look_up(state, self.highlighted));
                }
            }
            (None, Action::Refresh) => {
                return Response::stay_with(look_up(state, self.highlighted));
            }
            (None, Action::Accept) => {
                let allowed = can_request(state, self.highlighted, now);
                self.confirmation = allowed.then(Button::default);
            }
            (None, Action::Dismiss) => return Response::close(),
            (Some(button), Action::Switch) => self.confirmation = Some(button.toggled()),
            (Some(Button::Yes), Action::Accept) | (Some(_), Action::Yes) => {
                self.confirmation = None;
                return Response::stay_with(send_request(state, self.highlighted, now));
            }
            (Some(Button::No), Action::Accept) | (Some(_), Action::No) => self.confirmation = None,
            _ => {}
        }
        Response::stay()
    }

    /// Highlights a family member.
    fn click(&mut self, state: &mut AppState, entry: usize, _now: Timestamp) -> Response {
        let family = self.family(&state.view().store);
        match family.get(entry) {
            Some((handle, _)) if self.confirmation.is_none() => {
                self.highlighted = *handle;
                Response::stay_with(look_up(state, *handle))
            }
            _ => Response::stay(),
        }
    }

    /// Closes the dialog if its task was removed.
    fn follow_changes(&mut self, _store: &TaskStore, changes: Option<&ChangeSet>) -> bool {
        let removed = changes.map_or(&[][..], |changes| &changes.removed);
        if removed.contains(&self.highlighted) {
            self.highlighted = self.root;
            self.confirmation = None;
        }
        !removed.contains(&self.root)
    }

    fn is_timed(&self) -> bool {
        true
    }
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

/// Sends the cancel request, after checking again: the task may have changed since the confirmation was opened.
pub(super) fn send_request(state: &mut AppState, handle: Handle, now: Timestamp) -> Vec<Effect> {
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

#[cfg(test)]
mod tests;
