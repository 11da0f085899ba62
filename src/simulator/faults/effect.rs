//! What can befall a request or a connection.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use super::texts::Text;

/// A length of time, or two to draw from evenly between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Span {
    /// Always the same.
    Exact(SignedDuration),
    /// Anything between.
    Between([SignedDuration; 2]),
}

impl Span {
    /// A length drawn by chance. Negative ones count as none.
    pub(crate) fn draw(self, chance: &mut fastrand::Rng) -> Duration {
        let (least, most) = match self {
            Self::Exact(span) => (span, span),
            Self::Between([a, b]) => (a.min(b), a.max(b)),
        };
        let [least, most] =
            [least, most].map(|span| Duration::try_from(span).unwrap_or(Duration::ZERO));
        least + most.saturating_sub(least).mul_f64(chance.f64())
    }
}

impl From<Duration> for Span {
    fn from(span: Duration) -> Self {
        Self::Exact(SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX))
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseMode {
    /// By a reset (RST).
    #[default]
    Reset,
    /// As if all had been said (FIN).
    Close,
}

/// Where in an exchange a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultTarget {
    /// Before the request reached the server: it has no effect.
    #[default]
    Request,
    /// The request has its effect; nothing of the answer travels.
    Answer,
    /// Within the answer's headers.
    Headers,
    /// Within the answer's body.
    Body,
}

/// What befalls a request, its answer, or a connection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The request is held back. A connection: before its handshake.
    Delay(Span),
    /// The answer stops in the middle of its body, and goes on after a while or never. A connection: it is accepted
    /// and nothing more happens.
    Stall {
        /// After which share of the body, 0 to 1.
        #[serde(default = "half")]
        after: f64,
        /// For how long; absent: for ever.
        time: Option<Span>,
    },
    /// The connection ends.
    Cut {
        /// By which means.
        #[serde(default)]
        how: CloseMode,
        /// At which place.
        #[serde(default)]
        at: FaultTarget,
    },
    /// Something in front of the server answers with a page of HTML of this status.
    Status {
        /// The status, 200 to 599.
        code: u16,
        /// What the header `Retry-After` says.
        retry_after: Option<SignedDuration>,
        /// Whether it says so as an HTTP date instead of seconds.
        #[serde(default)]
        as_date: bool,
        /// Whether the request reached the server and had its effect nevertheless.
        #[serde(default)]
        reached: bool,
    },
    /// A page of HTML with status 200, as login pages and proxies have it.
    Page,
    /// The body ends early, and the length in the headers says the same.
    Truncated,
    /// The body is no JSON any more.
    Malformed,
    /// The body is right, the header `Content-Type` is not.
    ContentType(String),
    /// A body of this size, which is a JSON string, instead of the answer.
    Huge {
        /// Millions of bytes.
        megabytes: u32,
        /// Whether it travels compressed, where the client takes that: a thousandth of the size.
        #[serde(default)]
        packed: bool,
    },
    /// A body that never ends, at so many bytes a second.
    Endless {
        /// The speed.
        bytes_a_second: u32,
    },
    /// A redirect to another address.
    Redirect(String),
    /// An answer of `WaitForUpdatesEx` tells its changes in another order, or some of them twice, as a server may.
    Updates {
        /// Some objects occur twice, the second time with what was told already.
        #[serde(default)]
        repeat: bool,
        /// Objects come in any order; the changes of one object stay in theirs.
        #[serde(default)]
        shuffle: bool,
    },
    /// The server answers with a fault of this type: status 500.
    Fault(String),
    /// An answer of `WaitForUpdatesEx` has a fault in place of what it would tell of some objects, as a server does
    /// that may not or cannot read them for the collector.
    Missing {
        /// The moId of the object; absent: all of them.
        object: Option<String>,
        /// The type of the fault.
        fault: String,
        /// Whether the object as a whole is told as missing, rather than its property `info`.
        #[serde(default)]
        whole: bool,
    },
    /// Every text of the answer that means nothing to the API becomes one of these.
    Texts(Arc<[Text]>),
}

fn half() -> f64 {
    0.5
}

impl Effect {
    /// A status without further ado.
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            retry_after: None,
            as_date: false,
            reached: false,
        }
    }

    /// The end of a connection.
    pub fn cut(how: CloseMode, at: FaultTarget) -> Self {
        Self::Cut { how, at }
    }

    /// What is wrong with it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Status { code, .. } if !(200..600).contains(code) => {
                Err(format!("there is no HTTP status {code}"))
            }
            Self::Stall { after, .. } if !(0.0..=1.0).contains(after) => {
                Err("after must lie between 0 and 1".to_owned())
            }
            Self::ContentType(value) | Self::Redirect(value)
                if axum::http::HeaderValue::from_str(value).is_err() =>
            {
                Err(format!("{value:?} cannot stand in a header"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it can befall a connection.
    pub(super) fn suits_connections(&self) -> bool {
        matches!(self, Self::Delay(_) | Self::Stall { .. } | Self::Cut { .. })
    }
}
