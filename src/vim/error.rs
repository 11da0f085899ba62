//! Errors of requests, with messages for users.
//!
//! A message is one line: the action, the server, the cause, and advice.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    retry_after::MAX_RETRY_AFTER,
    types::{Fault, Malformed},
    untrusted_certificate::UntrustedCertificate,
};

/// Advice for a proxy that requires credentials.
const PROXY_CREDENTIALS: &str =
    "Set HTTPS_PROXY=http://user:password@host:port; for an http:// URL, HTTP_PROXY.";

/// A failed request.
#[derive(Debug, Clone)]
pub struct Error {
    /// The action, such as `reading task-4711`.
    pub action: String,
    /// Host and port of the server.
    pub server: String,
    /// Cause of the failure.
    pub kind: ErrorKind,
    /// A sentence to add to that of the cause, which does not know the request.
    pub advice: Option<&'static str>,
}

/// Cause of a failed request.
#[derive(Debug, Clone)]
pub enum ErrorKind {
    /// A fault returned by the server.
    Fault(Fault),
    /// The object of a task has expired, and the history has no record of the task either.
    Vanished {
        /// The fault returned for the object.
        fault: Fault,
        /// A sentence with the extent of the search in the history.
        history: Arc<str>,
    },
    /// The host name does not resolve.
    UnknownHost,
    /// The connection was refused.
    Refused,
    /// The connection could not be made or was lost; contains the cause.
    Broken(String),
    /// The proxy cannot be reached, or does not connect to the server.
    Proxy {
        /// URL of the proxy, without credentials.
        url: String,
        /// `Refused`, `UnknownHost`, `TimedOut`, `Broken`, or the status 407.
        cause: Box<ErrorKind>,
    },
    /// No response within this time.
    TimedOut(Duration),
    /// The server's certificate was rejected.
    Certificate(Box<UntrustedCertificate>),
    /// Plain HTTP was sent to a TLS port, according to the response.
    TlsRequired,
    /// The first bytes received over plain HTTP are not HTTP; often those of a TLS alert.
    NotHttp,
    /// The TLS handshake failed; contains the cause.
    Handshake(String),
    /// An HTTP status outside the API, usually from a proxy.
    Status {
        /// HTTP status.
        status: u16,
        /// Delay requested by `Retry-After`, uncapped.
        retry_after: Option<Duration>,
    },
    /// A redirect. Redirects are not followed, because credentials would be sent along.
    Redirected {
        /// Target of the redirect.
        location: String,
    },
    /// The response is not JSON; contains its start.
    NotJson(String),
    /// The response is truncated or damaged JSON; contains the position.
    Damaged(String),
    /// The response is JSON but not of the declared type.
    Malformed(Box<Malformed>),
    /// The response is larger than this many bytes.
    TooLarge(usize),
    /// The response contains too many short JSON values.
    TooManyValues,
    /// The server supports none of the known releases.
    NoCommonRelease,
    /// The request was not sent; contains the cause.
    Unsupported(String),
}

impl Error {
    /// Creates an error without advice.
    pub fn new(action: impl Into<String>, server: impl Into<String>, kind: ErrorKind) -> Self {
        Self {
            action: action.into(),
            server: server.into(),
            kind,
            advice: None,
        }
    }

    /// Returns the fault, if the server returned one.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.kind {
            ErrorKind::Fault(fault) | ErrorKind::Vanished { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// True if the server returned a fault of that type.
    pub fn is_fault(&self, type_name: &str) -> bool {
        self.fault()
            .is_some_and(|fault| fault.type_name() == type_name)
    }

    /// True if the session has expired or never existed.
    pub fn is_session_dead(&self) -> bool {
        self.is_fault("NotAuthenticated")
    }

    /// True if the server, or a proxy in front of it, rejected the credentials or the session without a fault.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.kind, ErrorKind::Status { status: 401, .. })
    }

    /// True if the login was rejected. Such a request must not be repeated, because that could lock the account.
    pub fn is_auth_failure(&self) -> bool {
        self.is_fault("InvalidLogin")
            || self.is_fault("NoPermission")
            || self.is_fault("PasswordExpired")
            || matches!(
                self.kind,
                ErrorKind::Status {
                    status: 401 | 403,
                    ..
                }
            )
    }

    /// True if a retry may succeed: the connection or a proxy failed, not the request itself.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            ErrorKind::UnknownHost
            | ErrorKind::Refused
            | ErrorKind::Broken(_)
            | ErrorKind::Proxy { .. }
            | ErrorKind::TimedOut(_)
            | ErrorKind::Certificate(_)
            | ErrorKind::Handshake(_)
            | ErrorKind::Redirected { .. }
            | ErrorKind::NotJson(_)
            | ErrorKind::Damaged(_) => true,
            ErrorKind::Status { status, .. } => !matches!(status, 401 | 403),
            ErrorKind::Fault(_)
            | ErrorKind::Vanished { .. }
            | ErrorKind::Malformed(_)
            | ErrorKind::TooLarge(_)
            | ErrorKind::TooManyValues
            | ErrorKind::TlsRequired
            | ErrorKind::NotHttp
            | ErrorKind::NoCommonRelease
            | ErrorKind::Unsupported(_) => false,
        }
    }

    /// True if this may be the first response of a vCenter that is starting, or of a network that is briefly down.
    /// Any other error means that the address or the request is wrong.
    pub fn may_be_starting(&self) -> bool {
        match &self.kind {
            ErrorKind::Refused
            | ErrorKind::Broken(_)
            | ErrorKind::TimedOut(_)
            | ErrorKind::Damaged(_)
            | ErrorKind::Fault(_)
            | ErrorKind::Vanished { .. } => true,
            ErrorKind::Proxy { cause, .. } => {
                !matches!(**cause, ErrorKind::UnknownHost | ErrorKind::Status { .. })
            }
            ErrorKind::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504),
            ErrorKind::UnknownHost
            | ErrorKind::Certificate(_)
            | ErrorKind::TlsRequired
            | ErrorKind::NotHttp
            | ErrorKind::Handshake(_)
            | ErrorKind::Redirected { .. }
            | ErrorKind::NotJson(_)
            | ErrorKind::Malformed(_)
            | ErrorKind::TooLarge(_)
            | ErrorKind::TooManyValues
            | ErrorKind::NoCommonRelease
            | ErrorKind::Unsupported(_) => false,
        }
    }

    /// Adds the result of the search in the history to the fault of an expired task.
    #[must_use]
    pub fn with_history(self, history: Arc<str>) -> Self {
        let kind = match self.kind {
            ErrorKind::Fault(fault) => ErrorKind::Vanished { fault, history },
            kind => kind,
        };
        Self { kind, ..self }
    }

    /// Returns the delay requested by the server, at most [`MAX_RETRY_AFTER`].
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            ErrorKind::Status { retry_after, .. } => {
                retry_after.map(|pause| pause.min(MAX_RETRY_AFTER))
            }
            _ => None,
        }
    }

    /// Returns cause and advice without the action, for places that show the action already.
    pub fn reason(&self) -> String {
        match self.advice {
            Some(advice) => format!("{} {advice}", self.kind),
            None => self.kind.to_string(),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, server, .. } = self;
        write!(f, "{action} ({server}): {}", self.reason())
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{}", display_with_hint(fault)),
            Self::Vanished { fault, history } => write!(f, "{} {history}", display_with_hint(fault)),
            Self::UnknownHost => f.write_str(
                "unknown host. Check the name, and the DNS of this machine.",
            ),
            Self::Refused => f.write_str(
                "the connection was refused. Check host and port, and that the server is up.",
            ),
            Self::Broken(why) => {
                write!(f, "the connection failed: {why}. Check the network and the server.")
            }
            Self::Proxy { url, cause } => fmt_proxy_error(f, url, cause),
            Self::TimedOut(limit) => write!(
                f,
                "no answer within {} s. Check the network, and that the server is not overloaded.",
                limit.as_secs()
            ),
            Self::Certificate(rejection) => rejection.fmt(f),
            Self::TlsRequired => f.write_str(
                "that port speaks TLS, but the request was plain HTTP. Give https:// in --url.",
            ),
            Self::NotHttp => f.write_str(
                "the response is not HTTP. Check the port in --url; if it speaks TLS, give https:// in --url.",
            ),
            Self::Handshake(why) => write!(f, "TLS handshake failed: {why}."),
            Self::Status { status, retry_after } => {
                write!(f, "{}", status_in_words(*status))?;
                match retry_after {
                    Some(after) if *after > MAX_RETRY_AFTER => {
                        let maximum = MAX_RETRY_AFTER.as_secs();
                        write!(f, " It requests a delay longer than {maximum} s; vtask waits {maximum} s at most.")
                    }
                    Some(after) => write!(f, " It requests a delay of {} s.", after.as_secs()),
                    None => Ok(()),
                }
            }
            Self::Redirected { location } => write!(
                f,
                "the response redirects to {location}; redirects are not followed. Give that address with --url if \
                 it is the vCenter's."
            ),
            Self::NotJson(start) => write!(
                f,
                "the response is not JSON (it begins with “{start}”). Check that --url is a vCenter 8.0 U1 or \
                 later and not a proxy or a login page."
            ),
            Self::Damaged(position) => write!(
                f,
                "the response is incomplete or malformed JSON ({position}). A proxy may have damaged it; try again."
            ),
            Self::Malformed(malformed) => write!(
                f,
                "the response does not match the API: {malformed}. Try another --release."
            ),
            Self::TooLarge(limit) => {
                write!(f, "the response is larger than {} MB and was not read.", limit >> 20)
            }
            Self::TooManyValues => f.write_str(
                "the response has far more JSON values than a vCenter sends and was not read. Check that --url is a \
                 vCenter.",
            ),
            Self::NoCommonRelease => f.write_str(
                "the server supports no API release that vtask knows. Choose one with --release.",
            ),
            Self::Unsupported(why) => f.write_str(why),
        }
    }
}

/// Writes the error of a proxy.
fn fmt_proxy_error(f: &mut fmt::Formatter<'_>, url: &str, cause: &ErrorKind) -> fmt::Result {
    if matches!(cause, ErrorKind::Status { status: 407, .. }) {
        return write!(
            f,
            "the proxy {url} requires credentials, or rejects those it got (HTTP 407). {PROXY_CREDENTIALS}"
        );
    }
    write!(f, "the connection through the proxy {url} failed: ")?;
    match cause {
        ErrorKind::Refused => f.write_str("the proxy refused it")?,
        ErrorKind::UnknownHost => f.write_str("the host of the proxy is unknown")?,
        ErrorKind::TimedOut(limit) => write!(f, "no answer within {} s", limit.as_secs())?,
        ErrorKind::Broken(why) => f.write_str(why)?,
        other => write!(f, "{other}")?,
    }
    f.write_str(". Check the proxy, HTTPS_PROXY and NO_PROXY.")
}

/// Formats a fault with its type, and with advice for well-known ones.
fn display_with_hint(fault: &Fault) -> String {
    let advice = match fault.type_name() {
        "InvalidLogin" => " Check the user name and password; they are not tried again.",
        "NotAuthenticated" => " The session has ended: sign in again.",
        "ManagedObjectNotFound" => {
            " A finished task's object disappears after a while; a moId is unique only per vCenter."
        }
        "NoPermission" => " Ask for that privilege, or use another account.",
        _ => "",
    };
    let text = fault.text();
    let text = text.trim();
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}: {text}{stop}{advice}", fault.type_name())
}

fn status_in_words(status: u16) -> String {
    let words = match status {
        401 => "it refused the credentials (HTTP 401).",
        403 => "it forbids this (HTTP 403).",
        404 => {
            "there is no such address (HTTP 404). Check that --url is a vCenter 8.0 U1 or later, without a path."
        }
        407 => return format!("a proxy requires credentials (HTTP 407). {PROXY_CREDENTIALS}"),
        408 => "the request was cut off on the way (HTTP 408).",
        429 => "it received too many requests (HTTP 429).",
        502..=504 => "a proxy in front of it got no answer, it may be restarting (HTTP ",
        _ => "an unexpected answer (HTTP ",
    };
    if words.ends_with("(HTTP ") {
        format!("{words}{status}).")
    } else {
        words.to_owned()
    }
}

#[cfg(any(test, feature = "fixture"))]
impl Error {
    /// Returns an error of reading task-4711 from vc01.lab.
    pub fn fixture(kind: ErrorKind) -> Self {
        Self::new("reading task-4711", "vc01.lab", kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Certificate, RejectionReason};

    #[test]
    fn a_message_is_one_line_with_server_and_advice() {
        let kinds = [
            ErrorKind::UnknownHost,
            ErrorKind::Refused,
            ErrorKind::Broken("reset".to_owned()),
            ErrorKind::Proxy {
                url: "http://proxy.lab:3128".to_owned(),
                cause: Box::new(ErrorKind::Broken("reset".to_owned())),
            },
            ErrorKind::Proxy {
                url: "http://proxy.lab:3128".to_owned(),
                cause: Box::new(ErrorKind::Status {
                    status: 407,
                    retry_after: None,
                }),
            },
            ErrorKind::Status {
                status: 407,
                retry_after: None,
            },
            ErrorKind::TimedOut(Duration::from_secs(30)),
            ErrorKind::Certificate(Box::new(UntrustedCertificate {
                host: "vc01.lab:443".to_owned(),
                certificate: Certificate::read(b""),
                why: RejectionReason::UnknownIssuer,
            })),
            ErrorKind::Handshake("no cipher in common".to_owned()),
            ErrorKind::Status {
                status: 503,
                retry_after: Some(Duration::from_secs(7)),
            },
            ErrorKind::Status {
                status: 503,
                retry_after: Some(Duration::MAX),
            },
            ErrorKind::TlsRequired,
            ErrorKind::Redirected {
                location: "https://sso.lab/".to_owned(),
            },
            ErrorKind::NotJson("<html>".to_owned()),
            ErrorKind::Damaged("line 1 column 80".to_owned()),
            ErrorKind::TooLarge(64 << 20),
            ErrorKind::TooManyValues,
            ErrorKind::Fault(Fault::new(json!({"_typeName": "InvalidLogin"}))),
        ];
        for kind in kinds {
            let message = Error::fixture(kind).to_string();
            assert!(
                message.starts_with("reading task-4711 (vc01.lab): "),
                "{message}"
            );
            assert!(message.ends_with('.'), "{message}");
            assert!(
                !message.contains('\n') && !message.contains("  "),
                "{message}"
            );
        }
    }

    #[test]
    fn retry_after_is_capped_and_named_in_the_message() {
        let status = |seconds| {
            Error::fixture(ErrorKind::Status {
                status: 503,
                retry_after: Some(Duration::from_secs(seconds)),
            })
        };
        assert_eq!(status(600).retry_after(), Some(MAX_RETRY_AFTER));
        assert!(
            status(600)
                .to_string()
                .ends_with("It requests a delay of 600 s.")
        );
        for seconds in [601, u64::MAX] {
            let error = status(seconds);
            assert_eq!(error.retry_after(), Some(MAX_RETRY_AFTER));
            let message = error.to_string();
            assert!(
                message.ends_with("longer than 600 s; vtask waits 600 s at most."),
                "{message}"
            );
            assert!(!message.contains(&seconds.to_string()), "{message}");
        }
    }

    #[test]
    fn auth_failures_are_neither_transient_nor_dead_sessions() {
        for kind in [
            ErrorKind::Fault(Fault::new(json!({"_typeName": "InvalidLogin"}))),
            ErrorKind::Status {
                status: 401,
                retry_after: None,
            },
        ] {
            let error = Error::fixture(kind);
            assert!(error.is_auth_failure() && !error.is_transient() && !error.is_session_dead());
        }
    }
}
