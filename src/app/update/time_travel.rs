//! Looking back, and what cannot be done meanwhile.

use jiff::{SignedDuration, Timestamp};

use crate::app::{
    action::Action,
    keymap::Context,
    notifications::Severity,
    state::AppState,
    time_travel::{Seek, SeekResult},
};

/// Answers whether the action was one about time, or one that has to wait until it is now again.
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
                format!(": {} goes back there", key.label(state.options.ascii))
            });
            let text = format!("That can only be done now{key}");
            state.notifications.push(Severity::Warning, text, now);
            return true;
        }
        _ => return false,
    };
    let was_now = state.time_travel.is_none();
    match state.seek(target, now) {
        SeekResult::NoFurther => {
            let text = "Nothing older was seen, or kept";
            state.notifications.push(Severity::Info, text, now);
        }
        SeekResult::Now if was_now => state.notifications.push(Severity::Info, "This is now", now),
        SeekResult::There | SeekResult::Now => {}
    }
    true
}
