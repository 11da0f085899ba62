//! Output of `--watch`: a terminal is redrawn in place, elsewhere changed rows are appended. Pure.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use crate::{
    command::io_context::Size,
    text::{sanitize, truncate},
};

/// Output printed so far.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// Number of lines on the terminal.
    drawn: usize,
    /// The last line of each row.
    printed: HashMap<String, String>,
}

impl Screen {
    /// Returns the text that removes the lines drawn before.
    pub(super) fn erase(&mut self) -> String {
        self.begin() + "\u{1b}[J"
    }

    /// Moves the cursor to the first line drawn.
    fn begin(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => "\r".to_owned(),
            lines => format!("\r\u{1b}[{lines}A"),
        }
    }

    /// Returns the text that replaces the lines drawn before, cut to the size of the terminal. The status lines are
    /// always visible.
    pub(super) fn redraw(
        &mut self,
        text: &str,
        status: &[String],
        (columns, rows): Size,
    ) -> String {
        let mut drawing = self.begin();
        let notes = status
            .iter()
            .map(|line| truncate(&format!("vtask: {}", sanitize(line)), columns, "…").into_owned());
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let available = rows.saturating_sub(1 + status.len()).max(1);
        if lines.len() > available {
            let hidden = lines.len() - (available - 1);
            lines.truncate(available - 1);
            lines.push(format!("({hidden} more lines)"));
        }
        lines.extend(notes);
        self.drawn = lines.len();
        for line in lines {
            // Writing to a string cannot fail.
            let _ = writeln!(drawing, "{line}\u{1b}[K");
        }
        drawing.push_str("\u{1b}[J");
        drawing
    }

    /// Returns the lines of new rows and of `changed` ones. The heading has an empty ID and is printed once. Other rows
    /// may differ by their age only.
    pub(super) fn append(
        &mut self,
        lines: Vec<(String, String)>,
        changed: &HashSet<String>,
    ) -> String {
        let mut text = String::new();
        for (id, line) in lines {
            let is_current = self
                .printed
                .get(&id)
                .is_some_and(|before| !changed.contains(&id) || same(before, &line));
            if !is_current {
                text.push_str(&line);
                self.printed.insert(id, line);
            }
        }
        text
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
        let redrawn = screen.redraw("1\n2\n3\n4\n", &["x\u{1b}".to_owned()], (80, 5));
        assert_eq!(
            redrawn,
            "\r\u{1b}[2A1\u{1b}[K\n2\u{1b}[K\n(2 more lines)\u{1b}[K\nvtask: x\u{241b}\u{1b}[K\n\u{1b}[J"
        );
        assert_eq!(screen.erase(), "\r\u{1b}[4A\u{1b}[J");
        assert_eq!(screen.erase(), "\r\u{1b}[J");
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
        let mut changed = HashSet::new();
        let first = [("", "ID  X"), ("a", "a  1"), ("b", "b  1"), ("c", "c  1")];
        assert_eq!(
            screen.append(lines(&first), &changed),
            "ID  X\na  1\nb  1\nc  1\n"
        );
        changed.extend(["a", "b"].map(str::to_owned));
        let second = [
            ("", "ID   X"),
            ("a", "a   1"),
            ("b", "b   2"),
            ("c", "c  2"),
        ];
        assert_eq!(screen.append(lines(&second), &changed), "b   2\n");
    }
}
