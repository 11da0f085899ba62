//! Actions of the command palette.

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

const PAGE_ROWS: isize = 10;

pub(super) fn open(state: &mut AppState, from: Context) {
    state.view_mut().pin_selection();
    let mut palette = CommandPalette::new(&state.keymap, from);
    palette.underlying = state.popup.take().map(Box::new);
    state.popup = Some(Popup::CommandPalette(palette));
}

/// Closes the palette and restores the popup below, if it is still valid.
fn close_other_popup(state: &mut AppState) {
    let Some(Popup::CommandPalette(palette)) = state.popup.take() else {
        return;
    };
    state.popup = palette.underlying.map(|below| *below);
    if let Some(Popup::CancelDialog(dialog)) = &state.popup
        && state.view().store.get(dialog.root).is_none()
    {
        state.popup = None;
    }
    summary_page::rebuild(state);
}

pub(super) fn handle_key(state: &mut AppState, key: KeyEvent) {
    if let Some(Popup::CommandPalette(palette)) = &mut state.popup
        && palette.input.handle_key(key)
    {
        palette.search(&state.keymap);
    }
}

pub(super) fn paste(state: &mut AppState, text: &str) {
    if let Some(Popup::CommandPalette(palette)) = &mut state.popup {
        palette.input.insert(text);
        palette.search(&state.keymap);
    }
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    let Some(Popup::CommandPalette(palette)) = &mut state.popup else {
        return Vec::new();
    };
    match action {
        Action::Up => palette.move_by(-1),
        Action::Down => palette.move_by(1),
        Action::PageUp => palette.move_by(-PAGE_ROWS),
        Action::PageDown => palette.move_by(PAGE_ROWS),
        Action::ClearLine => {
            palette.input.clear();
            palette.search(&state.keymap);
        }
        Action::Dismiss => close_other_popup(state),
        Action::Accept => {
            let (pointed, from) = (palette.highlighted_match().cloned(), palette.from);
            close_other_popup(state);
            match pointed {
                Some(PaletteMatch {
                    action,
                    other_context: Some(place),
                    ..
                }) => explain_context(state, action, place, now),
                // The popup below may be gone, and its actions with it.
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

/// Shows the key and context of an action that is not available here.
fn explain_context(state: &mut AppState, action: Action, place: Context, now: Timestamp) {
    let keys = state.keymap.keys(place, action).iter();
    let keys: Vec<String> = keys.map(|key| key.label(state.options.ascii)).collect();
    let (place, help) = (place.title(), action.help());
    let text = match keys.as_slice() {
        [] => format!("{place}: “{help}”, from the command palette"),
        keys => format!("{place}: {} is “{help}”", keys.join(" or ")),
    };
    state.notifications.push(Severity::Info, text, now);
}

/// Runs the clicked command.
pub(super) fn choose(state: &mut AppState, place: usize, now: Timestamp) -> Vec<Effect> {
    if let Some(Popup::CommandPalette(palette)) = &mut state.popup {
        palette.highlighted = place;
    }
    handle_action(state, Action::Accept, now)
}
