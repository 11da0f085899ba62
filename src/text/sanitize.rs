//! Makes text from a server safe to print on a terminal.
//!
//! Control characters, escape sequences, and characters that reorder or hide text are replaced by visible ones: `ESC`
//! becomes `␛`, a right-to-left override becomes `⟨U+202E⟩`. Emoji are reduced to the parts whose width all terminals
//! agree on.

use std::{borrow::Cow, fmt::Write};

use unicode_width::UnicodeWidthChar;

use super::fit::is_narrow;

/// Maximum number of consecutive combining marks; longer runs would smear over neighbouring lines.
const COMBINING_LIMIT: usize = 4;

const JOINER: char = '\u{200d}';

/// Makes a text safe to print on one line: line breaks and tabs become spaces.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_narrow) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    let mut marks = 0;
    let mut base = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if is_mark(character) {
            // A mark without a base character would combine with the text printed before.
            if base.is_none_or(char::is_whitespace) {
                safe.push('◌');
                base = Some('◌');
            }
            marks += 1;
            if marks <= COMBINING_LIMIT {
                safe.push(character);
            }
            continue;
        }
        if base.is_some_and(is_emoji) && is_emoji_modifier(character, rest.peek().copied()) {
            continue;
        }
        marks = 0;
        let shown = match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => ' ',
            '\u{0}'..='\u{1f}' => control_picture(character),
            '\u{7f}' => '␡',
            hidden if is_hidden(hidden) => {
                let _ = write!(safe, "⟨U+{:04X}⟩", u32::from(hidden));
                base = Some('⟩');
                continue;
            }
            visible => visible,
        };
        safe.push(shown);
        base = Some(shown);
    }
    Cow::Owned(safe)
}

/// Makes a text safe to print on several lines, keeping its line breaks.
pub fn sanitize_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(sanitize)
}

/// Returns true if a character is safe to print in any position: not a control character, not invisible, and not
/// drawn over another one.
pub(super) fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}')
        && !is_hidden(character)
        && !is_mark(character)
}

/// Returns the Unicode control picture of a C0 control character.
fn control_picture(control: char) -> char {
    char::from_u32(0x2400 + u32::from(control)).unwrap_or('\u{fffd}')
}

/// Returns true for characters without a glyph that change how others are shown or read: C1 controls, bidi controls,
/// zero-width characters, fillers, joiners, skin tones, tags, variation selectors, and noncharacters.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0000}'..='\u{e0fff}'
    ) || u32::from(character) & 0xfffe == 0xfffe
}

/// Returns true if a character is drawn over the preceding one.
fn is_mark(character: char) -> bool {
    !character.is_control()
        && character.width() == Some(0)
        && !is_hidden(character)
        && !matches!(character, '\u{2028}' | '\u{2029}')
}

/// Returns true for a modifier that follows an emoji and only changes its looks: a presentation selector, a skin
/// tone, or the joiner between two emoji. Terminals disagree on the width of the result, but agree without it.
fn is_emoji_modifier(character: char, next: Option<char>) -> bool {
    match character {
        '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' => true,
        JOINER => next.is_some_and(is_emoji),
        _ => false,
    }
}

/// Returns true for pictographs (approximate ranges).
fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{23ff}'
            | '\u{25a0}'..='\u{27bf}'
            | '\u{2900}'..='\u{297f}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in [
            "web-11",
            "Überprüfung",
            "データベース",
            "👩 box",
            "🇩🇪",
            "שלום",
            "हिन्दी",
            "e\u{301}",
        ] {
            assert_eq!(sanitize(text), text);
        }
    }

    #[test]
    fn narrow_characters_are_plain() {
        let mut narrow = ('\0'..=char::MAX).filter(|character| is_narrow(*character));
        assert!(narrow.all(is_plain));
    }

    #[test]
    fn control_sequences_are_escaped() {
        let hostile = "a\u{1b}[31mb\u{9b}2Jc\u{7}d\u{202e}e\u{0}\u{7f}\u{feff}";
        let safe = sanitize(hostile);
        assert_eq!(safe, "a␛[31mb⟨U+009B⟩2Jc␇d⟨U+202E⟩e␀␡⟨U+FEFF⟩");
    }

    #[test]
    fn combining_marks_per_character_are_limited() {
        let flood = format!("a{}", "\u{301}".repeat(500));
        assert!(sanitize(&flood).chars().count() <= 1 + COMBINING_LIMIT);
    }

    #[test]
    fn emoji_with_ambiguous_width_are_simplified() {
        for (text, safe) in [
            ("👩\u{200d}💻 box", "👩💻 box"),
            ("❤\u{fe0f}", "❤"),
            ("🧑🏽", "🧑"),
            ("a\u{200d}b", "a⟨U+200D⟩b"),
            ("👩\u{200d}", "👩⟨U+200D⟩"),
            ("web-1\u{fe0f}", "web-1⟨U+FE0F⟩"),
            ("ក\u{1f3fb}", "ក⟨U+1F3FB⟩"),
        ] {
            assert_eq!(sanitize(text), safe);
        }
    }

    #[test]
    fn leading_combining_mark_gets_a_base_character() {
        assert_eq!(sanitize("\u{301}x"), "◌\u{301}x");
        assert_eq!(sanitize("a \u{301}"), "a ◌\u{301}");
    }

    #[test]
    fn invisible_characters_are_escaped() {
        for hidden in
            "\u{3164}\u{115f}\u{34f}\u{e0041}\u{fe01}\u{e0101}\u{2067}\u{2069}\u{ffff}".chars()
        {
            let name = format!("⟨U+{:04X}⟩", u32::from(hidden));
            assert_eq!(sanitize(&hidden.to_string()), name);
        }
    }

    #[test]
    fn line_breaks_become_spaces_or_lines() {
        assert_eq!(sanitize("one\r\ntwo\tthree"), "one  two three");
        let lines: Vec<_> = sanitize_lines("one\n\u{1b}two").collect();
        assert_eq!(lines, ["one", "␛two"]);
    }
}
