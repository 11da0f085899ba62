//! The confirmation for cancelling the marked tasks.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    cancel_dialog::{eligibility, refusal, send_request},
    handler::{PopupHandler, Response},
    text_popup::text_scrolled,
};
use crate::{
    app::{
        action::Action, event::Effect, keymap::Context, notification_log::Severity, state::AppState,
    },
    task::{
        ChangeSet, Handle, ServerId, TaskStore,
        cancellation::{CancelRequest, Privilege},
    },
    vim::types::TaskLocator,
    watch::Command,
};

/// Maximum number of tasks whose state and privilege are read when the dialog opens.
const MAX_LOOKUPS: usize = 50;

/// The open confirmation.
#[derive(Debug)]
pub struct CancelMarked {
    /// The tasks that were marked when it was opened.
    tasks: Vec<Handle>,
    /// First visible line.
    pub top: usize,
}

/// A marked task and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedTask {
    pub handle: Handle,
    /// The reason that prevents a request; `None` if one will be sent.
    pub refusal: Option<String>,
    /// A reason why the server may refuse the request.
    pub doubt: Option<String>,
}

impl CancelMarked {
    /// Opens the confirmation for the marked tasks and refreshes their data.
    pub(in crate::app) fn open(state: &mut AppState, now: Timestamp) -> (Self, Vec<Effect>) {
        state.view_mut().pin_selection();
        let tasks = state.view().marked();
        let effects = look_up(state, &tasks, now);
        (Self { tasks, top: 0 }, effects)
    }

    /// Returns the tasks that will be cancelled, then the others.
    pub fn tasks(&self, state: &AppState, now: Timestamp) -> Vec<MarkedTask> {
        let tasks = self.tasks.iter();
        let mut tasks: Vec<MarkedTask> = tasks
            .filter_map(|handle| MarkedTask::of(state, *handle, now))
            .collect();
        tasks.sort_by_key(|task| task.refusal.is_some());
        tasks
    }

    /// Returns the tasks for which a request will be sent.
    fn cancelable(&self, state: &AppState, now: Timestamp) -> Vec<Handle> {
        let tasks = self.tasks.iter().copied();
        tasks
            .filter(|handle| refusal(state, *handle, now).is_none())
            .collect()
    }

    /// Returns true if at least one request will be sent.
    pub fn can_cancel(&self, state: &AppState, now: Timestamp) -> bool {
        let mut tasks = self.tasks.iter();
        tasks.any(|handle| refusal(state, *handle, now).is_none())
    }
}

impl MarkedTask {
    fn of(state: &AppState, handle: Handle, now: Timestamp) -> Option<Self> {
        let view = state.view();
        let record = view.store.get(handle)?;
        let eligibility = eligibility(state, handle, state.time(record, now));
        let request = view.cancel_requests.get(&handle);
        let pending = request.filter(|request| request.is_pending());
        let refusal = if !eligibility.allowed {
            Some(eligibility.message.clone())
        } else if state.is_read_only(record.id.server) {
            Some("Read-only: cancelling is disabled.".to_owned())
        } else {
            pending.map(|request: &CancelRequest| request.status_text(now))
        };
        let is_doubtful = view.privileges.get(&handle) == Some(&Privilege::Denied)
            || record
                .info
                .as_ref()
                .is_some_and(|info| info.invalid().contains("cancelable"));
        let doubt = (refusal.is_none() && is_doubtful).then_some(eligibility.message);
        Some(Self {
            handle,
            refusal,
            doubt,
        })
    }
}

impl PopupHandler for CancelMarked {
    fn context(&self) -> Context {
        Context::CancelMarked
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        match action {
            Action::Dismiss => return Response::close(),
            Action::Yes => {
                let tasks = self.cancelable(state, now);
                if tasks.is_empty() {
                    return Response::stay();
                }
                let sent = tasks.len();
                let effects = tasks
                    .into_iter()
                    .flat_map(|task| send_request(state, task, now));
                let effects = effects.collect();
                let text = match sent {
                    1 => "1 cancel request sent".to_owned(),
                    sent => format!("{sent} cancel requests sent"),
                };
                state.notifications.push(Severity::Info, text, now);
                state.view_mut().marks.clear();
                return Response::close_with(effects);
            }
            _ => {}
        }
        self.top = text_scrolled(state, self.top, action);
        Response::stay()
    }

    /// Drops removed tasks; closes the dialog after the last one.
    fn follow_changes(&mut self, store: &TaskStore, changes: Option<&ChangeSet>) -> bool {
        if changes.is_none_or(|changes| !changes.removed.is_empty()) {
            self.tasks.retain(|task| store.get(*task).is_some());
        }
        !self.tasks.is_empty()
    }

    fn is_timed(&self) -> bool {
        true
    }
}

/// Requests the state of the first tasks that can be cancelled, and the privilege of the account.
fn look_up(state: &AppState, tasks: &[Handle], now: Timestamp) -> Vec<Effect> {
    if !state.views.is_live() {
        return Vec::new();
    }
    let store = &state.view().store;
    let can = tasks
        .iter()
        .filter(|task| refusal(state, **task, now).is_none())
        .filter_map(|task| store.get(*task));
    let mut refresh: BTreeMap<ServerId, Vec<Arc<str>>> = BTreeMap::new();
    let mut checks = Vec::new();
    for record in can.take(MAX_LOOKUPS) {
        let (server, mo_id) = (record.id.server, record.id.mo_id.clone());
        refresh.entry(server).or_default().push(mo_id);
        if let Some(info) = record.info.as_deref() {
            let check = Command::CheckPrivilege(TaskLocator::of(info));
            checks.push(Effect::Send(server, check));
        }
    }
    let refresh = refresh.into_iter();
    refresh
        .map(|(server, tasks)| Effect::Send(server, Command::Refresh(tasks)))
        .chain(checks)
        .collect()
}
