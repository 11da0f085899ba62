use super::find as find_actions;
use crate::app::{CommandPalette, Keymap, test_support::*};

fn palette(state: &Screen) -> &CommandPalette {
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
    press(&mut state, ":Keep the task<enter>");
    assert!(state.popup.is_none());
    let message = state.notifications.iter().next().unwrap();
    assert!(
        message
            .text
            .starts_with("Cancel confirmation: n or esc or q is"),
        "{}",
        message.text
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
    assert_eq!(state.context(), Context::Order, "and the key was handled");
}

fn found(from: Context, text: &str) -> Vec<Action> {
    let keymap = Keymap::standard();
    let found = find_actions(&keymap, from, text).into_iter();
    let in_context = found.filter(|found| found.other_context.is_none());
    in_context.map(|found| found.action).collect()
}

#[test]
fn empty_search_lists_all_available_actions() {
    let list = found(Context::List, "");
    for action in [Action::Up, Action::Pin, Action::Help, Action::Interrupt] {
        assert!(list.contains(&action), "{action:?}");
    }
    assert!(!list.contains(&Action::Yes) && !list.contains(&Action::Palette));
    let details = found(Context::Details, "");
    assert!(!details.contains(&Action::FoldAll));
}

#[test]
fn fuzzy_search_matches_help_text_and_name() {
    assert_eq!(found(Context::List, "quit")[0], Action::Quit);
    assert_eq!(found(Context::List, "pause")[0], Action::Pause);
    assert_eq!(found(Context::List, "foldall")[0], Action::FoldAll);
    assert!(found(Context::List, "cncl").contains(&Action::Inspect));
    assert!(found(Context::List, "zzqq").is_empty());
}

#[test]
fn lists_every_action_with_its_context() {
    let keymap = Keymap::standard();
    for from in [
        Context::List,
        Context::Cancel,
        Context::Menu,
        Context::Reading,
    ] {
        let found = find_actions(&keymap, from, "");
        for action in Action::ALL
            .iter()
            .filter(|action| **action != Action::Palette)
        {
            let entries = found.iter().filter(|found| found.action == *action);
            assert_eq!(entries.count(), 1, "{action:?} from {from:?}");
        }
        let first = found.iter().position(|found| found.other_context.is_some());
        let mut others = found.iter().skip(first.unwrap());
        assert!(
            others.all(|found| found.other_context.is_some()),
            "{from:?}"
        );
    }
    let yes = find_actions(&keymap, Context::List, "yes");
    let yes = yes
        .iter()
        .find(|found| found.action == Action::Yes)
        .unwrap();
    assert_eq!(yes.other_context, Some(Context::Confirm));
}

#[test]
fn reports_matched_characters() {
    let keymap = Keymap::standard();
    let quit = &find_actions(&keymap, Context::List, "quit")[0];
    assert_eq!(
        (quit.action, &quit.matched_chars[..]),
        (Action::Quit, &[0, 1, 2, 3][..])
    );
}
