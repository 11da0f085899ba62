//! Jumps from a blocked task to what it waits for, and back.

use jiff::Timestamp;

use super::list;
use crate::{
    app::{notification_log::Severity, state::AppState},
    task::BlockerKind,
};

/// Selects the task that blocks the selected one; on that, goes back.
pub(super) fn jump(state: &mut AppState, now: Timestamp) {
    let Some(selected) = state.selected() else {
        return;
    };
    let view = state.view_mut();
    if let Some((from, to)) = view.jump.take()
        && to == selected
        && view.store.get(from).is_some()
    {
        list::reveal(state, from, now);
        return;
    }
    let text = match view.store.blocker(selected) {
        Some(blocker) if blocker.by != selected => {
            view.jump = Some((selected, blocker.by));
            list::reveal(state, blocker.by, now);
            return;
        }
        Some(blocker) if blocker.kind == BlockerKind::Question => {
            "This task waits for an answer; answer the question in the vSphere Client"
        }
        Some(_) => "This task waits until its host is connected",
        None => "This task is not blocked",
    };
    state.notifications.push(Severity::Info, text, now);
}
