//! Measures, cuts and wraps text by terminal columns: wide characters take two, combining marks none.
//!
//! Widths are measured per grapheme, as the terminal buffer places them, so that cuts and padding agree with what is
//! drawn.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Returns the number of columns that a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    if text.chars().all(is_narrow) {
        return text.chars().count();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// True for a character that takes one column, is visible and never combines with others: ASCII, Latin letters,
/// punctuation such as `–` and `…`, box drawing and blocks. Most texts have no others, and graphemes are slow to find.
pub(super) fn is_narrow(character: char) -> bool {
    matches!(
        character,
        '\u{20}'..='\u{7e}'
            | '\u{a1}'..='\u{ac}'
            | '\u{ae}'..='\u{2ff}'
            | '\u{2010}'..='\u{2027}'
            | '\u{2500}'..='\u{259f}'
    )
}

/// Returns the text if it fits, else its start followed by `ellipsis`.
pub fn truncate<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(available) = columns.checked_sub(width(ellipsis)) else {
        return Cow::Borrowed("");
    };
    let kept = prefix(text, available);
    Cow::Owned(format!("{}{ellipsis}", kept.trim_end()))
}

/// Returns the longest start of the text that fits.
pub fn prefix(text: &str, columns: usize) -> &str {
    if text.chars().all(is_narrow) {
        let end = text.char_indices().nth(columns).map(|(end, _)| end);
        return end.and_then(|end| text.get(..end)).unwrap_or(text);
    }
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > columns {
            return text.get(..start).unwrap_or_default();
        }
    }
    text
}

/// Returns the longest end of a text that fits.
pub fn suffix(text: &str, columns: usize) -> &str {
    let mut rest = text;
    while width(rest) > columns {
        let mut characters = rest.chars();
        characters.next();
        rest = characters.as_str();
    }
    rest
}

/// Breaks a line between words so that no part is wider than `columns`; a longer word is cut. Leading spaces are kept
/// and also indent the following parts.
pub fn wrap(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    if width(line) <= columns {
        return vec![line.to_owned()];
    }
    let spaces = line.len() - line.trim_start_matches(' ').len();
    // Leaves two columns for a wide character after the indentation.
    let indent = " ".repeat(spaces.min(columns / 2).min(columns.saturating_sub(2)));
    let mut parts = Vec::new();
    let mut part = indent.clone();
    let mut used = indent.len();
    for word in line.trim_start_matches(' ').split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        let bare_width = width(bare);
        if used + bare_width > columns && used > indent.len() {
            parts.push(std::mem::replace(&mut part, indent.clone()));
            used = indent.len();
        }
        if used + bare_width <= columns {
            part.push_str(word);
            used += width(word);
            continue;
        }
        for grapheme in word.graphemes(true) {
            let grapheme_width = grapheme.width();
            if used + grapheme_width > columns && used > indent.len() {
                parts.push(std::mem::replace(&mut part, indent.clone()));
                used = indent.len();
            }
            if used + grapheme_width > columns {
                // The grapheme needs the whole width, so the indentation is dropped.
                part.clear();
                used = 0;
            }
            part.push_str(grapheme);
            used += grapheme_width;
        }
    }
    if used > indent.len() || parts.is_empty() {
        parts.push(part);
    }
    for part in &mut parts {
        part.truncate(part.trim_end().len());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_columns() {
        for (text, columns) in [("web-11", 6), ("データ", 6), ("e\u{301}", 1), ("", 0)] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn narrow_characters_are_graphemes_of_one_column() {
        let narrow = ('\0'..=char::MAX).filter(|character| is_narrow(*character));
        let narrow: Vec<char> = narrow.collect();
        assert!(narrow.len() > 800);
        for pair in narrow.windows(2) {
            let text: String = pair.iter().collect();
            let graphemes: Vec<&str> = text.graphemes(true).collect();
            assert_eq!(graphemes.len(), 2, "{text}");
            assert!(graphemes.iter().all(|one| one.width() == 1), "{text}");
            assert_eq!(width(&text), 2);
            assert_eq!(prefix(&text, 1), graphemes[0]);
        }
    }

    #[test]
    fn truncation_keeps_wide_characters_whole() {
        assert_eq!(truncate("データベース", 5, "…"), "デー…");
        assert_eq!(truncate("データベース", 4, "…"), "デ…");
        assert_eq!(truncate("web-11", 6, "…"), "web-11");
        assert_eq!(truncate("web-11", 1, "…"), "…");
        assert_eq!(truncate("web-11", 0, "…"), "");
        assert_eq!(truncate("two words", 5, "…"), "two…");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("  one two", 7), ["  one", "  two"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("is up.", 5), ["is", "up."]);
        assert_eq!(wrap("データベース", 1).len(), 6);
        assert_eq!(wrap(" デ", 2), ["デ"]);
    }

    #[test]
    fn wrapped_parts_fit_the_width() {
        let text =
            "Insufficient resources: データベース server “esx-07.lab.example.com” needs 512 GB";
        for columns in 2..60 {
            for part in wrap(text, columns) {
                assert!(width(&part) <= columns, "{columns}: {part}");
            }
        }
    }
}
