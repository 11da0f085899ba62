//! Keys and clicks in tests.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ratatui::{Terminal, backend::TestBackend};

use super::now;
use crate::{
    app::{
        click_targets::ClickTarget,
        event::{Effect, Event},
        screen::Screen,
        update::update,
    },
    ui::{self, Appearance},
};

/// Presses a character key at another time.
pub(crate) fn press_at(state: &mut Screen, key: char, at: Timestamp) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
    update(state, Event::Key(key), at)
}

/// Presses keys: characters as they are, other keys by name in angle brackets.
pub(crate) fn press(state: &mut Screen, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(character) = rest.chars().next() {
        let (code, length) = match rest.split_once('>') {
            Some((name, _)) if character == '<' => (named(&name[1..]), name.len() + 1),
            _ => (KeyCode::Char(character), character.len_utf8()),
        };
        rest = &rest[length..];
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        effects.extend(update(state, Event::Key(key), now()));
    }
    effects.retain(|effect| *effect != Effect::Draw);
    effects
}

fn named(name: &str) -> KeyCode {
    match name {
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgdn" => KeyCode::PageDown,
        other => panic!("{other} has no key here"),
    }
}

pub(crate) fn control(state: &mut Screen, character: char) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL);
    update(state, Event::Key(key), now())
}

/// Clicks hit the targets of the last frame.
pub(crate) fn draw(state: &mut Screen) {
    let look = Appearance::new(&state.options);
    let backend = TestBackend::new(state.size.width, state.size.height);
    let mut terminal = Terminal::new(backend).unwrap();
    let mut drawn = None;
    terminal
        .draw(|frame| drawn = Some(ui::draw(state, &look, frame, now())))
        .unwrap();
    state.frame = drawn.unwrap();
}

pub(crate) fn mouse(
    state: &mut Screen,
    kind: MouseEventKind,
    column: u16,
    row: u16,
) -> Vec<Effect> {
    mouse_with(state, kind, (column, row), KeyModifiers::NONE)
}

pub(crate) fn mouse_with(
    state: &mut Screen,
    kind: MouseEventKind,
    (column, row): (u16, u16),
    modifiers: KeyModifiers,
) -> Vec<Effect> {
    let event = MouseEvent {
        kind,
        column,
        row,
        modifiers,
    };
    update(state, Event::Mouse(event), now())
}

/// Returns the center of a target.
pub(crate) fn place_of(state: &mut Screen, target: ClickTarget) -> (u16, u16) {
    draw(state);
    let (area, _) = *state
        .frame
        .targets
        .iter()
        .rev()
        .find(|(_, known)| *known == target)
        .unwrap_or_else(|| panic!("{target:?} is not drawn"));
    (area.x + area.width / 2, area.y)
}

pub(crate) fn click(state: &mut Screen, target: ClickTarget) -> Vec<Effect> {
    let (column, row) = place_of(state, target);
    let left = MouseEventKind::Down(MouseButton::Left);
    mouse(state, left, column, row)
}
