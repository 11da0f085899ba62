//! Negotiation of the API release.

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use super::{
    error::{Error, ErrorKind},
    transport::{Request, Transport},
};

/// Known releases, most preferred first.
pub const KNOWN_RELEASES: [&str; 5] = ["9.1.0.0", "9.0.0.0", "8.0.3.0", "8.0.2.0", "8.0.1.0"];

/// Release for servers without `hello`, which exists since 8.0.2.0.
pub const FALLBACK_RELEASE: &str = "8.0.1.0";

/// Returns the body of `hello`.
pub(super) fn hello() -> Value {
    json!({"api_releases": KNOWN_RELEASES})
}

/// Returns the release chosen by the server; `None` if there is no common one.
pub(super) fn chosen(answer: &Value) -> Option<&str> {
    let release = answer.get("api_release")?.as_str()?;
    (!release.is_empty()).then_some(release)
}

/// Negotiates the release with the server.
pub(super) async fn negotiate(transport: &Transport, timeout: Duration) -> Result<String, Error> {
    let action = || "negotiating the API release".to_owned();
    let request = Request {
        kind: "hello",
        action: &action,
        method: Method::POST,
        path: &["api", "vcenter", "system"],
        query: Some("action=hello"),
        headers: HeaderMap::new(),
        body: Some(hello().into()),
        timeout,
    };
    let failed = |kind| Error {
        action: action(),
        server: transport.address().name(),
        kind,
    };
    match transport.send(request).await {
        Ok(answer) => {
            let answer = answer.json().map_err(failed)?;
            let chosen = chosen(&answer).map(str::to_owned);
            chosen.ok_or_else(|| failed(ErrorKind::NoCommonRelease))
        }
        // Before 8.0.2.0 the path of `hello` is unknown or requires a login.
        Err(error) if lacks_hello(&error.kind) => Ok(FALLBACK_RELEASE.to_owned()),
        Err(error) => Err(error),
    }
}

fn lacks_hello(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Status {
            status: 400 | 401 | 404 | 405 | 501,
            ..
        } | ErrorKind::Fault(_)
    )
}
