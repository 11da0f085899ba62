//! Effects of faults on requests, responses and connections.

use std::sync::Arc;

use jiff::SignedDuration;
use serde::Deserialize;

use super::texts::ReplacementText;
use crate::duration_range::DurationRange;

/// Way of closing a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseMode {
    /// TCP reset (RST).
    #[default]
    Reset,
    /// Orderly close (FIN).
    Close,
}

/// Point of an exchange at which the connection is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutPoint {
    /// Before the request reaches the server, which does not process it.
    #[default]
    Request,
    /// After the server has processed the request, before any byte of the response.
    Answer,
    /// Within the response headers.
    Headers,
    /// Within the response body.
    Body,
}

/// Effect of a fault on a request, its response, or a connection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultEffect {
    /// Delays the request, or the TLS handshake of a connection.
    Delay(DurationRange),
    /// Stops the response within its body and continues after a while or never. A connection is accepted and then
    /// ignored.
    Stall {
        /// Fraction of the body that is sent first (0–1).
        #[serde(default = "half")]
        after: f64,
        /// Length of the pause; absent: forever.
        time: Option<DurationRange>,
    },
    /// Closes the connection.
    Cut {
        /// Way of closing.
        #[serde(default)]
        how: CloseMode,
        /// Point of closing.
        #[serde(default)]
        at: CutPoint,
    },
    /// HTML error page from a proxy.
    Status {
        /// HTTP status, 200 to 599.
        code: u16,
        /// Value of the `Retry-After` header.
        retry_after: Option<SignedDuration>,
        /// Write `Retry-After` as HTTP date instead of seconds.
        #[serde(default)]
        as_date: bool,
        /// The server still receives and processes the request.
        #[serde(default)]
        reached: bool,
    },
    /// HTML page with status 200, like a login page or a proxy's notice.
    Page,
    /// Truncated body with a matching `Content-Length`.
    Truncated,
    /// Body that is not valid JSON.
    Malformed,
    /// Correct body with this `Content-Type`.
    ContentType(String),
    /// JSON string of the given size instead of the response.
    Huge {
        /// Size in megabytes.
        megabytes: u32,
        /// Compressed by about 1000:1 if the client accepts it.
        #[serde(default, alias = "packed")]
        compressed: bool,
    },
    /// Endless body.
    Endless {
        /// Bytes per second.
        #[serde(alias = "bytes_a_second")]
        bytes_per_second: u32,
    },
    /// Redirect to another address.
    Redirect(String),
    /// Reordered or repeated updates in a response to `WaitForUpdatesEx`, as the API permits.
    Updates {
        /// Repeat some objects with the same changes.
        #[serde(default)]
        repeat: bool,
        /// Shuffle the objects; the changes of one object keep their order.
        #[serde(default)]
        shuffle: bool,
    },
    /// Fault of this type with status 500.
    Fault(String),
    /// Replaces changes in a response to `WaitForUpdatesEx` with a fault, as a server does if it cannot read an
    /// object for the collector.
    Missing {
        /// moId of the object; absent: all objects.
        object: Option<String>,
        /// Type of the fault.
        fault: String,
        /// Report the object as missing instead of its property `info`.
        #[serde(default)]
        whole: bool,
    },
    /// Reports this object as having left the filter, in place of its changes, although it exists.
    Leave(String),
    /// Replaces all free texts of the response with texts from this list.
    Texts(Arc<[ReplacementText]>),
    /// Applies an effect to those responses to `WaitForUpdatesEx` that report tasks.
    TaskUpdates(Box<FaultEffect>),
}

fn half() -> f64 {
    0.5
}

impl FaultEffect {
    /// Returns a status effect without `Retry-After`.
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            retry_after: None,
            as_date: false,
            reached: false,
        }
    }

    /// Returns an effect that closes the connection.
    pub fn cut(how: CloseMode, at: CutPoint) -> Self {
        Self::Cut { how, at }
    }

    /// Validates the parameters.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Status { code, .. } if !(200..600).contains(code) => {
                Err(format!("invalid HTTP status {code}"))
            }
            Self::Stall { after, .. } if !(0.0..=1.0).contains(after) => {
                Err("after must be between 0 and 1".to_owned())
            }
            Self::ContentType(value) | Self::Redirect(value)
                if axum::http::HeaderValue::from_str(value).is_err() =>
            {
                Err(format!("{value:?} is not a valid header value"))
            }
            Self::TaskUpdates(effect) => effect.check(),
            _ => Ok(()),
        }
    }

    /// Returns true if the effect reads or changes the JSON of the response, which must not be compressed then.
    pub(super) fn needs_json(&self) -> bool {
        matches!(
            self,
            Self::Malformed
                | Self::Updates { .. }
                | Self::Missing { .. }
                | Self::Leave(_)
                | Self::Texts(_)
                | Self::TaskUpdates(_)
        )
    }

    /// Returns true if the effect can be applied to a connection.
    pub(super) fn suits_connections(&self) -> bool {
        matches!(self, Self::Delay(_) | Self::Stall { .. } | Self::Cut { .. })
    }
}
