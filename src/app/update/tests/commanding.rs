//! The command palette.

use super::*;
use crate::app::{Palette, fixture::selected};

fn palette(state: &State) -> &Palette {
    match &state.overlay {
        Some(Overlay::Palette(palette)) => palette,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_is_found_by_letters_and_done_where_one_came_from() {
    let mut state = busy(80, 24);
    press(&mut state, ":");
    assert_eq!(state.context(), Context::Palette);
    press(&mut state, "pause");
    assert_eq!(palette(&state).action(), Some(Action::Pause));
    assert_eq!(
        press(&mut state, "<enter>"),
        [Effect::Send(HERE, Command::Pause(true))]
    );
    assert!(state.overlay.is_none());

    press(&mut state, "5<enter>");
    state.drawn.details_end = 7;
    press(&mut state, ":scroll");
    let before = selected(&state);
    press(&mut state, "<esc>:move down<enter>");
    assert_eq!(state.details.top, 1, "in the details it scrolls");
    assert_eq!(selected(&state), before);
}

#[test]
fn arrows_choose_and_escape_does_nothing() {
    let mut state = busy(80, 24);
    press(&mut state, ":fold");
    let first = palette(&state).action();
    press(&mut state, "<down>");
    assert_ne!(palette(&state).action(), first);
    press(&mut state, "<up><up>");
    assert_eq!(palette(&state).action(), first);
    assert_eq!(press(&mut state, "<esc>"), []);
    assert!(state.overlay.is_none());
    press(&mut state, ":zzzz<enter>");
    assert!(state.overlay.is_none());
}
