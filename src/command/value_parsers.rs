//! Value parsers for command-line arguments.

use crate::task::{ParseTimeError, TimeExpr};

/// Parses an absolute or relative time.
pub(super) fn time(text: &str) -> Result<TimeExpr, String> {
    text.parse()
        .map_err(|error: ParseTimeError| error.to_string())
}
