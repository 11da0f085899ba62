//! What can go wrong on the wire, in words for people.
//!
//! Each message is one line: what was being done, with which server, what went wrong, what to try.

use std::{fmt, time::Duration};

use super::{
    types::{Fault, Malformed},
    untrusted_certificate::UntrustedCertificate,
};

/// The longest that vtask waits because a server asks for it (`Retry-After`).
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// A request that did not end well.
#[derive(Debug, Clone)]
pub struct Error {
    /// What was being done, such as `reading task-4711`.
    pub doing: String,
    /// The server, as host and port.
    pub server: String,
    /// What went wrong.
    pub kind: ErrorKind,
}

/// What went wrong with a request.
#[derive(Debug, Clone)]
pub enum ErrorKind {
    /// The server answered with a fault.
    Fault(Fault),
    /// No such host.
    UnknownHost,
    /// Nothing listens there.
    Refused,
    /// The connection could not be made or broke; why.
    Broken(String),
    /// No answer within this time.
    TimedOut(Duration),
    /// The server's certificate was not accepted.
    Certificate(Box<UntrustedCertificate>),
    /// Plain HTTP was spoken to a port of TLS, and the server says so.
    TlsRequired,
    /// No secure connection came about; why.
    Handshake(String),
    /// A status that is not the API's own, usually of a proxy in front.
    Status {
        /// The HTTP status.
        status: u16,
        /// How long to wait before the next request, as the answer asks for (`Retry-After`): any time at all.
        retry_after: Option<Duration>,
    },
    /// The answer points elsewhere; redirects are not followed, for credentials would travel along.
    Redirected {
        /// Where to.
        location: String,
    },
    /// The answer is no JSON; how it begins.
    NotJson(String),
    /// The answer begins like JSON but is cut off or damaged; where.
    Damaged(String),
    /// The answer is JSON but not what the API declares.
    Malformed(Malformed),
    /// The answer is larger than this many bytes.
    TooLarge(usize),
    /// The answer holds more than this many JSON values.
    TooManyValues(usize),
    /// The server speaks none of the releases that this program knows.
    NoCommonRelease,
    /// The request cannot be made: why.
    Unaskable(String),
}

impl Error {
    /// The fault, if the server answered with one.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.kind {
            ErrorKind::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether the server answered with a fault of that type.
    pub fn is_fault(&self, type_name: &str) -> bool {
        self.fault()
            .is_some_and(|fault| fault.type_name() == type_name)
    }

    /// Whether the session is dead (or never was).
    pub fn is_session_dead(&self) -> bool {
        self.is_fault("NotAuthenticated")
    }

    /// Whether the server refused to let us in. Such a request is never repeated: it would lock the account out.
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

    /// Whether asking again later may help: the trouble is the connection's or a proxy's, not the request's.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            ErrorKind::UnknownHost
            | ErrorKind::Refused
            | ErrorKind::Broken(_)
            | ErrorKind::TimedOut(_)
            | ErrorKind::Certificate(_)
            | ErrorKind::Handshake(_)
            | ErrorKind::Redirected { .. }
            | ErrorKind::NotJson(_)
            | ErrorKind::Damaged(_) => true,
            ErrorKind::Status { status, .. } => !matches!(status, 401 | 403),
            ErrorKind::Fault(_)
            | ErrorKind::Malformed(_)
            | ErrorKind::TooLarge(_)
            | ErrorKind::TooManyValues(_)
            | ErrorKind::TlsRequired
            | ErrorKind::NoCommonRelease
            | ErrorKind::Unaskable(_) => false,
        }
    }

    /// Whether this may be the first answer of a vCenter that is starting, or of a network that is down for a moment.
    /// Anything else says that there is no vCenter at this address, or none that takes this request.
    pub fn may_be_starting(&self) -> bool {
        match &self.kind {
            ErrorKind::Refused
            | ErrorKind::Broken(_)
            | ErrorKind::TimedOut(_)
            | ErrorKind::Damaged(_)
            | ErrorKind::Fault(_) => true,
            ErrorKind::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504),
            ErrorKind::UnknownHost
            | ErrorKind::Certificate(_)
            | ErrorKind::TlsRequired
            | ErrorKind::Handshake(_)
            | ErrorKind::Redirected { .. }
            | ErrorKind::NotJson(_)
            | ErrorKind::Malformed(_)
            | ErrorKind::TooLarge(_)
            | ErrorKind::TooManyValues(_)
            | ErrorKind::NoCommonRelease
            | ErrorKind::Unaskable(_) => false,
        }
    }

    /// How long to wait because the server asks for it; at most [`MAX_RETRY_AFTER`].
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            ErrorKind::Status { retry_after, .. } => {
                retry_after.map(|asked| asked.min(MAX_RETRY_AFTER))
            }
            _ => None,
        }
    }

    /// What went wrong and what to try, without what was being done: for a place that shows that already.
    pub fn reason(&self) -> String {
        self.kind.to_string()
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            doing,
            server,
            kind,
        } = self;
        write!(f, "{doing} ({server}): {kind}")
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{}", display_with_hint(fault)),
            Self::UnknownHost => f.write_str(
                "there is no host of that name. Check --url, and that this machine's DNS knows it.",
            ),
            Self::Refused => f.write_str(
                "the connection was refused. Check the host and port in --url, and that the server is up.",
            ),
            Self::Broken(why) => {
                write!(f, "the connection failed: {why}. Check the network and the server.")
            }
            Self::TimedOut(limit) => write!(
                f,
                "no answer within {} s. Check the network, and that the server is not overloaded.",
                limit.as_secs()
            ),
            Self::Certificate(distrust) => distrust.fmt(f),
            Self::TlsRequired => f.write_str(
                "that port speaks TLS, and it was asked over plain HTTP. Give https:// in --url.",
            ),
            Self::Handshake(why) => write!(f, "no secure connection came about: {why}."),
            Self::Status { status, retry_after } => {
                write!(f, "{}", status_in_words(*status))?;
                match retry_after {
                    Some(after) if *after > MAX_RETRY_AFTER => {
                        let most = MAX_RETRY_AFTER.as_secs();
                        write!(f, " It asks to wait longer than {most} s; vtask waits {most} s at most.")
                    }
                    Some(after) => write!(f, " It asks to wait {} s.", after.as_secs()),
                    None => Ok(()),
                }
            }
            Self::Redirected { location } => write!(
                f,
                "the answer points to {location}; redirects are not followed. Give that address with --url if \
                 it is the vCenter's."
            ),
            Self::NotJson(start) => write!(
                f,
                "the answer is not JSON (it begins with “{start}”). Check that --url is a vCenter 8.0 U1 or \
                 later and not a proxy or a login page."
            ),
            Self::Damaged(place) => write!(
                f,
                "the answer is cut off or damaged JSON ({place}). Something between here and the server breaks it; \
                 try again."
            ),
            Self::Malformed(malformed) => write!(
                f,
                "the answer is not what the API declares: {malformed}. Try another --release."
            ),
            Self::TooLarge(limit) => {
                write!(f, "the answer is larger than {} MB and was not read.", limit >> 20)
            }
            Self::TooManyValues(limit) => write!(
                f,
                "the answer holds more than {limit} JSON values and was not read."
            ),
            Self::NoCommonRelease => f.write_str(
                "the server speaks none of the API releases that vtask knows. Name one with --release.",
            ),
            Self::Unaskable(why) => f.write_str(why),
        }
    }
}

/// A fault's text with its type, and for the well-known ones what to try.
fn display_with_hint(fault: &Fault) -> String {
    let advice = match fault.type_name() {
        "InvalidLogin" => " Check the user name and password; they are not tried again.",
        "NotAuthenticated" => " The session has ended: sign in again.",
        "ManagedObjectNotFound" => {
            " A finished task's object disappears after a while; a moId counts on its own server only."
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
        408 => "the request was cut off on the way (HTTP 408).",
        429 => "it gets too many requests (HTTP 429).",
        502..=504 => "a proxy in front of it got no answer, it may be restarting (HTTP ",
        _ => "an unexpected answer (HTTP ",
    };
    if words.ends_with("(HTTP ") {
        format!("{words}{status}).")
    } else {
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vim::{Certificate, Reason};

    fn error(kind: ErrorKind) -> Error {
        Error {
            doing: "reading task-4711".to_owned(),
            server: "vc01.lab".to_owned(),
            kind,
        }
    }

    #[test]
    fn a_message_is_one_line_with_server_and_advice() {
        let kinds = [
            ErrorKind::UnknownHost,
            ErrorKind::Refused,
            ErrorKind::Broken("reset".to_owned()),
            ErrorKind::TimedOut(Duration::from_secs(30)),
            ErrorKind::Certificate(Box::new(UntrustedCertificate {
                host: "vc01.lab:443".to_owned(),
                certificate: Certificate::read(b""),
                why: Reason::UnknownIssuer,
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
            ErrorKind::TooManyValues(1_000_000),
            ErrorKind::Fault(Fault::new(json!({"_typeName": "InvalidLogin"}))),
        ];
        for kind in kinds {
            let message = error(kind).to_string();
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
    fn a_wait_that_a_server_asks_for_is_capped_and_the_message_says_so() {
        let status = |seconds| {
            error(ErrorKind::Status {
                status: 503,
                retry_after: Some(Duration::from_secs(seconds)),
            })
        };
        assert_eq!(status(600).retry_after(), Some(MAX_RETRY_AFTER));
        assert!(status(600).to_string().ends_with("It asks to wait 600 s."));
        for seconds in [601, u64::MAX] {
            let error = status(seconds);
            assert_eq!(error.retry_after(), Some(MAX_RETRY_AFTER));
            let told = error.to_string();
            assert!(
                told.ends_with("longer than 600 s; vtask waits 600 s at most."),
                "{told}"
            );
            assert!(!told.contains(&seconds.to_string()), "{told}");
        }
    }

    #[test]
    fn refusals_are_neither_passing_nor_dead_sessions() {
        for kind in [
            ErrorKind::Fault(Fault::new(json!({"_typeName": "InvalidLogin"}))),
            ErrorKind::Status {
                status: 401,
                retry_after: None,
            },
        ] {
            let error = error(kind);
            assert!(error.is_auth_failure() && !error.is_transient() && !error.is_session_dead());
        }
    }
}
