//! What is wrong with a filter, and where.

use std::ops::Range;

use crate::text::width;

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// The part that is meant, in bytes of the text; empty where something is missing.
    pub place: Range<usize>,
    /// What is wrong and what to do, in a plain sentence.
    pub message: String,
}

impl FilterError {
    pub(super) fn new(place: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
        }
    }

    /// In how many columns the place begins, and how many it takes (at least one).
    pub fn columns(&self, text: &str) -> (usize, usize) {
        let part = |range: Range<usize>| text.get(range).map_or(0, width);
        let end = self.place.end.min(text.len());
        let start = self.place.start.min(end);
        (part(0..start), part(start..end).max(1))
    }

    /// The text, a mark below the place, and what is wrong: three lines for a terminal.
    pub fn shown(&self, text: &str) -> String {
        let clean = crate::text::sanitize(text);
        let (start, columns) = self.columns(&clean);
        let mark = "^".repeat(columns);
        format!("  {clean}\n  {}{mark}\n{}", " ".repeat(start), self.message)
    }
}
