//! Time travel actions, and actions that are disabled meanwhile.

use jiff::{SignedDuration, Timestamp};

use crate::app::{
    action::Action,
    keymap::Context,
    notifications::Severity,
    state::AppState,
    time_travel::{Seek, SeekResult},
};

/// Returns true if the action was handled: a seek, or an action that needs the live view.
pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> bool {
    let minute = SignedDuration::from_mins(1);
    let target = match action {
        Action::ChangeBack => Seek::BackByChange,
        Action::ChangeForward => Seek::ForwardByChange,
        Action::MinuteBack => Seek::By(-minute),
        Action::MinuteForward => Seek::By(minute),
        Action::Now => {
            state.return_to_now();
            return true;
        }
        Action::Back if state.time_travel.is_some() => {
            state.return_to_now();
            return true;
        }
        Action::Inspect
        | Action::Add
        | Action::Unwatch
        | Action::Pin
        | Action::Refresh
        | Action::History
            if state.time_travel.is_some() =>
        {
            let key = state.keymap.key(Context::List, Action::Now);
            let key = key.map_or_else(String::new, |key| {
                format!(
                    ": {} returns to the live view",
                    key.label(state.options.ascii)
                )
            });
            let text = format!("Not available during time travel{key}");
            state.notifications.push(Severity::Warning, text, now);
            return true;
        }
        _ => return false,
    };
    let was_now = state.time_travel.is_none();
    match state.seek(target, now) {
        SeekResult::AtOldest => {
            let text = "No older changes";
            state.notifications.push(Severity::Info, text, now);
        }
        SeekResult::Live if was_now => {
            state
                .notifications
                .push(Severity::Info, "Already live", now);
        }
        SeekResult::Moved | SeekResult::Live => {}
    }
    true
}
