//! Keys of a playback, and actions that are disabled in it.

use jiff::{SignedDuration, Timestamp};

use crate::app::{
    action::Action,
    event::Effect,
    keymap::Context,
    notification_log::Severity,
    playback::{PlaybackCommand, PlaybackState, SeekTarget},
    state::AppState,
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Returns the effects if the action was handled: one of a playback, or one that needs a server.
pub(in crate::app) fn handle_action(
    state: &mut AppState,
    action: Action,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let control = |command| Some(vec![Effect::Playback(command)]);
    let Some(playback) = &state.playback else {
        return look_back(state, action, now);
    };
    let target = match action {
        Action::Pause => return control(PlaybackCommand::TogglePause),
        Action::PlaySlower => return control(PlaybackCommand::Slower),
        Action::PlayFaster => return control(PlaybackCommand::Faster),
        Action::Back if playback.state == PlaybackState::Seeking => {
            return control(PlaybackCommand::StopSeek);
        }
        Action::Now | Action::Back if playback.is_session => {
            return control(PlaybackCommand::ReturnToNow);
        }
        Action::ChangeBack => SeekTarget::PreviousChange,
        Action::ChangeForward => SeekTarget::NextChange,
        Action::MinuteBack => SeekTarget::By(-MINUTE),
        Action::MinuteForward => SeekTarget::By(MINUTE),
        Action::Now => SeekTarget::Time(Timestamp::MAX),
        Action::NextFailure => SeekTarget::NextFailure,
        Action::NextTaskChange => match state.selected_record() {
            Some(record) => SeekTarget::NextChangeOf(record.id.clone()),
            None => return Some(Vec::new()),
        },
        Action::Inspect if !playback.is_session => return None,
        Action::Inspect
        | Action::ShowChanges
        | Action::Add
        | Action::Unwatch
        | Action::UndoRemove
        | Action::Pin
        | Action::Refresh
        | Action::History => {
            let text = if playback.is_session {
                let key = state.key_label(Context::List, Action::Now);
                let hint = key.map(|key| format!(": {key} returns to the live view"));
                format!("Not available in the past{}", hint.unwrap_or_default())
            } else {
                "Not available in a replay".to_owned()
            };
            state.notifications.push(Severity::Info, text, now);
            return Some(Vec::new());
        }
        _ => return None,
    };
    control(PlaybackCommand::Seek(target))
}

/// Returns the effects if the action looks back from the live screen, or is for a playback only.
fn look_back(state: &mut AppState, action: Action, now: Timestamp) -> Option<Vec<Effect>> {
    if !state.views.is_live() {
        return None;
    }
    let seek = |target| Some(vec![Effect::Playback(PlaybackCommand::Seek(target))]);
    let text = match action {
        Action::ChangeBack | Action::MinuteBack if state.undo_log.is_empty() => "No older changes",
        Action::ChangeBack => return seek(SeekTarget::PreviousChange),
        Action::MinuteBack => return seek(SeekTarget::By(-MINUTE)),
        Action::ChangeForward | Action::MinuteForward | Action::Now => "Already live",
        Action::PlaySlower | Action::PlayFaster | Action::NextFailure | Action::NextTaskChange => {
            "Only in a replay, or after a step back"
        }
        _ => return None,
    };
    state.notifications.push(Severity::Info, text, now);
    Some(Vec::new())
}
