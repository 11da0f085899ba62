//! The cancel dialog, and the cancel request.

use std::collections::HashMap;

use jiff::Timestamp;

use super::handler::{PopupHandler, Response};
use crate::{
    app::{
        action::Action,
        event::Effect,
        keymap::Context,
        notification_log::Severity,
        scroll::{is_move, scrolled},
        state::AppState,
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
    /// The task it was opened for; its family is listed.
    pub subject: Handle,
    /// The family member that is highlighted and would be cancelled.
    pub highlighted: Handle,
    /// The confirmation's selected button, while the confirmation is open.
    pub confirmation: Option<Button>,
}

impl CancelDialog {
    /// Returns the whole family as a tree, each member with its depth. Among siblings, those that can be cancelled come
    /// first, then those with descendants that can; finished ones come last.
    pub fn family(&self, store: &TaskStore) -> Vec<(Handle, usize)> {
        let root = store.root(self.subject);
        let ranks = family_ranks(store, root);
        let rank = |member: &Handle| {
            let of_family = ranks.get(member).copied().unwrap_or(u8::MAX);
            (of_family, rank(store, *member))
        };
        let mut family = Vec::with_capacity(ranks.len());
        // Not recursive, because families may be deep.
        let mut stack = vec![(root, 0)];
        while let Some((member, depth)) = stack.pop() {
            family.push((member, depth));
            let mut children = store.children(member).to_vec();
            children.sort_by_key(rank);
            let children = children.into_iter().rev();
            stack.extend(children.map(|child| (child, depth + 1)));
        }
        family
    }

    /// Moves the highlight.
    fn move_highlight(&mut self, store: &TaskStore, action: Action, page: usize) {
        let family = self.family(store);
        let index = family
            .iter()
            .position(|(handle, _)| *handle == self.highlighted);
        let last = family.len().saturating_sub(1);
        let next = scrolled(index.unwrap_or_default(), action, page, last);
        if let Some((handle, _)) = family.get(next) {
            self.highlighted = *handle;
        }
    }
}

/// Returns the order by what a cancel request would do.
fn rank(store: &TaskStore, member: Handle) -> u8 {
    match store.get(member).map(CancelState::of) {
        Some(CancelState::Cancelable) => 0,
        Some(CancelState::Requested) => 1,
        Some(CancelState::Unknown | CancelState::NotCancelable) => 2,
        Some(CancelState::NotApplicable) | None => 3,
    }
}

/// Returns the rank of each member's subtree: the best rank in it.
fn family_ranks(store: &TaskStore, root: Handle) -> HashMap<Handle, u8> {
    let mut members = vec![root];
    let mut next = 0;
    while let Some(member) = members.get(next) {
        members.extend(store.children(*member));
        next += 1;
    }
    let mut ranks = HashMap::with_capacity(members.len());
    // Children before their parents.
    for member in members.into_iter().rev() {
        let own = rank(store, member);
        let children = store.children(member).iter();
        let below = children.filter_map(|child| ranks.get(child).copied()).min();
        ranks.insert(member, below.map_or(own, |below: u8| below.min(own)));
    }
    ranks
}

/// Opens the dialog for the selected task and refreshes its data.
pub(in crate::app) fn open(state: &mut AppState) -> Option<(CancelDialog, Vec<Effect>)> {
    let subject = state.subject()?;
    state.view_mut().pin_selection();
    let dialog = CancelDialog {
        subject,
        highlighted: subject,
        confirmation: None,
    };
    Some((dialog, look_up(state, subject)))
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
            (None, _) if is_move(action) => {
                let page = state.frame.popup_page.max(1);
                self.move_highlight(&state.view().store, action, page);
                if !state.view().privileges.contains_key(&self.highlighted) {
                    return Response::stay_with(look_up(state, self.highlighted));
                }
            }
            (None, Action::Refresh) => {
                return Response::stay_with(look_up(state, self.highlighted));
            }
            (None, Action::Accept) => {
                let allowed = refusal(state, self.highlighted, now).is_none();
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
            self.highlighted = self.subject;
            self.confirmation = None;
        }
        !removed.contains(&self.subject)
    }

    /// Closes the confirmation if no request can be sent any more.
    fn prepare(&mut self, state: &AppState, displayed: Timestamp) {
        if refusal(state, self.highlighted, displayed).is_some() {
            self.confirmation = None;
        }
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
    let (server, mo_id) = (record.id.server, record.id.mo_id.clone());
    let locator = match record.info.as_deref() {
        Some(info) => TaskLocator::of(info),
        None => TaskLocator::named(mo_id.clone()),
    };
    vec![
        Effect::Send(server, Command::Refresh(vec![mo_id])),
        Effect::Send(server, Command::CheckPrivilege(locator)),
    ]
}

/// Returns whether and why a task can be cancelled. `now` is by the server's clock.
pub fn eligibility(state: &AppState, handle: Handle, now: Timestamp) -> CancelEligibility {
    let record = state.view().store.get(handle);
    let is_active = record.is_some_and(|record| record.status().is_active());
    if state.views.history().is_some() && is_active {
        let message = "This task was still running when the history was read. It can be cancelled from the live list.";
        return CancelEligibility {
            message: message.to_owned(),
            brief: "Can be cancelled from the live list.".to_owned(),
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

/// Returns in a few words why no request can be sent for the task now; `None` if one can be sent.
pub fn refusal(state: &AppState, handle: Handle, now: Timestamp) -> Option<String> {
    let Some(record) = state.view().store.get(handle) else {
        return Some("Removed from the list.".to_owned());
    };
    let eligibility = eligibility(state, handle, state.time(record, now));
    if !eligibility.allowed {
        return Some(eligibility.brief);
    }
    if state.is_read_only(record.id.server) {
        return Some("Read-only: cancelling is disabled.".to_owned());
    }
    let request = state.view().cancel_requests.get(&handle);
    let pending = request.filter(|request| request.is_pending());
    pending.map(|request| request.status_text(now))
}

/// Sends the cancel request, after checking again: the task may have changed since the confirmation was opened.
pub(super) fn send_request(state: &mut AppState, handle: Handle, now: Timestamp) -> Vec<Effect> {
    if refusal(state, handle, now).is_some() {
        let text = "Nothing sent: the task can no longer be cancelled";
        state.notifications.push(Severity::Warning, text, now);
        return Vec::new();
    }
    let view = state.view_mut();
    let Some(record) = view.store.get(handle) else {
        return Vec::new();
    };
    let (server, mo_id) = (record.id.server, record.id.mo_id.clone());
    view.cancel_requests.insert(handle, CancelRequest::new(now));
    vec![Effect::Send(server, Command::Cancel(mo_id))]
}

#[cfg(test)]
mod tests;
