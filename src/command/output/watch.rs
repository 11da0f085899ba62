//! Output of `--watch`: a terminal is redrawn in place, elsewhere changed rows are appended. Pure.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::{command::io_context::Size, text::sanitize};

/// Output printed so far.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// Number of lines on the terminal.
    drawn: usize,
    /// The last line of each row.
    printed: HashMap<String, String>,
    messages: Vec<String>,
}

impl Screen {
    /// Returns the text that replaces the lines drawn before, cut to the height of the terminal.
    pub(super) fn redraw(&mut self, text: &str, messages: &[String], (_, rows): Size) -> String {
        let mut drawing = match self.drawn {
            0 => "\r".to_owned(),
            lines => format!("\r\u{1b}[{lines}A"),
        };
        let notes = messages
            .iter()
            .map(|message| format!("vtask: {}", sanitize(message)));
        let lines: Vec<String> = text.lines().map(str::to_owned).chain(notes).collect();
        let room = rows.saturating_sub(1).max(1);
        let hidden = lines.len().saturating_sub(room);
        let shown = if hidden > 0 { room - 1 } else { lines.len() };
        for line in lines.iter().take(shown) {
            // Writing to a string cannot fail.
            let _ = writeln!(drawing, "{line}\u{1b}[K");
        }
        if hidden > 0 {
            let _ = writeln!(drawing, "({} more lines)\u{1b}[K", lines.len() - shown);
        }
        self.drawn = shown + usize::from(hidden > 0);
        drawing.push_str("\u{1b}[J");
        drawing
    }

    /// Returns the lines of rows that are new or have changed. The heading has an empty ID and is printed once.
    pub(super) fn append(&mut self, lines: Vec<(String, String)>) -> String {
        let mut text = String::new();
        for (id, line) in lines {
            let is_known = self
                .printed
                .get(&id)
                .is_some_and(|before| id.is_empty() || same(before, &line));
            if !is_known {
                text.push_str(&line);
                self.printed.insert(id, line);
            }
        }
        text
    }

    /// Returns the messages that were not printed before.
    pub(super) fn new_messages(&mut self, messages: &[String]) -> Vec<String> {
        let new = messages
            .iter()
            .filter(|message| !self.messages.contains(message));
        let new: Vec<String> = new.cloned().collect();
        self.messages.extend(new.iter().cloned());
        new
    }
}

/// True if two lines differ in their white space only, which depends on the widths of other rows.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_redrawn_within_its_height() {
        let mut screen = Screen::default();
        assert_eq!(
            screen.redraw("a\nb\n", &[], (80, 24)),
            "\ra\u{1b}[K\nb\u{1b}[K\n\u{1b}[J"
        );
        let again = screen.redraw("1\n2\n3\n4\n", &["x\u{1b}".to_owned()], (80, 4));
        assert_eq!(
            again,
            "\r\u{1b}[2A1\u{1b}[K\n2\u{1b}[K\n(3 more lines)\u{1b}[K\n\u{1b}[J"
        );
    }

    #[test]
    fn only_changed_rows_are_appended() {
        let mut screen = Screen::default();
        let lines = |lines: &[(&str, &str)]| {
            lines
                .iter()
                .map(|(id, line)| ((*id).to_owned(), format!("{line}\n")))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            screen.append(lines(&[("", "ID  X"), ("a", "a  1"), ("b", "b  1")])),
            "ID  X\na  1\nb  1\n"
        );
        assert_eq!(
            screen.append(lines(&[("", "ID   X"), ("a", "a   1"), ("b", "b   2")])),
            "b   2\n"
        );
        assert_eq!(screen.new_messages(&["m".to_owned()]), ["m"]);
        assert!(screen.new_messages(&["m".to_owned()]).is_empty());
    }
}
