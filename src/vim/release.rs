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

/// Negotiates the release with the server; `None` if it has no `hello`.
pub(super) async fn negotiate(
    transport: &Transport,
    timeout: Duration,
) -> Result<Option<String>, Error> {
    let action = || "negotiating the API release".to_owned();
    let request = Request {
        endpoint: "hello",
        action: &action,
        method: Method::POST,
        path: &["api", "vcenter", "system"],
        query: Some("action=hello"),
        headers: HeaderMap::new(),
        body: Some(&hello().into()),
        is_read: true,
        timeout,
    };
    let failed = |kind| Error::new(action(), transport.address().name(), kind);
    match transport.send(request).await {
        Ok(answer) => {
            let answer = answer.json().map_err(failed)?;
            let chosen = chosen(&answer).map(str::to_owned);
            let chosen = chosen.ok_or_else(|| failed(ErrorKind::NoCommonRelease))?;
            Ok(Some(chosen))
        }
        // Before 8.0.2.0 the path of `hello` is unknown or requires a login.
        Err(error) if lacks_hello(&error.kind) => Ok(None),
        Err(error) => {
            let is_forbidden = matches!(error.kind, ErrorKind::Status { status: 403, .. });
            let advice = "If other requests are allowed, give the release with --release.";
            Err(Error {
                advice: is_forbidden.then_some(advice),
                ..error
            })
        }
    }
}

/// Adds advice to the error of the first request with the [`FALLBACK_RELEASE`], which the server may not support.
pub(super) fn with_advice(error: Error) -> Error {
    let may_be_release =
        lacks_hello(&error.kind) && !error.is_auth_failure() && !error.is_session_dead();
    Error {
        advice: may_be_release.then_some(
            "The server does not negotiate the API release: give one that it supports with --release.",
        ),
        ..error
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
