//! Parser of terminal output: accepts only the few sequences that vtask writes, tracks the cursor, and rejects
//! everything else.

use std::sync::LazyLock;

use regex::Regex;
use unicode_width::UnicodeWidthChar;

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// Matches characters that no text may contain, by Unicode's own tables.
static FORBIDDEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]",
    )
    .unwrap()
});

/// Sequences of the screen and of progress bars, after `ESC [`.
static CSI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A(?:\d*(?:[;:]\d*)*m|\d+;\d+H|\?(?:25|1000|1002|1003|1004|1006|1015|1049|2004|2026)[hl]|2?J|\d*A|2[23];2t|0?K)").unwrap()
});

/// Sequences with a string, between `ESC ]` and the terminator.
static OSC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\A(?:11;\?|52;c;[A-Za-z0-9+/]*=*|2;[^\x1b\x07]*|9;4;[0-4];\d{1,3}|9;vtask: .*|777;notify;vtask;.*|99;i=vtask:(?:d=0:p=title|p=body);.*)\z",
    )
    .unwrap()
});

/// True if a text is safe to print: no control, reordering or invisible characters, and no excess of combining marks.
pub fn is_safe(text: &str) -> bool {
    let marks = text.chars().scan(0, |marks, character| {
        *marks = if character.width() == Some(0) {
            *marks + 1
        } else {
            0
        };
        Some(*marks)
    });
    !FORBIDDEN.is_match(text) && marks.max().unwrap_or(0) <= 4
}

/// Rules for the output to a terminal.
pub struct Terminal {
    pub columns: usize,
    pub rows: usize,
    /// True if lines may be wider than the terminal: data for programs.
    pub wraps: bool,
    /// True for full-screen output: the cursor is positioned and lines do not end.
    pub full_screen: bool,
}

/// Content of the parsed output.
#[derive(Default, Debug)]
pub struct ParsedOutput {
    pub bytes: usize,
    pub characters: usize,
    pub sequences: usize,
    pub bells: usize,
    pub strings: Vec<String>,
}

impl Terminal {
    pub fn screen(columns: u16, rows: u16) -> Self {
        Self {
            columns: columns.into(),
            rows: rows.into(),
            wraps: false,
            full_screen: true,
        }
    }

    pub fn lines(columns: u16, wraps: bool) -> Self {
        Self {
            columns: columns.into(),
            rows: 24,
            wraps,
            full_screen: false,
        }
    }

    /// Parses the whole output.
    ///
    /// # Panics
    /// If it contains anything unexpected.
    pub fn read(&self, bytes: &[u8]) -> ParsedOutput {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => panic!(
                "no UTF-8: {:?}",
                &bytes[error.valid_up_to().saturating_sub(80)..][..100]
            ),
        };
        let mut parsed = ParsedOutput {
            bytes: bytes.len(),
            ..ParsedOutput::default()
        };
        let mut rest = text;
        let (mut column, mut marks) = (0, 0);
        let fail = |why: &str, rest: &str| -> ! {
            let at = text.len() - rest.len();
            let before: String = text[..at]
                .chars()
                .rev()
                .take(120)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            let after: String = rest.chars().take(60).collect();
            panic!("{why} at byte {at}: …{before:?} HERE {after:?}")
        };
        // Outside of the alternate screen, lines end with a newline.
        let mut on_screen = false;
        // Messages for the user may span several lines.
        let mut is_message = text.starts_with("vtask: ");
        while let Some(character) = rest.chars().next() {
            let after = &rest[character.len_utf8()..];
            match character {
                ESCAPE => {
                    parsed.sequences += 1;
                    marks = 0;
                    let Some(body) = after.strip_prefix('[') else {
                        let Some((string, rest_after)) = string(after) else {
                            fail("an unknown escape sequence", rest);
                        };
                        if !OSC.is_match(&string) || FORBIDDEN.is_match(&string) {
                            fail("an unknown string sequence", rest);
                        }
                        parsed.strings.push(string);
                        rest = rest_after;
                        continue;
                    };
                    let Some(sequence) = CSI.find(body) else {
                        fail("an unknown control sequence", rest);
                    };
                    let sequence = sequence.as_str();
                    if let Some(column_number) = sequence.strip_suffix('H') {
                        let (row, column_number) = column_number.split_once(';').unwrap();
                        let (row, column_number): (usize, usize) =
                            (row.parse().unwrap(), column_number.parse().unwrap());
                        if row == 0
                            || row > self.rows
                            || column_number == 0
                            || column_number > self.columns
                            || !self.full_screen
                        {
                            fail("a cursor position outside of the terminal", rest);
                        }
                        column = column_number - 1;
                    }
                    if sequence.starts_with("?1049") {
                        on_screen = sequence.ends_with('h');
                    }
                    rest = &body[sequence.len()..];
                    continue;
                }
                '\r' | '\n' if !on_screen => {
                    column = 0;
                    is_message = after.starts_with("vtask: ");
                }
                BELL => parsed.bells += 1,
                character => {
                    let width = character.width().unwrap_or(0);
                    marks = if width == 0 { marks + 1 } else { 0 };
                    let mut buffer = [0; 4];
                    if FORBIDDEN.is_match(character.encode_utf8(&mut buffer)) {
                        fail("a forbidden character", rest);
                    }
                    if marks > 4 || (width == 0 && column == 0) {
                        fail("too many combining marks", rest);
                    }
                    column += width;
                    if column > self.columns && !self.wraps && !is_message {
                        fail("a line wider than the terminal", rest);
                    }
                    parsed.characters += 1;
                }
            }
            rest = after;
        }
        assert!(!on_screen, "the alternate screen is left");
        parsed
    }
}

/// Splits the string of an `ESC ]` sequence, ended by BEL or ST, plain or wrapped for tmux, from the rest.
fn string(after: &str) -> Option<(String, &str)> {
    const ST: &str = "\u{1b}\\";
    if let Some(wrapped) = after.strip_prefix("Ptmux;") {
        // Every ESC within is doubled; a single one ends it.
        let mut content = String::new();
        let mut rest = wrapped;
        loop {
            let at = rest.find(ESCAPE)?;
            content.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(rest_after) = rest.strip_prefix('\\') {
                let (inner, nothing) = string(content.strip_prefix(ESCAPE)?)?;
                return nothing.is_empty().then_some((inner, rest_after));
            }
            rest = rest.strip_prefix(ESCAPE)?;
            content.push(ESCAPE);
        }
    }
    let body = after.strip_prefix(']')?;
    let end = body.find([BELL, ESCAPE])?;
    let rest_after = &body[end..];
    let rest_after = rest_after
        .strip_prefix(BELL)
        .or_else(|| rest_after.strip_prefix(ST))?;
    Some((body[..end].to_owned(), rest_after))
}

#[test]
fn unexpected_sequences_are_rejected() {
    let terminal = Terminal::screen(10, 4);
    let parsed = terminal.read(
        "\u{1b}[?1049h\u{1b}[2;3H\u{1b}[38;5;7mdata\u{1b}[0m\u{1b}]2;x\u{7}\u{1b}[?1049l"
            .as_bytes(),
    );
    assert_eq!(
        (parsed.characters, parsed.sequences, parsed.strings.len()),
        (4, 6, 1)
    );
    let wrapped = "\u{1b}Ptmux;\u{1b}\u{1b}]9;vtask: done\u{7}\u{1b}\\";
    assert_eq!(
        Terminal::lines(10, false).read(wrapped.as_bytes()).strings,
        ["9;vtask: done"]
    );
    for unexpected in [
        "\u{1b}[6n",
        "\u{1b}c",
        "\u{1b}]0;x\u{7}",
        "\u{1b}]52;c;?\u{7}",
        "\u{9b}2J",
        "\u{202e}",
        "\u{200b}",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}",
        "\u{1b}[5;1H",
        "\u{1b}[1;11H",
        "\u{1b}[1;8Habcd",
        "\u{1b}[1;10H界",
        "\u{1b}]2;a",
        "\u{1b}Ptmux;\u{1b}\\",
        "\u{7f}",
        "\u{8}",
        "a\u{fe0f}",
    ] {
        let read = std::panic::catch_unwind(|| Terminal::screen(10, 4).read(unexpected.as_bytes()));
        assert!(read.is_err(), "{unexpected:?}");
    }
    assert!(std::panic::catch_unwind(|| Terminal::screen(10, 4).read(b"\x9b2J")).is_err());
}
