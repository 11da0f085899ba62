//! Log of requests: method, path, status, size and time. Headers are never logged, bodies only at the level `trace`.

use std::time::Duration;

use serde_json::Value;

/// Target of the records, for filters such as `VTASK_LOG=vtask::http=debug`.
const TARGET: &str = "vtask::http";
/// Maximum length of a logged body in bytes.
const MAX_BODY: usize = 4_000;

/// A request as it is logged.
pub(super) struct RequestTrace {
    method: reqwest::Method,
    path: String,
    /// The body, if it may be logged; requests that sign in never have one.
    body: Option<String>,
    /// True if the response may be logged.
    logs_response: bool,
}

impl RequestTrace {
    pub(super) fn new(
        method: &reqwest::Method,
        path: &[&str],
        kind: &str,
        body: Option<&Value>,
    ) -> Self {
        let is_logged = tracing::enabled!(target: TARGET, tracing::Level::TRACE);
        // The session manager sends and receives credentials and session keys.
        let may_log = is_logged && !kind.starts_with("SessionManager");
        Self {
            method: method.clone(),
            path: if tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
                without_session_keys(&path.join("/"))
            } else {
                String::new()
            },
            body: body
                .filter(|_| may_log)
                .map(|body| shortened(&body.to_string())),
            logs_response: may_log,
        }
    }

    /// Logs a response.
    pub(super) fn response(&self, status: u16, bytes: usize, body: Option<&[u8]>, took: Duration) {
        let Self { method, path, .. } = self;
        let milliseconds = took.as_millis();
        tracing::debug!(target: TARGET, %method, path, status, bytes, ms = milliseconds, "response");
        if self.logs_response {
            let sent = self.body.as_deref().unwrap_or_default();
            let received = body.map(String::from_utf8_lossy).unwrap_or_default();
            let received = shortened(&received);
            tracing::trace!(target: TARGET, path, sent, received, "bodies");
        }
    }

    /// Logs a request without a usable response.
    pub(super) fn failure(&self, why: &str, took: Duration) {
        let Self { method, path, .. } = self;
        let milliseconds = took.as_millis();
        tracing::debug!(target: TARGET, %method, path, ms = milliseconds, error = why, "no response");
    }
}

/// Removes session keys, which are part of the IDs of session-scoped objects: `session[…]52fa….`.
fn without_session_keys(text: &str) -> String {
    let mut parts = text.split("session[");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str("session[…]");
        clean.push_str(part.split_once(']').map_or("", |(_, rest)| rest));
    }
    clean
}

fn shortened(text: &str) -> String {
    let clean = without_session_keys(text);
    match clean.char_indices().nth(MAX_BODY) {
        Some((end, _)) => format!("{}… ({} bytes)", &clean[..end], clean.len()),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_keys_are_removed() {
        for (text, clean) in [
            (
                "PropertyCollector/session[52aa-bb]5203/CreateFilter",
                "PropertyCollector/session[…]5203/CreateFilter",
            ),
            (
                "{\"value\":\"session[a]b\"},{\"value\":\"session[c]d\"}",
                "{\"value\":\"session[…]b\"},{\"value\":\"session[…]d\"}",
            ),
            ("session[unfinished", "session[…]"),
            ("Task/task-1/info", "Task/task-1/info"),
        ] {
            assert_eq!(without_session_keys(text), clean);
        }
    }

    #[test]
    fn long_bodies_are_shortened() {
        let text = shortened(&"é".repeat(MAX_BODY + 1));
        assert!(
            text.ends_with("… (8002 bytes)"),
            "{}",
            &text[text.len() - 30..]
        );
    }
}
