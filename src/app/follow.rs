//! What is looked up for the details that are open: the family for the lineage, the events for their tab.
//!
//! A look-up is asked for once the selection rests, so that passing over rows asks nothing; and again from time to
//! time while the task goes on.

use jiff::{SignedDuration, Timestamp};

use super::{
    event::Effect,
    geometry::Areas,
    state::{State, Tab},
};
use crate::{task::Handle, watch::Command};

/// How long the selection has to rest.
const REST: SignedDuration = SignedDuration::from_millis(400);
/// How often the events of a task that goes on are asked for.
const EVENTS_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How often the family of a task that goes on is looked for: its members that run are watched meanwhile.
const FAMILY_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// What was asked for last, and since when the selection rests.
#[derive(Debug, Default)]
pub struct Follow {
    resting: Option<(Handle, Timestamp)>,
    asked: Option<(Handle, Tab, Timestamp)>,
}

/// Asks for what the open tab needs, when it is time.
pub(super) fn look_up(state: &mut State, now: Timestamp) -> Option<Effect> {
    let selected = state.selected();
    if state.follow.resting.map(|(handle, _)| handle) != selected {
        state.follow.resting = selected.map(|handle| (handle, now));
    }
    let (handle, tab) = wanted(state)?;
    if due(state, now)? > now {
        return None;
    }
    state.follow.asked = Some((handle, tab, now));
    let (endpoint, mo_id) = state.address(handle)?;
    let command = match tab {
        Tab::Lineage => Command::FollowFamily(Some(mo_id)),
        _ => Command::FollowEvents(Some(mo_id)),
    };
    Some(Effect::Send(endpoint, command))
}

/// When something is to be asked for; nothing while reading is paused, or one looks back.
pub(super) fn due(state: &State, now: Timestamp) -> Option<Timestamp> {
    let (handle, tab) = wanted(state)?;
    let rested = state.follow.resting?.1 + REST;
    match state.follow.asked {
        Some((before, of, at)) if (before, of) == (handle, tab) => {
            let goes_on = state.board.get(handle)?.status().is_active();
            let again = match tab {
                Tab::Lineage => FAMILY_AGAIN,
                _ => EVENTS_AGAIN,
            };
            goes_on.then_some(at + again)
        }
        // An event that moved the selection just now is followed by a tick.
        _ => Some(rested.max(now)),
    }
}

fn wanted(state: &State) -> Option<(Handle, Tab)> {
    let tab = state.details.tab;
    let is_open = Areas::of(state).details.height > 0;
    let is_live = !state.paused && state.past.is_none();
    let needs = matches!(tab, Tab::Lineage | Tab::Events);
    let handle = state.selected()?;
    (is_open && is_live && needs).then_some((handle, tab))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{
        event::Event,
        fixture::{busy, choose, find, now},
        update::update,
    };

    fn after(state: &mut State, millis: i64) -> Vec<Effect> {
        let at = now() + SignedDuration::from_millis(millis);
        let effects = update(state, Event::Tick, at);
        let sent = |effect: &Effect| matches!(effect, Effect::Send(..));
        effects.into_iter().filter(sent).collect()
    }

    #[test]
    fn what_the_open_tab_needs_is_asked_for_once_the_selection_rests() {
        let mut state = busy(120, 40);
        choose(&mut state, "task-4711");
        assert!(after(&mut state, 0).is_empty());
        assert_eq!(due(&state, now()), None, "the overview needs nothing");
        state.details.tab = Tab::Lineage;
        assert!(after(&mut state, 100).is_empty());
        let asked = after(&mut state, 400);
        let family = Command::FollowFamily(Some("task-4711".into()));
        assert!(matches!(&asked[..], [Effect::Send(_, command)] if *command == family));
        assert!(after(&mut state, 900).is_empty(), "once");
        assert_eq!(after(&mut state, 30_400).len(), 1, "again while it runs");
        state.details.tab = Tab::Events;
        let events = Command::FollowEvents(Some("task-4711".into()));
        let asked = after(&mut state, 30_500);
        assert!(matches!(&asked[..], [Effect::Send(_, command)] if *command == events));
        assert_eq!(
            state.address(find(&state, "task-4711")).unwrap().1,
            "task-4711".into()
        );
    }

    #[test]
    fn nothing_is_asked_for_while_reading_is_paused() {
        let mut state = busy(120, 40);
        choose(&mut state, "task-4711");
        state.details.tab = Tab::Events;
        state.paused = true;
        assert!(after(&mut state, 0).is_empty());
        assert!(after(&mut state, 60_000).is_empty());
        assert_eq!(due(&state, now()), None);
    }
}
