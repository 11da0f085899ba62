//! Looking back, and what cannot be done meanwhile.

use jiff::{SignedDuration, Timestamp};

use crate::app::{
    action::Action,
    keymap::Context,
    notices::Gravity,
    past::{Look, Looked},
    state::State,
};

/// Answers whether the action was one about time, or one that has to wait until it is now again.
pub(super) fn act(state: &mut State, action: Action, now: Timestamp) -> bool {
    let minute = SignedDuration::from_mins(1);
    let look = match action {
        Action::ChangeBack => Look::BackByChange,
        Action::ChangeForward => Look::ForwardByChange,
        Action::MinuteBack => Look::By(-minute),
        Action::MinuteForward => Look::By(minute),
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
            state.notices.say(Gravity::Warning, text, now);
            return true;
        }
        _ => return false,
    };
    let was_now = state.past.is_none();
    match state.look(look, now) {
        Looked::NoFurther => {
            let text = "Nothing older was seen, or kept";
            state.notices.say(Gravity::Info, text, now);
        }
        Looked::Now if was_now => state.notices.say(Gravity::Info, "This is now", now),
        Looked::There | Looked::Now => {}
    }
    true
}
