//! Layout of the page.

use std::fmt::Write;

use crate::text::sanitize;

const NAME_WIDTH: usize = 14;

/// Text of the page and the number of problems on it.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    pub(super) problems: usize,
}

impl Page {
    pub(super) fn section(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{gap}{}", sanitize(title));
    }

    pub(super) fn row(&mut self, name: &str, value: &str) {
        self.line(' ', name, value);
    }

    /// Adds a row that is marked and counted as a problem.
    pub(super) fn problem(&mut self, name: &str, value: &str) {
        self.problems += 1;
        self.line('!', name, value);
    }

    pub(super) fn result(&mut self, name: &str, value: &Result<String, String>) {
        match value {
            Ok(value) => self.row(name, value),
            Err(problem) => self.problem(name, problem),
        }
    }

    fn line(&mut self, mark: char, name: &str, value: &str) {
        let value = sanitize(value);
        let _ = writeln!(self.text, "{mark} {name:<NAME_WIDTH$}{value}");
    }
}
