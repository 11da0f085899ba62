//! What is done in the command palette.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::summary_page;
use crate::app::{
    action::Action,
    command_palette::{CommandPalette, PaletteMatch},
    event::Effect,
    keymap::Context,
    notifications::Severity,
    state::{AppState, Popup},
};

/// A page of what was found.
const PAGE_ROWS: isize = 10;

pub(super) fn open(state: &mut AppState, from: Context) {
    state.selection.hold(&state.row_model);
    let mut palette = CommandPalette::new(&state.keymap, from);
    palette.below = state.popup.take().map(Box::new);
    state.popup = Some(Popup::Palette(palette));
}

/// What the palette lay over comes back, as far as there is still something to it.
fn close_other_popup(state: &mut AppState) {
    let Some(Popup::Palette(palette)) = state.popup.take() else {
        return;
    };
    state.popup = palette.below.map(|below| *below);
    if let Some(Popup::Cancel(dialog)) = &state.popup
        && state.store.get(dialog.subject).is_none()
    {
        state.popup = None;
    }
    summary_page::rebuild(state);
}

pub(super) fn handle_key(state: &mut AppState, key: KeyEvent) {
    if let Some(Popup::Palette(palette)) = &mut state.popup
        && palette.line.press(key)
    {
        palette.search(&state.keymap);
    }
}

pub(super) fn paste(state: &mut AppState, text: &str) {
    if let Some(Popup::Palette(palette)) = &mut state.popup {
        palette.line.insert(text);
        palette.search(&state.keymap);
    }
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::Palette(palette)) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::Up => palette.step(-1),
        Action::Down => palette.step(1),
        Action::PageUp => palette.step(-PAGE_ROWS),
        Action::PageDown => palette.step(PAGE_ROWS),
        Action::ClearLine => {
            palette.line.clear();
            palette.search(&state.keymap);
        }
        Action::Dismiss => close_other_popup(state),
        Action::Accept => {
            let (pointed, from) = (palette.pointed().cloned(), palette.from);
            close_other_popup(state);
            match pointed {
                Some(PaletteMatch {
                    action,
                    elsewhere: Some(place),
                    ..
                }) => explain_context(state, action, place, now),
                // What lay below may be gone, and its actions with it.
                Some(PaletteMatch { action, .. }) if state.context() == from => {
                    return super::handle_action(state, from, action, now);
                }
                _ => {}
            }
        }
        _ => {}
    }
    Vec::new()
}

/// What can be done in another place only is not done here.
fn explain_context(state: &mut AppState, action: Action, place: Context, now: Timestamp) {
    let keys = state.keymap.keys(place, action).iter();
    let keys: Vec<String> = keys.map(|key| key.label(state.options.ascii)).collect();
    let (place, help) = (place.title(), action.help());
    let text = match keys.as_slice() {
        [] => format!("{place}: “{help}”, from this list of commands"),
        keys => format!("{place}: {} is “{help}”", keys.join(" or ")),
    };
    state.notifications.push(Severity::Info, text, now);
}

/// Does what was clicked.
pub(super) fn choose(state: &mut AppState, place: usize, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::Palette(palette)) = &mut state.popup {
        palette.chosen = place;
    }
    handle_action(state, Action::Accept, now)
}
