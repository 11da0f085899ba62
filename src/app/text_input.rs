//! Single-line text input.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

/// A line of text with a cursor. Typed or pasted text is stripped of control characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextInput {
    before: String,
    after: String,
}

impl TextInput {
    /// Creates a line with the cursor at its end.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            before: text.into(),
            after: String::new(),
        }
    }

    /// Creates a line with the cursor between two parts.
    pub fn with_cursor_between(before: String, after: String) -> Self {
        Self { before, after }
    }

    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    pub fn before(&self) -> &str {
        &self.before
    }

    /// Returns the text under and after the cursor.
    pub fn after(&self) -> &str {
        &self.after
    }

    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    pub fn clear(&mut self) {
        self.before.clear();
        self.after.clear();
    }

    /// Inserts text at the cursor. Line breaks and tabs become spaces; other control characters are removed.
    pub fn insert(&mut self, text: &str) {
        let spaced = text
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c });
        self.before.extend(spaced.filter(|c| !c.is_control()));
    }

    /// Handles an editing key. Returns true if the key was used.
    pub fn handle_key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('a') if control => self.home(),
            KeyCode::Char('e') if control => self.end(),
            KeyCode::Char('w') if control => self.delete_word(),
            KeyCode::Backspace if control || alt => self.delete_word(),
            KeyCode::Char(character) if !control && !alt => {
                self.insert(character.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => {
                take_last(&mut self.before);
            }
            KeyCode::Delete => {
                take_first(&mut self.after);
            }
            KeyCode::Left => {
                let moved = take_last(&mut self.before);
                self.after.insert_str(0, &moved);
            }
            KeyCode::Right => {
                let moved = take_first(&mut self.after);
                self.before.push_str(&moved);
            }
            KeyCode::Home => self.home(),
            KeyCode::End => self.end(),
            _ => return false,
        }
        true
    }

    fn home(&mut self) {
        self.after.insert_str(0, &self.before);
        self.before.clear();
    }

    fn end(&mut self) {
        self.before.push_str(&self.after);
        self.after.clear();
    }

    fn delete_word(&mut self) {
        let trimmed = self.before.trim_end();
        let start = trimmed.rfind(' ').map_or(0, |space| space + 1);
        self.before.truncate(start);
    }
}

fn take_last(text: &mut String) -> String {
    let last = text.graphemes(true).next_back().map_or(0, str::len);
    text.split_off(text.len() - last)
}

fn take_first(text: &mut String) -> String {
    let end = text.graphemes(true).next().map_or(0, str::len);
    text.drain(..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle_key(line: &mut TextInput, code: KeyCode) {
        assert!(line.handle_key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    #[test]
    fn inserts_characters_at_the_cursor() {
        let mut line = TextInput::new("tak");
        handle_key(&mut line, KeyCode::Left);
        handle_key(&mut line, KeyCode::Char('s'));
        assert_eq!(line.text(), "task");
        handle_key(&mut line, KeyCode::End);
        handle_key(&mut line, KeyCode::Char('1'));
        assert_eq!((line.before(), line.after()), ("task1", ""));
        handle_key(&mut line, KeyCode::Home);
        handle_key(&mut line, KeyCode::Delete);
        assert_eq!((line.before(), line.after()), ("", "ask1"));
    }

    #[test]
    fn deletes_whole_grapheme_clusters() {
        let mut line = TextInput::new("ae\u{301}");
        handle_key(&mut line, KeyCode::Backspace);
        assert_eq!(line.text(), "a");
        handle_key(&mut line, KeyCode::Backspace);
        handle_key(&mut line, KeyCode::Backspace);
        assert!(line.is_empty());
    }

    #[test]
    fn pasted_text_is_reduced_to_one_clean_line() {
        let mut line = TextInput::default();
        line.insert("task-1\ntask-2\u{1b}[31m\u{7}");
        assert_eq!(line.text(), "task-1 task-2[31m");
        line.handle_key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(line.text(), "task-1 ");
    }

    #[test]
    fn ignores_unknown_keys() {
        let mut line = TextInput::default();
        assert!(!line.handle_key(KeyEvent::new(KeyCode::F(5), KeyModifiers::NONE)));
        assert!(!line.handle_key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL)));
    }
}
