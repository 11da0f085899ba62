//! Errors in a filter.

use std::ops::Range;

use vtask_text::width;

/// An error in a filter with its position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Range in bytes of the text; empty if something is missing.
    pub span: Range<usize>,
    /// One sentence with the problem and the fix.
    pub message: String,
}

impl FilterError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }

    /// Returns start and width of the range in columns (at least one wide).
    pub fn columns(&self, text: &str) -> (usize, usize) {
        let part = |range: Range<usize>| text.get(range).map_or(0, width);
        let end = self.span.end.min(text.len());
        let start = self.span.start.min(end);
        (part(0..start), part(start..end).max(1))
    }

    /// Formats the text, a marker below the range, and the message, as three lines.
    pub fn shown(&self, text: &str) -> String {
        let clean = vtask_text::sanitize(text);
        let (start, columns) = self.columns(&clean);
        let mark = "^".repeat(columns);
        format!("  {clean}\n  {}{mark}\n{}", " ".repeat(start), self.message)
    }
}
