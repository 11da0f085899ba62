//! What is done in the command palette.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::app::{
    action::Action,
    event::Effect,
    keymap::Context,
    palette::Palette,
    state::{Overlay, State},
};

/// A page of what was found.
const PAGE: isize = 10;

pub(super) fn open(state: &mut State, from: Context) {
    state.cursor.hold(&state.outline);
    state.overlay = Some(Overlay::Palette(Palette::new(&state.keymap, from)));
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
        Action::Dismiss => state.overlay = None,
        Action::Accept => {
            let (chosen, from) = (palette.action(), palette.from);
            state.overlay = None;
            if let Some(chosen) = chosen {
                return super::act(state, from, chosen, now);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Does what was clicked.
pub(super) fn choose(state: &mut State, place: usize, now: Timestamp) -> Vec<Effect> {
    if let Some(Overlay::Palette(palette)) = &mut state.overlay {
        palette.chosen = place;
    }
    act(state, Action::Accept, now)
}
