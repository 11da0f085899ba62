//! The end of a long input.

use crate::text::width;

/// Returns the end of a text that fits.
pub(super) fn tail(text: &str, columns: usize) -> &str {
    let mut rest = text;
    while width(rest) > columns {
        let mut characters = rest.chars();
        characters.next();
        rest = characters.as_str();
    }
    rest
}
