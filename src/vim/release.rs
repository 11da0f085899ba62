//! Which release of the API to speak.

use serde_json::{Value, json};

/// The releases that this program knows, best first.
pub const KNOWN_RELEASES: [&str; 5] = ["9.1.0.0", "9.0.0.0", "8.0.3.0", "8.0.2.0", "8.0.1.0"];

/// What to speak with a server that has no `hello`: that call exists only from 8.0.2.0.
pub const FALLBACK_RELEASE: &str = "8.0.1.0";

/// The body of `hello`.
pub(super) fn hello() -> Value {
    json!({"api_releases": KNOWN_RELEASES})
}

/// The release that the server chose; `None` where it has none in common with us.
pub(super) fn chosen(answer: &Value) -> Option<&str> {
    let release = answer.get("api_release")?.as_str()?;
    (!release.is_empty()).then_some(release)
}
