//! Key names: parsing and display.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with modifiers. Shift is part of the character where there is one (`G`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// An invalid key name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown key “{0}”")]
pub struct ParseKeyError(pub String);

const NAMES: [(&str, KeyCode, &str); 16] = [
    ("up", KeyCode::Up, "↑"),
    ("down", KeyCode::Down, "↓"),
    ("left", KeyCode::Left, "←"),
    ("right", KeyCode::Right, "→"),
    ("enter", KeyCode::Enter, "↵"),
    ("esc", KeyCode::Esc, "esc"),
    ("tab", KeyCode::Tab, "tab"),
    ("backtab", KeyCode::BackTab, "shift-tab"),
    ("space", KeyCode::Char(' '), "space"),
    ("home", KeyCode::Home, "home"),
    ("end", KeyCode::End, "end"),
    ("pageup", KeyCode::PageUp, "pgup"),
    ("pagedown", KeyCode::PageDown, "pgdn"),
    ("backspace", KeyCode::Backspace, "backspace"),
    ("delete", KeyCode::Delete, "del"),
    ("insert", KeyCode::Insert, "ins"),
];

impl Key {
    /// Returns the display name, with arrows as ASCII words if needed.
    pub fn label(self, ascii: bool) -> String {
        let mut label = String::new();
        for (modifier, prefix) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                label.push_str(prefix);
            }
        }
        let named = NAMES.iter().find(|(_, code, _)| *code == self.code);
        match (named, self.code) {
            (Some((name, _, symbol)), _) if ascii && !symbol.is_ascii() => label.push_str(name),
            (Some((_, _, symbol)), _) => label.push_str(symbol),
            (None, KeyCode::Char(character)) => label.push(character),
            (None, code) => label.push_str(&code.to_string()),
        }
        label
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label(false))
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = event.modifiers & known;
        // Terminals differ in whether they report Shift in addition to the shifted character.
        if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Self {
            code: event.code,
            modifiers,
        }
    }
}

impl FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        let mut modifiers = KeyModifiers::NONE;
        let mut name = text;
        for (prefix, modifier) in [
            ("ctrl-", KeyModifiers::CONTROL),
            ("alt-", KeyModifiers::ALT),
            ("shift-", KeyModifiers::SHIFT),
        ] {
            if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
                modifiers |= modifier;
                name = rest;
            }
        }
        let bad = || ParseKeyError(text.to_owned());
        let named = NAMES.iter().find(|(known, _, _)| *known == name);
        let mut characters = name.chars();
        let code = match (named, characters.next(), characters.as_str()) {
            (Some((_, code, _)), _, _) => *code,
            (None, Some(character), "") => KeyCode::Char(character),
            (None, Some('f'), number) => match number.parse() {
                Ok(number @ 1..=12) => KeyCode::F(number),
                _ => return Err(bad()),
            },
            _ => return Err(bad()),
        };
        Ok(Self::from(KeyEvent::new(code, modifiers)))
    }
}
