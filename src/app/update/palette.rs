//! What is done in the command palette.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::summary;
use crate::app::{
    action::Action,
    event::Effect,
    keymap::Context,
    notices::Gravity,
    palette::{Found, Palette},
    state::{Overlay, State},
};

/// A page of what was found.
const PAGE: isize = 10;

pub(super) fn open(state: &mut State, from: Context) {
    state.cursor.hold(&state.outline);
    let mut palette = Palette::new(&state.keymap, from);
    palette.below = state.overlay.take().map(Box::new);
    state.overlay = Some(Overlay::Palette(palette));
}

/// What the palette lay over comes back, as far as there is still something to it.
fn give_way(state: &mut State) {
    let Some(Overlay::Palette(palette)) = state.overlay.take() else {
        return;
    };
    state.overlay = palette.below.map(|below| *below);
    if let Some(Overlay::Cancel(inspector)) = &state.overlay
        && state.board.get(inspector.subject).is_none()
    {
        state.overlay = None;
    }
    summary::rebuild(state);
}

pub(super) fn press(state: &mut State, key: KeyEvent) {
    if let Some(Overlay::Palette(palette)) = &mut state.overlay
        && palette.line.press(key)
    {
        palette.search(&state.keymap);
    }
}

pub(super) fn paste(state: &mut State, text: &str) {
    if let Some(Overlay::Palette(palette)) = &mut state.overlay {
        palette.line.insert(text);
        palette.search(&state.keymap);
    }
}

pub(super) fn act(state: &mut State, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = &mut state.overlay else {
        return Vec::new();
    };
    match action {
        Action::Up => palette.step(-1),
        Action::Down => palette.step(1),
        Action::PageUp => palette.step(-PAGE),
        Action::PageDown => palette.step(PAGE),
        Action::ClearLine => {
            palette.line.clear();
            palette.search(&state.keymap);
        }
        Action::Dismiss => give_way(state),
        Action::Accept => {
            let (pointed, from) = (palette.pointed().cloned(), palette.from);
            give_way(state);
            match pointed {
                Some(Found {
                    action,
                    elsewhere: Some(place),
                    ..
                }) => tell_where(state, action, place, now),
                // What lay below may be gone, and its actions with it.
                Some(Found { action, .. }) if state.context() == from => {
                    return super::act(state, from, action, now);
                }
                _ => {}
            }
        }
        _ => {}
    }
    Vec::new()
}

/// What can be done in another place only is not done here.
fn tell_where(state: &mut State, action: Action, place: Context, now: Timestamp) {
    let keys = state.keymap.keys(place, action).iter();
    let keys: Vec<String> = keys.map(|key| key.label(state.options.ascii)).collect();
    let (place, help) = (place.title(), action.help());
    let text = match keys.as_slice() {
        [] => format!("{place}: “{help}”, from this list of commands"),
        keys => format!("{place}: {} is “{help}”", keys.join(" or ")),
    };
    state.notices.say(Gravity::Info, text, now);
}

/// Does what was clicked.
pub(super) fn choose(state: &mut State, place: usize, now: Timestamp) -> Vec<Effect> {
    if let Some(Overlay::Palette(palette)) = &mut state.overlay {
        palette.chosen = place;
    }
    act(state, Action::Accept, now)
}
