//! Subscribes to the family or events of the selected task while the details pane shows them.
//!
//! A subscription starts after the selection has been still for a while, so that moving through the list sends no
//! requests, and ends when the pane is closed or shows another tab. The fetch loop polls by itself while the task is
//! active.

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Size;

use crate::{
    app::{event::Effect, panes::Tab, state::AppState},
    task::Handle,
    vim::types::TaskLocator,
    watch::{Command, FamilyState},
};

/// Time for which the selection must not change before a subscription starts.
const DEBOUNCE: SignedDuration = SignedDuration::from_millis(400);

/// Starts or ends the subscription as the open tab requires.
pub(in crate::app) fn sync(state: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let selected = state.selected();
    let selected_since = state.view().subscription.selected_since;
    if selected_since.map(|(handle, _)| handle) != selected {
        state.view_mut().subscription.selected_since = selected.map(|handle| (handle, now));
    }
    let Some((handle, tab)) = required(state) else {
        return unsubscribe(state).into_iter().collect();
    };
    if due(state, now).is_none_or(|due| due > now) {
        return Vec::new();
    }
    let Some(record) = state.view().store.get(handle) else {
        return Vec::new();
    };
    let id = record.id.clone();
    let locator = match record.info.as_deref() {
        Some(info) => TaskLocator::of(info),
        None => TaskLocator::named(id.mo_id),
    };
    let left = unsubscribe(state);
    state.view_mut().subscription.current = Some((handle, tab, id.server));
    let follow = Effect::Send(id.server, command(tab, Some(locator)));
    left.into_iter().chain([follow]).collect()
}

/// Returns when the next subscription starts; `None` while polling is paused.
pub(in crate::app) fn due(state: &AppState, now: Timestamp) -> Option<Timestamp> {
    let (handle, tab) = required(state)?;
    let (_, selected_since) = state.view().subscription.selected_since?;
    // The clock of a record may be stopped, and reading it costs no request.
    let due = match state.playback {
        Some(_) => selected_since,
        None => selected_since + DEBOUNCE,
    };
    let current = state
        .view()
        .subscription
        .current
        .map(|(handle, tab, _)| (handle, tab));
    // Tasks in the history view do not change, so it is read while paused, too.
    let may_ask = !state.paused || state.views.history().is_some();
    let is_new = current != Some((handle, tab)) && may_ask;
    // A tick follows an event that moved the selection just now.
    is_new.then(|| due.max(now))
}

/// Minimum size of the details in which the Overview has space for events.
const MIN_SIZE_FOR_EVENTS: Size = Size {
    width: 96,
    height: 8,
};

/// Returns the task and tab to subscribe to. The Overview shows events if it has space.
fn required(state: &AppState) -> Option<(Handle, Tab)> {
    let area = state.layout().details;
    let has_space =
        area.width >= MIN_SIZE_FOR_EVENTS.width && area.height >= MIN_SIZE_FOR_EVENTS.height;
    let tab = match state.tab {
        Tab::Overview if has_space => Tab::Events,
        tab @ (Tab::Lineage | Tab::Events) => tab,
        Tab::Overview | Tab::Error | Tab::Result | Tab::Json => return None,
    };
    Some((state.selected()?, tab)).filter(|_| area.height > 0)
}

fn command(tab: Tab, locator: Option<TaskLocator>) -> Command {
    match tab {
        Tab::Lineage => Command::FollowFamily(locator),
        _ => Command::FollowEvents(locator.into_iter().collect()),
    }
}

/// Ends the current subscription.
pub(in crate::app) fn unsubscribe(state: &mut AppState) -> Option<Effect> {
    let (handle, tab, server) = state.view_mut().subscription.current.take()?;
    // The search ends with the subscription.
    for view in state.views.all_mut() {
        if view.family_states.get(&handle) == Some(&FamilyState::Searching) {
            view.family_states.remove(&handle);
        }
    }
    Some(Effect::Send(server, command(tab, None)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::test_support::*;

    fn after(state: &mut Screen, millis: i64) -> Vec<Effect> {
        let at = now() + SignedDuration::from_millis(millis);
        let effects = update(state, Event::Tick, at);
        let sent = |effect: &Effect| matches!(effect, Effect::Send(..));
        effects.into_iter().filter(sent).collect()
    }

    /// Lists the subscriptions that the effects request: `family` or `events` with the task ID, or `-` for none.
    fn subscriptions(effects: &[Effect]) -> Vec<String> {
        let words = effects.iter().map(|effect| match effect {
            Effect::Send(_, Command::FollowFamily(locator)) => ("family", locator.as_ref()),
            Effect::Send(_, Command::FollowEvents(traces)) => ("events", traces.first()),
            other => panic!("{other:?}"),
        });
        words
            .map(|(what, locator)| {
                let of = locator.map_or("-", |locator| &locator.mo_id);
                format!("{what} {of}")
            })
            .collect()
    }

    #[test]
    fn subscribes_after_the_selection_is_still() {
        let mut state = busy(120, 40);
        choose(&mut state, "task-4711");
        state.tab = Tab::Json;
        assert!(after(&mut state, 0).is_empty());
        assert_eq!(due(&state, now()), None, "nothing is needed");
        state.tab = Tab::Lineage;
        assert!(after(&mut state, 100).is_empty());
        assert_eq!(subscriptions(&after(&mut state, 400)), ["family task-4711"]);
        assert!(after(&mut state, 900).is_empty(), "once");
        assert!(
            after(&mut state, 90_000).is_empty(),
            "the loop goes on by itself"
        );
        state.tab = Tab::Events;
        assert_eq!(
            subscriptions(&after(&mut state, 90_500)),
            ["family -", "events task-4711"]
        );
    }

    #[test]
    fn overview_shows_events_if_it_has_space() {
        let mut state = busy(120, 40);
        choose(&mut state, "task-4711");
        state.pane_mode = PaneMode::Details;
        assert!(after(&mut state, 0).is_empty());
        assert_eq!(subscriptions(&after(&mut state, 400)), ["events task-4711"]);
        // The Events tab needs the same.
        state.tab = Tab::Events;
        assert!(after(&mut state, 900).is_empty());
        state.tab = Tab::Overview;
        state.size.width = 80;
        assert_eq!(subscriptions(&after(&mut state, 1000)), ["events -"]);
    }

    #[test]
    fn unsubscribes_when_the_tab_is_not_shown() {
        for close in [
            (|state| state.pane_mode = PaneMode::List) as fn(&mut Screen),
            |state| state.tab = Tab::Json,
        ] {
            let mut state = busy(120, 40);
            choose(&mut state, "task-4711");
            state.tab = Tab::Lineage;
            after(&mut state, 0);
            after(&mut state, 400);
            let handle = find(&state, "task-4711");
            state
                .view_mut()
                .family_states
                .insert(handle, FamilyState::Searching);
            close(&mut state);
            assert_eq!(subscriptions(&after(&mut state, 500)), ["family -"]);
            assert!(
                state.view().family_states.is_empty(),
                "the search has ended"
            );
            assert!(after(&mut state, 60_000).is_empty());
        }
    }

    #[test]
    fn keeps_the_subscription_while_paused() {
        let mut state = busy(120, 40);
        choose(&mut state, "task-4711");
        state.tab = Tab::Events;
        state.paused = true;
        assert!(after(&mut state, 0).is_empty());
        assert!(after(&mut state, 60_000).is_empty());
        assert_eq!(due(&state, now()), None);
        state.paused = false;
        assert_eq!(
            subscriptions(&after(&mut state, 61_000)),
            ["events task-4711"]
        );
        state.paused = true;
        assert!(after(&mut state, 62_000).is_empty());
    }
}
