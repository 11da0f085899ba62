use crossterm::event::{KeyCode, KeyModifiers};

use super::*;

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

#[test]
fn default_keys_have_no_conflicts() {
    let keymap = Keymap::parse(DEFAULT_KEYS).unwrap();
    for &context in Context::ALL {
        for action in context.hints() {
            let key = keymap.key(context, *action);
            assert!(key.is_some(), "{action:?} has no key in {context:?}");
        }
    }
}

#[test]
fn every_action_has_a_key_or_is_in_the_palette() {
    let keymap = Keymap::standard();
    // One key cycles through these; each is also available in the palette.
    let by_name = [
        Action::GroupFamily,
        Action::GroupTarget,
        Action::GroupUser,
        Action::GroupOperation,
        Action::GroupEndpoint,
        Action::GroupHost,
        Action::GroupCluster,
        Action::GroupDatacenter,
        Action::GroupFolder,
    ];
    for action in Action::ALL {
        let bound = |context: Context| !keymap.keys(context, *action).is_empty();
        let in_palette = keymap
            .available(Context::List)
            .any(|known| known == *action);
        let is_reached = if by_name.contains(action) {
            in_palette
        } else {
            Context::ALL.iter().copied().any(bound)
        };
        assert!(is_reached, "{action:?}");
    }
}

#[test]
fn inner_context_takes_precedence() {
    let keymap = Keymap::standard();
    let at = |context, code| keymap.action(context, press(code, KeyModifiers::NONE));
    assert_eq!(at(Context::List, KeyCode::Char('c')), Some(Action::Inspect));
    assert_eq!(
        at(Context::Cancel, KeyCode::Char('c')),
        Some(Action::Dismiss)
    );
    assert_eq!(at(Context::Prompt, KeyCode::Char('c')), None);
    let interrupt = press(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for &context in Context::ALL {
        assert_eq!(keymap.action(context, interrupt), Some(Action::Interrupt));
    }
}

#[test]
fn shift_is_part_of_the_character() {
    let keymap = Keymap::standard();
    for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
        let action = keymap.action(Context::List, press(KeyCode::Char('G'), modifiers));
        assert_eq!(action, Some(Action::Last));
    }
}

#[test]
fn rejects_a_key_bound_twice() {
    let twice = "[list]\nup = [\"k\"]\ndown = [\"k\"]";
    let error = Keymap::parse(twice).unwrap_err().to_string();
    assert!(error.contains("“k”") && error.contains("Up"), "{error}");
    let hidden = "[list]\nup = [\"q\"]\n[screen]\nquit = [\"q\"]";
    assert!(matches!(
        Keymap::parse(hidden),
        Err(KeymapError::Conflict { .. })
    ));
}

#[test]
fn rejects_unknown_keys_and_actions() {
    for text in [
        "[list]\nup = [\"f13\"]",
        "[list]\nup = [\"\"]",
        "[list]\nfly = [\"k\"]",
        "[sky]\nup = [\"k\"]",
    ] {
        assert!(Keymap::parse(text).is_err(), "{text}");
    }
}

#[test]
fn keys_have_display_names() {
    for (name, label, ascii) in [
        ("up", "↑", "up"),
        ("ctrl-c", "ctrl-c", "ctrl-c"),
        ("G", "G", "G"),
        ("f1", "F1", "F1"),
        ("-", "-", "-"),
    ] {
        let key: Key = name.parse().unwrap();
        assert_eq!(key.label(false), label);
        assert_eq!(key.label(true), ascii);
    }
}
