//! Nothing that a server sends reaches the terminal raw.
//!
//! Control characters, escape sequences, and characters that reorder or hide text are made visible instead of
//! being executed: `ESC` becomes `␛`, a right-to-left override becomes `⟨U+202E⟩`.

use std::{borrow::Cow, fmt::Write};

/// How many combining marks in a row are let through; more are a flood that smears over neighbouring lines.
const COMBINING_LIMIT: usize = 4;

/// Makes a text safe to print on one line: line breaks and tabs become a space.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    let mut combining = 0;
    for character in text.chars() {
        combining = if is_combining(character) {
            combining + 1
        } else {
            0
        };
        match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => safe.push(' '),
            '\u{0}'..='\u{1f}' => safe.push(control_picture(character)),
            '\u{7f}' => safe.push('␡'),
            hidden if is_hidden(hidden) => {
                let _ = write!(safe, "⟨U+{:04X}⟩", u32::from(hidden));
            }
            _ if combining > COMBINING_LIMIT => {}
            visible => safe.push(visible),
        }
    }
    Cow::Owned(safe)
}

/// Makes a text safe to print over several lines: its own line breaks stay, each line is made safe.
pub fn sanitize_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(sanitize)
}

/// The picture that Unicode has for a C0 control character.
fn control_picture(control: char) -> char {
    char::from_u32(0x2400 + u32::from(control)).unwrap_or('\u{fffd}')
}

/// Characters without a glyph that change how others are shown or read: C1 controls, bidi controls, zero-width
/// characters (the joiners that emoji are made with excepted), tags, variation selectors beyond the common ones.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn is_combining(character: char) -> bool {
    unicode_width::UnicodeWidthChar::width(character) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "web-11",
            "Überprüfung",
            "データベース",
            "👩‍💻 box",
            "e\u{301}",
        ] {
            assert_eq!(sanitize(text), text);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        let hostile = "a\u{1b}[31mb\u{9b}2Jc\u{7}d\u{202e}e\u{0}\u{7f}\u{feff}";
        let safe = sanitize(hostile);
        assert_eq!(safe, "a␛[31mb⟨U+009B⟩2Jc␇d⟨U+202E⟩e␀␡⟨U+FEFF⟩");
    }

    #[test]
    fn a_flood_of_combining_marks_is_cut() {
        let flood = format!("a{}", "\u{301}".repeat(500));
        assert!(sanitize(&flood).chars().count() <= 1 + COMBINING_LIMIT);
    }

    #[test]
    fn line_breaks_become_spaces_or_lines() {
        assert_eq!(sanitize("one\r\ntwo\tthree"), "one  two three");
        let lines: Vec<_> = sanitize_lines("one\n\u{1b}two").collect();
        assert_eq!(lines, ["one", "␛two"]);
    }
}
