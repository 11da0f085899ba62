use super::*;
use crate::app::{CommandPalette, test_support::selected};

fn palette(state: &AppState) -> &CommandPalette {
    match &state.popup {
        Some(Popup::CommandPalette(palette)) => palette,
        other => panic!("{other:?}"),
    }
}

#[test]
fn runs_the_chosen_command_in_the_original_context() {
    let mut state = busy(80, 24);
    press(&mut state, ":");
    assert_eq!(state.context(), Context::Palette);
    press(&mut state, "pause");
    assert_eq!(
        palette(&state)
            .highlighted_match()
            .map(|found| found.action),
        Some(Action::Pause)
    );
    assert_eq!(
        press(&mut state, "<enter>"),
        [Effect::Send(HERE, Command::Pause(true))]
    );
    assert!(state.popup.is_none());

    press(&mut state, "5<enter>");
    state.frame.details_end = 7;
    press(&mut state, ":scroll");
    let before = selected(&state);
    press(&mut state, "<esc>:move down<enter>");
    assert_eq!(state.view().details.top, 1, "in the details it scrolls");
    assert_eq!(selected(&state), before);
}

#[test]
fn arrows_move_and_escape_closes() {
    let mut state = busy(80, 24);
    press(&mut state, ":fold");
    let first = palette(&state)
        .highlighted_match()
        .map(|found| found.action);
    press(&mut state, "<down>");
    assert_ne!(
        palette(&state)
            .highlighted_match()
            .map(|found| found.action),
        first
    );
    press(&mut state, "<up><up>");
    assert_eq!(
        palette(&state)
            .highlighted_match()
            .map(|found| found.action),
        first
    );
    assert_eq!(press(&mut state, "<esc>"), []);
    assert!(state.popup.is_none());
    press(&mut state, ":zzzz<enter>");
    assert!(state.popup.is_none());
}

#[test]
fn shows_the_key_of_actions_in_other_contexts() {
    let mut state = busy(80, 24);
    press(&mut state, ":Yes, cancel the task<enter>");
    assert!(state.popup.is_none());
    let said = state.notifications.iter().next().unwrap();
    assert!(
        said.text.starts_with("Cancel confirmation: y is"),
        "{}",
        said.text
    );
}

#[test]
fn closing_restores_the_menu_below() {
    let mut state = busy(80, 24);
    press(&mut state, "s:");
    assert_eq!(state.context(), Context::Palette);
    press(&mut state, "<esc>");
    assert_eq!(state.context(), Context::Order);
    press(&mut state, ":reverse<enter>");
    assert_eq!(state.context(), Context::Order, "and was heard");
}
