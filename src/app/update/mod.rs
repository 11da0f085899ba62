//! Event handling: pure, without IO or a clock.

mod actions;
pub(super) mod added_tasks;
pub(super) mod away_report;
mod blocker;
pub(super) mod detail_subscription;
pub(super) mod details;
mod lineage;
pub(super) mod list;
pub(super) mod live_tasks;
pub(super) mod look_back;
mod mouse;
pub(super) mod new_failures;
mod panes;
pub(super) mod playback;
pub(super) mod playback_position;
pub(super) mod saved_filters;
mod server_update;

use crossterm::event::{KeyEventKind, MouseEventKind};
use jiff::Timestamp;
use ratatui::layout::Size;

use super::{
    action::Action,
    event::{Effect, Event},
    screen::Screen,
    state::AppState,
    views::history::update as history,
};
use crate::watch::Command;

/// Applies an event to the screen. Returns the effects in order. `now` is by the local clock.
pub fn update(screen: &mut Screen, event: Event, now: Timestamp) -> Vec<Effect> {
    let is_input = is_input(&event);
    if screen.state.playback.is_none() {
        away_report::before_event(&mut screen.state, &event, now);
    } else if is_input {
        // The clock of a record may be stopped.
        screen.state.notifications.hide();
    }
    if is_input && screen.popup.is_none() {
        new_failures::before_input(&mut screen.state);
    }
    if let (Event::Key(_) | Event::Mouse(_) | Event::Paste(_), Some(history)) =
        (&event, screen.state.views.history_mut())
    {
        history.reset_prefetch();
    }
    let mut effects = match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => return Vec::new(),
        Event::Key(key) => match screen.state.options.keymap.action(screen.context(), key) {
            Some(Action::Quit) if screen.state.is_view_open() => {
                actions::handle_action(screen, Action::Back, now)
            }
            Some(action) => actions::handle_action(screen, action, now),
            None => {
                if let Some(popup) = &mut screen.popup {
                    popup.handler_mut().handle_key(&mut screen.state, key, now);
                }
                Vec::new()
            }
        },
        Event::Paste(text) => {
            if let Some(popup) = &mut screen.popup {
                popup.handler_mut().paste(&mut screen.state, &text, now);
            }
            Vec::new()
        }
        Event::Mouse(mouse) => match mouse::handle(screen, mouse, now) {
            Some(effects) => effects,
            None => return Vec::new(),
        },
        Event::Resize { width, height } => {
            screen.state.fit(Size::new(width, height), now);
            Vec::new()
        }
        Event::ServerUpdate(server, update) => server_update::handle(screen, server, update, now),
        Event::Background(background) => {
            screen.state.options.background = background;
            Vec::new()
        }
        Event::Tick | Event::FocusGained | Event::FocusLost => Vec::new(),
        Event::Resumed => vec![Effect::Redraw],
    };
    let state = &mut screen.state;
    list::refresh_time_based(state, now);
    if state.playback.is_none() {
        away_report::after_event(state, now);
    }
    state.sync_selection();
    // A popup, such as the filter that is being typed, may restore the selection.
    if is_input && screen.popup.is_none() {
        new_failures::after_input(state, now);
        state.sync_selection();
    }
    effects.extend(detail_subscription::sync(state, now));
    effects.extend(history::fetch_more(state));
    effects.extend(sync_locations(state));
    if let Some(tracker) = &mut state.finish_tracker {
        for effect in &effects {
            if let Effect::Send(server, command) = effect {
                tracker.record_command(*server, command);
            }
        }
    }
    effects.push(Effect::Draw);
    effects
}

/// True for a key, a click, a turn of the wheel and pasted text.
fn is_input(event: &Event) -> bool {
    match event {
        Event::Key(key) => key.kind != KeyEventKind::Release,
        Event::Mouse(mouse) => mouse.kind != MouseEventKind::Moved,
        Event::Paste(_) => true,
        _ => false,
    }
}

/// Starts or stops reading the locations of targets, as the columns and rows require.
fn sync_locations(state: &mut AppState) -> Vec<Effect> {
    let is_wanted = state.has_location_columns(state.layout().list.width)
        || state.view().needs_locations()
        || state.views.live.needs_locations();
    if std::mem::replace(&mut state.reads_locations, is_wanted) == is_wanted {
        return Vec::new();
    }
    state.broadcast(&Command::ReadLocations(is_wanted))
}

#[cfg(test)]
mod tests;
