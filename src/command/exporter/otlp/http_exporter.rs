//! Sends requests to a collector over HTTP.

use std::{error::Error, io::Write as _, time::Duration};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::{
    metrics::v1::ExportMetricsServiceResponse, trace::v1::ExportTraceServiceResponse,
};
use prost::Message as _;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};

use super::settings::{CollectorEndpoint, Signal};
use crate::{
    command::CommandError,
    text::{sanitize, truncate, without_user_info},
    vim::{self, Address},
};

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
/// Maximum size of a response that is read.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// Maximum width of a message of the collector.
const MAX_MESSAGE_WIDTH: usize = 200;

/// Sends one signal.
#[derive(Debug)]
pub(super) struct HttpExporter {
    endpoint: CollectorEndpoint,
    address: Address,
    http: reqwest::Client,
}

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    /// The cause, without secrets.
    pub(super) reason: String,
    /// HTTP status of the response.
    pub(super) status: Option<u16>,
    /// True if the same request may succeed later.
    pub(super) is_transient: bool,
    /// Delay requested by the collector.
    pub(super) retry_after: Option<Duration>,
}

/// Number of items of a request that the collector did not accept, and its message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PartialSuccess {
    pub(super) count: u64,
    pub(super) message: String,
}

impl HttpExporter {
    /// # Errors
    /// Fails if TLS cannot be set up.
    pub(super) fn new(endpoint: CollectorEndpoint) -> Result<Self, CommandError> {
        let unusable = |why: String| {
            let name = endpoint.signal.name();
            CommandError::Usage(format!("{name} cannot be exported: {why}."))
        };
        let address: Address = endpoint.url[..url::Position::BeforePath]
            .parse()
            .map_err(|error: vim::InvalidAddress| unusable(error.to_string()))?;
        let http = vim::verifying_client(&address, &endpoint.trust).map_err(unusable)?;
        Ok(Self {
            endpoint,
            address,
            http,
        })
    }

    /// Returns the start of messages about failures.
    pub(super) fn failing(&self) -> String {
        let url = &self.endpoint.url[..url::Position::AfterPath];
        let signal = self.endpoint.signal.name();
        format!("{signal} cannot be exported to {}", without_user_info(url))
    }

    pub(super) fn signal(&self) -> Signal {
        self.endpoint.signal
    }

    /// Returns the body of a request, compressed if the settings request it.
    pub(super) fn encode(&self, message: &impl prost::Message) -> Bytes {
        let plain = message.encode_to_vec();
        if !self.endpoint.is_compressed {
            return plain.into();
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        // Writing to memory cannot fail.
        let _ = encoder.write_all(&plain);
        encoder.finish().unwrap_or_default().into()
    }

    /// Sends a request once. Returns the items that the collector refused, if any.
    pub(super) async fn send(&self, body: Bytes) -> Result<Option<PartialSuccess>, Failure> {
        let endpoint = &self.endpoint;
        let mut request = self
            .http
            .post(endpoint.url.clone())
            .headers(endpoint.headers.clone())
            .header(CONTENT_TYPE, PROTOBUF)
            .header(ACCEPT, PROTOBUF)
            .header(ACCEPT_ENCODING, "identity")
            .timeout(endpoint.timeout)
            .body(body);
        if endpoint.is_compressed {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| self.unanswered(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure {
                reason: format!("HTTP status {status}"),
                status: Some(status.as_u16()),
                is_transient: matches!(status.as_u16(), 429 | 502..=504),
                retry_after: vim::retry_after(response.headers(), Timestamp::now()),
            });
        }
        let mut content = Vec::new();
        // The request was accepted, even if the rest of the response cannot be read.
        while let Ok(Some(chunk)) = response.chunk().await {
            content.extend_from_slice(&chunk);
            if content.len() > MAX_RESPONSE_BYTES {
                return Ok(None);
            }
        }
        Ok(partial_success(endpoint.signal, &content))
    }

    fn unanswered(&self, error: &reqwest::Error) -> Failure {
        let reason = if error.is_timeout() {
            "no response in time".to_owned()
        } else {
            let mut innermost: &dyn Error = error;
            while let Some(cause) = innermost.source() {
                innermost = cause;
            }
            innermost.to_string()
        };
        let mut reason = sanitize(&reason).trim_end_matches('.').to_owned();
        if error.is_connect()
            && let Some(proxy) = vim::proxy_of(&self.address)
        {
            reason = format!("{reason}, through the proxy {proxy}");
        }
        Failure {
            reason,
            status: None,
            is_transient: !error.is_builder(),
            retry_after: None,
        }
    }
}

fn partial_success(signal: Signal, content: &[u8]) -> Option<PartialSuccess> {
    let (count, message) = match signal {
        Signal::Traces => {
            let response = ExportTraceServiceResponse::decode(content).ok()?;
            let partial = response.partial_success?;
            (partial.rejected_spans, partial.error_message)
        }
        Signal::Metrics => {
            let response = ExportMetricsServiceResponse::decode(content).ok()?;
            let partial = response.partial_success?;
            (partial.rejected_data_points, partial.error_message)
        }
    };
    let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
    let message = truncate(&sanitize(&message), MAX_MESSAGE_WIDTH, "…").into_owned();
    Some(PartialSuccess { count, message })
}
