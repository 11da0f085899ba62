//! Time travel actions, and actions that are disabled meanwhile.

use jiff::{SignedDuration, Timestamp};

use super::TimeTravel;
use crate::{
    app::{
        action::Action, keymap::Context, notifications::Severity, server_state::ServerClocks,
        state::AppState, views::Shown,
    },
    task::UndoLog,
};

/// Target of a seek.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seek {
    /// Before the previous change.
    BackByChange,
    /// After the next change.
    ForwardByChange,
    /// Earlier or later by a duration.
    By(SignedDuration),
}

/// Result of a seek.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SeekResult {
    /// To before the change with this index, displayed as this time.
    To(u64, Timestamp),
    /// There is nothing older.
    AtOldest,
    /// To the live view.
    Live,
}

/// Returns true if the action was handled: a seek, or an action that needs the live view.
pub(in crate::app) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> bool {
    let minute = SignedDuration::from_mins(1);
    let travels = state.views.time_travel().is_some();
    let seek = match action {
        Action::ChangeBack => Seek::BackByChange,
        Action::ChangeForward => Seek::ForwardByChange,
        Action::MinuteBack => Seek::By(-minute),
        Action::MinuteForward => Seek::By(minute),
        Action::Now => {
            return_to_now(state);
            return true;
        }
        Action::Back if travels => {
            return_to_now(state);
            return true;
        }
        Action::Inspect
        | Action::Add
        | Action::Unwatch
        | Action::Pin
        | Action::Refresh
        | Action::History
        | Action::ShowChanges
            if travels =>
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
    let travel = state.views.time_travel();
    let place = travel.map_or((state.undo_log.end(), now), |travel| {
        (travel.next, travel.at)
    });
    match find(&state.undo_log, seek, place, now) {
        SeekResult::To(target, at) => go_to(state, target, at),
        SeekResult::AtOldest => {
            let text = "No older changes";
            state.notifications.push(Severity::Info, text, now);
        }
        SeekResult::Live if !travels => {
            let text = "Already live";
            state.notifications.push(Severity::Info, text, now);
        }
        SeekResult::Live => return_to_now(state),
    }
    true
}

/// Returns the target of a seek from before the change with the index `next`, displayed as `at`.
fn find(
    undo_log: &UndoLog,
    seek: Seek,
    (next, at): (u64, Timestamp),
    now: Timestamp,
) -> SeekResult {
    let first = undo_log.first();
    let since = undo_log.since().unwrap_or(now);
    match seek {
        Seek::BackByChange => {
            let Some(undone) = next
                .checked_sub(1)
                .filter(|last| *last >= first)
                .and_then(|last| undo_log.at(last))
            else {
                return SeekResult::AtOldest;
            };
            // Changes that arrived together are undone together.
            let mut target = next;
            while target > first && undo_log.at(target - 1) == Some(undone) {
                target -= 1;
            }
            let before = target.checked_sub(1).and_then(|last| undo_log.at(last));
            SeekResult::To(target, before.unwrap_or(since).min(undone))
        }
        Seek::ForwardByChange => match undo_log.at(next) {
            Some(at) => SeekResult::To(undo_log.after(at), at),
            None => SeekResult::Live,
        },
        Seek::By(span) => {
            let to = at + span;
            if to >= now {
                return SeekResult::Live;
            }
            if to < since && at <= since {
                return SeekResult::AtOldest;
            }
            let to = to.max(since);
            SeekResult::To(undo_log.after(to).max(first), to)
        }
    }
}

fn go_to(state: &mut AppState, target: u64, at: Timestamp) {
    state.view_mut().pin_selection();
    let is_beyond = |travel: &TimeTravel| !travel.reaches(target);
    if state.views.time_travel().is_some_and(is_beyond) {
        return_to_now(state);
    }
    let views = &mut state.views;
    if views.is_live() {
        let travel = TimeTravel::start(&views.live, &state.undo_log, at);
        views.shown = Shown::TimeTravel(Box::new(travel));
    }
    if let Shown::TimeTravel(travel) = &mut views.shown {
        let clocks = ServerClocks::of(&state.servers, at);
        travel.go_to((target, at), &state.undo_log, &views.live, &clocks);
    }
}

fn return_to_now(state: &mut AppState) {
    if state.views.time_travel().is_some()
        && let Shown::TimeTravel(travel) = std::mem::take(&mut state.views.shown)
    {
        travel.end(&mut state.views.live);
    }
}
