//! Keys of a playback, and actions that are disabled in it.

use jiff::{SignedDuration, Timestamp};

use crate::app::{
    action::Action,
    event::Effect,
    notifications::Severity,
    playback::{PlaybackCommand, PlaybackState, SeekTarget},
    state::AppState,
};

/// Returns the effects if the action was handled: one of a playback, or one that needs a server.
pub(in crate::app) fn handle_action(
    state: &mut AppState,
    action: Action,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let minute = SignedDuration::from_mins(1);
    let Some(playback) = &state.playback else {
        let is_for_records = matches!(
            action,
            Action::PlaySlower
                | Action::PlayFaster
                | Action::JumpToTime
                | Action::NextFailure
                | Action::NextTaskChange
        );
        if is_for_records {
            let text = "Only in a replay of a record";
            state.notifications.push(Severity::Info, text, now);
        }
        return is_for_records.then(Vec::new);
    };
    let to = |time: Result<Timestamp, jiff::Error>| SeekTarget::Time(time.unwrap_or(now));
    let target = match action {
        Action::Pause => return Some(vec![Effect::Playback(PlaybackCommand::TogglePause)]),
        Action::PlaySlower => return Some(vec![Effect::Playback(PlaybackCommand::Slower)]),
        Action::PlayFaster => return Some(vec![Effect::Playback(PlaybackCommand::Faster)]),
        Action::Back if playback.state == PlaybackState::Seeking => {
            return Some(vec![Effect::Playback(PlaybackCommand::StopSeek)]);
        }
        Action::ChangeBack => SeekTarget::PreviousChange,
        Action::ChangeForward => SeekTarget::NextChange,
        Action::MinuteBack => to(now.checked_sub(minute)),
        Action::MinuteForward => to(now.checked_add(minute)),
        Action::Now => SeekTarget::Time(Timestamp::MAX),
        Action::NextFailure => SeekTarget::NextFailure,
        Action::NextTaskChange => match state.selected_record() {
            Some(record) => SeekTarget::NextChangeOf(record.id.clone()),
            None => return Some(Vec::new()),
        },
        Action::Add
        | Action::Unwatch
        | Action::UndoRemove
        | Action::Pin
        | Action::Refresh
        | Action::History => {
            let text = "Not available in a replay";
            state.notifications.push(Severity::Info, text, now);
            return Some(Vec::new());
        }
        _ => return None,
    };
    Some(vec![Effect::Playback(PlaybackCommand::Seek(target))])
}
