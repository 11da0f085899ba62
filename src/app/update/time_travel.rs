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
    let look = match action {
        Action::ChangeBack => Seek::BackByChange,
        Action::ChangeForward => Seek::ForwardByChange,
        Action::MinuteBack => Seek::By(-minute),
        Action::MinuteForward => Seek::By(minute),
        Action::Now => {
            state.return_to_now();
            return true;
        }
        Action::Back if state.past.is_some() => {
            state.return_to_now();
            return true;
        }
        Action::Inspect
        | Action::Add
        | Action::Unwatch
        | Action::Pin
        | Action::Refresh
        | Action::History
            if state.past.is_some() =>
        {
            let key = state.keymap.key(Context::List, Action::Now);
            let key = key.map_or_else(String::new, |key| {
                format!(": {} goes back there", key.label(state.options.ascii))
            });
            let text = format!("That can only be done now{key}");
            state.notices.say(Severity::Warning, text, now);
            return true;
        }
        _ => return false,
    };
    let was_now = state.past.is_none();
    match state.look(look, now) {
        SeekResult::NoFurther => {
            let text = "Nothing older was seen, or kept";
            state.notices.say(Severity::Info, text, now);
        }
        SeekResult::Now if was_now => state.notices.say(Severity::Info, "This is now", now),
        SeekResult::There | SeekResult::Now => {}
    }
    true
}
