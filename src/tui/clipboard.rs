//! Copies text to the clipboard of the user's terminal by OSC 52.

use crossterm::{Command, clipboard::CopyToClipboard};

/// Returns the escape sequence that copies a text, wrapped for the terminal multiplexer of the environment.
pub(super) fn copy_sequence(text: &str) -> String {
    let mut plain = String::new();
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    wrap_for_multiplexer(&plain, is_set("TMUX"), is_set("STY"))
}

/// Wraps an OSC 52 sequence for tmux or GNU screen. tmux handles the plain sequence with `set-clipboard` and the
/// wrapped one with `allow-passthrough`; sending both copies the same text. GNU screen only accepts wrapped chunks of
/// limited length.
fn wrap_for_multiplexer(plain: &str, in_tmux: bool, in_screen: bool) -> String {
    /// Maximum length of a GNU screen string, with its delimiters.
    const CLIPBOARD_CHUNK: usize = 240;
    if in_tmux {
        let doubled = plain.replace('\u{1b}', "\u{1b}\u{1b}");
        return format!("{plain}\u{1b}Ptmux;{doubled}\u{1b}\\");
    }
    if in_screen {
        // The sequence is ASCII, so any cut is at a character boundary.
        let bell = plain.replace("\u{1b}\\", "\u{7}");
        let pieces = bell
            .as_bytes()
            .chunks(CLIPBOARD_CHUNK)
            .map(String::from_utf8_lossy);
        let wrapped = pieces.map(|piece| ["\u{1b}P", &piece, "\u{1b}\\"].concat());
        return wrapped.collect();
    }
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use super::wrap_for_multiplexer;

    #[test]
    fn clipboard_sequence_is_wrapped_for_multiplexers() {
        let plain = "\u{1b}]52;c;YWJj\u{1b}\\";
        assert_eq!(wrap_for_multiplexer(plain, false, false), plain);
        assert_eq!(
            wrap_for_multiplexer(plain, true, false),
            format!("{plain}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YWJj\u{1b}\u{1b}\\\u{1b}\\")
        );
        let long = format!("\u{1b}]52;c;{}\u{1b}\\", "YWJj".repeat(200));
        let screen = wrap_for_multiplexer(&long, false, true);
        assert_eq!(screen.matches("\u{1b}P").count(), 4);
        let joined = screen.replace("\u{1b}P", "").replace("\u{1b}\\", "");
        assert_eq!(joined, long.replace("\u{1b}\\", "\u{7}"));
    }
}
